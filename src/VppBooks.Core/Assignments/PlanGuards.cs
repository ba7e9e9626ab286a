using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>What stands between a decision and a request to Apple.</summary>
internal static class PlanGuards
{
    /// <summary>How far the clocks of two servers may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The number that has to be typed to commit a plan: a habitual click must not spend many licenses, nor all that are left, nor those that are bought next. Who is made to
    /// wait counts: nobody is asked again when the copy arrives. Null: none.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="recent">What was committed for the book shortly before, see <see cref="RecentAsync"/>.</param>
    /// <param name="options">The limits.</param>
    public static int? NumberToType(Plan plan, int recent, LicenseOptions options)
    {
        var wants = Wants(plan);
        return wants > 0 && (wants + recent >= options.TypeNumberFrom || plan.Wait > 0) ? wants : null;
    }

    /// <summary>Whether a second person has to agree. A plan that takes nothing needs nobody, whatever was taken before.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="recent">What was committed for the book shortly before, see <see cref="RecentAsync"/>.</param>
    /// <param name="options">The limits.</param>
    public static bool NeedsApproval(Plan plan, int recent, LicenseOptions options) =>
        options.ApprovalThreshold is { } threshold && Wants(plan) is var wants && wants > 0 && wants + recent > threshold;

    /// <summary>
    /// What the author of a plan, or whoever commits it, has committed for its book shortly before, whichever is more: waiting people included, without anybody's approval.
    /// What waits for one is not counted, nor what a second person agreed to, nor what was taken back. Both are asked, so that the guards that were shown with a plan hold
    /// for it whoever commits it.
    /// </summary>
    /// <param name="db">The context.</param>
    /// <param name="plan">The plan that is judged.</param>
    /// <param name="actorId">Who commits it, or looks at it before it is committed.</param>
    /// <param name="at">When it is, or was, committed.</param>
    /// <param name="options">The limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<int> RecentAsync(VppBooksDbContext db, Plan plan, string actorId, DateTimeOffset at, LicenseOptions options, CancellationToken cancellationToken)
    {
        if (plan.Kind == PlanKind.Growth)
        {
            return await RecentJoinersAsync(db, plan.BookId, at, options, cancellationToken);
        }

        if (options.GuardWindow <= TimeSpan.Zero)
        {
            return 0;
        }

        // Servers' clocks differ: what another one committed a moment ago may lie a little in the future, and counts too. Of a plan that is committed, only what came before it.
        var (since, id, author, committed) = (at - options.GuardWindow - ClockTolerance, plan.Id, plan.CreatedById, plan.CommittedAt != null);
        var sums = await db.Plans
            .Where(p => p.BookId == plan.BookId && p.Id != id && (!committed || p.CommittedAt <= at) && p.Kind == PlanKind.Assignments
                && (p.CommittedById == actorId || p.CommittedById == author) && p.CommittedAt > since
                && p.DecidedAt == null && (p.State == PlanState.Committed || p.State == PlanState.Undoable))
            .GroupBy(p => p.CommittedById)
            .Select(g => g.Sum(p => p.GetNow + p.RegisterFirst + p.InviteFirst + p.Wait - p.WaitedBefore))
            .ToListAsync(cancellationToken);
        return sums.DefaultIfEmpty().Max();
    }

    /// <summary>
    /// People who got a place through a book's groups shortly before, without anybody's decision: many small additions to a group must not spend what one large one may not.
    /// </summary>
    /// <param name="db">The context.</param>
    /// <param name="bookId">The book.</param>
    /// <param name="at">When those who are judged joined.</param>
    /// <param name="options">The limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static Task<int> RecentJoinersAsync(VppBooksDbContext db, int bookId, DateTimeOffset at, LicenseOptions options, CancellationToken cancellationToken) =>
        options.GuardWindow <= TimeSpan.Zero ? Task.FromResult(0) : JoinersAsync(db, bookId, at - options.GuardWindow - ClockTolerance, at + ClockTolerance, cancellationToken);

    /// <summary>People who got a place through a book's groups in some time, without anybody's decision.</summary>
    public static Task<int> JoinersAsync(VppBooksDbContext db, int bookId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken) => (
        from license in db.Licenses
        where license.BookId == bookId
        join change in db.LicenseChanges on license.Id equals change.LicenseId
        where change.Cause == LicenseCause.Joined && change.PlanId == null && change.At > since && change.At <= until && (change.To == LicenseState.Reserved || change.To == LicenseState.Waiting)
        select license.Id).Distinct().CountAsync(cancellationToken);

    /// <summary>State of a plan that somebody commits, and when it may be sent.</summary>
    public static (PlanState State, DateTimeOffset? SendAt) AfterCommit(Plan plan, int recent, TimeSpan? chosen, LicenseOptions options, DateTimeOffset now)
    {
        var window = chosen > options.UndoWindow ? chosen.Value : options.UndoWindow;
        DateTimeOffset? sendAt = window > TimeSpan.Zero && Wants(plan) > 0 ? now + window : null;
        return NeedsApproval(plan, recent, options) ? (PlanState.AwaitingApproval, sendAt) : (sendAt is null ? PlanState.Committed : PlanState.Undoable, sendAt);
    }

    /// <summary>State of a plan that somebody approves: the undo window, as configured, begins with the last decision.</summary>
    public static (PlanState State, DateTimeOffset? SendAt) AfterApproval(Plan plan, LicenseOptions options, DateTimeOffset now)
    {
        var earliest = now + options.UndoWindow;
        var sendAt = plan.SendAt > earliest ? plan.SendAt.Value : earliest;
        return sendAt > now ? (PlanState.Undoable, sendAt) : (PlanState.Committed, null);
    }

    /// <summary>Whether so many new people at once need a decision (F41).</summary>
    /// <param name="before">People reached before.</param>
    /// <param name="joined">People who are new.</param>
    /// <param name="options">The limits.</param>
    public static bool GrowsSuddenly(int before, int joined, LicenseOptions options) =>
        joined > options.GrowthLimit || (joined > options.GrowthPeople && joined > before * options.GrowthShare);

    /// <summary>Licenses that a plan takes, now or when there are more.</summary>
    public static int Wants(Plan plan) => Takes(plan) + plan.Wait - plan.WaitedBefore;

    /// <summary>Licenses that a plan takes from the stock.</summary>
    public static int Takes(Plan plan) => plan.GetNow + plan.RegisterFirst + plan.InviteFirst;
}
