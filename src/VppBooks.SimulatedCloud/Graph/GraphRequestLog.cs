using System.Text.RegularExpressions;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>One request as the stand-in saw it.</summary>
/// <param name="Path">Path below the version, without the query.</param>
/// <param name="InBatch">Whether it was a step of a batch.</param>
public sealed record GraphRequestSeen(DateTimeOffset At, string Method, string Path, string Query, int Status, bool InBatch);

/// <summary>The last requests, and how many there were of each kind.</summary>
public sealed partial class GraphRequestLog
{
    private const int Kept = 2_000;

    private readonly Lock _gate = new();
    private readonly Queue<GraphRequestSeen> _recent = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.OrdinalIgnoreCase);
    private int _total;

    /// <summary>Requests since the start or the last <see cref="Clear"/>; steps of a batch count, and the batch too.</summary>
    public int Total
    {
        get
        {
            lock (_gate)
            {
                return _total;
            }
        }
    }

    /// <summary>Requests by method and path, ids written as <c>{id}</c>: <c>GET /groups/{id}/transitiveMembers/graph.user</c>.</summary>
    public IReadOnlyDictionary<string, int> Counts
    {
        get
        {
            lock (_gate)
            {
                return new Dictionary<string, int>(_counts, _counts.Comparer);
            }
        }
    }

    /// <summary>The last 2,000 requests, oldest first.</summary>
    public IReadOnlyList<GraphRequestSeen> Recent
    {
        get
        {
            lock (_gate)
            {
                return [.. _recent];
            }
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _recent.Clear();
            _counts.Clear();
            _total = 0;
        }
    }

    internal void Add(GraphRequestSeen seen)
    {
        var key = $"{seen.Method} {IdPattern().Replace(seen.Path, "{id}")}";
        lock (_gate)
        {
            _total++;
            _counts[key] = _counts.GetValueOrDefault(key) + 1;
            _recent.Enqueue(seen);
            if (_recent.Count > Kept)
            {
                _recent.Dequeue();
            }
        }
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdPattern();
}
