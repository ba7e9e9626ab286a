using VppBooks.Core.Signals;

namespace VppBooks.Web.Components.Elements;

/// <summary>Calls back after changes: at most once per pause however many there are, and always once more after the last one.</summary>
public sealed class ChangeWatch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _pause;
    private readonly TimeSpan _idle;
    private readonly Func<Task> _onChange;
    private readonly ITimer _timer;
    private readonly IDisposable _subscription;
    private bool _armed;
    private bool _disposed;

    /// <param name="feed">Where changes are told.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="pause">Shortest time from a change to the call, and between two calls.</param>
    /// <param name="concerns">Which changes matter.</param>
    /// <param name="onChange">Called on a thread of its own; must not throw.</param>
    /// <param name="idle">Also calls after this long without a change, because another server's work is not told here; null: never.</param>
    public ChangeWatch(ChangeFeed feed, TimeProvider clock, TimeSpan pause, Func<Change, bool> concerns, Func<Task> onChange, TimeSpan? idle = null)
    {
        _pause = pause;
        _idle = idle ?? Timeout.InfiniteTimeSpan;
        _onChange = onChange;
        _timer = clock.CreateTimer(_ => Fire(), null, _idle, Timeout.InfiniteTimeSpan);
        _subscription = feed.Subscribe(change =>
        {
            if (concerns(change))
            {
                Arm();
            }
        });
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _subscription.Dispose();
        _timer.Dispose();
    }

    private void Arm()
    {
        lock (_gate)
        {
            if (!_armed && !_disposed)
            {
                _armed = true;
                _timer.Change(_pause, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Fire()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _armed = false;
            _timer.Change(_idle, Timeout.InfiniteTimeSpan);
        }

        _ = _onChange();
    }
}
