using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Sync;

namespace VppBooks.Core.Alerts;

/// <summary>Finds the troubles that exist now, from the tables that screens read and the worker acts on.</summary>
public sealed class AlertConditions(IDbContextFactory<VppBooksDbContext> contexts, StorageMonitor storage, IEnumerable<IAlertSource> sources, AlertRules rules, TimeProvider clock, ILogger<AlertConditions> logger)
{
    /// <summary>Days before its end at which a token is told of, each a level of its own.</summary>
    public static readonly int[] ExpiryDays = [60, 30, 14, 7, 1];

    /// <summary>A complete sync is due this often: what is gone at Apple, only such a one removes.</summary>
    internal static readonly TimeSpan CompleteSyncEvery = TimeSpan.FromDays(1);

    // The code of a run that a dead server left behind: another one follows it.
    private const string Interrupted = "Interrupted";

    private static readonly AlertKind[] _ofLocations =
    [
        AlertKind.TokenExpiring, AlertKind.TokenExpired, AlertKind.TokenRefused, AlertKind.TokenClaimedElsewhere, AlertKind.TokenReadOnly, AlertKind.TokenUnreadable,
        AlertKind.SyncFailing, AlertKind.SyncStale, AlertKind.SyncIncomplete,
    ];

    private static readonly AlertKind[] _ofStock = [AlertKind.StockShort, AlertKind.StockLow];

    /// <summary>
    /// All of them. What keeps one kind from being looked for keeps no other from being found and is not thrown: the kind comes back as unread, all of them where the
    /// database stops answering, and none of what is unread may be cleared.
    /// </summary>
    /// <exception cref="System.Data.Common.DbException">The settings, which are read first, cannot be read: nothing was looked for.</exception>
    public async Task<AlertFindings> ListAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var options = await rules.ReadAsync(cancellationToken);
        var found = new List<AlertCondition>();
        var unread = new HashSet<AlertKind>();

        // Kinds of which one takes the place of another are judged by the same rows: in between, one would be over and the other not there yet.
        var locations = await LookAsync(_ofLocations, db => db.Locations.AsNoTracking().Where(l => l.DeletedAt == null).OrderBy(l => l.Id).ToListAsync(cancellationToken)) ?? [];
        var failing = await LookAsync([AlertKind.SyncFailing], db => FailingAsync(db, cancellationToken)) ?? [];
        found.AddRange(locations.SelectMany(l => OfToken(l, now).Concat(OfSync(l, failing.Contains(l.Id), options, now))));
        await FindAsync(_ofStock, db => StockConditions.ListAsync(db, options, cancellationToken));
        await FindAsync([AlertKind.PeopleStuck], db => OfPeopleAsync(db, options, now, cancellationToken));
        await FindAsync([AlertKind.PeopleRefused], db => ServingConditions.OfPeopleAsync(db, now, cancellationToken));
        await FindAsync([AlertKind.CopiesUnserved], db => ServingConditions.OfCopiesAsync(db, now, cancellationToken));
        await FindAsync([AlertKind.OperationUnknown], db => OfOperationsAsync(db, options, now, cancellationToken));
        await FindAsync([AlertKind.DirectoryFailing], db => OfDirectoryAsync(db, cancellationToken));

        // Whether there is room again is found by trying.
        await FindAsync([AlertKind.StorageFull], async db => await storage.HasRoomAsync(db, cancellationToken) ? [] : [UnwrittenAlert.Condition]);
        foreach (var source in sources)
        {
            await FindAsync(source.Kinds, async _ => await source.ListAsync(cancellationToken));
        }

        return new AlertFindings(found, unread);

        async Task FindAsync(IReadOnlyCollection<AlertKind> kinds, Func<VppBooksDbContext, Task<IEnumerable<AlertCondition>>> list) =>
            found.AddRange(await LookAsync(kinds, async db => (await list(db)).ToList()) ?? []);

