namespace VppBooks.Core.Alerts;

/// <summary>Whether this process looks for troubles: an alert that cannot be raised is told by nobody else.</summary>
public sealed class AlertPulse(TimeProvider clock)
{
    /// <summary>Without a whole look for this long, looking fails: five were due.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private long _wholeTicks = clock.GetUtcNow().UtcTicks;

    /// <summary>Time since the last look that found out about every kind and was written down, or since the process began when there was none.</summary>
    public TimeSpan Age => clock.GetUtcNow() - new DateTimeOffset(Interlocked.Read(ref _wholeTicks), TimeSpan.Zero);

    /// <summary>Looking has failed for longer than a moment, of some kind or of all.</summary>
    public bool IsFailing => Age >= Patience;

    internal void Beat() => Interlocked.Exchange(ref _wholeTicks, clock.GetUtcNow().UtcTicks);
}
