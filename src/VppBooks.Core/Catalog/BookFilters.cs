using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Catalog;

/// <summary>A book with what a list joins to it; a shape for queries, never handed out.</summary>
internal sealed class ListedBook
{
    public required Book Book { get; init; }

    public required Location Location { get; init; }

    public Title? Title { get; init; }
}

/// <summary>Conditions and orders of book lists, as SQL that both databases run.</summary>
internal static class BookFilters
{
    /// <summary>Books of locations that are connected, without those that were removed.</summary>
    public static IQueryable<ListedBook> ListedBooks(this VppBooksDbContext db) =>
        from book in db.Books.AsNoTracking()
        join location in db.Locations on book.LocationId equals location.Id
        join title in db.Titles on book.TitleId equals title.Id into titles
        from title in titles.DefaultIfEmpty()
        where location.DeletedAt == null && book.RemovedAt == null
        select new ListedBook { Book = book, Location = location, Title = title };

    /// <summary>The books that a query selects.</summary>
    /// <param name="books">Of these.</param>
    /// <param name="db">The context of all of it.</param>
    /// <param name="query">Which.</param>
    /// <param name="rules">When a book without a threshold of its own counts as low.</param>
    public static IQueryable<ListedBook> Where(this IQueryable<ListedBook> books, VppBooksDbContext db, BookQuery query, AlertOptions rules)
    {
        if (!string.IsNullOrWhiteSpace(query.Search))
        {
            books = Search(books, query.Search.Trim());
        }

        if (query.LocationId is { } locationId)
        {
            books = books.Where(b => b.Location.PublicId == locationId);
        }

        if (!string.IsNullOrEmpty(query.Genre))
        {
            // Genres are kept joined by bars: between two bars stands exactly one.
            var genre = Like("|" + query.Genre + "|");
            books = books.Where(b => EF.Functions.Like("|" + b.Title!.Genres + "|", genre, Escape));
        }

        if (query.Category is { } category)
        {
            books = books.Where(b => db.BookCategoryLinks.Any(l => l.BookId == b.Book.Id && db.BookCategories.Any(c => c.Id == l.CategoryId && c.PublicId == category)));
        }

        if (!string.IsNullOrEmpty(query.Language))
        {
            books = books.Where(b => b.Title!.Language == query.Language);
        }

        return query.State switch
        {
            BookFilter.RunningShort => RunningShort(books, db, rules),
            BookFilter.Unassigned => books.Where(b => !db.GroupAssignments.Any(a => a.BookId == b.Book.Id && a.Intent != Intent.Excluded)),
            BookFilter.Waiting => books.Where(b => db.Licenses.Any(l => l.BookId == b.Book.Id && l.State == LicenseState.Waiting)),
            BookFilter.Free => books.Where(b => !b.Book.NoLongerReported && (b.Book.Unlimited || b.Book.AvailableCount > 0)),
            BookFilter.NotInStore => books.Where(b => b.Book.NoLongerReported || b.Title!.Name == null),
            _ => books,
        };
    }

    public static IQueryable<ListedBook> OrderBy(this IQueryable<ListedBook> books, VppBooksDbContext db, BookQuery query)
    {
        var down = query.Descending;
        var ordered = query.Sort switch
        {
            BookSort.Author => Order(books.OrderBy(b => b.Title!.Author == null), b => b.Title!.Author, down),
            BookSort.Token => down ? books.OrderByDescending(b => b.Location.Name) : books.OrderBy(b => b.Location.Name),
            BookSort.Used => down ? books.OrderByDescending(b => b.Book.AssignedCount) : books.OrderBy(b => b.Book.AssignedCount),
            BookSort.Free => down
                ? books.OrderByDescending(b => b.Book.Unlimited).ThenByDescending(b => b.Book.AvailableCount)
                : books.OrderBy(b => b.Book.Unlimited).ThenBy(b => b.Book.AvailableCount),
            BookSort.Waiting => down
                ? books.OrderByDescending(b => db.Licenses.Count(l => l.BookId == b.Book.Id && l.State == LicenseState.Waiting))
                : books.OrderBy(b => db.Licenses.Count(l => l.BookId == b.Book.Id && l.State == LicenseState.Waiting)),
            _ => Order(books.OrderBy(b => b.Title!.Name == null), b => b.Title!.Name, down),
        };
        return (query.Sort == BookSort.Title ? ordered : ordered.ThenBy(b => b.Title!.Name == null).ThenBy(b => b.Title!.Name)).ThenBy(b => b.Book.Id);
    }

    /// <summary>A pattern that finds <paramref name="text"/> anywhere, taken literally.</summary>
    public static string Like(string text) =>
        "%" + text.Replace(Escape, Escape + Escape, StringComparison.Ordinal).Replace("%", Escape + "%", StringComparison.Ordinal)
            .Replace("_", Escape + "_", StringComparison.Ordinal).Replace("[", Escape + "[", StringComparison.Ordinal) + "%";

    /// <summary>Escape character of <see cref="Like"/>.</summary>
    public const string Escape = "\\";

    // What alerts are raised for: books that are low, and those that people wait for, whether Apple still lists them or not.
    private static IQueryable<ListedBook> RunningShort(IQueryable<ListedBook> books, VppBooksDbContext db, AlertOptions rules)
    {
        var low = StockConditions.Low(db, rules).Select(b => b.Id);
        return books.Where(b => low.Contains(b.Book.Id) || (!b.Book.Unlimited && db.Licenses.Any(l => l.BookId == b.Book.Id && l.State == LicenseState.Waiting)));
    }

    private static IQueryable<ListedBook> Search(IQueryable<ListedBook> books, string text)
    {
        var pattern = Like(text);
        var digits = text.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        if (digits.Length == 0 || !digits.All(c => char.IsAsciiDigit(c) || c is 'X' or 'x'))
        {
            return books.Where(b => EF.Functions.Like(b.Title!.Name!, pattern, Escape) || EF.Functions.Like(b.Title!.Author!, pattern, Escape));
        }

        // Ids and ISBNs are typed with and without hyphens; a title may be a number as well.
        var isbn = Like(digits);
        var (from, to) = AdamIdsThatBeginWith(digits);
        return books.Where(b =>
            (b.Book.AdamId >= from && b.Book.AdamId < to) || EF.Functions.Like(b.Title!.Isbn!.Replace("-", ""), isbn, Escape)
            || EF.Functions.Like(b.Title!.Name!, pattern, Escape) || EF.Functions.Like(b.Title!.Author!, pattern, Escape));
    }

    // Store ids are numbers of about ten digits: those that begin like the text are a range, which is quicker than comparing as text.
    private static (long From, long To) AdamIdsThatBeginWith(string digits)
    {
        if (digits.Length > 10 || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var exact) ? (exact, exact + 1) : (0, 0);
        }

        long from = number, to = number + 1;
        for (var i = digits.Length; i < 10; i++)
        {
            (from, to) = (from * 10, to * 10);
        }

        return (from, to);
    }

    private static IOrderedQueryable<ListedBook> Order(IOrderedQueryable<ListedBook> books, System.Linq.Expressions.Expression<Func<ListedBook, string?>> key, bool descending) =>
        descending ? books.ThenByDescending(key) : books.ThenBy(key);
}
