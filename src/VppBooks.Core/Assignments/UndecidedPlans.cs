using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Plans that somebody committed and that can still come to nothing: they wait for a second person, or can be undone.</summary>
internal static class UndecidedPlans
{
    /// <summary>Those of all plans.</summary>
    public static IQueryable<Plan> In(VppBooksDbContext db) => db.Plans.Where(p => p.State == PlanState.AwaitingApproval || p.State == PlanState.Undoable);
}
