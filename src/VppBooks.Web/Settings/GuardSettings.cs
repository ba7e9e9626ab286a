namespace VppBooks.Web.Settings;

/// <summary>What stands between a commit and a spent license.</summary>
public sealed class LicensesSettings : ISettings
{
    public static string Section => "Licenses";

    /// <summary>How long a committed plan can still be stopped; zero sends at once. At most seven days.</summary>
    public TimeSpan UndoWindow { get; set; } = TimeSpan.Zero;

    /// <summary>Plans for more licenses than this need a second person; null switches the guard off.</summary>
    public int? ApprovalThreshold { get; set; }

    /// <summary>Assign limited books to people who have not accepted their invitation; off, because such a license may be lost for good.</summary>
    public bool AssignBeforeAcceptance { get; set; }

    /// <summary>How long after an attempt with unknown outcome its absence at Apple may be believed; 1 s to a day.</summary>
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Least time between the two reads that must agree on the absence; 1 s to an hour.</summary>
    public TimeSpan UnknownReadsApart { get; set; } = TimeSpan.FromSeconds(60);

    public IEnumerable<string> Faults()
    {
        foreach (var fault in Check.Range("Licenses:UnknownAfter", UnknownAfter, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))
            .Concat(Check.Range("Licenses:UnknownReadsApart", UnknownReadsApart, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))))
        {
            yield return fault;
        }

        foreach (var fault in Check.Range("Licenses:UndoWindow", UndoWindow, TimeSpan.Zero, TimeSpan.FromDays(7)))
        {
            yield return fault;
        }

        if (ApprovalThreshold is < 1)
        {
            yield return $"Licenses:ApprovalThreshold must be 1 or more, or left out; it is {ApprovalThreshold}.";
        }
    }
}

/// <summary>Outgoing mail; off while <see cref="Host"/> is empty.</summary>
public sealed class MailSettings : ISettings
{
    public static string Section => "Mail";

    public string Host { get; set; } = "";

    public int Port { get; set; } = 587;

    public string From { get; set; } = "";

    public string UserName { get; set; } = "";

    public string Password { get; set; } = "";

    /// <summary>Default true; false only for a relay on this machine.</summary>
    public bool UseTls { get; set; } = true;

    public IEnumerable<string> Faults()
    {
        if (Host.Length > 0 && !From.Contains('@', StringComparison.Ordinal))
        {
            yield return "Mail:From must be a mail address when Mail:Host is set.";
        }

        foreach (var fault in Check.Range("Mail:Port", Port, 1, 65535))
        {
            yield return fault;
        }
    }
}

/// <summary>Who is told, and when.</summary>
public sealed class AlertsSettings : ISettings
{
    public static string Section => "Alerts";

    /// <summary>Mail addresses of the people told.</summary>
    public List<string> Recipients { get; } = [];

    /// <summary>Https address that receives each alert as JSON; empty is off.</summary>
    public string WebhookUrl { get; set; } = "";

    /// <summary>Days before expiry that a token is worth an alert; default 30.</summary>
    public int TokenExpiryDays { get; set; } = 30;

    /// <summary>Free copies at or below which a book counts as short, in percent of all; default 10.</summary>
    public int ShortStockPercent { get; set; } = 10;

    public IEnumerable<string> Faults() =>
    [
        .. Recipients.Where(r => !r.Contains('@', StringComparison.Ordinal)).Select(r => $"Alerts:Recipients must hold mail addresses; \"{r}\" is none."),
        .. WebhookUrl.Length == 0 ? [] : Check.WebAddress("Alerts:WebhookUrl", WebhookUrl),
        .. Check.Range("Alerts:TokenExpiryDays", TokenExpiryDays, 1, 365),
        .. Check.Range("Alerts:ShortStockPercent", ShortStockPercent, 0, 100),
    ];
}
