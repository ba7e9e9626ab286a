using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

namespace VppBooks.Core.Signals;

/// <summary>A small fact about something that has changed; carries ids, never data.</summary>
public abstract record Change
{
    private Change()
    {
    }

    /// <summary>A location's state, counts or people changed.</summary>
    public sealed record OfLocation(int LocationId) : Change;

    /// <summary>A sync run moved on.</summary>
    /// <param name="LocationId">Its location.</param>
    /// <param name="RunId">The run.</param>
    /// <param name="Phase">Name of the phase.</param>
    /// <param name="Pages">Pages read in this phase.</param>
    /// <param name="TotalPages">Pages of this phase as far as known; 0 when not.</param>
    /// <param name="Rows">Rows read in this phase.</param>
    public sealed record OfSync(int LocationId, int RunId, string Phase, int Pages, int TotalPages, long Rows) : Change;

    /// <summary>Counts, assignments or licenses of a book changed.</summary>
    public sealed record OfBook(int LocationId, int BookId) : Change;

    /// <summary>An alert was raised, got worse, was taken notice of, or ended; or a receiver was told of one, or could not be.</summary>
    public sealed record OfAlerts : Change;

    /// <summary>Settings were changed in the console.</summary>
    public sealed record OfSettings : Change;
}

/// <summary>Tells open pages of this process what changed, so that they need not poll.</summary>
public sealed class ChangeFeed
{
    private ImmutableList<Action<Change>> _listeners = [];

    /// <summary>Tells everyone. A listener that throws does not disturb the others or the teller.</summary>
    public void Publish(Change change)
    {
        foreach (var listener in _listeners)
        {
            try
            {
                listener(change);
            }
#pragma warning disable CA1031 // A page that fails must not stop the work it watches.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
    }

    /// <summary>Listens until the result is disposed. Called on the publisher's thread: hand over quickly.</summary>
    public IDisposable Subscribe(Action<Change> listener)
    {
        ImmutableInterlocked.Update(ref _listeners, static (list, added) => list.Add(added), listener);
        return new Subscription(this, listener);
    }

    private sealed class Subscription(ChangeFeed feed, Action<Change> listener) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref feed._listeners, static (list, removed) => list.Remove(removed), listener);
    }
}

/// <summary>Wakes the worker of a location: new wishes, new licenses to send. A lost signal costs a delay, never a license: workers also look by themselves.</summary>
public sealed class WorkSignal
{
    private readonly ConcurrentDictionary<int, byte> _pending = new();
    private readonly Channel<int> _bell = Channel.CreateUnbounded<int>();

    /// <summary>Asks for work on a location.</summary>
    public void Wake(int locationId)
    {
        if (_pending.TryAdd(locationId, 0))
        {
            _bell.Writer.TryWrite(locationId);
        }
    }

    /// <summary>Waits for the next location to work on.</summary>
    public async Task<int> NextAsync(CancellationToken cancellationToken)
    {
        var locationId = await _bell.Reader.ReadAsync(cancellationToken);
        _pending.TryRemove(locationId, out _);
        return locationId;
    }
}
