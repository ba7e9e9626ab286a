namespace VppBooks.Web.Settings;

/// <summary>Where metrics and traces go. Both are off by default: nothing leaves the program unasked.</summary>
public sealed class TelemetrySettings : ISettings
{
    private const int ShortestToken = 24;

    public static string Section => "Telemetry";

    /// <summary>Bearer token with which Prometheus may read <c>/metrics</c>, at least 24 characters; empty: there is no such page.</summary>
    public string MetricsToken { get; set; } = "";

    /// <summary>An OTLP collector that speaks HTTP, such as <c>http://localhost:4318</c>; empty: nothing is sent.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>Whether anybody collects.</summary>
    internal bool Collected => MetricsToken.Length > 0 || OtlpEndpoint.Length > 0;

    public IEnumerable<string> Faults() =>
    [
        .. MetricsToken.Length is 0 or >= ShortestToken ? (string[])[] : [$"Telemetry:MetricsToken must be empty or at least {ShortestToken} characters long."],
        .. OtlpEndpoint.Length == 0 ? [] : Check.WebAddress("Telemetry:OtlpEndpoint", OtlpEndpoint),
    ];
}
