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
    public static IOrderedQueryable<License> Sort(VppBooksDbContext db, IQueryable<License> ofOneBook, WaitingOrder order) => order switch
    {
        WaitingOrder.GroupRank => ofOneBook
            .OrderBy(l => db.GroupAssignments
                .Where(a => a.BookId == l.BookId && a.Intent == Intent.Required
                    && (a.GroupId == null || db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == l.PersonId)))
                .Min(a => (int?)a.Rank) ?? int.MaxValue)
            .ThenBy(l => l.WantedAt).ThenBy(l => l.Id),
        WaitingOrder.NameList => ofOneBook.OrderBy(l => l.WaitingRank ?? int.MaxValue).ThenBy(l => l.WantedAt).ThenBy(l => l.Id),
        _ => ofOneBook.OrderBy(l => l.WantedAt).ThenBy(l => l.Id),
    };
}
