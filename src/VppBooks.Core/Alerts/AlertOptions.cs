namespace VppBooks.Core.Alerts;

/// <summary>When to alert, and whom.</summary>
public sealed class AlertOptions
{
    /// <summary>Numbers older than this are stale. Two schedules of a day and some patience by default.</summary>
    public TimeSpan SyncStaleAfter { get; init; } = TimeSpan.FromHours(26);

    /// <summary>A limited book with at most this share free is low; 0 to 1, zero: only when none is left.</summary>
    public double StockLowShare { get; init; } = 0.1;

    /// <summary>A limited book with at most this many free is low, whatever the share; null: only the share counts.</summary>
    public int? StockLowCount { get; init; }

    /// <summary>An invitation that was not accepted for this long is stuck.</summary>
    public TimeSpan PeopleStuckAfter { get; init; } = TimeSpan.FromDays(14);

    /// <summary>An operation whose outcome is unknown for this long is told.</summary>
    public TimeSpan OperationUnknownAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Address of the console, for links in messages, without a trailing slash; null: no links.</summary>
    public string? ConsoleUrl { get; init; }

    /// <summary>Receivers of signed HTTP requests.</summary>
    public IReadOnlyList<AlertWebhook> Webhooks { get; init; } = [];

    /// <summary>Receivers of mail.</summary>
    public IReadOnlyList<string> MailTo { get; init; } = [];
}

/// <summary>A receiver of signed HTTP requests.</summary>
/// <param name="Url">Absolute https address; http on this machine only.</param>
/// <param name="Secret">Key of the signature.</param>
public sealed record AlertWebhook(string Url, string Secret)
{
    /// <inheritdoc/>
    public override string ToString() => "[webhook]";
}
