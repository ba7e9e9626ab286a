namespace VppBooks.Core.Alerts;

/// <summary>When to alert, and whom.</summary>
public sealed record AlertOptions
{
    /// <summary>Numbers older than this are stale; 1 hour to 30 days. Two schedules of a day and some patience by default.</summary>
    public TimeSpan SyncStaleAfter { get; set; } = TimeSpan.FromHours(26);

    /// <summary>A limited book with at most this share free is low; 0 to 1, zero: only when none is left.</summary>
    public double StockLowShare { get; set; } = 0.1;

    /// <summary>A limited book with at most this many free is low, whatever the share; null: only the share counts.</summary>
    public int? StockLowCount { get; set; }

    /// <summary>An invitation that was not accepted for this long is stuck; 1 to 365 days.</summary>
    public TimeSpan PeopleStuckAfter { get; set; } = TimeSpan.FromDays(14);

    /// <summary>An operation whose outcome is unknown for this long is told; 10 minutes to 7 days.</summary>
    public TimeSpan OperationUnknownAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Address of the console, for links in messages; empty: no links.</summary>
    public string ConsoleUrl { get; set; } = "";

    /// <summary>Receivers of signed HTTP requests, from configuration; the console adds its own (<see cref="AlertReceivers"/>).</summary>
    public IReadOnlyList<AlertWebhook> Webhooks { get; set; } = [];

    /// <summary>Webhooks that were added in the console may lead to this machine and to private networks; off, because whoever adds one could look around there.</summary>
    public bool WebhooksMayBePrivate { get; set; }

    /// <summary>Language of messages: one of <see cref="Mail.MailLanguages.Shipped"/>.</summary>
    public string Language { get; set; } = "en";

    /// <summary>Receivers of mail.</summary>
    public IReadOnlyList<string> MailTo { get; set; } = [];
}

/// <summary>A receiver of signed HTTP requests.</summary>
/// <param name="Url">Absolute https address; http on this machine only.</param>
/// <param name="Secret">Key of the signature.</param>
public sealed record AlertWebhook(string Url, string Secret)
{
    /// <summary>Shortest secret that makes a signature worth something.</summary>
    public const int ShortestSecret = 24;

    /// <inheritdoc/>
    public override string ToString() => "[webhook]";
}
