using VppBooks.Core.Catalog;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Catalog;

/// <summary>What the address bar says about the list of books; other pages build links to a filtered list with it.</summary>
public sealed record BookListState
{
    public const string Path = "/apps/ebooks";

    /// <summary>Rows per page.</summary>
    public const int PageSize = 50;

    public string? Search { get; init; }

    /// <summary>Public id of a location.</summary>
    public Guid? Token { get; init; }

    public string? Genre { get; init; }

    /// <summary>Public id of a category.</summary>
    public Guid? Category { get; init; }

    public string? Language { get; init; }

    public BookFilter State { get; init; }

    public BookSort Sort { get; init; }

    public bool Descending { get; init; }

    /// <summary>From 1.</summary>
    public int Page { get; init; } = 1;

    /// <summary>Something is left out of the list.</summary>
    public bool Filtered => Search is not null || Token is not null || Genre is not null || Category is not null || Language is not null || State != BookFilter.All;

    public string Href => HrefAt(Path, Page);

    /// <summary>All rows of all pages as a file.</summary>
    public string ExportHref => HrefAt("/exports/books", 1);

    private string HrefAt(string path, int page) => Address.Of(
        path,
        ("q", Search),
        ("token", Token?.ToString()),
        ("genre", Genre),
        ("category", Category?.ToString()),
        ("language", Language),
        ("state", Address.Slug(State)),
        ("sort", SortWord),
        ("page", Address.PageText(page)));

    /// <summary>The sort as a word: <c>-used</c> is most used first; null for titles from A.</summary>
    public string? SortWord => Descending ? "-" + Address.Word(Sort) : Address.Slug(Sort);

    public BookQuery Query => new()
    {
        Search = Search,
        LocationId = Token,
        Genre = Genre,
        Category = Category,
        Language = Language,
        State = State,
        Sort = Sort,
        Descending = Descending,
        Skip = (Page - 1) * PageSize,
        Take = PageSize,
    };

    /// <summary>Reads the parameters of an address; what makes no sense is left out.</summary>
    public static BookListState Parse(string? search, Guid? token, string? genre, Guid? category, string? language, string? state, string? sort, int? page) => new BookListState
    {
        Search = Clean(search),
        Token = token,
        Genre = Clean(genre),
        Category = category,
        Language = Clean(language),
        State = Address.Parse<BookFilter>(state) ?? BookFilter.All,
        Page = Math.Clamp(page ?? 1, 1, 1_000_000),
    }.By(sort);

    /// <summary>The same list in another order, from its first page.</summary>
    public BookListState By(string? sortWord) => this with
    {
        Sort = Address.Parse<BookSort>(sortWord?.TrimStart('-')) ?? BookSort.Title,
        Descending = sortWord?.StartsWith('-') ?? false,
    };

    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
