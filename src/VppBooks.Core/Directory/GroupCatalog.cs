using VppBooks.Core.Security;

namespace VppBooks.Core.Directory;

/// <summary>Reads stored groups, and searches the directory for the picker.</summary>
public sealed class GroupCatalog
{
    /// <summary>Stored groups (assigned or looked at), by name.</summary>
    public Task<IReadOnlyList<GroupSummary>> ListAsync(Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One group; null when it is not stored.</summary>
    public Task<GroupDetail?> FindAsync(Guid directoryId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Members of a stored group by name; <paramref name="search"/> matches name and address.</summary>
    public Task<PageOf<GroupMember>> ListMembersAsync(Guid directoryId, string? search, int skip, int take, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Groups of the directory for the picker; the first page by name when <paramref name="text"/> is empty.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read.</exception>
    public Task<IReadOnlyList<GroupChoice>> SearchDirectoryAsync(string? text, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>How reading the directory goes.</summary>
    public Task<DirectoryStanding> GetStandingAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
