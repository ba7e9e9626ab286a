using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Finds books that people wait for, and books that run low: by the book's own threshold, else by its location's, else by the one for all.</summary>
internal static class StockConditions
{
    // One trouble among hundreds is the list's own: the screens show the rest.
    private const int MostBooks = 200;

    public static async Task<IEnumerable<AlertCondition>> ListAsync(VppBooksDbContext db, AlertOptions options, CancellationToken cancellationToken)
    {
        var limited = from book in db.Books
                      where !book.Unlimited && !book.NoLongerReported && db.Locations.Any(l => l.Id == book.LocationId && l.DeletedAt == null)
                      from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
                      select new { book.Id, book.LocationId, book.AdamId, Title = title == null ? null : title.Name, book.TotalCount, book.AvailableCount };
        var waiting = await (
                from license in db.Licenses
                where license.State == LicenseState.Waiting
                group license by license.BookId into lists
                select new { BookId = lists.Key, Count = lists.Count() })
            .ToDictionaryAsync(w => w.BookId, w => w.Count, cancellationToken);
        var ids = waiting.OrderByDescending(w => w.Value).ThenBy(w => w.Key).Take(MostBooks).Select(w => w.Key).ToArray();
        var @short = await limited.Where(b => ids.Contains(b.Id)).ToListAsync(cancellationToken);
        var lowIds = await LowAsync(db, options, cancellationToken);
        var low = await limited.Where(b => lowIds.Contains(b.Id)).ToListAsync(cancellationToken);
        return
        [
            .. @short.Select(b => new AlertCondition(AlertKind.StockShort, b.Id)
            {
                LocationId = b.LocationId, BookId = b.Id, Subject = b.Title ?? b.AdamId.ToString(CultureInfo.InvariantCulture),
                Count = waiting[b.Id], Level = AlertCondition.LevelOf(waiting[b.Id]),
            }),
            .. low.Where(b => !waiting.ContainsKey(b.Id)).Select(b => new AlertCondition(AlertKind.StockLow, b.Id)
            {
                LocationId = b.LocationId, BookId = b.Id, Subject = b.Title ?? b.AdamId.ToString(CultureInfo.InvariantCulture),
                Count = (int)Math.Min(int.MaxValue, Math.Max(0, b.AvailableCount)), Level = b.AvailableCount <= 0 ? 2 : 1,
            }),
        ];
    }

    /// <summary>The books that are low, the emptiest first.</summary>
    private static async Task<int[]> LowAsync(VppBooksDbContext db, AlertOptions options, CancellationToken cancellationToken)
    {
        var share = options.StockLowShare;
        var count = options.StockLowCount ?? 0;
        var thresholds = db.StockThresholds.Where(t => t.LowCount != null || t.LowShare != null);
        return await (
                from book in db.Books
                where !book.Unlimited && !book.NoLongerReported && db.Locations.Any(l => l.Id == book.LocationId && l.DeletedAt == null)
                from own in thresholds.Where(t => t.Scope == StockScope.Book && t.SubjectId == book.Id).DefaultIfEmpty()
                from local in thresholds.Where(t => t.Scope == StockScope.Location && t.SubjectId == book.LocationId).DefaultIfEmpty()
                let lowCount = own != null ? own.LowCount ?? 0 : local != null ? local.LowCount ?? 0 : count
                let lowShare = own != null ? own.LowShare ?? 0 : local != null ? local.LowShare ?? 0 : share
                // Without a threshold of its own only a book that was bought and is used: nobody is helped by an alert for a single sample copy that is given out.
                where own != null || (book.TotalCount > 1 && book.AvailableCount < book.TotalCount)
                where book.AvailableCount <= lowCount || book.AvailableCount <= book.TotalCount * lowShare
                orderby book.AvailableCount, book.Id
                select book.Id)
            .Take(MostBooks)
            .ToArrayAsync(cancellationToken);
    }
}
