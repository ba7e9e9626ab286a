namespace VppBooks.Core.Catalog;

/// <summary>What a program can filter and order books by.</summary>
public enum BookField
{
    /// <summary>Public id.</summary>
    Id = 0,

    /// <summary>Title, or "Book" and the store id.</summary>
    DisplayName,

    Description,

    /// <summary>Publisher, or the author when the store names none.</summary>
    Publisher,

    /// <summary>Day of publication; the year 1 when unknown.</summary>
    Published,

    CreatedAt,

    ModifiedAt,

    StoreUrl,

    /// <summary>Public id of the location.</summary>
    Token,

    AppleAccount,

    OrganizationName,

    /// <summary>Joined by bars.</summary>
    Genres,

    Language,

    Seller,

    /// <summary>Copies owned; of an unlimited title, copies used.</summary>
    Total,

    /// <summary>Copies used.</summary>
    Used,
}

/// <summary>How two values are compared.</summary>
public enum BookComparison
{
    Equal = 0,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// <summary>Where a text has to stand inside another.</summary>
public enum TextPlace
{
    Anywhere = 0,
    Start,
    End,
}

/// <summary>A condition that the database decides.</summary>
public abstract record BookCondition
{
    private BookCondition()
    {
    }

    /// <summary>All of them.</summary>
    public sealed record All(IReadOnlyList<BookCondition> Parts) : BookCondition;

    /// <summary>At least one of them.</summary>
    public sealed record Any(IReadOnlyList<BookCondition> Parts) : BookCondition;

    /// <summary>The opposite.</summary>
    public sealed record Not(BookCondition Part) : BookCondition;

    /// <summary>Known beforehand.</summary>
    public sealed record Always(bool Holds) : BookCondition;

    /// <summary>A field against a text, a <see cref="decimal"/>, a <see cref="DateTimeOffset"/> or null. Values that cannot be compared match nothing.</summary>
    public sealed record Compare(BookField Field, BookComparison Comparison, object? Value) : BookCondition;

    /// <summary>A text inside a field, taken literally, whatever its case.</summary>
    public sealed record Match(BookField Field, TextPlace Place, string Text) : BookCondition;
}

/// <summary>One key of an order.</summary>
public sealed record BookOrder(BookField Field, bool Descending);

/// <summary>Which page of which books, for programs: pages follow each other by the keys of the last row, so a page far back costs no more than the first.</summary>
public sealed record BookSelection
{
    /// <summary>Null: all books.</summary>
    public BookCondition? Where { get; init; }

    /// <summary>Keys of the order; the order of arrival breaks ties.</summary>
    public IReadOnlyList<BookOrder> OrderBy { get; init; } = [];

    /// <summary>Continues after the row with these keys, as <see cref="BookSelected.Next"/> told them.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>Rows to pass over, from 0.</summary>
    public int Skip { get; init; }

    /// <summary>Rows to return, 0 to <see cref="BookQuery.MaxTake"/>.</summary>
    public int Take { get; init; } = 100;

    /// <summary>Also count the rows of all pages.</summary>
    public bool Count { get; init; }
}

/// <summary>A page of selected books.</summary>
/// <param name="Rows">The rows of the page.</param>
/// <param name="Total">Rows of all pages together; null unless asked for.</param>
/// <param name="Next">Where the next page begins; null when this is the last one.</param>
public sealed record BookSelected(IReadOnlyList<BookRow> Rows, int? Total, IReadOnlyList<string>? Next);
