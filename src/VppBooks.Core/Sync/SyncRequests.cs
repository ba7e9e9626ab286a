#pragma warning disable CS9113 // Not yet read.
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Sync;

/// <summary>What became of a wish to sync a location.</summary>
public abstract record SyncRequestResult
{
    private SyncRequestResult()
    {
    }

    /// <summary>It will begin as soon as the location's worker is free.</summary>
    public sealed record Queued : SyncRequestResult;

    /// <summary>One is wanted or running already: nothing more to do.</summary>
    public sealed record AlreadyUnderWay : SyncRequestResult;

    /// <summary>The last one began less than a minute ago.</summary>
    /// <param name="Wait">How long until the next may be asked for.</param>
    public sealed record TooSoon(TimeSpan Wait) : SyncRequestResult;

    /// <summary>The location cannot be synced as it stands.</summary>
    /// <param name="State">The token's state that forbids it.</param>
    public sealed record NotPossible(TokenState State) : SyncRequestResult;

    /// <summary>No such location, or it was deleted.</summary>
    public sealed record NotFound : SyncRequestResult;
}

/// <summary>What became of a wish to sync everything.</summary>
public sealed record SyncAllResult(int Queued, int AlreadyUnderWay, int TooSoon, int NotPossible);

/// <summary>Asks for syncs and stops them. Running them is the worker's business.</summary>
public sealed class SyncRequests(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock, WorkSignal work, ChangeFeed feed, RunningSyncs running)
{
    /// <summary>By hand, a location is synced at most once in this time.</summary>
    public static readonly TimeSpan MinimumPause = TimeSpan.FromMinutes(1);

    /// <summary>Asks for a sync of one location; asking twice is asking once.</summary>
    /// <exception cref="NotAllowedException">The actor may not sync.</exception>
    public Task<SyncRequestResult> RequestAsync(Guid locationPublicId, SyncReason reason, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Asks for a sync of every location that can be synced.</summary>
    /// <exception cref="NotAllowedException">The actor may not sync.</exception>
    public Task<SyncAllResult> RequestAllAsync(SyncReason reason, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops the sync of a location that runs in this process; false when none does.</summary>
    /// <exception cref="NotAllowedException">The actor may not sync.</exception>
    public Task<bool> CancelAsync(Guid locationPublicId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();
}
