namespace VppBooks.Core.Directory;

/// <summary>Keeps stored groups, members and people in step with the directory.</summary>
public sealed class GroupReader
{
    /// <summary>Reads the members of each group that were last read longer ago than <paramref name="maxAge"/>, completely or not at all.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read; groups already done stay done, the others keep what they had.</exception>
    public Task EnsureMembersAsync(IReadOnlyCollection<Guid> groupDirectoryIds, TimeSpan maxAge, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stores a group that was picked, or refreshes its description.</summary>
    /// <returns>Its internal number, and why it cannot be assigned, if it cannot.</returns>
    /// <exception cref="GroupGoneException">It is neither stored nor in the directory.</exception>
    public Task<EnsuredGroup> EnsureGroupAsync(Guid directoryId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads all users if that was last done longer ago than <paramref name="maxAge"/>.</summary>
    public Task EnsureAllUsersAsync(TimeSpan maxAge, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>A group as stored.</summary>
public sealed record EnsuredGroup(int Id, Guid DirectoryId, string DisplayName, GroupState State, GroupObstacle Obstacle);
