using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Sync;

/// <summary>
/// Everything there is to do for one location, in the order in which one step makes the next one possible. All of it is in the database, so any owner of
/// the lease may begin where another one ended.
/// </summary>
public sealed class LocationTurn(
    IDbContextFactory<VppBooksDbContext> contexts,
    RestartGuard guard,
    LocationSync sync,
    NotificationRegistration registration,
    InboxFolder inbox,
    Recognition recognition,
    AssignmentFollower follower,
    PlanReleases releases,
    LicenseDispatcher dispatcher)
{
    /// <summary>Does what can be done now.</summary>
    /// <returns>When to come back; null when only a signal can bring new work.</returns>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<DateTimeOffset?> RunAsync(Lease lease, CancellationToken cancellationToken)
    {
        await sync.RecoverAsync(lease, cancellationToken);
        await guard.CheckAsync(lease, cancellationToken);
        if (await FindWishAsync(lease.LocationId, cancellationToken) is var (reason, name))
        {
            await sync.RunAsync(lease, reason, name, cancellationToken);
        }

        var register = await registration.RegisterAsync(lease, cancellationToken);
        // Before licenses are sent: who waits for what was just bought is served in this turn.
        var fold = await inbox.FoldAsync(lease, cancellationToken);
        await recognition.RunAsync(lease, cancellationToken);
        // Before groups are followed: who left one while a plan could be undone gets nothing when it goes out.
        var release = await releases.ReleaseDueAsync(lease, cancellationToken);
        await follower.FollowAsync(lease, cancellationToken);
        var next = await dispatcher.RunAsync(lease, cancellationToken);
        var retry = await guard.NextAsync(lease.LocationId, cancellationToken);
        return new[] { register, fold, release, next, retry }.Min();
    }

    /// <summary>
    /// Locations with notifications that were stored and not folded, because whoever stored them died or is another server; and those whose notifications are
    /// to be registered.
    /// </summary>
    internal async Task<IReadOnlyList<int>> ListNotifiedAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken) =>
        [.. await InboxFolder.WithHints(db, now).ToListAsync(cancellationToken), .. await registration.ListDueAsync(db, cancellationToken)];

    private async Task<(SyncReason Reason, string? Name)?> FindWishAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var wish = await db.Locations.Where(l => l.Id == locationId && l.DeletedAt == null)
            .Select(l => new { l.SyncWanted, l.SyncWantedByName }).SingleOrDefaultAsync(cancellationToken);
        return wish?.SyncWanted is { } reason ? (reason, wish.SyncWantedByName) : null;
    }
}
