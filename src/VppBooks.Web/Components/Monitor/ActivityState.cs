using System.Globalization;
using VppBooks.Core.Activities;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Monitor;

/// <summary>What the address bar says about the activity; other pages build links to a filtered activity with it.</summary>
public sealed record ActivityState
{
    public const string Path = "/monitor/activity";

    private const string DayFormat = "yyyy-MM-dd";

    /// <summary>Where the list stands: the page of its own, or a tab of another page.</summary>
    public string Place { get; init; } = Path;

    /// <summary>The tab there; null on the page of its own.</summary>
    public string? Tab { get; init; }

    public Guid? Person { get; init; }

    public Guid? Book { get; init; }

    public Guid? Group { get; init; }

    public Guid? Token { get; init; }

    /// <summary>Part of the name of what it is about.</summary>
    public string? About { get; init; }

    /// <summary>Part of the name of who acted.</summary>
    public string? Actor { get; init; }

    public string? Action { get; init; }

    /// <summary>First day, in the reader's zone.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day, in the reader's zone.</summary>
    public DateOnly? To { get; init; }

    public ActivityKinds Kinds { get; init; }

    public ActivityCursor? After { get; init; }

    /// <summary>Something is left out that the reader chose to leave out.</summary>
    public bool Filtered => About is not null || Actor is not null || Action is not null || From is not null || To is not null || (Tab is null && (Person ?? Book ?? Group ?? Token) is not null);

    public string Href => Address.Of(Place, Parameters);

    /// <summary>The same rows as a file.</summary>
    /// <param name="zone">The zone in which the days are meant: the file begins and ends where the page does.</param>
    /// <param name="format">Null for comma-separated values.</param>
    public string ExportHref(TimeZoneInfo zone, string? format) =>
        Address.Of("/exports/activity", [.. (this with { Tab = null, After = null }).Parameters, ("zone", zone.Id), ("format", format)]);

    private (string Name, string? Value)[] Parameters =>
    [
        ("tab", Tab),
        ("person", Text(Person)),
        ("book", Text(Book)),
        ("group", Text(Group)),
        ("token", Text(Token)),
        ("about", About),
        ("actor", Actor),
        ("action", Action),
        ("from", Text(From)),
        ("to", Text(To)),
        ("show", Address.Slug(Kinds)),
        ("after", After?.ToString()),
    ];

    /// <summary>Reads the parameters of an address; what makes no sense is left out.</summary>
    public static ActivityState Parse(Func<string, string?> query) => new()
    {
        Person = Id(query("person")),
        Book = Id(query("book")),
        Group = Id(query("group")),
        Token = Id(query("token")),
        About = Clean(query("about")),
        Actor = Clean(query("actor")),
        Action = Clean(query("action")),
        From = Day(query("from")),
        To = Day(query("to")),
        Kinds = Address.Parse<ActivityKinds>(query("show")) ?? ActivityKinds.Events,
        After = ActivityCursor.Parse(query("after")),
    };

    /// <summary>What Core is asked for.</summary>
    /// <param name="zone">The zone in which the days are meant.</param>
    public ActivityQuery Query(TimeZoneInfo zone) => new()
    {
        Kinds = Kinds,
        Person = Person,
        Book = Book,
        Group = Group,
        Token = Token,
        About = About,
        Actor = Actor,
        Actions = Action is null ? null : [Action],
        From = From is { } from && from > DateOnly.MinValue ? TimeMachine.EndOf(from.AddDays(-1), zone) : null,
        Until = To is { } to && to < DateOnly.MaxValue.AddDays(-1) ? TimeMachine.EndOf(to, zone) : null,
        After = After,
    };

    /// <summary>A day of an address or of a date field; null when it is none.</summary>
    public static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    /// <summary>A day for an address or a date field.</summary>
    public static string? Text(DateOnly? day) => day?.ToString(DayFormat, CultureInfo.InvariantCulture);

    private static string? Text(Guid? id) => id?.ToString();

    private static Guid? Id(string? text) => Guid.TryParse(text, out var id) ? id : null;

    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim() is var clean && clean.Length > 200 ? clean[..200] : text.Trim();
}
