using VppBooks.Core.Assignments;

namespace VppBooks.Web.Components.Assignments;

/// <summary>The numbers of a plan by outcome.</summary>
internal static class PlanCounts
{
    /// <summary>In the order in which a plan is read.</summary>
    public static IReadOnlyList<PlanOutcome> Order { get; } =
    [
        PlanOutcome.GetsNow, PlanOutcome.AlreadyHas, PlanOutcome.RegisteredFirst, PlanOutcome.InvitedFirst, PlanOutcome.Cannot, PlanOutcome.Waits, PlanOutcome.Released,
    ];

    extension(PlanView plan)
    {
        public int Count(PlanOutcome outcome) => outcome switch
        {
            PlanOutcome.GetsNow => plan.GetNow,
            PlanOutcome.AlreadyHas => plan.AlreadyHave,
            PlanOutcome.RegisteredFirst => plan.RegisterFirst,
            PlanOutcome.InvitedFirst => plan.InviteFirst,
            PlanOutcome.Cannot => plan.Cannot,
            PlanOutcome.Waits => plan.Wait,
            _ => plan.Release,
        };

        public bool SameCountsAs(PlanView other) => Order.All(o => plan.Count(o) == other.Count(o));
    }
}
