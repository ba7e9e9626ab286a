using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Catalog;

namespace VppBooks.Core.Assignments;

/// <summary>What became of a plan.</summary>
public enum PlanState : byte
{
    /// <summary>Shown, not decided.</summary>
    Draft = 0,

    /// <summary>Carried out, or being carried out: its licenses say how far.</summary>
    Committed = 1,

    /// <summary>Refused because the data had moved; a newer plan replaces it.</summary>
    Stale = 2,

    /// <summary>Committed; its licenses are held until a second person approves.</summary>
    AwaitingApproval = 3,

    /// <summary>Committed; its licenses are held until <see cref="Plan.SendAt"/> and can be called back until then.</summary>
    Undoable = 4,

    /// <summary>Called back before anything was sent.</summary>
    Undone = 5,

    /// <summary>An approver refused it.</summary>
    Rejected = 6,
}

/// <summary>Where a plan comes from.</summary>
public enum PlanKind : byte
{
    /// <summary>An administrator changes the assignments of a book.</summary>
    Assignments = 0,

    /// <summary>A group grew so much at once that its new members are held for a decision; or people are reached whose license was called back.</summary>
    Growth = 1,
}

/// <summary>The computed effect of a change of assignments, kept so that what was shown is what is committed.</summary>
public sealed class Plan
{
    public int Id { get; init; }

    public Guid PublicId { get; init; }

    public int BookId { get; init; }

    /// <summary>The complete list of assignments that the plan would put in place, as JSON.</summary>
    public required string Wish { get; init; }

    /// <summary>SHA-256 over the wish and the outcome of every person: equal hash, equal effect.</summary>
    public required string Hash { get; init; }

    public PlanState State { get; set; }

    public PlanKind Kind { get; init; }

    public int GetNow { get; init; }

    public int AlreadyHave { get; init; }

    public int RegisterFirst { get; init; }

    public int InviteFirst { get; init; }

    public int Cannot { get; init; }

    public int Wait { get; init; }

    /// <summary>Those of <see cref="Wait"/> who waited for the book already: the plan does not make them wait, and no guard counts them.</summary>
    public int WaitedBefore { get; init; }

    /// <summary>People who were set aside a copy, or a place on the waiting list, and are not entitled any more: given up, nothing was spent.</summary>
    public int Release { get; init; }

    public required string CreatedById { get; init; }

    public required string CreatedByName { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was committed; of two plans of one book, the later one has the later time, whatever the clocks of the servers say.</summary>
    public DateTimeOffset? CommittedAt { get; set; }

    /// <summary>Who committed it; not the one who may approve it.</summary>
    public string? CommittedById { get; set; }

    public string? CommittedByName { get; set; }

    /// <summary>When its licenses are sent at the earliest; null: at once, or not decided.</summary>
    public DateTimeOffset? SendAt { get; set; }

    /// <summary>Who approved, rejected or undid it.</summary>
    public string? DecidedByName { get; set; }

    public DateTimeOffset? DecidedAt { get; set; }

    /// <summary>The assignments it replaced, as JSON, so that undoing it can take its changes back (<see cref="PlanHistory"/>); null once the token was deleted, which ends all of them.</summary>
    public string? Before { get; set; }

    /// <summary>For a plan of kind <see cref="PlanKind.Growth"/>: people the book's Required groups reached before and reach now; null when it holds people whose license was called back.</summary>
    public int? GrownFrom { get; init; }

    /// <inheritdoc cref="GrownFrom"/>
    public int? GrownTo { get; init; }
}

/// <summary>One person's line of a plan.</summary>
public sealed class PlanLine
{
    public int PlanId { get; init; }

    public int PersonId { get; init; }

    public PlanOutcome Outcome { get; init; }

    public PlanReason Reason { get; init; }
}

/// <summary>What a plan does for one entitled person.</summary>
public enum PlanOutcome : byte
{
    /// <summary>Takes a copy at once.</summary>
    GetsNow = 0,

    /// <summary>Holds the title already, or it is on its way: takes nothing.</summary>
    AlreadyHas = 1,

    /// <summary>Is registered with a Managed Apple Account first, then takes a copy; nothing to do for the person.</summary>
    RegisteredFirst = 2,

    /// <summary>Is invited by mail; a copy is reserved and taken once the person has accepted.</summary>
    InvitedFirst = 3,

    /// <summary>Cannot receive the book; <see cref="PlanReason"/> says why. Takes nothing.</summary>
    Cannot = 4,

    /// <summary>Would take a copy, but the stock is used up: on the waiting list.</summary>
    Waits = 5,

    /// <summary>Is not entitled any more: a reservation or a place on the waiting list is given up before anything was sent.</summary>
    Released = 6,
}

/// <summary>Why a line reads as it does.</summary>
public enum PlanReason : byte
{
    /// <summary>Nothing to add.</summary>
    None = 0,

    /// <summary>Holds the title here.</summary>
    HoldsHere = 1,

    /// <summary>Holds the title in the other quality or through another location.</summary>
    HoldsElsewhere = 2,

    /// <summary>A copy is reserved or on its way.</summary>
    UnderWay = 3,

    /// <summary>The same Apple Account holds it through a record that others made.</summary>
    HoldsThroughForeignRecord = 4,

    /// <summary>Neither a Managed Apple Account nor a mail address.</summary>
    NoAddress = 5,

    /// <summary>The directory account is disabled.</summary>
    AccountDisabled = 6,

    /// <summary>A guest of another organization.</summary>
    Guest = 7,

    /// <summary>The Apple Account belongs to another organization or cannot be used (9635).</summary>
    AppleAccountRefused = 8,

    /// <summary>The Apple Account is used by another record of the location (9641).</summary>
    AppleAccountInUse = 9,

    /// <summary>Apple refused to register the person for another reason.</summary>
    RegistrationRefused = 10,

    /// <summary>On the waiting list already.</summary>
    Waiting = 11,

    /// <summary>Apple refused this license before; see the ledger.</summary>
    LicenseRefused = 12,
}

internal sealed class PlanConfiguration : IEntityTypeConfiguration<Plan>, IEntityTypeConfiguration<PlanLine>
{
    public void Configure(EntityTypeBuilder<Plan> plan)
    {
        plan.HasIndex(p => p.PublicId).IsUnique();
        plan.HasIndex(p => new { p.BookId, p.State });
        plan.Property(p => p.Hash).HasMaxLength(64).IsUnicode(false);
        plan.Property(p => p.CreatedById).HasMaxLength(64);
        plan.Property(p => p.CreatedByName).HasMaxLength(256);
        plan.Property(p => p.CommittedById).HasMaxLength(64);
        plan.Property(p => p.CommittedByName).HasMaxLength(256);
        plan.Property(p => p.DecidedByName).HasMaxLength(256);
        // Whoever commits a draft that is being deleted begins anew.
        plan.Property(p => p.Hash).IsConcurrencyToken();
        plan.HasOne<Book>().WithMany().HasForeignKey(p => p.BookId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<PlanLine> line)
    {
        line.HasKey(l => new { l.PlanId, l.PersonId });
        // What plans say about one person.
        line.HasIndex(l => l.PersonId);
        line.HasOne<Plan>().WithMany().HasForeignKey(l => l.PlanId).OnDelete(DeleteBehavior.Cascade);
    }
}
