using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>Reads people for lists and pages.</summary>
public sealed class PeopleCatalog
{
    /// <summary>Matches are counted up to here: a list of more is narrowed by searching, not by paging.</summary>
    public const int CountLimit = 10_000;

    /// <summary>People by name.</summary>
    public Task<PeoplePage> ListAsync(PeopleQuery query, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One person; null when unknown.</summary>
    public Task<PersonDetail?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();
}
