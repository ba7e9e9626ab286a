using System.Text.Json;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Sync;

/// <summary>Keeps a run's record while it runs: phases and durations in the database, pages and rows to open screens, a few times a second.</summary>
internal sealed class SyncProgress(SyncRun run, Lease lease, LeasedWriter writer, ChangeFeed feed, TimeProvider clock, RequestMeter meter)
{
    /// <summary>Screens need no more, and every fact costs each of them a rendering.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, long> _durations = [];
    private long _phaseBegan = clock.GetTimestamp();
    private long _lastTold;

    public SyncRun Run => run;

    /// <summary>The publishing transaction is committed: from here the run has succeeded, whatever happens to covers.</summary>
    public bool Published { get; set; }

    /// <summary>Goes on to the next phase.</summary>
    public async Task EnterAsync(SyncPhase phase, CancellationToken cancellationToken)
    {
        EndPhase();
        run.Phase = phase;
        await writer.WriteAsync(
            lease,
            db =>
            {
                db.SyncRuns.Update(run);
                return Task.CompletedTask;
            },
            cancellationToken);
        Tell(default, force: true);
    }

    /// <summary>A listener for one list; the pages of several lists of one phase add up.</summary>
    public IProgress<PageProgress> Follow() => new Listener(this, run.Pages);

    /// <summary>Adds pages that no listener saw.</summary>
    public void Count(int pages) => run.Pages += pages;

    /// <summary>Writes down how the run stands, for the caller to save.</summary>
    public void End(SyncResult result)
    {
        EndPhase();
        run.Result = result;
        run.EndedAt = clock.GetUtcNow();
        if (result is SyncResult.Succeeded or SyncResult.Partial)
        {
            run.Phase = SyncPhase.Done;
        }
    }

    /// <summary>Tells open screens.</summary>
    public void Tell(PageProgress progress, bool force)
    {
        var now = clock.GetTimestamp();
        if (!force && clock.GetElapsedTime(Volatile.Read(ref _lastTold), now) < Pace)
        {
            return;
        }

        Volatile.Write(ref _lastTold, now);
        feed.Publish(new Change.OfSync(lease.LocationId, run.Id, run.Phase.ToString(), progress.PagesRead, progress.TotalPages, progress.Rows));
    }

    private void EndPhase()
    {
        var now = clock.GetTimestamp();
        var name = run.Phase.ToString();
        _durations[name] = _durations.GetValueOrDefault(name) + (long)clock.GetElapsedTime(_phaseBegan, now).TotalMilliseconds;
        _phaseBegan = now;
        run.Phases = JsonSerializer.Serialize(_durations);
        run.Requests = meter.Requests;
    }

    // Not Progress<T>: that would hand over to another thread and let old news overtake new.
    private sealed class Listener(SyncProgress owner, int before) : IProgress<PageProgress>
    {
        public void Report(PageProgress value)
        {
            owner.Run.Pages = before + value.PagesRead;
            owner.Tell(value, force: value.PagesRead >= value.TotalPages);
        }
    }
}
