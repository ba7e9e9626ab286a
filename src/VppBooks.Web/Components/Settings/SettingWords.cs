using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Alerts;
using VppBooks.Core.Settings;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Components.Settings;

/// <summary>What settings are called, what they do, and how their values are said.</summary>
public sealed class SettingWords(IStringLocalizer<SettingTexts> l)
{
    /// <summary>Name on the screen.</summary>
    public string Label(string key) => key switch
    {
        "Sync:Schedule" => l["Times"],
        "Sync:TimeZone" => l["Time zone"],
        "Licenses:UndoWindow" => l["Undo window"],
        "Licenses:ApprovalThreshold" => l["Approval by a second person above"],
        "Licenses:ProgramsMayApprove" => l["Programs may approve"],
        "Licenses:GuardWindow" => l["Small plans add up for"],
        "Licenses:TypeNumberFrom" => l["Typed number from"],
        "Licenses:GrowthPeople" => l["Sudden growth: people"],
        "Licenses:GrowthShare" => l["Sudden growth: share"],
        "Licenses:GrowthLimit" => l["Sudden growth in any case above"],
        "Licenses:AssignBeforeAcceptance" => l["Licenses before acceptance"],
        "Licenses:UnknownAfter" => l["Absence at Apple is believed after"],
        "Alerts:MailTo" => l["Mail to"],
        "Alerts:Language" => l["Language of messages"],
        "Alerts:ConsoleUrl" => l["Address of the console"],
        "Alerts:StockLowShare" => l["Low stock: share"],
        "Alerts:StockLowCount" => l["Low stock: number"],
        "Alerts:SyncStaleAfter" => l["Numbers are old after"],
        "Alerts:PeopleStuckAfter" => l["People are stuck after"],
        "Alerts:OperationUnknownAfter" => l["An open outcome is told after"],
        _ => key,
    };

    /// <summary>What it does.</summary>
    public string Help(string key) => key switch
    {
        "Sync:Schedule" => l["When Apple is read for all tokens: times of day separated by commas, such as 06:00, 18:30, or a Quartz cron expression. Tokens start up to a minute apart."],
        "Sync:TimeZone" => l["Zone of these times, such as Europe/Amsterdam. Empty: the zone of the server."],
        "Licenses:UndoWindow" => l["How long a committed plan can be called back before anything is sent to Apple. Whoever commits may choose longer. 0: sent at once."],
        "Licenses:ApprovalThreshold" => l["Plans for more licenses than this, waiting people included, are held until a second person approves. Empty: never."],
        "Licenses:ProgramsMayApprove" => l["Whether a program that acts in nobody's name counts as the second person."],
        "Licenses:GuardWindow" => l["What one person commits for a book within this time counts together for the approval and the typed number. 0: each plan by itself."],
        "Licenses:TypeNumberFrom" => l["Plans for at least this many licenses, people who are made to wait included, and those for which there are too few copies, are committed only with the number typed."],
        "Licenses:GrowthPeople" => l["New members of a book's groups are held for approval when they are more than this many people and more than the share below."],
        "Licenses:GrowthShare" => l["Share of the people whom the groups reached before."],
        "Licenses:GrowthLimit" => l["More new members than this are held, however large the groups are."],
        "Licenses:AssignBeforeAcceptance" => l["Whether limited books are given to invited people before they accept. A license of somebody who never accepts is lost."],
        "Licenses:UnknownAfter" => l["How long after a request whose outcome is not known it may be taken for not done, when Apple shows nothing of it."],
        "Alerts:MailTo" => l["Mail addresses that are told of every alert, separated by commas."],
        "Alerts:Language" => l["Of mails and webhooks about alerts. A message that is written already keeps its language."],
        "Alerts:ConsoleUrl" => l["For links in messages, such as https://books.school.example. Empty: messages have no links."],
        "Alerts:StockLowShare" => l["A book with at most this share of its licenses free is told."],
        "Alerts:StockLowCount" => l["A book with at most this many licenses free is told, whatever the share. Empty: only the share counts."],
        "Alerts:SyncStaleAfter" => l["A token whose last good sync is longer ago is told."],
        "Alerts:PeopleStuckAfter" => l["Invitations that nobody accepted for this long are told."],
        "Alerts:OperationUnknownAfter" => l["A request to Apple whose outcome is not known for this long is told."],
        _ => "",
    };

