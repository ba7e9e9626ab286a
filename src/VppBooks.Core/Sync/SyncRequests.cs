using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
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
    public async Task<SyncRequestResult> RequestAsync(Guid locationPublicId, SyncReason reason, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.SyncNow);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var location = await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.PublicId == locationPublicId, cancellationToken);
        return location is null ? new SyncRequestResult.NotFound() : await RequestAsync(location, reason, actor, cancellationToken);
    }

    /// <summary>Asks for a sync of every location that can be synced.</summary>
    /// <exception cref="NotAllowedException">The actor may not sync.</exception>
    public async Task<SyncAllResult> RequestAllAsync(SyncReason reason, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.SyncNow);
        List<Location> locations;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            locations = await db.Locations.AsNoTracking().Where(l => l.DeletedAt == null).OrderBy(l => l.Id).ToListAsync(cancellationToken);
        }

        var (queued, underWay, tooSoon, notPossible) = (0, 0, 0, 0);
        foreach (var location in locations)
        {
            switch (await RequestAsync(location, reason, actor, cancellationToken))
            {
                case SyncRequestResult.Queued: queued++; break;
                case SyncRequestResult.AlreadyUnderWay: underWay++; break;
                case SyncRequestResult.TooSoon: tooSoon++; break;
                default: notPossible++; break;
            }
        }

        return new SyncAllResult(queued, underWay, tooSoon, notPossible);
    }

    /// <summary>Stops the sync of a location that runs in this process; false when none does.</summary>
    /// <exception cref="NotAllowedException">The actor may not sync.</exception>
    public async Task<bool> CancelAsync(Guid locationPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.SyncNow);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var locationId = await db.Locations.Where(l => l.PublicId == locationPublicId).Select(l => (int?)l.Id).SingleOrDefaultAsync(cancellationToken);
        if (locationId is not { } id || !running.TryCancel(id))
        {
            return false;
        }

        db.Audit(actor, clock.GetUtcNow(), "sync.canceled", new AuditSubject(id));
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    private async Task<SyncRequestResult> RequestAsync(Location location, SyncReason reason, Actor actor, CancellationToken cancellationToken)
    {
        if (location.DeletedAt is not null)
        {
            return new SyncRequestResult.NotFound();
        }

        if (location.State is TokenState.Expired or TokenState.Invalid or TokenState.AssignedToExternalMdm)
        {
            return new SyncRequestResult.NotPossible(location.State);
        }

        if (location.SyncWanted is not null || location.SyncStatus == SyncStatus.InProgress)
        {
            // The signal may have been lost; another one costs nothing.
            work.Wake(location.Id);
            return new SyncRequestResult.AlreadyUnderWay();
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        if (reason == SyncReason.Manual)
        {
            var last = await db.SyncRuns.Where(r => r.LocationId == location.Id).OrderByDescending(r => r.StartedAt).Select(r => (DateTimeOffset?)r.StartedAt).FirstOrDefaultAsync(cancellationToken);
            if (last is { } started && started <= now && started + MinimumPause > now)
            {
                return new SyncRequestResult.TooSoon(started + MinimumPause - now);
            }
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var name = actor.Kind == ActorKind.System ? null : actor.DisplayName;
        var asked = await db.Locations
            .Where(l => l.Id == location.Id && l.SyncWanted == null && l.SyncStatus != SyncStatus.InProgress)
            .ExecuteUpdateAsync(
                set => set.SetProperty(l => l.SyncWanted, reason).SetProperty(l => l.SyncWantedByName, name).SetProperty(l => l.SyncStatus, SyncStatus.InProgress), cancellationToken);
        if (asked == 0)
        {
            return new SyncRequestResult.AlreadyUnderWay();
        }

        db.Audit(actor, now, "sync.requested", new AuditSubject(location.Id), new { reason = reason.ToString() });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        work.Wake(location.Id);
        feed.Publish(new Change.OfLocation(location.Id));
        return new SyncRequestResult.Queued();
    }
}
