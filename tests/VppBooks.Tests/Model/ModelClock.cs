namespace VppBooks.Tests.Model;

/// <summary>
/// Time that moves only when somebody waits: a wait is over at once and the clock stands at its end. Time-outs end only when time passes them, or when
/// nothing else can happen. The work of a model is one flow, so that this is the same every time.
/// </summary>
internal sealed class ModelClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private readonly List<TimeoutTimer> _timeouts = [];
    private long _elapsed;
    private long _wallOffset;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How long the model has run, whatever the wall clock says.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref _elapsed));

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(Interlocked.Read(ref _elapsed) + Interlocked.Read(ref _wallOffset));

    public override long GetTimestamp() => Interlocked.Read(ref _elapsed);

    /// <summary>Sets the wall clock forward or back; monotonic time does not notice.</summary>
    public void JumpWall(TimeSpan by) => Interlocked.Add(ref _wallOffset, by.Ticks);

    /// <summary>Lets time pass; time-outs on the way end in their order.</summary>
    public void Advance(TimeSpan by)
    {
        var until = _elapsed + Math.Max(0, by.Ticks);
        while (Next() is { } next && next.Due <= until)
        {
            Fire(next);
        }

        Interlocked.Exchange(ref _elapsed, Math.Max(until, _elapsed));
    }

    /// <summary>Goes to the end of the next time-out, because nothing else is going to happen.</summary>
    /// <returns>False when nobody waits with a time-out.</returns>
    public bool PassNextTimeout()
    {
        if (Next() is not { } next)
        {
            return false;
        }

        Fire(next);
        return true;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TimeoutTimer(this, callback, state);
        if (state is CancellationTokenSource)
        {
            timer.Change(dueTime, period);
        }
        else if (dueTime >= TimeSpan.Zero)
        {
            Advance(dueTime);
            callback(state);
        }

        return timer;
    }

    private TimeoutTimer? Next()
    {
        lock (_gate)
        {
            return _timeouts.MinBy(timer => timer.Due);
        }
    }

    private void Fire(TimeoutTimer timer)
    {
        lock (_gate)
        {
            _timeouts.Remove(timer);
        }

        Interlocked.Exchange(ref _elapsed, Math.Max(timer.Due, _elapsed));
        timer.Call();
    }

    private sealed class TimeoutTimer(ModelClock clock, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; private set; }

        public void Call() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                clock._timeouts.Remove(this);
                // Timers that are no time-outs belong to the stand-in, which catches up with the clock whenever it is asked.
                if (dueTime >= TimeSpan.Zero && state is CancellationTokenSource)
                {
                    Due = clock._elapsed + dueTime.Ticks;
                    clock._timeouts.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
