using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.People;

namespace VppBooks.Core.Why;

/// <summary>Everything that the stations are judged by, read at one moment.</summary>
internal sealed record WhyFacts
{
    public required Person Person { get; init; }

    public required Book Book { get; init; }

    public required Location Location { get; init; }

    /// <summary>What the location's state means, as the token's page says it.</summary>
    public required LocationCondition Condition { get; init; }

    /// <summary>The latest sync failed.</summary>
    public required bool SyncFails { get; init; }

    /// <summary>Another location that spending waits for (<see cref="SpendingHold"/>); null when there is none.</summary>
    public required WhyOther? HeldBy { get; init; }

    /// <summary>All assignments of the book.</summary>
    public required IReadOnlyList<WhyGroup> Groups { get; init; }

    public required DirectoryState Directory { get; init; }

    /// <summary>Reading the directory fails for so long that nothing new is planned, and nobody may take a book (F42).</summary>
    public required bool DirectoryTooOld { get; init; }

    /// <summary>What the person is offered now, with every undecided plan and without; null: nothing.</summary>
    public required Intent? Offered { get; init; }

    /// <summary>The license is wanted through groups alone that are gone: nothing is spent for it (F38).</summary>
    public required bool OfGoneGroups { get; init; }

    /// <summary>The person's license of this very book; null when there is none.</summary>
    public required License? License { get; init; }

    /// <summary>The plan behind the license.</summary>
    public required Plan? LicensePlan { get; init; }

    /// <summary>A plan that is not in force yet and would give the license up: nothing is sent for it before the plan is decided.</summary>
    public Plan? Ending { get; init; }

    /// <summary>A plan of the book that is not in force yet: whom it would reach is not given anything before it is decided.</summary>
    public required Plan? Undecided { get; init; }

    /// <summary>The operation that carries the license, or carried it last.</summary>
    public required Operation? Operation { get; init; }

    /// <summary>The same title through another book, when it is held, set aside or on its way.</summary>
    public required WhyOtherBook? Elsewhere { get; init; }

    /// <summary>What the planner would say of the person alone.</summary>
    public required PlannedLine Planned { get; init; }

    public required RegistrationFact Registration { get; init; }

    /// <summary>Apple's record; a retired one only when there is no other.</summary>
    public required VppUser? User { get; init; }

    /// <summary>Mails about Apple's record, oldest first; empty where nobody is to be invited.</summary>
    public required IReadOnlyList<OutboxMail> Mails { get; init; }

    /// <summary>A mail server is set.</summary>
    public required bool MailOn { get; init; }

    /// <summary>Invitations are sent without anybody asking for it.</summary>
    public required bool InvitesByItself { get; init; }

    /// <summary>Copies that a newcomer could take.</summary>
    public required PlanStock Stock { get; init; }

    public required int? Place { get; init; }

    public required int Queue { get; init; }

    public required PersonDevices Devices { get; init; }

    /// <summary>An invited person may be given the book before accepting.</summary>
    public required bool InvitedIsEnough { get; init; }

    public bool Holds => License?.State == LicenseState.Assigned;

    /// <summary>At Apple, or possibly there: nothing can call it back.</summary>
    public bool Sent => License?.State is LicenseState.Assigned or LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown;

    /// <summary>Has a place, and nothing was sent.</summary>
    public bool Unsent => License?.State is LicenseState.Reserved or LicenseState.Waiting or LicenseState.Held;

    public IEnumerable<WhyGroup> Reaching => Groups.Where(g => g.Reaches);
}

/// <summary>One assignment of the book.</summary>
/// <param name="Group">The group; null: all users.</param>
/// <param name="Assignment">The assignment.</param>
/// <param name="Reaches">The person is a member, as far as is known.</param>
internal sealed record WhyGroup(DirectoryGroup? Group, GroupAssignment Assignment, bool Reaches)
{
    public bool There => Group is not { State: not GroupState.Active };
}

/// <summary>The same title through another book.</summary>
internal sealed record WhyOtherBook(Guid BookId, string LocationName, PricingParam PricingParam, LicenseState State, DateTimeOffset Since);

/// <summary>Another location.</summary>
/// <param name="PublicId">Its id.</param>
/// <param name="Name">Name of its token.</param>
internal sealed record WhyOther(Guid PublicId, string Name);