    /// <summary>A value in words.</summary>
    public string Say(Setting setting, string text) => setting switch
    {
        _ when setting.Fault(text) is not null => text,
        DurationSetting duration => Say(duration.Read(text)),
        ShareSetting share => l["{0} %", (share.Read(text) * 100).ToString("0.##", CultureInfo.CurrentCulture)],
        NumberSetting number => number.Read(text) is { } value ? value.ToString("N0", CultureInfo.CurrentCulture) : l["no limit"],
        YesNoSetting yes => Say(yes.Read(text)),
        ChoiceSetting choice => Choice(choice, choice.Read(text)),
        _ when setting.Key == SyncSchedule.Schedule.Key => SyncTimes.ToText(text),
        _ when setting.Key == SyncSchedule.TimeZone.Key => text.Length > 0 ? text : l["the server's ({0})", TimeZoneInfo.Local.Id],
        _ => text.Length > 0 ? text : l["nothing"],
    };

    /// <summary>Yes or no.</summary>
    public string Say(bool value) => value ? l["Yes"] : l["No"];

    /// <summary>The values that a setting can be chosen from, and how each is said; none where it is typed.</summary>
    public IReadOnlyList<(string Value, string Word)> Choices(Setting setting) => setting switch
    {
        YesNoSetting => [(YesNoSetting.Yes, Say(true)), (YesNoSetting.No, Say(false))],
        ChoiceSetting choice => [.. choice.Choices.Select(c => (c, Choice(choice, c)))],
        _ => [],
    };

    /// <summary>A length of time in the largest unit that fits.</summary>
    public string Say(TimeSpan time)
    {
        var (number, unit) = DurationUnit.Split(time);
        return (unit.Seconds, number == 1) switch
        {
            (1, true) => l["1 second"],
            (60, true) => l["1 minute"],
            (3600, true) => l["1 hour"],
            (86400, true) => l["1 day"],
            (1, _) => l["{0} seconds", Number(number)],
            (60, _) => l["{0} minutes", Number(number)],
            (3600, _) => l["{0} hours", Number(number)],
            _ => l["{0} days", Number(number)],
        };
    }

    /// <summary>Name of a unit of time.</summary>
    public string Unit(DurationUnit unit) => unit.Seconds switch
    {
        1 => l["seconds"],
        60 => l["minutes"],
        3600 => l["hours"],
        _ => l["days"],
    };

    /// <summary>What is wrong with a text that cannot be stored.</summary>
    public string Fault(Setting setting) => setting switch
    {
        DurationSetting d => l["Give a time from {0} to {1}.", Say(d.Least), Say(d.Most)],
        ShareSetting s => l["Give a percentage from {0} to {1}.", s.Least * 100, s.Most * 100],
        NumberSetting { Most: int.MaxValue, Optional: true } n => l["Give a whole number of {0} or more, or nothing.", n.Least],
        NumberSetting { Most: int.MaxValue } n => l["Give a whole number of {0} or more.", n.Least],
        NumberSetting n => l["Give a whole number from {0} to {1}.", n.Least, n.Most],
        _ when setting.Key == SyncSchedule.Schedule.Key => l["Give times such as 06:00, 18:30, or a Quartz cron expression such as {0}.", "0 0 6,18 * * ?"],
        _ when setting.Key == SyncSchedule.TimeZone.Key => l["There is no such time zone on this server. Give one such as Europe/Amsterdam, or nothing."],
        MailListSetting m => l["Give mail addresses such as books@school.example, at most {0}, separated by commas.", m.Most],
        WebAddressSetting => l["Give an address that begins with https://, or nothing."],
        _ => l["This cannot be used."],
    };

    /// <summary>Why a value that the setting itself allows cannot be stored.</summary>
    public string Objection(SettingRow row) => l["Configuration says {0}. That can be made stricter here, and not looser.", Say(row.Setting, row.Configured)];

    // Languages are called what their own speakers call them.
    private static string Choice(ChoiceSetting setting, string value) =>
        setting.Key == AlertRules.Language.Key && CultureInfo.GetCultureInfo(value) is var culture ? culture.TextInfo.ToTitleCase(culture.NativeName) : value;

    private static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);
}
