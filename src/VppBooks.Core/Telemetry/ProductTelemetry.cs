using System.Diagnostics;
using System.Diagnostics.Metrics;
using VppBooks.Core.Alerts;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;

namespace VppBooks.Core.Telemetry;

/// <summary>
/// What the product measures of itself. Labels are locations (id and the token's name), states and kinds: never a person, a group, a book or a secret (I10).
/// Gauges show <see cref="Figures"/>, which <see cref="TelemetrySampler"/> keeps fresh; without it they show nothing. That of alerts needs no database and is always there.
/// </summary>
public sealed class ProductTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "VppBooks.Core";

    private static readonly ActivitySource _source = new(Name);

    private readonly TimeProvider _clock;
    private readonly Histogram<double> _syncs;
    private TelemetryFigures _figures = TelemetryFigures.None;

    /// <summary>Makes the instruments; the factory owns and disposes the meter.</summary>
    public ProductTelemetry(IMeterFactory meters, AlertPulse alerts, TimeProvider clock)
    {
        _clock = clock;
        var meter = meters.Create(Name);
        _syncs = meter.CreateHistogram<double>("vppbooks.sync.duration", "s", "Syncs with Apple by location, result and extent.");
        meter.CreateObservableGauge("vppbooks.sync.age", () => OfLocations(l => (_clock.GetUtcNow() - l.SyncedAt).TotalSeconds), "s", "Age of the numbers on the screens: time since the last sync that published.");
        meter.CreateObservableGauge("vppbooks.sync.failing", () => OfLocations(l => l.SyncStatus == SyncStatus.Failed ? 1 : 0), "{sync}", "1 while the last sync failed.");
        meter.CreateObservableGauge("vppbooks.token.time.left", () => OfLocations(l => (l.Expires - _clock.GetUtcNow()).TotalDays), "d", "Days until the token ends; negative when it has.");
        meter.CreateObservableGauge("vppbooks.token.state", () => Figures.Locations.Select(l => new Measurement<int>(1, [.. Labels(l), new("state", l.State.ToString())])), "{token}", "1 under the label of the token's state.");
        meter.CreateObservableGauge("vppbooks.stock", Stock, "{license}", "Apple's license counts of books with a stock: total, used, free.");
        meter.CreateObservableGauge("vppbooks.licenses", () => Figures.Licenses.Select(l => new Measurement<long>(l.Count, new("location", l.Location.ToString("D")), new("state", l.State.ToString()))), "{license}", "Licenses by state: assigned ones by Apple's counts of all books, others by the rows of the ledger.");
        meter.CreateObservableGauge("vppbooks.operations", () => OfOperations(o => o.Count), "{operation}", "Operations that have not ended.");
        meter.CreateObservableGauge("vppbooks.operations.oldest.age", () => OfOperations(o => (_clock.GetUtcNow() - o.Oldest).TotalSeconds), "s", "Age of the oldest operation that has not ended.");
        meter.CreateObservableGauge("vppbooks.alerts.look.age", () => alerts.Age.TotalSeconds, "s", "Time since troubles of every kind could be looked for.");
    }

    /// <summary>What gauges show now.</summary>
    public TelemetryFigures Figures
    {
        get => Volatile.Read(ref _figures);
        internal set => Volatile.Write(ref _figures, value);
    }

    /// <summary>Begins the trace of one pass over a location; null when nobody listens.</summary>
    internal static Activity? BeginSync(SyncReason reason) => _source.StartActivity("Sync")?.SetTag("reason", reason.ToString());

    /// <summary>A sync has ended.</summary>
    internal void SyncEnded(Guid location, SyncRun run, Activity? activity)
    {
        var ended = run.EndedAt ?? _clock.GetUtcNow();
        _syncs.Record(Math.Max(0, (ended - run.StartedAt).TotalSeconds), new("location", location.ToString("D")), new("result", run.Result.ToString()), new("full", run.Full));
        activity?.SetTag("location", location.ToString("D")).SetTag("result", run.Result.ToString()).SetTag("full", run.Full).SetTag("requests", run.Requests).SetTag("rows", run.RowsChanged)
            .SetStatus(run.Result is SyncResult.Succeeded or SyncResult.Partial ? ActivityStatusCode.Ok : ActivityStatusCode.Error, run.ErrorCode);
    }

    private IEnumerable<Measurement<double>> OfLocations(Func<LocationFigures, double> value) => Figures.Locations.Select(l => new Measurement<double>(value(l), Labels(l)));

    private IEnumerable<Measurement<double>> OfOperations(Func<OperationFigures, double> value) => Figures.Operations.Select(o =>
        new Measurement<double>(value(o), new("location", o.Location.ToString("D")), new("kind", o.Kind.ToString()), new("state", o.State.ToString())));

    private IEnumerable<Measurement<long>> Stock() => Figures.Locations.SelectMany(l => new Measurement<long>[]
    {
        new(l.Total, [.. Labels(l), new("count", "total")]),
        new(l.Used, [.. Labels(l), new("count", "used")]),
        new(l.Free, [.. Labels(l), new("count", "free")]),
    });

    private static KeyValuePair<string, object?>[] Labels(LocationFigures location) => [new("location", location.Location.ToString("D")), new("name", location.Name)];
}
