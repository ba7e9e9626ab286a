namespace VppBooks.Benchmarks;

/// <summary>Watches how much memory the process occupies, native parts included.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly Timer _timer;
    private long _peak;

    public MemoryWatch()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Idle = Environment.WorkingSet;
        _timer = new Timer(_ => _peak = Math.Max(_peak, Environment.WorkingSet), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    public long Idle { get; }

    /// <summary>Highest above idle so far, in mebibytes.</summary>
    public double PeakAboveIdle => (_peak - Idle) / 1024.0 / 1024.0;

    public void Dispose() => _timer.Dispose();
}
