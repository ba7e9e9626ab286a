using System.Text.Json;
using System.Text.Json.Serialization;

namespace VppBooks.Core.Alerts;

/// <summary>The languages that alerts can be told in; the program implements it.</summary>
public interface IAlertLanguages
{
    /// <summary>The words of one language, whoever's request is being served.</summary>
    /// <param name="language">Two letters, as <see cref="AlertOptions.Language"/>.</param>
    IAlertWords In(string language);
}

/// <summary>Says in words what an alert means.</summary>
public interface IAlertWords
{
    /// <summary>One line: what is the matter.</summary>
    string Title(AlertFacts alert);

    /// <summary>One line about many of one kind, of which this is the worst.</summary>
    string Title(AlertFacts worst, int count);

    /// <summary>What a person can do.</summary>
    string Remedy(AlertFacts alert);

    /// <summary>Address of the page that helps, relative to the console.</summary>
    string Path(AlertFacts alert);

    /// <summary>Address of the page that lists all alerts, relative to the console.</summary>
    string ListPath { get; }

    /// <summary>That a mail leaves some of many out.</summary>
    string More(int count);

    /// <summary>Subject of a mail: what is told, and whether it is news, a reminder or over.</summary>
    string MailSubject(AlertMessage message);

    /// <summary>Last line of a mail: why it comes and where that is changed.</summary>
    string MailFooter { get; }

    /// <summary>Language of all of it, such as <c>nl</c>.</summary>
    string Language { get; }
}

/// <summary>What words are made of.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Severity">How bad.</param>
/// <param name="Subject">Name of the token or title.</param>
/// <param name="Count">How many people, licenses or operations.</param>
/// <param name="ErrorNumber">Apple's error number.</param>
/// <param name="About">The moment it is about.</param>
/// <param name="LocationId">Public id of the location.</param>
/// <param name="BookId">Public id of the book.</param>
public sealed record AlertFacts(
    AlertKind Kind, AlertSeverity Severity, string? Subject, int? Count, int? ErrorNumber, DateTimeOffset? About, Guid? LocationId, Guid? BookId);

/// <summary>One alert in a message.</summary>
/// <param name="AlertId">Its public id.</param>
/// <param name="Facts">What words are made of.</param>
/// <param name="SupersededBy">Public id of the alert that took its place; null: none did.</param>
internal sealed record AlertInMessage(Guid AlertId, AlertFacts Facts, Guid? SupersededBy = null);

/// <summary>One of many alerts in a message.</summary>
public sealed record AlertItem
{
    /// <summary>Id of the alert; the same from its first message to its last.</summary>
    public required Guid AlertId { get; init; }

    /// <summary><c>warning</c> or <c>critical</c>.</summary>
    public required AlertSeverity Severity { get; init; }

    /// <summary>One line in the organization's language.</summary>
    public required string Title { get; init; }

    /// <summary>The page that helps; null when the console's address is not configured.</summary>
    public string? Url { get; init; }

    /// <summary>How many people, licenses or operations.</summary>
    public int? Count { get; init; }

    /// <summary>Apple's error number.</summary>
    public int? ErrorNumber { get; init; }

    /// <inheritdoc cref="AlertMessage.SupersededBy"/>
    public Guid? SupersededBy { get; init; }
}

/// <summary>What a receiver gets: the documented JSON of a webhook, and the source of a mail.</summary>
public sealed record AlertMessage
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Id of this message; the same in every attempt, so that a receiver knows a repeat.</summary>
    public required Guid Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>raised</c>, <c>worse</c>, <c>reminder</c>, <c>cleared</c> or <c>test</c>.</summary>
    public required AlertOccasion Occasion { get; init; }

    /// <summary>Id of the alert; the same from its first message to its last. Null in a test, and for many.</summary>
    public Guid? AlertId { get; init; }

    /// <summary>Kind in camel case, such as <c>tokenExpiring</c>. Null in a test.</summary>
    public AlertKind? Kind { get; init; }

    /// <summary><c>warning</c> or <c>critical</c>. Null in a test.</summary>
    public AlertSeverity? Severity { get; init; }

    /// <summary>One line in the organization's language.</summary>
    public required string Title { get; init; }

    /// <summary>What to do, in the organization's language.</summary>
    public required string Remedy { get; init; }

    /// <summary>Language of these words, as it was set when they were written. Null in a test: that speaks the language of whoever tests.</summary>
    public string? Language { get; init; }

    /// <summary>The page that helps; null when the console's address is not configured.</summary>
    public string? Url { get; init; }

    /// <summary>How many people, licenses or operations; of many alerts, how many those are.</summary>
    public int? Count { get; init; }

    /// <summary>Apple's error number.</summary>
    public int? ErrorNumber { get; init; }

    /// <summary>
    /// Only in <c>cleared</c>: id of the alert about the same token or book that took the place of this one. Null: the trouble is over; and for many, of which each says it.
    /// </summary>
    public Guid? SupersededBy { get; init; }

    /// <summary>Many alerts of one kind that are told at once, the worst first; null: it is about one.</summary>
    public IReadOnlyList<AlertItem>? Alerts { get; init; }

    internal static AlertMessage Of(AlertInMessage alert, Guid id, AlertOccasion occasion, DateTimeOffset at, IAlertWords words, string console) => new()
    {
        Id = id,
        At = at,
        Occasion = occasion,
        AlertId = alert.AlertId,
        Kind = alert.Facts.Kind,
        Severity = alert.Facts.Severity,
        Title = words.Title(alert.Facts),
        Remedy = words.Remedy(alert.Facts),
        Language = words.Language,
        Url = Link(console, words.Path(alert.Facts)),
        Count = alert.Facts.Count,
        ErrorNumber = alert.Facts.ErrorNumber,
        SupersededBy = alert.SupersededBy,
    };

    internal static AlertMessage OfMany(IReadOnlyList<AlertInMessage> alerts, Guid id, AlertOccasion occasion, DateTimeOffset at, IAlertWords words, string console) => new()
    {
        Id = id,
        At = at,
        Occasion = occasion,
        Kind = alerts[0].Facts.Kind,
        Severity = alerts[0].Facts.Severity,
        Title = words.Title(alerts[0].Facts, alerts.Count),
        Remedy = words.Remedy(alerts[0].Facts),
        Language = words.Language,
        Url = Link(console, words.ListPath),
        Count = alerts.Count,
        Alerts =
        [
            .. alerts.Select(a => new AlertItem
            {
                AlertId = a.AlertId,
                Severity = a.Facts.Severity,
                Title = words.Title(a.Facts),
                Url = Link(console, words.Path(a.Facts)),
                Count = a.Facts.Count,
                ErrorNumber = a.Facts.ErrorNumber,
                SupersededBy = a.SupersededBy,
            }),
        ],
    };

    private static string? Link(string console, string path) => console.Length > 0 ? console.TrimEnd('/') + path : null;

    /// <summary>The message as it is sent.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static AlertMessage FromJson(string json) => JsonSerializer.Deserialize<AlertMessage>(json, _json)!;
}
