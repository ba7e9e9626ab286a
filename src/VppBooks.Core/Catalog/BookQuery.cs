using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Catalog;

/// <summary>Which books to list by how they stand.</summary>
public enum BookFilter
{
    /// <summary>All of them.</summary>
    All = 0,

    /// <summary>A limited book that is low by the thresholds of alerts, or that people wait for.</summary>
    RunningShort,

    /// <summary>No group is given it, in any way.</summary>
    Unassigned,

    /// <summary>People are waiting for a copy.</summary>
    Waiting,

    /// <summary>Copies are free; unlimited books are always in.</summary>
    Free,

    /// <summary>The store does not describe it, or Apple no longer lists it.</summary>
    NotInStore,
}

/// <summary>What a list of books is ordered by; ties are broken by title and then by id, so that pages never overlap.</summary>
public enum BookSort
{
    /// <summary>Title; books without one come last.</summary>
    Title = 0,

    /// <summary>Author.</summary>
    Author,

    /// <summary>Name of the token.</summary>
    Token,

    /// <summary>Copies used.</summary>
    Used,

    /// <summary>Copies free; unlimited ones count as more than any number.</summary>
    Free,

    /// <summary>People waiting.</summary>
    Waiting,
}

/// <summary>Which page of which books.</summary>
public sealed record BookQuery
{
    /// <summary>The largest page that is served.</summary>
    public const int MaxTake = 999;

    /// <summary>Part of a title, author, store id or ISBN; null or blank for all.</summary>
    public string? Search { get; init; }

    /// <summary>Public id of a location; null for all.</summary>
    public Guid? LocationId { get; init; }

    /// <summary>A genre as <see cref="BookFacets"/> lists them.</summary>
    public string? Genre { get; init; }

    /// <summary>Public id of a category; null for all.</summary>
    public Guid? Category { get; init; }

    /// <summary>A language as <see cref="BookFacets"/> lists them.</summary>
    public string? Language { get; init; }

    public BookFilter State { get; init; }

    public BookSort Sort { get; init; }

    public bool Descending { get; init; }

    /// <summary>Rows to pass over, from 0.</summary>
    public int Skip { get; init; }

    /// <summary>Rows to return, 1 to <see cref="MaxTake"/>.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>A page of books.</summary>
/// <param name="Rows">The rows of the page.</param>
/// <param name="Total">Rows of all pages together.</param>
public sealed record BookPage(IReadOnlyList<BookRow> Rows, int Total);

/// <summary>A group that is given a book.</summary>
/// <param name="GroupId">Its object id in the directory; null for all users.</param>
/// <param name="Name">Its name; null for all users, whose name is the screen's.</param>
/// <param name="Intent">What it is given.</param>
public sealed record AssignedGroup(Guid? GroupId, string? Name, Intent Intent);

/// <summary>A book in a list.</summary>
public sealed record BookRow
{
    /// <summary>Internal id, as in <see cref="Signals.Change.OfBook"/>.</summary>
    public required int BookId { get; init; }

    public required Guid PublicId { get; init; }

    /// <summary>Internal id, as in <see cref="Signals.Change.OfLocation"/>.</summary>
    public required int LocationId { get; init; }

    public required Guid LocationPublicId { get; init; }

    /// <summary>Raised by every change of the book.</summary>
    public int Version { get; init; }

    public required long AdamId { get; init; }

    public required PricingParam PricingParam { get; init; }

    /// <summary>Null when the store does not describe the book: the screen says "Book" and the store id.</summary>
    public string? Title { get; init; }

    public string? Author { get; init; }

    /// <summary>The token's name.</summary>
    public required string TokenName { get; init; }

    /// <summary>For the cover's address; null when there is no cover.</summary>
    public int? CoverTitleId { get; init; }

    /// <summary>Copies owned; meaningless when <see cref="Unlimited"/>.</summary>
    public required long Total { get; init; }

