using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Assignments;

/// <summary>Plans that somebody committed and that can still come to nothing: they wait for a second person, or can be undone.</summary>
internal static class UndecidedPlans
{
    /// <summary>Those of all plans.</summary>
    public static IQueryable<Plan> In(VppBooksDbContext db) => db.Plans.Where(p => p.State == PlanState.AwaitingApproval || p.State == PlanState.Undoable);

    /// <summary>
    /// Ends those of a location whose token is deleted: nobody decides on them any more. None of its plans, decided or not, says what stands once the location is connected again
    /// (<see cref="PlanHistory"/>).
    /// </summary>
    public static async Task EndAsync(VppBooksDbContext db, int locationId, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ending = In(db).Where(p => db.Books.Any(b => b.Id == p.BookId && b.LocationId == locationId));
        foreach (var plan in await ending.OrderBy(p => p.Id).Select(p => new { p.PublicId, p.BookId }).ToListAsync(cancellationToken))
        {
            db.Audit(actor, now, "plan.undone", new AuditSubject(locationId, plan.BookId), new { plan = plan.PublicId, because = nameof(LicenseCause.TokenDeleted) });
        }

        var name = actor.DisplayName;
        await ending.ExecuteUpdateAsync(
            set => set.SetProperty(p => p.State, PlanState.Undone).SetProperty(p => p.DecidedAt, now).SetProperty(p => p.DecidedByName, name), cancellationToken);
        await db.Plans.Where(p => p.Before != null && db.Books.Any(b => b.Id == p.BookId && b.LocationId == locationId))
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.Before, (string?)null), cancellationToken);
    }
}
