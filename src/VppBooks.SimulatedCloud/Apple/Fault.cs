using System.Text.RegularExpressions;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>What goes wrong. The "after" ones let the request take effect first.</summary>
public enum FaultAction
{
    /// <summary>Not processed; <see cref="Fault.Status"/> with <see cref="Fault.Body"/>.</summary>
    Respond,

    /// <summary>Not processed; <see cref="Fault.ErrorNumber"/> with its documented status, or <see cref="Fault.Status"/>.</summary>
    Error,

    /// <summary>Not processed; <see cref="Fault.ErrorNumber"/> inside HTTP 200.</summary>
    ErrorInOk,

    /// <summary>Not processed; 502 with HTML.</summary>
    HtmlBadGateway,

    /// <summary>Not processed; 503 with 9729 and <see cref="Fault.RetryAfter"/>.</summary>
    Unavailable,

    /// <summary>Not processed; 429 with 9646 and <see cref="Fault.RetryAfter"/>.</summary>
    TooManyRequests,

    /// <summary>Not processed; the connection breaks.</summary>
    Drop,

    /// <summary>Not processed; no answer until the caller gives up.</summary>
    NeverAnswer,

    /// <summary>Waits <see cref="Fault.Delay"/>, then goes on as usual.</summary>
    Delay,

    /// <summary>Takes effect; the connection breaks.</summary>
    DropAfter,

    /// <summary>Takes effect; no answer until the caller gives up.</summary>
    NeverAnswerAfter,

    /// <summary>Takes effect; then <see cref="Fault.ErrorNumber"/> (9603 by default) or <see cref="Fault.Status"/> with <see cref="Fault.Body"/>.</summary>
    ErrorAfter,

    /// <summary>Takes effect; 502 with HTML.</summary>
    HtmlBadGatewayAfter,

    /// <summary>Takes effect; 200 without <c>eventId</c>.</summary>
    WithoutEventId,

    /// <summary>Takes effect; the body stops half way with a clean end.</summary>
    TruncatedBody,

    /// <summary>Takes effect; 200 with nothing.</summary>
    EmptyBody,

    /// <summary>Takes effect; JSON whose lists are texts and whose numbers are objects.</summary>
    WrongTypes,

    /// <summary>Takes effect; a body of more than 12 MB.</summary>
    HugeBody,

    /// <summary>Answered as usual; right after, another manager changes users and assignments, so that the pages still to come have moved.</summary>
    DataMoves,
}

/// <summary>One scripted fault, such as "the 3rd POST to associate: accept, then drop the connection".</summary>
public sealed class Fault
{
    public required FaultAction Action { get; init; }

    /// <summary>HTTP method; null matches any.</summary>
    public string? Method { get; init; }

    /// <summary>Path below <c>/apple</c>, <c>*</c> standing for anything: <c>/mdm/v2/assets/associate</c>, <c>*/users/*</c>, <c>/lookup*</c>. Null matches any.</summary>
    public string? Path { get; init; }

    /// <summary>Part of the query that must occur, such as <c>pageIndex=2</c>; null matches any.</summary>
    public string? Query { get; init; }

    /// <summary>Only requests with a token of this location; null matches any.</summary>
    public string? Location { get; init; }

    /// <summary>First matching request that fails, counted from 1.</summary>
    public int Nth { get; init; } = 1;

    /// <summary>How many fail from there on; 0 = all.</summary>
    public int Times { get; init; } = 1;

    public int? Status { get; init; }

    public int? ErrorNumber { get; init; }

    /// <summary>Text of the <c>Retry-After</c> header, so that bad values can be tried.</summary>
    public string? RetryAfter { get; init; }

    public TimeSpan Delay { get; init; }

    public string? Body { get; init; }

    /// <summary>Matching requests so far.</summary>
    public int Seen { get; internal set; }

    /// <summary>Requests that failed because of this fault.</summary>
    public int Fired { get; internal set; }

    internal bool Matches(string method, string path, string query, string? location) =>
        (Method is null || Method.Equals(method, StringComparison.OrdinalIgnoreCase))
        && (Path is null || PathPattern.IsMatch(path))
        && (Query is null || query.Contains(Query, StringComparison.Ordinal))
        && (Location is null || Location == location);

    private Regex PathPattern =>
        field ??= new Regex("^" + Regex.Escape(Path!).Replace("\\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
}

/// <summary>The faults that are set, in the order they were added; the first that applies wins.</summary>
public sealed class FaultScript
{
    private readonly Lock _gate = new();
    private readonly List<Fault> _faults = [];

    public void Add(Fault fault)
    {
        lock (_gate)
        {
            _faults.Add(fault);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _faults.Clear();
        }
    }

    public IReadOnlyList<Fault> List()
    {
        lock (_gate)
        {
            return [.. _faults];
        }
    }

    internal Fault? Take(string method, string path, string query, string? location)
    {
        lock (_gate)
        {
            Fault? hit = null;
            foreach (var fault in _faults)
            {
                if (!fault.Matches(method, path, query, location))
                {
                    continue;
                }

                // Every fault counts every request it matches, or the order of adding would change which request is its "third".
                fault.Seen++;
                if (hit is null && fault.Seen >= fault.Nth && (fault.Times == 0 || fault.Fired < fault.Times))
                {
                    fault.Fired++;
                    hit = fault;
                }
            }

            return hit;
        }
    }
}
