using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Reports;

/// <summary>Which forecasts to make.</summary>
public sealed record ForecastQuery
{
    /// <summary>Public id of a token; null: all.</summary>
    public Guid? Location { get; init; }

    /// <summary>Public id of a book; null: all.</summary>
    public Guid? Book { get; init; }

    /// <summary>Weeks to look ahead, 1 to 52.</summary>
    public int WeeksAhead { get; init; } = 12;

    /// <summary>Weeks of the past to learn from, 1 to 52.</summary>
    public int WeeksBack { get; init; } = 8;

    /// <summary>Days from deciding to buy until copies are there.</summary>
    public int LeadDays { get; init; } = 7;
}

/// <summary>Gathers the facts of books with a stock and forecasts them. Free titles without a stock are left out of lists.</summary>
public sealed class ForecastReader(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>Puts books that Apple no longer lists behind all others.</summary>
    private const long Last = 1L << 32;

    /// <summary>Forecasts, most urgent first: short now, then by the day to buy, then those that may run out.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<BookForecast>> ListAsync(ForecastQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var question = new ForecastQuestion(
            DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, clock.LocalTimeZone).DateTime), Math.Clamp(query.WeeksAhead, 1, 52), Math.Max(0, query.LeadDays));
        // A single book is told of even when it has no stock.
        var listed = db.ListedBooks().Where(b => (query.Location == null || b.Location.PublicId == query.Location)
            && (query.Book == null ? !b.Book.Unlimited && !b.Book.NoLongerReported : b.Book.PublicId == query.Book));
        var ids = listed.Select(b => b.Book.Id);
        var rows = await listed
            .Select(b => new
            {
                b.Book.Id,
                b.Book.PublicId,
                b.Book.AdamId,
                b.Book.PricingParam,
                b.Book.Unlimited,
                b.Book.AvailableCount,
                Title = (string?)b.Title!.Name,
                b.Title.Author,
                b.Title.StoreUrl,
                Location = b.Location.PublicId,
                b.Location.Name,
                b.Location.LocationName,
            })
            .ToListAsync(cancellationToken);
        var open = (await db.Licenses.Where(l => ids.Contains(l.BookId) && l.State != LicenseState.Assigned)
                .GroupBy(l => new { l.BookId, l.State }).Select(g => new { g.Key.BookId, g.Key.State, Count = g.Count() }).ToListAsync(cancellationToken))
            .ToLookup(g => g.BookId);
        var (entitled, offered) = await UnservedAsync(db, ids, cancellationToken);
        var weeks = await WeeksAsync(db, ids, now, Math.Clamp(query.WeeksBack, 1, 52), cancellationToken);
        return
        [
            .. rows.Select(b =>
            {
                var facts = new ForecastFacts
                {
                    Unlimited = b.Unlimited,
                    Available = b.AvailableCount,
                    SetAside = open[b.Id].Where(o => PlanFacts.SetAside.Contains(o.State)).Sum(o => o.Count),
                    Waiting = open[b.Id].Where(o => o.State == LicenseState.Waiting).Sum(o => o.Count),
                    Entitled = entitled.GetValueOrDefault(b.Id),
                    Offered = offered.GetValueOrDefault(b.Id),
                    Weeks = weeks.GetValueOrDefault(b.Id) ?? [],
                };
                return new BookForecast(b.PublicId, b.Title, b.Author, b.AdamId, b.PricingParam, b.Location, b.Name, b.LocationName, b.StoreUrl, Forecaster.Make(facts, question));
            })
            .OrderBy(f => f.Forecast.Verdict).ThenBy(f => f.Forecast.BuyBy ?? DateOnly.MaxValue).ThenByDescending(f => f.Forecast.Likely.Buy)
            .ThenBy(f => f.Title is null).ThenBy(f => f.Title, StringComparer.CurrentCultureIgnoreCase).ThenBy(f => f.AdamId).ThenBy(f => f.TokenName, StringComparer.CurrentCultureIgnoreCase),
        ];
    }

    // Whom assignments reach and who has no row of the title that still counts. The planner would judge each of them; here their number is enough. Nobody gets a title twice: who
    // is reached through several of its books, in other qualities or through other tokens, counts in the first of them, as they are followed, that can still be bought.
    private static async Task<(Dictionary<int, int> Entitled, Dictionary<int, int> Offered)> UnservedAsync(VppBooksDbContext db, IQueryable<int> ids, CancellationToken cancellationToken)
    {
        var titles = db.Books.Where(b => ids.Contains(b.Id)).Select(b => b.AdamId);
        var books = db.ListedBooks().Where(b => titles.Contains(b.Book.AdamId)).Select(b => b.Book);
        var unserved =
            from pair in AssignedPeople.In(db, db.GroupAssignments.Where(a => a.Intent != Intent.Excluded && books.Any(b => b.Id == a.BookId)))
            join book in db.Books on pair.BookId equals book.Id
            join person in db.People on pair.PersonId equals person.Id
            where person.AccountEnabled && !person.Guest && person.GoneSince == null
                && !db.Licenses.Any(l => l.PersonId == pair.PersonId && l.AdamId == book.AdamId && l.State != LicenseState.Canceled)
            select new { pair.BookId, pair.PersonId, pair.Intent, book.AdamId, Place = book.NoLongerReported ? Last + pair.BookId : pair.BookId };
        var promised = unserved.Where(p => p.Intent == Intent.Required).GroupBy(p => new { p.PersonId, p.AdamId })
            .Select(g => new { g.Key.PersonId, g.Key.AdamId, Place = g.Min(p => p.Place) });
        var required = await promised.GroupBy(p => p.Place).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => (int)(g.Key % Last), g => g.Count, cancellationToken);
        var reached = unserved.Select(p => new { p.BookId, p.PersonId, p.AdamId }).Distinct();
        var all = await reached.GroupBy(p => p.BookId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        // An offer is nothing to those who are given the title anyway: through the book itself, or through another one of the title, which few titles have.
        var shared = await books.Where(b => db.GroupAssignments.Any(a => a.BookId == b.Id && a.Intent != Intent.Excluded))
            .GroupBy(b => b.AdamId).Where(g => g.Count() > 1).Select(g => g.Key).ToListAsync(cancellationToken);
        var given = shared.Count == 0
            ? []
            : await reached.Where(r => shared.Contains(r.AdamId)).Join(promised, r => new { r.PersonId, r.AdamId }, p => new { p.PersonId, p.AdamId }, (r, _) => r.BookId)
                .GroupBy(b => b).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        return (required, all.ToDictionary(a => a.Key, a => a.Value - (given.TryGetValue(a.Key, out var count) ? count : required.GetValueOrDefault(a.Key))));
    }

    private static async Task<Dictionary<int, IReadOnlyList<ClaimedWeek>>> WeeksAsync(VppBooksDbContext db, IQueryable<int> ids, DateTimeOffset now, int back, CancellationToken cancellationToken)
    {
        var start = now - (back * Week);
        var claims = new Dictionary<(int BookId, int WeeksAgo), Claims>();
        for (var left = back; left > 0; left--)
        {
            // The database counts: of a district's year only a line per book and week comes back.
            var (begin, end) = (now - (left * Week), now - ((left - 1) * Week));
            var counted = await (
                    from change in db.LicenseChanges
                    where change.At >= begin && change.At < end
                        && (change.Cause == LicenseCause.Taken || change.Cause == LicenseCause.Joined || change.To == LicenseState.Assigned)
                    join license in db.Licenses on change.LicenseId equals license.Id
                    // The row may be of another book of the title since.
                    let bookId = change.BookId ?? license.BookId
                    where ids.Contains(bookId)
                    group new { change.Cause, change.To, license.Source } by bookId into book
                    select new
                    {
                        BookId = book.Key,
                        Taken = book.Count(c => c.Cause == LicenseCause.Taken),
                        Joined = book.Count(c => c.Cause == LicenseCause.Joined),
                        Ours = book.Count(c => c.To == LicenseState.Assigned && c.Source != LicenseSource.FoundAtApple),
                    })
                .ToListAsync(cancellationToken);
            counted.ForEach(c => claims[(c.BookId, left)] = new Claims(c.Taken, c.Joined, c.Ours));
        }

        var snapshots = (await db.BookCountSnapshots.AsNoTracking()
                .Where(s => ids.Contains(s.BookId) && (s.At >= start || !db.BookCountSnapshots.Any(n => n.BookId == s.BookId && n.Id > s.Id && n.At < start)))
                .OrderBy(s => s.Id).Select(s => new { s.BookId, s.At, s.AssignedCount }).ToListAsync(cancellationToken))
            .GroupBy(s => s.BookId);
        var result = new Dictionary<int, IReadOnlyList<ClaimedWeek>>();
        foreach (var known in snapshots)
        {
            var counts = known.ToList();
            var weeks = (int)Math.Min(back, (now - counts[0].At) / Week);
            var list = new List<ClaimedWeek>(weeks);
            for (var left = weeks; left > 0; left--)
            {
                var (begin, end) = (now - (left * Week), now - ((left - 1) * Week));
                var inside = claims.GetValueOrDefault((known.Key, left));
                // What Apple counts and we did not give: other device managements, other copies of this console.
                var rise = counts.FindLast(c => c.At < end)!.AssignedCount - counts.FindLast(c => c.At < begin || c == counts[0])!.AssignedCount;
                var others = Math.Max(0, rise - inside.Ours);
                list.Add(new ClaimedWeek(inside.Taken, inside.Joined + (int)Math.Min(others, int.MaxValue)));
            }

            result[known.Key] = list;
        }

        return result;
    }

    /// <summary>Changes of a book's licenses in a week: taken by readers, wanted because somebody joined, and given by us.</summary>
    private readonly record struct Claims(int Taken, int Joined, int Ours);
}
