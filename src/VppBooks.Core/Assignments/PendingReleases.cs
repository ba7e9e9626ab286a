using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>
/// What a plan gives up that can be called back, or is not approved: until it is decided the licenses stay as they are. Nothing is sent for them, and what is set aside
/// for them is nobody else's: a copy that was given to somebody else meanwhile could not be brought back.
/// </summary>
internal static class PendingReleases
{
    /// <summary>Those of all licenses that an undecided plan would give up.</summary>
    public static IQueryable<License> In(VppBooksDbContext db) => db.Licenses.Where(l =>
        (l.State == LicenseState.Reserved || l.State == LicenseState.Waiting || l.State == LicenseState.Held)
        && UndecidedPlans.In(db).Any(p => p.BookId == l.BookId
            && db.PlanLines.Any(line => line.PlanId == p.Id && line.PersonId == l.PersonId && line.Outcome == PlanOutcome.Released)));

    /// <summary>
    /// Gives up, of what a plan releases, what the assignments that stand entitle nobody to. To be called in the transaction that decides on the plan, once its assignments
    /// are in place, or back: a moment later the licenses could be sent. What another undecided plan releases too is left to that one.
    /// </summary>
    /// <returns>Licenses that were given up.</returns>
    public static Task<int> CarryOutAsync(VppBooksDbContext db, Plan plan, DateTimeOffset now, CancellationToken cancellationToken) => db.Licenses
        .Where(l => l.BookId == plan.BookId && (l.State == LicenseState.Reserved || l.State == LicenseState.Waiting || l.State == LicenseState.Held)
            && db.PlanLines.Any(line => line.PlanId == plan.Id && line.PersonId == l.PersonId && line.Outcome == PlanOutcome.Released)
            && !UndecidedPlans.In(db).Any(other => other.Id != plan.Id && other.BookId == l.BookId
                && db.PlanLines.Any(line => line.PlanId == other.Id && line.PersonId == l.PersonId && line.Outcome == PlanOutcome.Released))
            && (!db.GroupAssignments.Any(a => a.BookId == l.BookId
                    && (a.Intent == Intent.Required || (a.Intent == Intent.Available && l.Source == LicenseSource.Taken))
                    && ((a.GroupId == null && AllUsers.In(db).Any(p => p.Id == l.PersonId)) || db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == l.PersonId)))
                || db.GroupAssignments.Any(a => a.BookId == l.BookId && a.Intent == Intent.Excluded
                    && ((a.GroupId == null && AllUsers.In(db).Any(p => p.Id == l.PersonId)) || db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == l.PersonId)))))
        .ExecuteUpdateAsync(
            set => set.SetProperty(l => l.State, LicenseState.Canceled).SetProperty(l => l.Cause, LicenseCause.NotEntitled).SetProperty(l => l.ChangedAt, now), cancellationToken);
}
