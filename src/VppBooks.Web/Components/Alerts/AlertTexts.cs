using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Alerts;
using VppBooks.Core.People;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.People;
using VppBooks.Web.Components.Reports;

namespace VppBooks.Web.Components.Alerts;

/// <summary>What an alert says, on the page and in messages.</summary>
internal sealed class AlertTexts(IStringLocalizer<AlertTexts> l) : IAlertWords
{
    public string Title(AlertFacts alert) => alert.Kind switch
    {
        AlertKind.TokenExpiring => l["The token “{0}” expires on {1}.", alert.Subject!, Moment(alert.About)],
        AlertKind.TokenExpired => l["The token “{0}” expired on {1}.", alert.Subject!, Moment(alert.About)],
        AlertKind.TokenRefused => l["Apple no longer accepts the token “{0}”.", alert.Subject!],
        AlertKind.TokenClaimedElsewhere => l["“{0}” is managed by another device management now.", alert.Subject!],
        AlertKind.TokenReadOnly => l["Apple lets the token “{0}” read, but not give out licenses.", alert.Subject!],
        AlertKind.TokenUnreadable => l["The token “{0}” cannot be decrypted on this server.", alert.Subject!],
        AlertKind.SyncFailing => l["The last sync of “{0}” failed.", alert.Subject!],
        AlertKind.SyncStale when alert.About is null => l["“{0}” has no numbers: no sync has succeeded yet.", alert.Subject!],
        AlertKind.SyncStale => l["The numbers of “{0}” are old: no sync has succeeded since {1}.", alert.Subject!, Moment(alert.About)],
        AlertKind.SyncIncomplete when alert.About is null => l["The numbers of “{0}” may be wrong: no sync has read everything yet.", alert.Subject!],
        AlertKind.SyncIncomplete => l["The numbers of “{0}” may be wrong: no sync has read everything since {1}.", alert.Subject!, Moment(alert.About)],
        AlertKind.StockShort => alert.Count == 1 ? l["1 person waits for “{0}”.", alert.Subject!] : l["{0} people wait for “{1}”.", Number(alert.Count), alert.Subject!],
        AlertKind.StockLow => alert.Count == 0 ? l["No license of “{0}” is left.", alert.Subject!] : alert.Count == 1 ? l["1 license of “{0}” is left.", alert.Subject!] : l["{0} licenses of “{1}” are left.", Number(alert.Count), alert.Subject!],
        AlertKind.PeopleStuck => alert.Count == 1 ? l["1 person at “{0}” has not accepted the invitation for long.", alert.Subject!] : l["{0} people at “{1}” have not accepted their invitation for long.", Number(alert.Count), alert.Subject!],
        AlertKind.PeopleRefused => alert.Count == 1 ? l["Apple refused to register 1 person at “{0}” more than a day ago.", alert.Subject!] : l["Apple refused to register {0} people at “{1}” more than a day ago.", Number(alert.Count), alert.Subject!],
        AlertKind.CopiesUnserved => alert.Count == 1 ? l["1 copy of “{0}” was refused by Apple or has been stuck for more than a day.", alert.Subject!] : l["{0} copies of “{1}” were refused by Apple or have been stuck for more than a day.", Number(alert.Count), alert.Subject!],
        AlertKind.OperationUnknown => alert.Count == 1 ? l["The outcome of 1 request to Apple for “{0}” is not known.", alert.Subject!] : l["The outcome of {0} requests to Apple for “{1}” is not known.", Number(alert.Count), alert.Subject!],
        AlertKind.DirectoryFailing when alert.Count > 0 => l["Groups that books are assigned to cannot be read: {0}. The first of them since {1}.", Number(alert.Count), Moment(alert.About)],
        AlertKind.DirectoryFailing => l["The directory cannot be read since {0}.", Moment(alert.About)],
        AlertKind.CertificateExpiring when alert.About is null => l["The certificate that protects stored secrets cannot be read any more."],
        AlertKind.CertificateExpiring => l["The certificate that protects stored secrets ends on {0}.", Moment(alert.About)],
        AlertKind.AuditNotSealed when alert.About is null => l["The audit trail is not sealed any more: an end of it is missing in the database."],
        AlertKind.AuditNotSealed => l["The audit trail is not sealed any more: rows have waited since {0}.", Moment(alert.About)],
        AlertKind.AuditNotSigned => l["An end of the audit trail that was found on {0} had not been signed by this installation.", Moment(alert.About)],
        AlertKind.AuditNotForwarded => l["The audit trail does not reach “{0}” any more: rows have waited since {1}.", alert.Subject!, Moment(alert.About)],
        _ => l["The database has no room left."],
    };

    public string Title(AlertFacts worst, int count) => l["{0} alerts at once, such as: {1}", Number(count), Title(worst)];

