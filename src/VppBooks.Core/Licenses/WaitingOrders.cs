using System.Globalization;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Licenses;

/// <summary>Who is served first: the one place that says so, for serving, for screens and for taking back a place.</summary>
internal static class WaitingOrders
{
    /// <summary>Licenses that wait for stock and for nothing else: those of a plan that can be undone, or is not approved, are not served, nor those of a group that is missing.</summary>
    public static IQueryable<License> Serveable(VppBooksDbContext db) => Entitled(db).Where(l => !PendingReleases.In(db).Any(pending => pending.Id == l.Id));

    /// <summary>
    /// Whose turn comes: those who can be served, and those whose place an undecided plan would end. The latter get nothing meanwhile, but nobody behind them gets their copy
    /// either: they may be what they were tomorrow.
    /// </summary>
    public static IQueryable<License> Entitled(VppBooksDbContext db) => db.Licenses.Where(l =>
        l.State == LicenseState.Waiting
        && !UndecidedPlans.In(db).Any(p => p.Id == l.PlanId)
        && !PausedWishes.OfGoneGroups(db).Any(paused => paused.Id == l.Id));

    /// <summary>Sorts licenses of one book by the order of its waiting list.</summary>
    public static IQueryable<License> Sort(VppBooksDbContext db, IQueryable<License> ofOneBook, WaitingOrder order) => Sort(Ranked(db, ofOneBook, order), order).Select(w => w.License);

    /// <summary>Sorts them with their ranks at hand.</summary>
    public static IOrderedQueryable<RankedLicense> Sort(IQueryable<RankedLicense> ranked, WaitingOrder order) => order == WaitingOrder.FirstCome
        ? ranked.OrderBy(w => w.License.WantedAt).ThenBy(w => w.License.Id)
        : ranked.OrderBy(w => w.Rank).ThenBy(w => w.License.WantedAt).ThenBy(w => w.License.Id);

    /// <summary>Licenses of one book with what its order looks at before their time.</summary>
    public static IQueryable<RankedLicense> Ranked(VppBooksDbContext db, IQueryable<License> ofOneBook, WaitingOrder order) => order switch
    {
        WaitingOrder.GroupRank => ofOneBook.Select(l => new RankedLicense
        {
            License = l,
            Rank = db.GroupAssignments
                .Where(a => a.BookId == l.BookId && a.Intent == Intent.Required
                    && (a.GroupId == null || db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == l.PersonId)))
                .Min(a => (int?)a.Rank) ?? int.MaxValue,
        }),
        WaitingOrder.NameList => ofOneBook.Select(l => new RankedLicense { License = l, Rank = l.WaitingRank ?? int.MaxValue }),
        _ => ofOneBook.Select(l => new RankedLicense { License = l, Rank = 0 }),
    };

    /// <summary>Those behind a place, whether anybody is on it still or not.</summary>
    public static IQueryable<RankedLicense> Behind(IQueryable<RankedLicense> ranked, WaitingPlace place)
    {
        var (order, rank, at, id) = place;
        // The bound stands by itself, so that the database begins at it in its index.
        return order == WaitingOrder.FirstCome
            ? ranked.Where(w => w.License.WantedAt >= at && (w.License.WantedAt > at || w.License.Id > id))
            : ranked.Where(w => w.Rank > rank || (w.Rank == rank && (w.License.WantedAt > at || (w.License.WantedAt == at && w.License.Id > id))));
    }
}

/// <summary>A license that waits, and its rank in the order of its book: the lowest first. A shape for queries, never handed out.</summary>
internal sealed class RankedLicense
{
    public required License License { get; init; }

    public required int Rank { get; init; }
}

/// <summary>A place in a waiting list in one of its orders.</summary>
internal sealed record WaitingPlace(WaitingOrder Order, int Rank, DateTimeOffset WantedAt, long Id)
{
    /// <summary>As words that travel.</summary>
    public IReadOnlyList<string> Words =>
        [Order.ToString(), Rank.ToString(CultureInfo.InvariantCulture), WantedAt.UtcTicks.ToString(CultureInfo.InvariantCulture), Id.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Reads such words.</summary>
    /// <exception cref="FormatException">They are of another list, or of one that is served in another order by now.</exception>
    public static WaitingPlace Of(IReadOnlyList<string> words, WaitingOrder order) =>
        words is [var of, var rank, var ticks, var id] && of == order.ToString()
            && int.TryParse(rank, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTimeOffset.MaxValue.Ticks
            && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var license)
            ? new WaitingPlace(order, first, new DateTimeOffset(at, TimeSpan.Zero), license)
            : throw new FormatException("A place in another list.");
}
