using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace VppBooks.Tests.Apple;

/// <summary>A clock that stands still while something happens and jumps to the next timer when nothing does: hours pass in milliseconds.</summary>
internal sealed class JumpingClock() : FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero))
{
    private readonly ConcurrentDictionary<TrackedTimer, DateTimeOffset> _due = new();
    private int _changes;

    /// <summary>Whether somebody waits with a time-out: then something is under way that should end before its time-out does.</summary>
    public bool HasTimeouts => _due.Keys.Any(timer => timer.IsTimeout);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TrackedTimer(this) { IsTimeout = state is CancellationTokenSource };
        timer.Note(dueTime);
        timer.Inner = base.CreateTimer(
            inner =>
            {
                timer.Note(Timeout.InfiniteTimeSpan);
                callback(inner);
            },
            state,
            dueTime,
            period);
        return timer;
    }

    /// <summary>Jumps again and again until told to stop.</summary>
    /// <param name="isBusy">Whether something is going on that needs no time to pass.</param>
    public async Task JumpAsync(Func<bool> isBusy, CancellationToken stop)
    {
        var (quiet, seen) = (0, -1);
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(1, CancellationToken.None);
            var changes = Volatile.Read(ref _changes);
            quiet = isBusy() || changes != seen || ThreadPool.PendingWorkItemCount > 0 ? 0 : quiet + 1;
            seen = changes;
            if (quiet >= 1 && !_due.IsEmpty)
            {
                quiet = 0;
                JumpToNextTimer();
            }
        }
    }

    public void JumpToNextTimer()
    {
        var next = _due.Values.Min();
        Advance(next > GetUtcNow() ? next - GetUtcNow() : TimeSpan.FromTicks(1));
    }

    private sealed class TrackedTimer(JumpingClock clock) : ITimer
    {
        public ITimer? Inner { get; set; }

        public bool IsTimeout { get; init; }

        public void Note(TimeSpan dueTime)
        {
            Interlocked.Increment(ref clock._changes);
            if (dueTime < TimeSpan.Zero)
            {
                clock._due.TryRemove(this, out _);
            }
            else
            {
                clock._due[this] = clock.GetUtcNow() + dueTime;
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Note(dueTime);
            return Inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            Note(Timeout.InfiniteTimeSpan);
            Inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Note(Timeout.InfiniteTimeSpan);
            return Inner!.DisposeAsync();
        }
    }
}