    public string Remedy(AlertFacts alert) => alert.Kind switch
    {
        AlertKind.TokenExpiring or AlertKind.TokenExpired or AlertKind.TokenRefused => l["Download a new content token from Apple for this location and renew the token with it."],
        AlertKind.TokenUnreadable => l["Restore the key ring and its certificate, or upload the token again."],
        AlertKind.TokenClaimedElsewhere => l["Nothing is given out until you take control on purpose, or delete the token here."],
        AlertKind.TokenReadOnly => l["Give the Apple account of the token the right to manage content, then download the token again."],
        AlertKind.SyncFailing or AlertKind.SyncStale or AlertKind.SyncIncomplete => l["The sync runs of the token name the reason. Sync now once it is gone."],
        AlertKind.StockShort => l["Buy licenses in Apple's portal: the waiting list is served by itself."],
        AlertKind.StockLow => l["Buy licenses before people have to wait."],
        AlertKind.PeopleStuck => l["Send the invitation again, or ask them to open it."],
        AlertKind.PeopleRefused => l["Each person's page says why. Remove the cause, such as an account that another organization or person uses, and have the registration tried again."],
        AlertKind.CopiesUnserved => l["The report counts them by book, and each person's Why page names the reason. Remove it; copies that Apple refused are given when the book is given to the same group again."],
        AlertKind.OperationUnknown => l["Nothing to do: VppBooks reads Apple until it knows, and sends nothing twice. Look at the sync runs if it lasts."],
        AlertKind.DirectoryFailing when alert.Count > 0 => l["The rest of the directory can be read. See in Microsoft Entra what is special about these groups, such as hidden members."],
        AlertKind.DirectoryFailing => l["Check the consent to read groups and people in Microsoft Entra, and whether Microsoft Graph can be reached."],
        AlertKind.CertificateExpiring when alert.About is null => l["Put it back where the configuration says, or configure another one, before the program starts again."],
        AlertKind.CertificateExpiring => l["Configure a new certificate while the old one can still open the key ring."],
        AlertKind.AuditNotSealed when alert.About is null => l["Put the table of the trail's ends back from a backup. Until then nobody can prove that rows written since are unchanged."],
        AlertKind.AuditNotSealed => l["The log names the fault. Rows are kept and sealed late; until then nobody can prove that they are unchanged."],
        AlertKind.AuditNotSigned => l["Find out whether the key ring was replaced or somebody changed the database. Verify the ledger on the page Monitor, Verify: that ends this alert."],
        AlertKind.AuditNotForwarded => l["See whether the file can be written or the syslog server answers. Nothing is lost: rows follow by themselves."],
        _ => l["Free space on the database's disk. Nothing is sent to Apple until a write succeeds again."],
    };

    public string Path(AlertFacts alert) => alert switch
    {
        { Kind: AlertKind.PeopleStuck } => "/people?state=invited",
        { Kind: AlertKind.PeopleRefused } => PeopleListPage.HrefOf(null, RegistrationState.Refused, Presence.Here, 1),
        { Kind: AlertKind.CopiesUnserved } => ReportAddresses.Unserved,
        { Kind: AlertKind.DirectoryFailing } => "/groups",
        { Kind: AlertKind.AuditNotSigned } => "/monitor/verify",
        { BookId: { } book } => BookDetailPage.Href(book),
        { LocationId: { } location } => TokenAddresses.Of(location),
        _ => AlertsPage.Path,
    };

    public string ListPath => AlertsPage.Path;

    public string More(int count) => l["and {0} more", Number(count)];

    /// <summary>A title in a test message.</summary>
    public string TestTitle => l["This is a test of alerts from VppBooks."];

    /// <summary>What the receiver of a test should know.</summary>
    public string TestRemedy => l["Nothing is wrong. Messages like this one reach you."];

    public string MailSubject(AlertMessage message) => message.Occasion switch
    {
        AlertOccasion.Worse => l["VppBooks, worse than before: {0}", message.Title],
        AlertOccasion.Reminder => l["VppBooks, still so: {0}", message.Title],
        AlertOccasion.Cleared => l["VppBooks, over: {0}", message.Title],
        _ => l["VppBooks: {0}", message.Title],
    };

    public string Language => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;

    public string MailFooter => l["VppBooks sends this to the addresses that administrators have set under Settings, Alerts."];

    /// <summary>Name of a receiver.</summary>
    public string Channel(AlertChannelState channel) => channel.Channel.StartsWith("mail:", StringComparison.Ordinal) ? l["Mail to {0}", channel.Label] : l["Webhook at {0}", channel.Label];

    public static State StateOf(AlertSeverity severity) => severity == AlertSeverity.Critical ? State.Bad : State.Warning;

    // Whoever reads a message may be anywhere: the zone is said.
    private static string Moment(DateTimeOffset? moment) => moment is { } m ? m.UtcDateTime.ToString("d MMM yyyy HH:mm", CultureInfo.CurrentCulture) + " UTC" : "–";

    private static string Number(int? value) => (value ?? 0).ToString("N0", CultureInfo.CurrentCulture);
}
