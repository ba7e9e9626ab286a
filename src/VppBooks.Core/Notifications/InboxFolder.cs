using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;

namespace VppBooks.Core.Notifications;

/// <summary>
/// Does what stored notifications hint at: reads the parts of Apple that they name, through the same paths as everything else, and marks them as folded. A
/// notification is never believed (F35): it starts no spend, deletes nothing and changes no count; at worst it costs a read. So their order does not
/// matter, and doing it twice changes nothing.
/// </summary>
public sealed class InboxFolder(
    IDbContextFactory<VppBooksDbContext> contexts,
    LeasedWriter writer,
    LocationConnections connections,
    LocationHealth health,
    LedgerReader ledger,
    BookCounts counts,
    AppleClient apple,
    WorkSignal signal,
    ChangeFeed feed,
    TimeProvider clock,
    ILogger<InboxFolder> logger)
{
    private const int MaxRows = 2_000;

    /// <summary>Beyond so many books one sync a minute is gentler than reading them one by one, whoever names them.</summary>
    private const int MaxBooks = 8;

    private static readonly TimeSpan BetweenFolds = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenSyncs = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);
    private static readonly TimeSpan BetweenCleanings = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<int, DateTimeOffset> _folded = new();
    private readonly ConcurrentDictionary<int, DateTimeOffset> _cleaned = new();

    /// <summary>Folds what is there. Called in the location's turn, before licenses are sent: what a reading brings is served in the same turn.</summary>
    /// <returns>When to come back; null when only a new notification brings work.</returns>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<DateTimeOffset?> FoldAsync(Lease lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await CleanAsync(lease, now, cancellationToken);
        Location? location;
        List<Hint> hints;
        DateTimeOffset? lastSync;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            hints = await db.InboxNotifications.Where(n => n.LocationId == lease.LocationId && n.FoldedAt == null)
                .OrderBy(n => n.Id)
                .Take(MaxRows)
                .Select(n => new Hint(n.Id, n.Type, n.EventId, n.Assets, n.ReceivedAt))
                .ToListAsync(cancellationToken);
            location = hints.Count == 0 ? null : await Foldable(db.Locations).AsNoTracking().SingleOrDefaultAsync(l => l.Id == lease.LocationId, cancellationToken);
            lastSync = location is null ? null : await db.SyncRuns
                .Where(r => r.LocationId == lease.LocationId && r.Reason == SyncReason.Notification)
                .MaxAsync(r => (DateTimeOffset?)r.StartedAt, cancellationToken);
        }

        if (location is null)
        {
            return null;
        }

        if (Rest(location) is { } rest && rest > now)
        {
            return rest;
        }

        if (_folded.TryGetValue(lease.LocationId, out var last) && last <= now && last + BetweenFolds > now)
        {
            return last + BetweenFolds;
        }

        _folded[lease.LocationId] = now;
        try
        {
            var again = await FoldAsync(lease, location, hints, lastSync, now, cancellationToken);
            return hints.Count == MaxRows ? now + BetweenFolds : again;
        }
        catch (Exception e) when (e is AppleException or TokenUnreadableException)
        {
            await health.RecordAsync(lease.LocationId, e, cancellationToken);
            logger.FoldingFailed(lease.LocationId, e.GetType().Name, (e as AppleRefusedException)?.Refusal.Error.Number);
            return clock.GetUtcNow() + AfterFailure;
        }
    }

    /// <summary>Locations with notifications that wait to be folded and can be: after a crash between storing and folding, or from another server.</summary>
    public static IQueryable<int> WithHints(VppBooksDbContext db, DateTimeOffset now) => Foldable(db.Locations)
        .Where(l => (l.PausedUntil == null || l.PausedUntil <= now) && db.InboxNotifications.Any(n => n.LocationId == l.Id && n.FoldedAt == null))
        .Select(l => l.Id);

    /// <summary>While somebody else manages a location its notifications are kept, not acted upon; before the first complete read there is nothing to add to.</summary>
    private static IQueryable<Location> Foldable(IQueryable<Location> locations) =>
        locations.Where(l => l.DeletedAt == null && l.State == TokenState.Valid && l.ClaimConfirmed && !l.MustReadFirst && l.LastSyncedAt != null);

    private async Task<DateTimeOffset?> FoldAsync(Lease lease, Location location, List<Hint> hints, DateTimeOffset? lastSync, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var session = connections.Connect(location);
        var (books, unknown, sync) = await BooksAsync(lease.LocationId, hints, cancellationToken);
        foreach (var asset in unknown)
        {
            // An app, or nothing of ours at all: a sync would not show it either.
            sync |= await counts.FindAsync(session, asset, cancellationToken) is not null;
        }

        var users = hints.Any(h => h.Type is NotificationTypes.UserManagement or NotificationTypes.UserAssociated);
        var assignments = books.Count > 0 || hints.Any(h => h.Type == NotificationTypes.AssetManagement);
        if (users)
        {
            await ledger.ReadUsersDeltaAsync(lease, session, cancellationToken);
        }

        if (assignments)
        {
            // Before the counts: a license found later would be counted twice.
            await ledger.ReadAssignmentsDeltaAsync(lease, session, cancellationToken);
        }

        var unexplained = new List<int>();
        foreach (var bookId in books)
        {
            switch (await counts.RefreshAsync(lease, session, bookId, cancellationToken))
            {
                case CountReading.NotListed: sync = true; break;
                case CountReading.Unexplained: unexplained.Add(bookId); break;
            }
        }

        if (unexplained.Count > 0)
        {
            // Assigned between the two readings.
            await ledger.ReadAssignmentsDeltaAsync(lease, session, cancellationToken);
            foreach (var bookId in unexplained)
            {
                await counts.RefreshAsync(lease, session, bookId, cancellationToken);
            }
        }

        // A sync that began after a notification came has seen what it speaks of.
        var wanting = hints.Where(h => sync && NeedsSync(h) && location.LastSyncedAt < h.ReceivedAt).Select(h => h.Id).ToHashSet();
        var tooSoon = wanting.Count > 0 && lastSync is { } began && began <= now && began + BetweenSyncs > now;
        var folded = tooSoon ? [.. hints.Where(h => !wanting.Contains(h.Id))] : hints;
        var asked = await writer.WriteAsync(
            lease,
            async db =>
            {
                await NudgeAsync(db, lease.LocationId, folded, now, cancellationToken);
                var ids = folded.Select(h => h.Id).ToArray();
                await db.InboxNotifications.Where(n => EF.Parameter(ids).Contains(n.Id)).ExecuteUpdateAsync(set => set.SetProperty(n => n.FoldedAt, now), cancellationToken);
                var latest = hints.Max(h => h.ReceivedAt);
                await db.Locations.Where(l => l.Id == lease.LocationId && (l.NotificationLastAt == null || l.NotificationLastAt < latest))
                    .ExecuteUpdateAsync(set => set.SetProperty(l => l.NotificationLastAt, latest), cancellationToken);
                return wanting.Count > 0 && !tooSoon && await WantSyncAsync(db, lease.LocationId, now, cancellationToken);
            },
            cancellationToken);
        logger.NotificationsFolded(folded.Count, lease.LocationId, users, assignments, books.Count, asked);
        feed.Publish(new Change.OfLocation(lease.LocationId));
        if (asked)
        {
            signal.Wake(lease.LocationId);
        }

        return tooSoon ? lastSync!.Value + BetweenSyncs : null;
    }

    /// <summary>Which books' counts to read. Counts in notifications are differences to something we may not have seen: they are not even kept.</summary>
    private async Task<(List<int> Books, List<AssetKey> Unknown, bool Sync)> BooksAsync(int locationId, List<Hint> hints, CancellationToken cancellationToken)
    {
        var sync = hints.Any(h => h.Type == NotificationTypes.UnlimitedAsset || (h.Type == NotificationTypes.AssetCount && h.Assets is null));
        var named = hints.Where(h => h.Type == NotificationTypes.AssetCount && h.Assets is not null).SelectMany(h => Keys(h.Assets!)).Distinct().ToList();
        if (named.Count > MaxBooks)
        {
            return ([], [], true);
        }

        var (books, unknown) = (new List<int>(), new List<AssetKey>());
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var key in named)
        {
            var adamId = long.Parse(key.AdamId, CultureInfo.InvariantCulture);
            var bookId = await db.Books.Where(b => b.LocationId == locationId && b.AdamId == adamId && b.PricingParam == key.PricingParam && !b.NoLongerReported)
                .Select(b => (int?)b.Id).SingleOrDefaultAsync(cancellationToken);
            if (bookId is { } id)
            {
                books.Add(id);
            }
            else
            {
                unknown.Add(key);
            }
        }

        return (books, unknown, sync);
    }

    /// <summary>Events that were named are asked for soon, but no sooner than Apple allows (reference 4.3); never later than planned.</summary>
    private static async Task NudgeAsync(VppBooksDbContext db, int locationId, IReadOnlyList<Hint> hints, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var events = hints.Select(h => h.EventId).OfType<string>().Distinct().ToArray();
        if (events.Length == 0)
        {
            return;
        }

        var named = await db.Operations
            .Where(o => o.LocationId == locationId && o.State == OperationState.Submitted && o.NextCheckAt != null && EF.Parameter(events).Contains(o.EventId!))
            .ToListAsync(cancellationToken);
        foreach (var operation in named)
        {
            var allowed = operation.PolledAt + OperationSettler.BetweenPolls is { } next && next > now ? next : now;
            operation.NextCheckAt = operation.NextCheckAt < allowed ? operation.NextCheckAt : allowed;
        }
    }

    private static async Task<bool> WantSyncAsync(VppBooksDbContext db, int locationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var asked = await db.Locations.Where(l => l.Id == locationId && l.SyncWanted == null).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.SyncWanted, SyncReason.Notification).SetProperty(l => l.SyncWantedByName, (string?)null).SetProperty(l => l.SyncStatus, SyncStatus.InProgress), cancellationToken);
        if (asked > 0)
        {
            db.Audit(Actor.System, now, "sync.requested", new AuditSubject(locationId), new { reason = nameof(SyncReason.Notification) });
        }

        return asked > 0;
    }

    private async Task CleanAsync(Lease lease, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_cleaned.TryGetValue(lease.LocationId, out var last) && last <= now && last + BetweenCleanings > now)
        {
            return;
        }

        _cleaned[lease.LocationId] = now;
        var old = now - Kept;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // Looked for first: mostly there is nothing, and then nothing is written.
        if (await db.InboxNotifications.AnyAsync(n => n.LocationId == lease.LocationId && n.FoldedAt < old, cancellationToken))
        {
            await writer.WriteAsync(lease, write => write.InboxNotifications.Where(n => n.LocationId == lease.LocationId && n.FoldedAt < old).ExecuteDeleteAsync(cancellationToken), cancellationToken);
        }
    }

    private DateTimeOffset? Rest(Location location) => apple.PausedUntil(location.UId) is { } asked && !(location.PausedUntil > asked) ? asked : location.PausedUntil;

    private static bool NeedsSync(Hint hint) => hint.Type is NotificationTypes.UnlimitedAsset or NotificationTypes.AssetCount;

    private static IEnumerable<AssetKey> Keys(string assets) => assets.Split(',').Select(a => a.Split(':')).Select(a => new AssetKey(a[0], a[1] == "PLUS" ? PricingParam.PLUS : PricingParam.STDQ));

    private sealed record Hint(long Id, string Type, string? EventId, string? Assets, DateTimeOffset ReceivedAt);
}
