using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace VppBooks.Apple;

/// <summary>What the client measures. Labels are paths, outcomes and Apple's numbers: never a location, a person or a token.</summary>
public sealed class AppleTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "VppBooks.Apple";

    private static readonly ActivitySource _source = new(Name);

    private readonly Histogram<double> _requests;
    private readonly Histogram<double> _waits;

    /// <summary>Makes the instruments; the factory owns and disposes the meter.</summary>
    public AppleTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _requests = meter.CreateHistogram<double>("vppbooks.apple.request.duration", "s", "Requests to Apple, each attempt by itself, by path, outcome and error number.");
        _waits = meter.CreateHistogram<double>("vppbooks.apple.gate.wait", "s", "Time a request waits for Apple's rate limit and for pauses that Apple asked for.");
    }

    /// <summary>Begins the trace of one attempt; null when nobody listens.</summary>
    internal static Activity? Begin(string path) => _source.StartActivity("Apple " + Route(path), ActivityKind.Client);

    /// <summary>One attempt has ended.</summary>
    /// <param name="path">Path with or without query; the query is left out.</param>
    /// <param name="outcome">One word, such as <c>ok</c> or <c>refused</c>.</param>
    /// <param name="error">Apple's number or the HTTP status; 0 for none.</param>
    /// <param name="duration">From sending to the last byte.</param>
    /// <param name="activity">What <see cref="Begin"/> gave.</param>
    internal void Ended(string path, string outcome, int error, TimeSpan duration, Activity? activity)
    {
        _requests.Record(duration.TotalSeconds, new("path", Route(path)), new("outcome", outcome), new("error", error));
        activity?.SetTag("outcome", outcome).SetTag("error", error).SetStatus(outcome is "ok" ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
    }

    /// <summary>A request was let through, or turned away, after this time.</summary>
    internal void Waited(TimeSpan wait, bool entered) => _waits.Record(wait.TotalSeconds, new KeyValuePair<string, object?>("entered", entered));

    private static string Route(string path) => path.IndexOf('?', StringComparison.Ordinal) is var end && end >= 0 ? path[..end] : path;
}
