using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;

namespace VppBooks.Core.Locations;

/// <summary>Reads tokens for lists and pages.</summary>
public sealed class LocationDirectory(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    /// <summary>All tokens that are not deleted, by name.</summary>
    public async Task<IReadOnlyList<LocationSummary>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadTokens);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var locations = await db.Locations.AsNoTracking().Where(l => l.DeletedAt == null).OrderBy(l => l.Name).ThenBy(l => l.Id).ToListAsync(cancellationToken);
        return await DescribeAsync(db, locations, cancellationToken);
    }

    /// <summary>One token; null when it is not here or was deleted.</summary>
    public async Task<LocationDetail?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadTokens);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var location = await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.PublicId == publicId && l.DeletedAt == null, cancellationToken);
        if (location is null)
        {
            return null;
        }

        var summaries = await DescribeAsync(db, [location], cancellationToken);
        var id = location.Id;
        return new LocationDetail
        {
            Summary = summaries[0],
            UId = location.UId,
            DefaultPlatform = location.DefaultPlatform,
            WebsiteUrl = location.WebsiteUrl,
            ConsentGranted = location.ConsentGranted,
            ManagedByUs = location.ClaimConfirmed,
            MustReadFirst = location.MustReadFirst,
            LastFullSyncAt = location.LastFullSyncAt,
            People = await db.VppUsers.CountAsync(u => u.LocationId == id && u.PersonId != null && !u.Retired, cancellationToken),
            ForeignRecords = await db.VppUsers.CountAsync(u => u.LocationId == id && u.PersonId == null, cancellationToken),
            Assignments = await db.GroupAssignments.CountAsync(a => db.Books.Any(b => b.Id == a.BookId && b.LocationId == id), cancellationToken),
        };
    }

    private async Task<IReadOnlyList<LocationSummary>> DescribeAsync(VppBooksDbContext db, IReadOnlyList<Location> locations, CancellationToken cancellationToken)
    {
        var ids = locations.Select(l => l.Id).ToList();
        var stocks = await db.Books
            // As everywhere: of a book that Apple no longer lists, what people have of it still counts; only what was removed does not.
            .Where(b => ids.Contains(b.LocationId) && b.RemovedAt == null)
            .GroupBy(b => b.LocationId)
            .Select(g => new Stock(
                g.Key,
                g.Count(),
                g.Sum(b => b.Unlimited ? 0 : b.TotalCount),
                g.Sum(b => b.Unlimited ? 0 : b.AssignedCount),
                g.Sum(b => b.Unlimited ? 0 : b.AvailableCount),
                g.Sum(b => b.Unlimited ? b.AssignedCount : 0)))
            .ToDictionaryAsync(s => s.LocationId, cancellationToken);
        var latest = db.SyncRuns.Where(r => ids.Contains(r.LocationId) && r.Result != SyncResult.Running && r.Result != SyncResult.Canceled)
            .GroupBy(r => r.LocationId)
            .Select(g => g.Max(r => r.Id));
        var errors = await db.SyncRuns
            .Where(r => latest.Contains(r.Id) && r.Result == SyncResult.Failed)
            .Select(r => new { r.LocationId, Error = new LocationSyncError(r.PublicId, r.EndedAt ?? r.StartedAt, r.ErrorCode ?? "", r.ErrorNumber, r.ErrorDetail) })
            .ToDictionaryAsync(r => r.LocationId, r => r.Error, cancellationToken);
        var arrivals = await NewestUnfolded(db, ids).ToDictionaryAsync(a => a.LocationId, a => a.ReceivedAt, cancellationToken);
        var now = clock.GetUtcNow();
        return [.. locations.Select(l => Describe(l, stocks.GetValueOrDefault(l.Id), errors.GetValueOrDefault(l.Id), arrivals.GetValueOrDefault(l.Id), now))];
    }

    /// <summary>
    /// The newest notification of each token that was stored and not folded yet. The row of the token knows of those that were folded; storing one writes nothing but
    /// the notification itself, because that is what Apple waits for.
    /// </summary>
    internal static IQueryable<Arrival> NewestUnfolded(VppBooksDbContext db, IReadOnlyCollection<int> locations) => db.Locations
        .Where(l => locations.Contains(l.Id))
        // One step in the index over location and folding, at whose end the newest stands: thousands can wait for a token that does not work.
        .Select(l => new Arrival(l.Id, db.InboxNotifications.Where(n => n.LocationId == l.Id && n.FoldedAt == null).OrderByDescending(n => n.Id).Select(n => (DateTimeOffset?)n.ReceivedAt).FirstOrDefault()));

    private static LocationSummary Describe(Location l, Stock? stock, LocationSyncError? error, DateTimeOffset? arrival, DateTimeOffset now) => new()
    {
        Id = l.Id,
        PublicId = l.PublicId,
        Name = l.Name,
        OrganizationName = l.OrganizationName,
        LocationName = l.LocationName,
        AppleAccount = l.AppleAccount,
        AccountType = l.AccountType,
        CountryOrRegion = l.CountryOrRegion,
        State = LocationConditions.StateOf(l.State, l.TokenExpires, now),
        Condition = LocationConditions.Of(l, error is not null, now),
        StateErrorNumber = l.StateErrorNumber,
        ReadOnly = l.ReadOnly,
        ClaimedByName = l.State == TokenState.AssignedToExternalMdm ? l.ClaimedByName : null,
        ClaimedByMetadata = l.State == TokenState.AssignedToExternalMdm ? l.ClaimedByMetadata : null,
        TokenExpires = l.TokenExpires,
        DaysLeft = LocationConditions.DaysLeft(l.TokenExpires, now),
        Books = stock?.Books ?? 0,
        LicensesTotal = stock?.Total ?? 0,
        LicensesUsed = stock?.Used ?? 0,
        LicensesFree = stock?.Free ?? 0,
        UnlimitedUsed = stock?.UnlimitedUsed ?? 0,
        LastSyncedAt = l.LastSyncedAt,
        SyncStatus = l.SyncStatus,
        SyncWaiting = l.SyncWanted is not null,
        LastError = error,
        PausedUntil = l.PausedUntil > now ? l.PausedUntil : null,
        ConsentGranted = l.ConsentGranted,
        CreatedAt = l.CreatedAt,
        ModifiedAt = l.ModifiedAt,
        Version = l.Version,
        Notifications = new NotificationStanding(l.NotificationState, l.NotificationErrorNumber, arrival > l.NotificationLastAt ? arrival : l.NotificationLastAt ?? arrival),
    };

    /// <summary>When the newest notification of a token came that was not folded yet; null: all were.</summary>
    internal sealed record Arrival(int LocationId, DateTimeOffset? ReceivedAt);

    private sealed record Stock(int LocationId, int Books, long Total, long Used, long Free, long UnlimitedUsed);
}
