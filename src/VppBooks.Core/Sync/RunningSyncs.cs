using System.Collections.Concurrent;

namespace VppBooks.Core.Sync;

/// <summary>The syncs that run in this process, so that they can be stopped. One instance per process.</summary>
public sealed class RunningSyncs
{
    private readonly ConcurrentDictionary<int, CancellationTokenSource> _running = new();

    /// <summary>Stops the sync of a location; false when none runs here.</summary>
    public bool TryCancel(int locationId)
    {
        if (!_running.TryGetValue(locationId, out var stop))
        {
            return false;
        }

        try
        {
            stop.Cancel();
            return true;
        }
        catch (ObjectDisposedException)
        {
            // It ended between the look and the call.
            return false;
        }
    }

    internal Entry Enter(int locationId, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _running[locationId] = stop;
        return new Entry(this, locationId, stop);
    }

    internal sealed class Entry(RunningSyncs owner, int locationId, CancellationTokenSource stop) : IDisposable
    {
        public CancellationToken Stopping => stop.Token;

        public void Dispose()
        {
            owner._running.TryRemove(new KeyValuePair<int, CancellationTokenSource>(locationId, stop));
            stop.Dispose();
        }
    }
}
