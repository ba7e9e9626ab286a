using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Sync;

/// <summary>
/// Nothing is written to Apple before one complete read when the database may be an older copy of itself (I14): a process that takes a location for the
/// first time cannot know what was spent after a backup, and a fence token that does not rise shows that the database was put back under a running
/// one. Then every location is to be read, because a person may hold a title through any of them. The read is repeated until it succeeds. One instance per
/// process.
/// </summary>
public sealed class RestartGuard(IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, TimeProvider clock, ILogger<RestartGuard> logger)
{
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(30)];

    private readonly ConcurrentDictionary<int, long> _highest = new();
    private readonly ConcurrentDictionary<int, byte> _known = new();
    private readonly ConcurrentDictionary<int, Attempts> _attempts = new();

    /// <summary>Holds the location back where it must be read first, and wishes for that read. Called under the lease before anything else is done.</summary>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task CheckAsync(Lease lease, CancellationToken cancellationToken)
    {
        var id = lease.LocationId;
        var back = await ListSetBackAsync(cancellationToken);
        var restored = back.Count > 0 || (_highest.TryGetValue(id, out var highest) && lease.FenceToken <= highest);
        var doubtful = restored || !_known.ContainsKey(id);
        var standing = await StandingAsync(id, cancellationToken);
        if (standing is null)
        {
            return;
        }

        if (restored || _known.IsEmpty)
        {
            await DoubtAllAsync(cancellationToken);
            foreach (var (other, seen, now) in back)
            {
                // From here on it rises again from where it is.
                _highest.TryUpdate(other, now, seen);
            }

            standing = await StandingAsync(id, cancellationToken) ?? standing;
        }

        var wish = standing is { State: TokenState.Valid, SyncWanted: null } && (doubtful || (standing.MustReadFirst && IsDue(id)));
        if ((doubtful && !standing.MustReadFirst) || wish)
        {
            var why = restored ? "restored" : doubtful ? "started" : "retry";
            await writer.WriteAsync(lease, db => HoldAsync(db, id, standing, wish, why, cancellationToken), cancellationToken);
            logger.ReadFirst(id, why);
        }

        // Only now: a failure above leaves the doubt standing.
        _highest[id] = lease.FenceToken;
        _known[id] = 0;
        if (wish || (standing.SyncWanted is not null && (doubtful || standing.MustReadFirst)))
        {
            _attempts.AddOrUpdate(id, _ => new Attempts(1, clock.GetTimestamp()), (_, made) => new Attempts(made.Count + 1, clock.GetTimestamp()));
        }
    }

    /// <summary>When the read that is still owed is to be tried again; null when none is.</summary>
    public async Task<DateTimeOffset?> NextAsync(int locationId, CancellationToken cancellationToken)
    {
        if (!_attempts.TryGetValue(locationId, out var made))
        {
            return null;
        }

        if (await StandingAsync(locationId, cancellationToken) is { MustReadFirst: true, State: TokenState.Valid })
        {
            return clock.GetUtcNow() + Left(made);
        }

        _attempts.TryRemove(locationId, out _);
        return null;
    }

    /// <summary>Whether a read that is owed may be tried now.</summary>
    internal bool IsDue(int locationId) => !_attempts.TryGetValue(locationId, out var made) || Left(made) <= TimeSpan.Zero;

    /// <summary>Remembers the fence token of a lease that this process does not hold, so that it notices too when the tokens of others are set back.</summary>
    internal void Watch(int locationId, long fenceToken) => _highest.AddOrUpdate(locationId, fenceToken, (_, known) => Math.Max(known, fenceToken));

    /// <summary>
    /// Locations whose token is below what this process saw of it: somebody may hold a title through that location, and this one would not know.
    /// Tokens only rise, so what is read now is at least what was seen before, unless the database was put back.
    /// </summary>
    private async Task<List<(int LocationId, long Seen, long Now)>> ListSetBackAsync(CancellationToken cancellationToken)
    {
        var seen = _highest.ToArray();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.LocationLeases.Select(l => new { l.LocationId, l.FenceToken }).ToDictionaryAsync(l => l.LocationId, l => l.FenceToken, cancellationToken);
        return [.. seen.Where(s => now.GetValueOrDefault(s.Key) < s.Value).Select(s => (s.Key, s.Value, now.GetValueOrDefault(s.Key)))];
    }

    private async Task DoubtAllAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        foreach (var id in await db.Locations.Where(l => l.DeletedAt == null && !l.MustReadFirst).Select(l => l.Id).ToListAsync(cancellationToken))
        {
            // The first turns of a start come here side by side: one of them says so.
            if (await db.Locations.Where(l => l.Id == id && !l.MustReadFirst).ExecuteUpdateAsync(set => set.SetProperty(l => l.MustReadFirst, true), cancellationToken) == 1)
            {
                db.Audit(Actor.System, now, "location.read-first", new AuditSubject(id), new { why = "doubted" });
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task HoldAsync(VppBooksDbContext db, int locationId, Standing standing, bool wish, string why, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await db.Locations.Where(l => l.Id == locationId).ExecuteUpdateAsync(set => set.SetProperty(l => l.MustReadFirst, true), cancellationToken);
        if (!standing.MustReadFirst)
        {
            db.Audit(Actor.System, now, "location.read-first", new AuditSubject(locationId), new { why });
        }

        // A wish that came in meanwhile stands: one run serves both.
        SyncReason? reason = SyncReason.Start;
        if (wish && await db.Locations.Where(l => l.Id == locationId && l.SyncWanted == null).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.SyncWanted, reason).SetProperty(l => l.SyncWantedByName, (string?)null).SetProperty(l => l.SyncStatus, SyncStatus.InProgress),
            cancellationToken) == 1)
        {
            db.Audit(Actor.System, now, "sync.requested", new AuditSubject(locationId), new { reason = nameof(SyncReason.Start), why });
        }
    }

    private async Task<Standing?> StandingAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Locations.Where(l => l.Id == locationId && l.DeletedAt == null)
            .Select(l => new Standing(l.MustReadFirst, l.State, l.SyncWanted)).SingleOrDefaultAsync(cancellationToken);
    }

    private TimeSpan Left(Attempts made) => Pauses[Math.Min(made.Count, Pauses.Length) - 1] - clock.GetElapsedTime(made.LastAt);

    private sealed record Standing(bool MustReadFirst, TokenState State, SyncReason? SyncWanted);

    /// <summary>Tries of the owed read; the moment is a timestamp of the steady clock.</summary>
    private sealed record Attempts(int Count, long LastAt);
}
