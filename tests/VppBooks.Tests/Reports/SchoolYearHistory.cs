using VppBooks.Core.Activities;
using VppBooks.Core.Reports;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>Looked at from the end of the year, every day is what it was; days between are as the day before them.</summary>
internal sealed class SchoolYearHistory(SchoolYear year, IReadOnlyList<SchoolYearTruth> days)
{
    private DateOnly First => days[0].Day;

    private DateOnly Last => days[^1].Day;

    private IReadOnlyList<TrueBook> Books => days[^1].Books;

    public async Task CompareAsync()
    {
        await CompareCountsAsync(new HistoryScope(), _ => true, CancellationToken.None);
        foreach (var location in Books.Select(b => b.LocationId).Distinct())
        {
            await CompareCountsAsync(new HistoryScope(Location: location), b => b.LocationId == location, CancellationToken.None);
        }

        // Books do not disturb each other: several at once, as people would look at them.
        await Parallel.ForEachAsync(Books, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (book, stop) =>
        {
            await CompareCountsAsync(new HistoryScope(Book: book.Row.PublicId), b => b.Row.PublicId == book.Row.PublicId, stop);
            await CompareDaysAsync(book.Row.PublicId, stop);
        });
    }

    private async Task CompareCountsAsync(HistoryScope scope, Func<TrueBook, bool> inScope, CancellationToken stop)
    {
        var points = await year.House.Core.Get<HistoryReader>().ListAsync(scope, First, Last, TimeZoneInfo.Utc, CoreHouse.Admin, stop);
        Assert.Equal(
            EveryDay().Select(day =>
            {
                var books = Then(day).Books.Where(inScope).ToList();
                var limited = books.Where(b => !b.Unlimited).ToList();
                return new HistoryPoint(
                    day,
                    books.Count > 0,
                    limited.Sum(b => (long)b.Counts.Total),
                    limited.Sum(b => (long)b.Copies.Count),
                    limited.Sum(b => (long)b.Counts.Available),
                    books.Where(b => b.Unlimited).Sum(b => (long)b.Copies.Count));
            }),
            points);
    }

    /// <summary>Counts and holders of a book at the end of every day. A book to which nothing happened all year is asked about on the days of which a report was seen.</summary>
    private async Task CompareDaysAsync(Guid bookId, CancellationToken stop)
    {
        var machine = year.House.Core.Get<TimeMachine>();
        var holders = days.Select(d => (Truth: d, Book: d.Books.SingleOrDefault(b => b.Row.PublicId == bookId)))
            .ToDictionary(d => d.Truth, d => d.Book?.Ours.Select(d.Truth.PublicId).Order().ToList() ?? []);
        var today = holders[days[^1]].ToHashSet();
        var still = days.Select(d => (d.Books.SingleOrDefault(b => b.Row.PublicId == bookId)?.Counts, holders[d].Count)).Distinct().Count() == 1;
        foreach (var day in still ? days.Select(d => d.Day) : EveryDay())
        {
            var then = Then(day);
            var counts = await machine.CountsAsync(bookId, day, TimeZoneInfo.Utc, CoreHouse.Admin, stop);
            var book = then.Books.SingleOrDefault(b => b.Row.PublicId == bookId);
            Assert.Equal(book is not null, counts is not null);
            if (book is not null && counts is not null)
            {
                Assert.Equal(
                    (book.Unlimited, book.Unlimited ? 0L : book.Counts.Total, (long)book.Counts.Assigned, book.Unlimited ? 0L : book.Counts.Available, (long)book.Counts.Retired),
                    (counts.Unlimited, counts.Unlimited ? 0L : counts.Total, counts.Assigned, counts.Unlimited ? 0L : counts.Available, counts.Retired));
            }

            var page = await machine.HoldersAsync(bookId, day, TimeZoneInfo.Utc, 0, 999, CoreHouse.Admin, stop);
            Assert.Equal(holders[then], page.Rows.Select(h => h.PersonId).Order());
            Assert.Equal(holders[then].Count, page.Total);
            Assert.All(page.Rows, h =>
            {
                Assert.Equal(today.Contains(h.PersonId), h.StillHeld);
                // Since the first day on which it was seen, or, for what was there before, not later than that.
                Assert.Equal(days.First(d => holders[d].Contains(h.PersonId)).Day, DateOnly.FromDateTime(h.Since.UtcDateTime));
            });
        }
    }

    private IEnumerable<DateOnly> EveryDay() => Enumerable.Range(0, Last.DayNumber - First.DayNumber + 1).Select(First.AddDays);

    private SchoolYearTruth Then(DateOnly day) => days.Last(d => d.Day <= day);
}
