using VppBooks.Core.Security;

namespace VppBooks.Core.Locations;

/// <summary>Reads tokens for lists and pages.</summary>
public sealed class LocationDirectory
{
    /// <summary>All tokens that are not deleted, by name.</summary>
    public Task<IReadOnlyList<LocationSummary>> ListAsync(Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One token; null when it is not here or was deleted.</summary>
    public Task<LocationDetail?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();
}
