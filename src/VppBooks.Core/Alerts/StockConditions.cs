using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Finds books that people wait for, and books that run low: by the book's own threshold, else by its location's, else by the one for all.</summary>
internal static class StockConditions
{
    /// <summary>
    /// One trouble among hundreds is the list's own: the screens show the rest. Only a new trouble can find no place. One that is told keeps its place for as long as it
    /// exists, or its end would be told while it goes on.
    /// </summary>
    internal const int MostBooks = 200;

    public static async Task<IEnumerable<AlertCondition>> ListAsync(VppBooksDbContext db, AlertOptions options, CancellationToken cancellationToken)
    {
        var waiting = await (
                from license in db.Licenses
                where license.State == LicenseState.Waiting
                group license by license.BookId into lists
                select new { BookId = lists.Key, Count = lists.Count() })
            .ToDictionaryAsync(w => w.BookId, w => w.Count, cancellationToken);
        var open = await db.Alerts.Where(a => a.ClearedAt == null && a.BookId != null && (a.Kind == AlertKind.StockShort || a.Kind == AlertKind.StockLow))
            .Select(a => new { BookId = a.BookId!.Value, a.Kind }).ToListAsync(cancellationToken);
        var told = open.Select(a => a.BookId).ToHashSet();
        var toldShort = open.Where(a => a.Kind == AlertKind.StockShort).Select(a => a.BookId);
        var @short = await ShortAsync(db, waiting, told, [.. toldShort], cancellationToken);
        var low = await LowAsync(db, options, waiting.Keys, told, cancellationToken);
        return
        [
            .. @short.Select(b => Of(AlertKind.StockShort, b) with { Count = waiting[b.Id], Level = AlertCondition.LevelOf(waiting[b.Id]) }),
            .. low.Select(b => Of(AlertKind.StockLow, b) with { Count = (int)Math.Min(int.MaxValue, Math.Max(0, b.AvailableCount)), Level = b.AvailableCount <= 0 ? 2 : 1 }),
        ];
    }

    private static AlertCondition Of(AlertKind kind, BookStock book) => new(kind, book.Id)
    {
        LocationId = book.LocationId,
        BookId = book.Id,
        Subject = book.Title ?? book.AdamId.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>
    /// The books that people wait for, the longest lists first. Whether Apple still lists a book is nothing to those who wait; and one that became unlimited is over when its
    /// list was served, not before.
    /// </summary>
    private static async Task<IEnumerable<BookStock>> ShortAsync(VppBooksDbContext db, Dictionary<int, int> waiting, HashSet<int> told, int[] toldShort, CancellationToken cancellationToken)
    {
        var ids = waiting.Keys.ToArray();
        var books = Connected(db).Where(b => EF.Parameter(ids).Contains(b.Id) && (!b.Unlimited || EF.Parameter(toldShort).Contains(b.Id)));
        var all = (await Stock(db, books).ToListAsync(cancellationToken)).ToLookup(b => told.Contains(b.Id));
        return all[true].Concat(all[false].OrderByDescending(b => waiting[b.Id]).ThenBy(b => b.Id).Take(MostBooks - all[true].Count()));
    }

    /// <summary>The books that are low and that nobody waits for, the emptiest first.</summary>
    private static async Task<IEnumerable<BookStock>> LowAsync(VppBooksDbContext db, AlertOptions options, IEnumerable<int> waiting, HashSet<int> told, CancellationToken cancellationToken)
    {
        var (waited, open) = (waiting.ToArray(), told.ToArray());
        var low = Low(db, options).Where(b => !EF.Parameter(waited).Contains(b.Id));
        var known = await Stock(db, low.Where(b => EF.Parameter(open).Contains(b.Id))).ToListAsync(cancellationToken);
        var room = Math.Max(0, MostBooks - known.Count);
        var others = await Stock(db, low.Where(b => !EF.Parameter(open).Contains(b.Id)).OrderBy(b => b.AvailableCount).ThenBy(b => b.Id).Take(room)).ToListAsync(cancellationToken);
        return known.Concat(others);
    }

    /// <summary>The books that are low, whoever waits for them: alerts, lists and the overview ask this one question.</summary>
    public static IQueryable<Book> Low(VppBooksDbContext db, AlertOptions options)
    {
        var share = options.StockLowShare;
        var count = options.StockLowCount ?? 0;
        var thresholds = db.StockThresholds.Where(t => t.LowCount != null || t.LowShare != null);
        return from book in Limited(db)
               from own in thresholds.Where(t => t.Scope == StockScope.Book && t.SubjectId == book.Id).DefaultIfEmpty()
               from local in thresholds.Where(t => t.Scope == StockScope.Location && t.SubjectId == book.LocationId).DefaultIfEmpty()
               let lowCount = own != null ? own.LowCount ?? 0 : local != null ? local.LowCount ?? 0 : count
               let lowShare = own != null ? own.LowShare ?? 0 : local != null ? local.LowShare ?? 0 : share
               // Without a threshold of its own only a book that was bought and is used: nobody is helped by an alert for a single sample copy that is given out.
               where own != null || (book.TotalCount > 1 && book.AvailableCount < book.TotalCount)
               where book.AvailableCount <= lowCount || book.AvailableCount <= book.TotalCount * lowShare
               select book;
    }

    private static IQueryable<Book> Limited(VppBooksDbContext db) => Connected(db).Where(b => !b.Unlimited && !b.NoLongerReported && b.RemovedAt == null);

    private static IQueryable<Book> Connected(VppBooksDbContext db) => db.Books.Where(b => db.Locations.Any(l => l.Id == b.LocationId && l.DeletedAt == null));

    private static IQueryable<BookStock> Stock(VppBooksDbContext db, IQueryable<Book> books) =>
        from book in books
        from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
        select new BookStock(book.Id, book.LocationId, book.AdamId, title == null ? null : title.Name, book.AvailableCount);

    private sealed record BookStock(int Id, int LocationId, long AdamId, string? Title, long AvailableCount);
}
