using System.Collections.Concurrent;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Mail;
using VppBooks.Core.Persistence;
using VppBooks.Core.Settings;

namespace VppBooks.Core.Alerts;

/// <summary>
/// When to alert and whom to mail, as it stands: what the console says wins over configuration. A stored value that cannot be used must not silence what would tell of it:
/// configuration holds in its place.
/// </summary>
public sealed class AlertRules(AlertOptions configured, IDbContextFactory<VppBooksDbContext> contexts, ILogger<AlertRules> logger) : SettingGroup<AlertOptions>(
    configured,
    contexts,
    At(MailTo, o => o.MailTo, (o, v) => o.MailTo = v),
    At(Language, o => o.Language, (o, v) => o.Language = v),
    At(ConsoleUrl, o => o.ConsoleUrl, (o, v) => o.ConsoleUrl = v),
    At(StockLowShare, o => o.StockLowShare, (o, v) => o.StockLowShare = v),
    At(StockLowCount, o => o.StockLowCount, (o, v) => o.StockLowCount = v),
    At(SyncStaleAfter, o => o.SyncStaleAfter, (o, v) => o.SyncStaleAfter = v),
    At(PeopleStuckAfter, o => o.PeopleStuckAfter, (o, v) => o.PeopleStuckAfter = v),
    At(OperationUnknownAfter, o => o.OperationUnknownAfter, (o, v) => o.OperationUnknownAfter = v))
{
    // Read several times a minute: each value is logged once.
    private readonly ConcurrentDictionary<string, string> _unusable = new(StringComparer.Ordinal);

    /// <summary>Name of the group.</summary>
    public const string GroupName = "alerts";

    /// <inheritdoc cref="AlertOptions.MailTo"/>
    public static MailListSetting MailTo { get; } = new("Alerts:MailTo", 20);

    /// <inheritdoc cref="AlertOptions.Language"/>
    public static ChoiceSetting Language { get; } = new("Alerts:Language", MailLanguages.Shipped);

    /// <inheritdoc cref="AlertOptions.ConsoleUrl"/>
    public static WebAddressSetting ConsoleUrl { get; } = new("Alerts:ConsoleUrl");

    /// <inheritdoc cref="AlertOptions.StockLowShare"/>
    public static ShareSetting StockLowShare { get; } = new("Alerts:StockLowShare", 0, 1);

    /// <inheritdoc cref="AlertOptions.StockLowCount"/>
    public static NumberSetting StockLowCount { get; } = new("Alerts:StockLowCount", 0, optional: true);

    /// <inheritdoc cref="AlertOptions.SyncStaleAfter"/>
    public static DurationSetting SyncStaleAfter { get; } = new("Alerts:SyncStaleAfter", TimeSpan.FromHours(1), TimeSpan.FromDays(30));

    /// <inheritdoc cref="AlertOptions.PeopleStuckAfter"/>
    public static DurationSetting PeopleStuckAfter { get; } = new("Alerts:PeopleStuckAfter", TimeSpan.FromDays(1), TimeSpan.FromDays(365));

    /// <inheritdoc cref="AlertOptions.OperationUnknownAfter"/>
    public static DurationSetting OperationUnknownAfter { get; } = new("Alerts:OperationUnknownAfter", TimeSpan.FromMinutes(10), TimeSpan.FromDays(7));

    /// <inheritdoc/>
    public override string Name => GroupName;

    /// <inheritdoc cref="AlertOptions.WebhooksMayBePrivate"/>
    internal bool WebhooksMayBePrivate => ConfiguredOptions.WebhooksMayBePrivate;

    /// <summary>Whether an address may be added in the console, as far as it shows: what a name stands for is looked at with each message.</summary>
    internal bool MayAdd(Uri address) =>
        WebhooksMayBePrivate || (address.Scheme == Uri.UriSchemeHttps && !address.IsLoopback && (!IPAddress.TryParse(address.DnsSafeHost, out var ip) || PublicInternet.Holds(ip)));

    /// <inheritdoc/>
    protected override bool ReplacesUnusable(string key, string value)
    {
        if (!_unusable.TryGetValue(key, out var told) || told != value)
        {
            _unusable[key] = value;
            logger.SettingUnusable(key);
        }

        return true;
    }

    /// <inheritdoc/>
    protected override AlertOptions Copy(AlertOptions options) => options with { };
}