        async Task<T?> LookAsync<T>(IReadOnlyCollection<AlertKind> kinds, Func<VppBooksDbContext, Task<T>> look)
            where T : class
        {
            try
            {
                await using var db = await contexts.CreateDbContextAsync(cancellationToken);
                return await look(db);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                unread.UnionWith(kinds);
                logger.KindsUnread(string.Join(", ", kinds), e.GetType().Name);
                return null;
            }
        }
    }

    private static IEnumerable<AlertCondition> OfToken(Location location, DateTimeOffset now)
    {
        AlertCondition Of(AlertKind kind, AlertSeverity severity) => new(kind, location.Id) { Severity = severity, LocationId = location.Id, Subject = location.Name };

        switch (LocationConditions.StateOf(location.State, location.TokenExpires, now))
        {
            case TokenState.Expired:
                yield return Of(AlertKind.TokenExpired, AlertSeverity.Critical) with { About = location.TokenExpires };
                yield break;
            case TokenState.AssignedToExternalMdm:
                yield return Of(AlertKind.TokenClaimedElsewhere, AlertSeverity.Critical);
                yield break;
            case TokenState.Invalid when location.StateErrorNumber == LocationHealth.UnreadableHere:
                yield return Of(AlertKind.TokenUnreadable, AlertSeverity.Critical);
                yield break;
            case TokenState.Invalid:
                yield return Of(AlertKind.TokenRefused, AlertSeverity.Critical) with { ErrorNumber = location.StateErrorNumber };
                yield break;
        }

        if (location.ReadOnly)
        {
            yield return Of(AlertKind.TokenReadOnly, AlertSeverity.Critical);
        }

        var left = location.TokenExpires - now;
        if (ExpiryDays.Count(days => left <= TimeSpan.FromDays(days)) is > 0 and var level)
        {
            yield return Of(AlertKind.TokenExpiring, AlertSeverity.Warning) with { Level = level, About = location.TokenExpires };
        }
    }

    private static IEnumerable<AlertCondition> OfSync(Location location, bool failing, AlertOptions options, DateTimeOffset now)
    {
        // A token that does not work has an alert of its own, which names the cause.
        if (LocationConditions.StateOf(location.State, location.TokenExpires, now) is not (TokenState.Valid or TokenState.Unknown))
        {
            yield break;
        }

        if (failing)
        {
            yield return new AlertCondition(AlertKind.SyncFailing, location.Id) { LocationId = location.Id, Subject = location.Name, About = location.LastSyncedAt };
        }

        if ((location.LastSyncedAt ?? location.CreatedAt) + options.SyncStaleAfter <= now)
        {
            yield return new AlertCondition(AlertKind.SyncStale, location.Id) { LocationId = location.Id, Subject = location.Name, About = location.LastSyncedAt };
        }
        else if ((location.LastFullSyncAt ?? location.CreatedAt) + CompleteSyncEvery + options.SyncStaleAfter <= now)
        {
            // Syncs that end with something missing publish what they read, and what was refunded or is no longer listed stays on the screens.
            yield return new AlertCondition(AlertKind.SyncIncomplete, location.Id) { LocationId = location.Id, Subject = location.Name, About = location.LastFullSyncAt };
        }
    }

    /// <summary>
    /// Locations whose last sync failed. One that runs or was stopped says nothing yet: what was told stays true until a sync has ended, and nothing is told
    /// before one has.
    /// </summary>
    private static async Task<HashSet<int>> FailingAsync(VppBooksDbContext db, CancellationToken cancellationToken) => await db.Locations
        .Where(l => l.DeletedAt == null)
        .Where(l => l.SyncStatus == SyncStatus.Failed
            || (db.Alerts.Any(a => a.Kind == AlertKind.SyncFailing && a.LocationId == l.Id && a.ClearedAt == null)
                && db.SyncRuns.Where(r => r.LocationId == l.Id && (r.Result == SyncResult.Succeeded || r.Result == SyncResult.Partial || (r.Result == SyncResult.Failed && r.ErrorCode != Interrupted)))
                    .OrderByDescending(r => r.Id).Select(r => r.Result).FirstOrDefault() == SyncResult.Failed))
        .Select(l => l.Id)
        .ToHashSetAsync(cancellationToken);

    private static async Task<IEnumerable<AlertCondition>> OfPeopleAsync(VppBooksDbContext db, AlertOptions options, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var since = now - options.PeopleStuckAfter;
        // Whoever left, is disabled or a guest gets no invitation any more: nobody could end an alert about them.
        var stuck = await (
                from user in InvitationMails.Awaited(db)
                where user.ChangedAt <= since
                join location in db.Locations on user.LocationId equals location.Id
                group user by new { location.Id, location.Name } into people
                select new { people.Key.Id, people.Key.Name, Count = people.Count() })
            .ToListAsync(cancellationToken);
        return stuck.Select(s => new AlertCondition(AlertKind.PeopleStuck, s.Id) { LocationId = s.Id, Subject = s.Name, Count = s.Count, Level = AlertCondition.LevelOf(s.Count) });
    }

    private static async Task<IEnumerable<AlertCondition>> OfDirectoryAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        var state = await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        // One group that cannot be read is enough: whoever is in it is not followed. Of a group that nothing is given to nobody has to hear.
        var groups = await db.Groups.Where(g => g.UnreadableSince != null && db.GroupAssignments.Any(a => a.GroupId == g.Id)).Select(g => g.UnreadableSince).ToListAsync(cancellationToken);
        var unreadable = groups.Min();
        var consent = state is { FailingSince: not null, ConsentMissing: true };
        return (unreadable < state?.FailingSince ? unreadable : state?.FailingSince ?? unreadable) is { } since
            ? [new AlertCondition(AlertKind.DirectoryFailing, 0) { Severity = consent ? AlertSeverity.Critical : AlertSeverity.Warning, Level = consent ? 2 : 1, About = since, Count = state?.FailingSince is null ? groups.Count : 0 }]
            : [];
    }

    private static async Task<IEnumerable<AlertCondition>> OfOperationsAsync(VppBooksDbContext db, AlertOptions options, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var since = now - options.OperationUnknownAfter;
        var unknown = await (
                from operation in db.Operations
                where operation.State == OperationState.Unknown && operation.CreatedAt <= since
                join location in db.Locations on operation.LocationId equals location.Id
                where location.DeletedAt == null
                group operation by new { location.Id, location.Name } into operations
                select new { operations.Key.Id, operations.Key.Name, Count = operations.Count(), Oldest = operations.Min(o => o.CreatedAt) })
            .ToListAsync(cancellationToken);
        return unknown.Select(o => new AlertCondition(AlertKind.OperationUnknown, o.Id)
        {
            LocationId = o.Id,
            Subject = o.Name,
            Count = o.Count,
            About = o.Oldest,
            Level = AlertCondition.LevelOf(o.Count),
        });
    }
}