    /// <summary>Copies used, ours and not ours.</summary>
    public required long Used { get; init; }

    /// <summary>Copies free at Apple, those set aside included; meaningless when <see cref="Unlimited"/>.</summary>
    public required long Free { get; init; }

    public required bool Unlimited { get; init; }

    public required bool NoLongerReported { get; init; }

    /// <summary>Copies set aside or on their way: reserved, submitting, submitted, outcome unknown.</summary>
    public required int Reserved { get; init; }

    /// <summary>People waiting for a copy.</summary>
    public required int Waiting { get; init; }

    /// <summary>Groups given the book, exclusions not counted.</summary>
    public required int Assignments { get; init; }

    /// <summary>Of these, Required ones.</summary>
    public required int RequiredAssignments { get; init; }

    /// <summary>Up to three of them, Required first.</summary>
    public IReadOnlyList<AssignedGroup> Groups { get; init; } = [];

    public required TokenState LocationState { get; init; }

    /// <summary>Age of the counts; null before the first sync.</summary>
    public DateTimeOffset? LastSyncedAt { get; init; }
}

/// <summary>All about one book.</summary>
public sealed record BookDetail
{
    /// <summary>What the list shows of it, with all of its groups.</summary>
    public required BookRow Book { get; init; }

    public string? Description { get; init; }

    public string? Seller { get; init; }

    public string? Language { get; init; }

    public string? Isbn { get; init; }

    /// <summary>Main genre first.</summary>
    public IReadOnlyList<string> Genres { get; init; } = [];

    public DateOnly? ReleaseDate { get; init; }

    /// <summary>The title's page in the store; https.</summary>
    public string? StoreUrl { get; init; }

    public required string OrganizationName { get; init; }

    public required string LocationName { get; init; }

    /// <summary>Copies held by our people.</summary>
    public required int Ours { get; init; }

    /// <summary>Copies held by records that others made.</summary>
    public required int Foreign { get; init; }

    /// <summary>Of both, copies that stay with people who left (retired records, people gone from the directory).</summary>
    public required int Leavers { get; init; }

    /// <summary>Licenses that Apple refused.</summary>
    public required int Failed { get; init; }

    /// <summary>Licenses that wait for approval.</summary>
    public required int Held { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }
}

/// <summary>What a program is told about a book besides its row.</summary>
/// <param name="Description">As in the store.</param>
/// <param name="Seller">Publisher.</param>
/// <param name="Language">As the store names it.</param>
/// <param name="Genres">Main genre first.</param>
/// <param name="ReleaseDate">Day of publication.</param>
/// <param name="StoreUrl">The title's page in the store; https.</param>
/// <param name="OrganizationName">As in the token.</param>
/// <param name="AppleAccount">Who downloaded the token, as the administrator says; may be empty.</param>
/// <param name="Foreign">Copies held by records that others made.</param>
/// <param name="CreatedAt">When it was first seen.</param>
/// <param name="ModifiedAt">When it last changed.</param>
public sealed record BookFacts(
    string? Description,
    string? Seller,
    string? Language,
    IReadOnlyList<string> Genres,
    DateOnly? ReleaseDate,
    string? StoreUrl,
    string OrganizationName,
    string AppleAccount,
    int Foreign,
    DateTimeOffset CreatedAt,
    DateTimeOffset ModifiedAt);

/// <summary>A cached cover.</summary>
public sealed record CoverFile(string ContentType, byte[] Content, DateTimeOffset FetchedAt);

/// <summary>What books can be filtered by.</summary>
public sealed record BookFacets(IReadOnlyList<string> Genres, IReadOnlyList<string> Languages, IReadOnlyList<LocationFacet> Locations, IReadOnlyList<CategoryFacet> Categories);

/// <summary>A category in a filter.</summary>
public sealed record CategoryFacet(Guid PublicId, string Name);

/// <summary>A location in a filter.</summary>
public sealed record LocationFacet(Guid PublicId, string Name);
