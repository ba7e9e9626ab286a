using System.Globalization;
using VppBooks.Web.Hosting;

namespace VppBooks.Web.Settings;

/// <summary>When to alert, and whom.</summary>
public sealed class AlertSettings : ISettings
{
    private const int ShortestSecret = 24;

    public static string Section => "Alerts";

    /// <summary>Language of messages: en or nl.</summary>
    public string Language { get; set; } = "en";

    /// <summary>The console's address as people know it, for links in messages; empty: no links.</summary>
    public string ConsoleUrl { get; set; } = "";

    /// <summary>Numbers older than this are stale; 1 hour to 30 days.</summary>
    public TimeSpan SyncStaleAfter { get; set; } = TimeSpan.FromHours(26);

    /// <summary>A book with at most this share of its licenses free is low; 0 to 1.</summary>
    public double StockLowShare { get; set; } = 0.1;

    /// <summary>A book with at most this many licenses free is low, whatever the share; 0 or more, empty: only the share counts.</summary>
    public int? StockLowCount { get; set; }

    /// <summary>An invitation that was not accepted for this long is stuck; 1 to 365 days.</summary>
    public TimeSpan PeopleStuckAfter { get; set; } = TimeSpan.FromDays(14);

    /// <summary>A request whose outcome is unknown for this long is told; 10 minutes to 7 days.</summary>
    public TimeSpan OperationUnknownAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Receivers of signed HTTP requests.</summary>
    public IList<WebhookSettings> Webhooks { get; } = [];

    public IEnumerable<string> Faults() =>
    [
        .. Languages.Shipped.Contains(Language, StringComparer.OrdinalIgnoreCase) ? (string[])[] : [$"Alerts:Language must be one of: {string.Join(", ", Languages.Shipped)}; it is \"{Language}\"."],
        .. ConsoleUrl.Length == 0 ? [] : Check.WebAddress("Alerts:ConsoleUrl", ConsoleUrl),
        .. Check.Range("Alerts:SyncStaleAfter", SyncStaleAfter, TimeSpan.FromHours(1), TimeSpan.FromDays(30)),
        .. StockLowShare is >= 0 and <= 1 ? (string[])[] : [$"Alerts:StockLowShare must be between 0 and 1; it is {StockLowShare.ToString(CultureInfo.InvariantCulture)}."],
        .. Check.Range("Alerts:StockLowCount", StockLowCount ?? 0, 0, int.MaxValue),
        .. Check.Range("Alerts:PeopleStuckAfter", PeopleStuckAfter, TimeSpan.FromDays(1), TimeSpan.FromDays(365)),
        .. Check.Range("Alerts:OperationUnknownAfter", OperationUnknownAfter, TimeSpan.FromMinutes(10), TimeSpan.FromDays(7)),
        .. Webhooks.SelectMany((w, i) => (IEnumerable<string>)
        [
            .. Check.WebAddress($"Alerts:Webhooks:{i}:Url", w.Url),
            .. w.Secret.Length >= ShortestSecret ? (string[])[] : [$"Alerts:Webhooks:{i}:Secret must be at least {ShortestSecret} characters long."],
        ]),
    ];
}

/// <summary>A receiver of signed HTTP requests.</summary>
public sealed class WebhookSettings
{
    /// <summary>Absolute https address.</summary>
    public string Url { get; set; } = "";

    /// <summary>Key of the signature; a secret.</summary>
    public string Secret { get; set; } = "";
}
