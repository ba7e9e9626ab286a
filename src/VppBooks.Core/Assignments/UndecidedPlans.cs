using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Plans that somebody committed and that can still come to nothing: they wait for a second person, or can be undone.</summary>
internal static class UndecidedPlans
{
    /// <summary>Those of all plans.</summary>
    public static IQueryable<Plan> In(VppBooksDbContext db) => db.Plans.Where(p => p.State == PlanState.AwaitingApproval || p.State == PlanState.Undoable);

    /// <summary>
    /// Those that let nobody who joins have a place before they are decided: what the groups are given, or how fast they may grow, is open. A plan that holds people whose
    /// license was called back is about them alone.
    /// </summary>
    public static IQueryable<Plan> Pausing(VppBooksDbContext db) => In(db).Where(p => p.Kind == PlanKind.Assignments || p.GrownTo != null);
}
