namespace VppBooks.SimulatedCloud.Apple;

/// <summary>How a task about a license ended.</summary>
public enum SpendResult
{
    /// <summary>One license left the stock for good.</summary>
    Spent,

    /// <summary>The holder had it already; no license was used.</summary>
    AlreadyHeld,

    /// <summary>9709.</summary>
    NoLicense,

    /// <summary>9609.</summary>
    NoUser,

    /// <summary>9616.</summary>
    Refused,

    /// <summary>The license followed its Apple Account to the person's newer record; no license was used.</summary>
    Moved,

    /// <summary>An app's license went back to the stock.</summary>
    Returned,
}

/// <summary>A line of the ground truth: what the stand-in did, whoever asked for it.</summary>
/// <param name="Target">Client user id, or serial number for an app on a device.</param>
/// <param name="EventId">Null when nobody asked through the API (moves, and what another manager did).</param>
public sealed record LedgerEntry(int Seq, DateTimeOffset Time, string Location, string AdamId, string PricingParam, string Target, string? EventId, SpendResult Result);

/// <summary>A request as the stand-in saw it.</summary>
/// <param name="Path">Path below <c>/apple</c>.</param>
/// <param name="Location">Location of the token; null when there was none that is known.</param>
/// <param name="Status">0 = never answered.</param>
/// <param name="ErrorNumber">Number in the answer, 0 if none.</param>
/// <param name="Fault">The scripted fault that hit it.</param>
public sealed record RequestEntry(int Seq, DateTimeOffset Time, string Method, string Path, string Query, string? Location, int Status, int ErrorNumber, FaultAction? Fault);

/// <summary>A delivery of a notification.</summary>
/// <param name="Status">HTTP status, 0 = not reached, -1 = lost on purpose.</param>
public sealed record NotificationEntry(int Seq, DateTimeOffset Time, string Location, string Type, string NotificationId, int Attempt, int Status);

/// <summary>A list that only grows at its end and forgets its beginning beyond a bound. Thread-safe.</summary>
internal sealed class BoundedLog<T>(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<T> _entries = [];
    private int _seq;

    public void Add(Func<int, T> entry)
    {
        lock (_gate)
        {
            if (_entries.Count == capacity)
            {
                _entries.Dequeue();
            }

            _entries.Enqueue(entry(++_seq));
        }
    }

    public IReadOnlyList<T> List()
    {
        lock (_gate)
        {
            return [.. _entries];
        }
    }

    /// <summary>Takes entries of an earlier run over; the next one is numbered after <paramref name="lastSeq"/>.</summary>
    public void Restore(IEnumerable<T> entries, int lastSeq)
    {
        lock (_gate)
        {
            _entries.Clear();
            foreach (var entry in entries)
            {
                _entries.Enqueue(entry);
            }

            _seq = lastSeq;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
        }
    }
}
