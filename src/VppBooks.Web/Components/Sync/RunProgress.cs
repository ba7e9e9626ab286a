using System.Collections.Concurrent;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;

namespace VppBooks.Web.Components.Sync;

/// <summary>How far the phases of the latest run have come, as the feed tells it.</summary>
public sealed class RunProgress
{
    private readonly ConcurrentDictionary<SyncPhase, Change.OfSync> _phases = new();
    private int _runId;

    /// <summary>Called on the publisher's thread.</summary>
    public void Note(Change.OfSync change)
    {
        if (Interlocked.Exchange(ref _runId, change.RunId) != change.RunId)
        {
            _phases.Clear();
        }

        if (Enum.TryParse<SyncPhase>(change.Phase, out var phase))
        {
            _phases[phase] = change;
        }
    }

    /// <summary>Null while nothing was told about the phase.</summary>
    public Change.OfSync? Find(int runId, SyncPhase phase) => _phases.TryGetValue(phase, out var change) && change.RunId == runId ? change : null;
}
