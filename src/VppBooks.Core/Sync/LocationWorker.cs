using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Sync;

/// <summary>
/// Does the work of every location, one thing at a time per location and under its lease: syncs that are wanted, then licenses that are set aside.
/// Wishes are rows, so nothing is lost with the process; signals only make it prompt.
/// </summary>
public sealed class LocationWorker(
    IDbContextFactory<VppBooksDbContext> contexts,
    LocationLeases leases,
    LocationTurn work,
    RestartGuard guard,
    LicenseOptions options,
    WorkSignal signal,
    TimeProvider clock,
    ILogger<LocationWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Renewal = LocationLeases.Period / 3;

    // With the sweep before it, a dead owner's location is taken over within two periods.
    private static readonly TimeSpan Watching = LocationLeases.Period + TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Task> _turns = [];
    private readonly HashSet<int> _again = [];

    // Per location, when its next wake-up rings, on the steady clock.
    private readonly ConcurrentDictionary<int, long> _due = new();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sweeping = SweepAsync(stoppingToken);
        try
        {
            while (true)
            {
                Start(await signal.NextAsync(stoppingToken), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll([sweeping, .. Turns()]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks for work that no signal of this process announced: after a restart, from another server, or because its time has come.</summary>
    private async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Sweep, clock);
        do
        {
            try
            {
                foreach (var locationId in await FindWorkAsync(stopping))
                {
                    if (!IsWorkingOn(locationId))
                    {
                        signal.Wake(locationId);
                    }
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.WorkFailed(0, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    /// <summary>Locations that a turn could do something for.</summary>
    internal async Task<List<int>> FindWorkAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var lease in await db.LocationLeases.AsNoTracking().Where(l => l.Owner != leases.Self).ToListAsync(cancellationToken))
        {
            guard.Watch(lease.LocationId, lease.FenceToken);
        }

        var now = clock.GetUtcNow();
        var early = options.AssignBeforeAcceptance;
        var owed = await db.Locations
            .Where(l => l.DeletedAt == null && l.MustReadFirst && l.State == TokenState.Valid && l.SyncWanted == null)
            .Select(l => l.Id)
            .ToListAsync(cancellationToken);
        var found = await db.Locations
            .Where(l => l.DeletedAt == null)
            .Where(l => l.SyncWanted != null || l.RecognizeWanted
                // Another process runs it, or has died over it: only trying for the lease can tell. Our own turns are left out by the caller.
                || db.SyncRuns.Any(r => r.LocationId == l.Id && r.Result == SyncResult.Running)
                || db.Operations.Any(o => o.LocationId == l.Id && (o.State == OperationState.Intended || o.NextCheckAt <= now))
                || (l.State == TokenState.Valid && !l.MustReadFirst && db.Books.Any(b => b.LocationId == l.Id && b.FollowWanted))
                || db.Plans.Any(p => p.State == PlanState.Undoable && p.SendAt <= now && db.Books.Any(b => b.Id == p.BookId && b.LocationId == l.Id))
                // Licenses that can be sent, or whose people can be registered. Somebody who has yet to accept an invitation is news of a sync.
                || ((l.PausedUntil == null || l.PausedUntil <= now) && l.State == TokenState.Valid && l.ClaimConfirmed && !l.ReadOnly && !l.MustReadFirst
                    && db.Books.Any(b => b.LocationId == l.Id && db.Licenses.Any(x => x.BookId == b.Id && x.State == LicenseState.Reserved
                        && db.People.Any(p => p.Id == x.PersonId && p.AccountEnabled && !p.Guest && p.GoneSince == null)
                        && !db.VppUsers.Any(u => u.LocationId == l.Id && u.PersonId == x.PersonId && !u.Retired
                            && (u.OperationId != null || u.ErrorNumber != null || (u.Status == VppUserStatus.Registered && (u.AcceptanceRequired || (!b.Unlimited && !early)))))))))
            .Select(l => l.Id)
            .ToListAsync(cancellationToken);
        return [.. found.Union(owed.Where(guard.IsDue)).Union(await work.ListNotifiedAsync(db, now, cancellationToken))];
    }

    /// <summary>Begins a turn, or has the running one followed by exactly one more: a signal that comes late in a turn must not be lost.</summary>
    private void Start(int locationId, CancellationToken stopping)
    {
        lock (_gate)
        {
            if (_turns.TryGetValue(locationId, out var turn) && !turn.IsCompleted)
            {
                _again.Add(locationId);
                return;
            }

            _turns[locationId] = Task.Run(() => TurnsAsync(locationId, stopping), CancellationToken.None);
        }
    }

    private async Task TurnsAsync(int locationId, CancellationToken stopping)
    {
        do
        {
            await WorkAsync(locationId, stopping);
        }
        while (GoesOn() && !stopping.IsCancellationRequested);

        bool GoesOn()
        {
            lock (_gate)
            {
                var again = _again.Remove(locationId);
                if (!again)
                {
                    // Decided under the lock: a signal from now on begins a new turn.
                    _turns.Remove(locationId);
                }

                return again;
            }
        }
    }

    private bool IsWorkingOn(int locationId)
    {
        lock (_gate)
        {
            return _turns.ContainsKey(locationId);
        }
    }

    private Task[] Turns()
    {
        lock (_gate)
        {
            return [.. _turns.Values];
        }
    }

    private async Task WorkAsync(int locationId, CancellationToken stopping)
    {
        try
        {
            if (await leases.TryAcquireAsync(locationId, stopping) is not { } lease)
            {
                // Seen now and unchanged then, its owner is gone.
                WakeLater(locationId, Watching, stopping);
                return;
            }

            try
            {
                await UnderLeaseAsync(lease, stopping);
            }
            finally
            {
                await leases.ReleaseAsync(lease, CancellationToken.None);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping, or the lease is lost: what was intended is in the database, for us or for the next owner.
            WakeLater(locationId, Watching, stopping);
        }
        catch (LeaseLostException)
        {
            WakeLater(locationId, Watching, stopping);
        }
        catch (Exception e)
        {
            logger.WorkFailed(locationId, e);
            WakeLater(locationId, TimeSpan.FromSeconds(30), stopping);
        }
    }

    private async Task UnderLeaseAsync(Lease lease, CancellationToken stopping)
    {
        using var held = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var ended = new CancellationTokenSource();
        var renewing = RenewAsync(lease, held, ended.Token);
        try
        {
            if (await work.RunAsync(lease, held.Token) is { } next)
            {
                WakeLater(lease.LocationId, next - clock.GetUtcNow(), stopping);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await renewing;
        }
    }

    private async Task RenewAsync(Lease lease, CancellationTokenSource held, CancellationToken ended)
    {
        try
        {
            using var timer = new PeriodicTimer(Renewal, clock);
            while (await timer.WaitForNextTickAsync(ended))
            {
                CrashPoint.Hit("lease.before-renew");
                try
                {
                    await leases.RenewAsync(lease, ended);
                }
                catch (Exception e) when (e is not OperationCanceledException and not LeaseLostException)
                {
                    // A long publication of our own holds the row, or the database is away for a moment: every write checks the lease itself, so go on trying.
                    logger.RenewalFailed(lease.LocationId, e.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (LeaseLostException)
        {
            await held.CancelAsync();
        }
    }

    private void WakeLater(int locationId, TimeSpan wait, CancellationToken stopping)
    {
        wait = wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        var at = clock.GetTimestamp() + (long)(wait.TotalSeconds * clock.TimestampFrequency);

        // One timer per location: an earlier one that is still running covers this one.
        if (_due.TryGetValue(locationId, out var known) && known <= at && known > clock.GetTimestamp())
        {
            return;
        }

        _due[locationId] = at;
        _ = Task.Delay(wait, clock, stopping)
            .ContinueWith(_ => signal.Wake(locationId), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }
}
