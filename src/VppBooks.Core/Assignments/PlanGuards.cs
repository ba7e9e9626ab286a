using VppBooks.Core.Licenses;

namespace VppBooks.Core.Assignments;

/// <summary>What stands between a decision and a request to Apple.</summary>
internal static class PlanGuards
{
    /// <summary>The number that has to be typed to commit a plan: a habitual click must not spend many licenses, nor all that are left. Null: none.</summary>
    public static int? NumberToType(Plan plan, LicenseOptions options)
    {
        var takes = Takes(plan);
        return takes > 0 && (takes >= options.TypeNumberFrom || plan.Wait > 0) ? takes : null;
    }

    /// <summary>Whether a second person has to agree.</summary>
    public static bool NeedsApproval(Plan plan, LicenseOptions options) => options.ApprovalThreshold is { } threshold && Takes(plan) + plan.Wait > threshold;

    /// <summary>State of a plan that somebody commits, and when it may be sent.</summary>
    public static (PlanState State, DateTimeOffset? SendAt) AfterCommit(Plan plan, TimeSpan? chosen, LicenseOptions options, DateTimeOffset now)
    {
        var window = chosen > options.UndoWindow ? chosen.Value : options.UndoWindow;
        DateTimeOffset? sendAt = window > TimeSpan.Zero && Takes(plan) + plan.Wait > 0 ? now + window : null;
        return NeedsApproval(plan, options) ? (PlanState.AwaitingApproval, sendAt) : (sendAt is null ? PlanState.Committed : PlanState.Undoable, sendAt);
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

    /// <summary>Licenses that a plan takes from the stock.</summary>
    public static int Takes(Plan plan) => plan.GetNow + plan.RegisterFirst + plan.InviteFirst;
}
