using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Assignments;

namespace VppBooks.Web.Components.Assignments;

/// <summary>Outcomes and reasons of a plan in words.</summary>
internal static class PlanWords
{
    private static string Number(int value) => value.ToString("N0", CultureInfo.CurrentCulture);

    extension(IStringLocalizer<AssignmentTexts> words)
    {
        public string Of(PlanOutcome outcome) => outcome switch
        {
            PlanOutcome.GetsNow => words["get a copy"],
            PlanOutcome.AlreadyHas => words["already have it"],
            PlanOutcome.RegisteredFirst => words["registered first"],
            PlanOutcome.InvitedFirst => words["invited first"],
            PlanOutcome.Cannot => words["cannot get it"],
            PlanOutcome.Waits => words["wait for a copy"],
            _ => words["give up their place"],
        };

        /// <summary>What committing a plan, or approving it, gives away.</summary>
        public string Commits(PlanView plan) => plan switch
        {
            { NewlyWaiting: 0 } => words["It takes {0} licenses.", Number(plan.Takes)],
            { Takes: 0 } => words["It takes no license now and puts {0} people on the waiting list: each takes one, without another question, as soon as there are more.", Number(plan.NewlyWaiting)],
            _ => words["It takes {0} licenses now and puts {1} people on the waiting list: each takes one, without another question, as soon as there are more. {2} licenses in all.", Number(plan.Takes), Number(plan.NewlyWaiting), Number(plan.Takes + plan.NewlyWaiting)],
        };

        public string Explain(PlanOutcome outcome) => outcome switch
        {
            PlanOutcome.GetsNow => words["Registered with Apple: the license is sent at once."],
            PlanOutcome.AlreadyHas => words["Hold the book, or it is on its way: they take no license."],
            PlanOutcome.RegisteredFirst => words["Registered silently with their Managed Apple Account, then the license is sent."],
            PlanOutcome.InvitedFirst => words["A copy is set aside; it is sent when they have accepted Apple's invitation."],
            PlanOutcome.Cannot => words["Take no license; the reason stands beside each name."],
            PlanOutcome.Waits => words["The stock is used up. Served in the order of the waiting list when licenses arrive."],
            _ => words["Not entitled any more, and nothing was sent for them yet."],
        };

        /// <summary>Why a line reads as it does.</summary>
        public string Of(PlanReason reason, PlanOutcome outcome) => reason switch
        {
            PlanReason.HoldsHere => words["Holds the book"],
            PlanReason.HoldsElsewhere => words["Holds the book in the other quality or through another location"],
            PlanReason.UnderWay => words["A copy is set aside or on its way"],
            PlanReason.HoldsThroughForeignRecord => words["The same Apple Account holds it through a record that others made"],
            PlanReason.NoAddress => words["Has neither a Managed Apple Account nor a mail address"],
            PlanReason.AccountDisabled => words["The account is disabled or gone from the directory"],
            PlanReason.Guest => words["A guest of another organization"],
            PlanReason.AppleAccountRefused => words["The Apple Account belongs to another organization or cannot be used"],
            PlanReason.AppleAccountInUse => words["The Apple Account is used by another registration of this location"],
            PlanReason.RegistrationRefused => words["Apple refused the registration; see the person's page"],
            PlanReason.Waiting => words["On the waiting list already"],
            PlanReason.LicenseRefused => words["Apple refused this license before"],
            _ => outcome switch
            {
                PlanOutcome.GetsNow => words["Registered with Apple"],
                PlanOutcome.RegisteredFirst => words["Has a Managed Apple Account"],
                PlanOutcome.InvitedFirst => words["Has not accepted an invitation yet"],
                PlanOutcome.Waits => words["No copy is left"],
                PlanOutcome.Released => words["No assignment entitles to the book any more"],
                _ => "",
            },
        };
    }
}
