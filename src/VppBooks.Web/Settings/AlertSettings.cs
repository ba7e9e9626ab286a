using VppBooks.Core.Alerts;

namespace VppBooks.Web.Settings;

/// <summary>When to alert, and whom.</summary>
public sealed class AlertSettings : ISettings
{
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

    /// <summary>Mail addresses that are told, separated by commas.</summary>
    public string MailTo { get; set; } = "";

    /// <summary>Receivers of signed HTTP requests.</summary>
    public IList<WebhookSettings> Webhooks { get; } = [];

    /// <summary>Webhooks that administrators add in the console may lead to this machine and to private networks; off.</summary>
    public bool WebhooksMayBePrivate { get; set; }

    public IEnumerable<string> Faults() =>
    [
        .. AlertRules.Language.FaultsOf(Language),
        .. AlertRules.MailTo.Fault(MailTo) is { } mail ? (string[])[mail] : [],
        .. AlertRules.ConsoleUrl.FaultsOf(ConsoleUrl),
        .. AlertRules.SyncStaleAfter.FaultsOf(SyncStaleAfter),
        .. AlertRules.StockLowShare.FaultsOf(StockLowShare),
        .. AlertRules.StockLowCount.FaultsOf(StockLowCount),
        .. AlertRules.PeopleStuckAfter.FaultsOf(PeopleStuckAfter),
        .. AlertRules.OperationUnknownAfter.FaultsOf(OperationUnknownAfter),
        .. Webhooks.SelectMany((w, i) => (IEnumerable<string>)
        [
            .. Check.WebAddress($"Alerts:Webhooks:{i}:Url", w.Url),
            .. w.Secret.Length >= AlertWebhook.ShortestSecret ? (string[])[] : [$"Alerts:Webhooks:{i}:Secret must be at least {AlertWebhook.ShortestSecret} characters long."],
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
