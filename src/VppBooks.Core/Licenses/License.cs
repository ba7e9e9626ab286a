using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.People;

namespace VppBooks.Core.Licenses;

/// <summary>The durable life of one copy of one title for one person.</summary>
public enum LicenseState : byte
{
    /// <summary>Committed; a copy of the stock is set aside; not sent yet (perhaps the person must be registered first).</summary>
    Reserved = 1,

    /// <summary>In an operation that is committed and may have been sent.</summary>
    Submitting = 2,

    /// <summary>Apple took the request on and named an event.</summary>
    Submitted = 3,

    /// <summary>Seen at Apple. Permanent.</summary>
    Assigned = 4,

    /// <summary>No stock: on the waiting list.</summary>
    Waiting = 5,

    /// <summary>Apple refused it; the number says why. Nothing was spent.</summary>
    Failed = 6,

    /// <summary>The outcome is not known. Left only by reading Apple.</summary>
    Unknown = 7,

    /// <summary>Committed, but not to be sent yet: waits for a second person's approval, or for the end of the undo window; its plan says which.</summary>
    Held = 8,

    /// <summary>Given up before anything was sent. Nothing was spent.</summary>
    Canceled = 9,

    /// <summary>Was assigned; two complete reads no longer show it (refunded by Apple).</summary>
    Vanished = 10,

    /// <summary>Somebody decided against it: an approver, or by undoing its plan. Only a new plan asks again; following a group does not.</summary>
    Declined = 11,
}

/// <summary>Why a license is in its state: written with every change of state, and kept for each in <see cref="LicenseChange"/>.</summary>
public enum LicenseCause : byte
{
    /// <summary>Not recorded.</summary>
    None = 0,

    /// <summary>A plan was committed.</summary>
    Committed = 1,

    /// <summary>A reader took the book.</summary>
    Taken = 2,

    /// <summary>The person joined a group that is given the book.</summary>
    Joined = 3,

    /// <summary>No assignment reaches the person any more, or the person cannot receive books.</summary>
    NotEntitled = 4,

    /// <summary>Apple has fewer licenses than were set aside.</summary>
    StockShort = 5,

    /// <summary>Licenses arrived: the waiting list was served.</summary>
    StockRose = 6,

    /// <summary>A second person approved.</summary>
    Approved = 7,

    /// <summary>A second person refused.</summary>
    Rejected = 8,

    /// <summary>The undo window ended.</summary>
    WindowEnded = 9,

    /// <summary>The plan was undone before anything was sent.</summary>
    Undone = 10,

    /// <summary>An operation that carries it was committed.</summary>
    Intended = 11,

    /// <summary>Apple accepted the operation.</summary>
    Accepted = 12,

    /// <summary>Apple refused the operation; nothing was applied.</summary>
    Refused = 13,

    /// <summary>The operation certainly never left this program.</summary>
    NotSent = 14,

    /// <summary>No answer, or none that says what happened.</summary>
    AnswerLost = 15,

    /// <summary>The owner of the operation died or was replaced before it recorded an answer.</summary>
    OwnerLost = 16,

    /// <summary>A read of Apple shows it.</summary>
    SeenAtApple = 17,

    /// <summary>Two complete reads far enough apart do not show it.</summary>
    AbsentTwice = 18,

    /// <summary>Apple's event names it as failed.</summary>
    EventFailed = 19,

    /// <summary>The event ended, or is forgotten, without saying what became of it.</summary>
    EventUnclear = 20,

    /// <summary>The token of its location was deleted.</summary>
    TokenDeleted = 21,
}

/// <summary>What brought a license into the ledger.</summary>
public enum LicenseSource : byte
{
    /// <summary>A Required assignment.</summary>
    Required = 0,

    /// <summary>The reader took an Available book.</summary>
    Taken = 1,

    /// <summary>Found at Apple by a sync.</summary>
    FoundAtApple = 2,
}

/// <summary>
/// A row of the ledger. The unique index over person, title and <see cref="Ordinal"/> makes sure that we never ask for a second copy of a title,
/// in any quality or at any location (I1).
/// </summary>
public sealed class License
{
    public long Id { get; init; }

    public int BookId { get; set; }

    public int PersonId { get; init; }

    /// <summary>The title; repeated from the book because the unique index needs it.</summary>
    public long AdamId { get; init; }

    /// <summary>0 for everything we ask for. A second copy that others bought for the person is recorded under 1, 2, ….</summary>
    public byte Ordinal { get; init; }

    public LicenseState State { get; set; }

    public LicenseSource Source { get; set; }

    /// <summary>Why <see cref="State"/> is what it is. Set with every change of state.</summary>
    public LicenseCause Cause { get; set; }

    /// <summary>The operation that carries it now, or carried it last.</summary>
    public long? OperationId { get; set; }

    /// <summary>The plan that committed it; null when a sync found it.</summary>
    public int? PlanId { get; set; }

    /// <summary>Apple's number behind <see cref="LicenseState.Failed"/>, or 0 when Apple named none.</summary>
    public int? ErrorNumber { get; set; }

    /// <summary>Times an operation with this license was refused or found undone.</summary>
    public byte Attempts { get; set; }

    /// <summary>A complete read did not show an assigned license: the first of the two that make it vanished.</summary>
    public bool MissedOnce { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was asked for, the last time: who waits longest is served first.</summary>
    public DateTimeOffset WantedAt { get; set; }

    /// <summary>Place in the list that an administrator made of a book's waiting people; null: not in it.</summary>
    public int? WaitingRank { get; set; }

    /// <summary>Last change of state.</summary>
    public DateTimeOffset ChangedAt { get; set; }
}

/// <summary>One change of state of one license. Written by the database itself (a trigger), so that no change can be forgotten (I9); sealed into <see cref="AuditChain.Licenses"/> afterwards.</summary>
public sealed class LicenseChange : IChained
{
    public long Id { get; init; }

    public long LicenseId { get; init; }

    /// <summary>The book it was a license of from then on: a row that was given up may be used again for another one of the same title. Null in rows older than this column.</summary>
    public int? BookId { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>Null: the row was new.</summary>
    public LicenseState? From { get; init; }

    public LicenseState To { get; init; }

    public LicenseCause Cause { get; init; }

    public long? OperationId { get; init; }

    public int? PlanId { get; init; }

    public int? ErrorNumber { get; init; }

    public long? Sequence { get; init; }

    public byte[]? Hash { get; init; }

    public DateTimeOffset? SealedAt { get; init; }
}

/// <summary>A license at Apple of a record that is not ours: counted, shown as <em>not ours</em>, never managed.</summary>
public sealed class ForeignHolding
{
    public int BookId { get; init; }

    public int VppUserId { get; init; }
}

internal sealed class LicenseConfiguration : IEntityTypeConfiguration<License>, IEntityTypeConfiguration<LicenseChange>, IEntityTypeConfiguration<ForeignHolding>
{
    public void Configure(EntityTypeBuilder<License> license)
    {
        // One person, one title.
        license.HasIndex(l => new { l.PersonId, l.AdamId, l.Ordinal }).IsUnique();
        // Also the order in which most waiting lists are served, so that a page of one begins where the page before ended.
        license.HasIndex(l => new { l.BookId, l.State, l.WantedAt });
        // For the people of a book, page after page.
        license.HasIndex(l => new { l.BookId, l.PersonId });
        license.HasIndex(l => l.OperationId);
        license.HasIndex(l => l.PlanId);
        // A plan and a worker may reach for the same row: the second one to save must notice.
        license.Property(l => l.State).IsConcurrencyToken();
        license.Property(l => l.BookId).IsConcurrencyToken();
        license.HasOne<Book>().WithMany().HasForeignKey(l => l.BookId).OnDelete(DeleteBehavior.Restrict);
        license.HasOne<Person>().WithMany().HasForeignKey(l => l.PersonId).OnDelete(DeleteBehavior.Restrict);
    }

    // No foreign key: the rows are written by a trigger, and a license is never deleted.
    public void Configure(EntityTypeBuilder<LicenseChange> change)
    {
        change.ToTable("LicenseChanges");
        change.HasIndex(c => c.LicenseId);
        change.HasIndex(c => c.At);
        change.HasIndex(c => c.PlanId);
        change.HasIndex(c => c.Sequence);
        change.Property(c => c.Hash).HasMaxLength(AuditHash.Length).IsFixedLength();
    }

    public void Configure(EntityTypeBuilder<ForeignHolding> holding)
    {
        holding.HasKey(h => new { h.BookId, h.VppUserId });
        holding.HasIndex(h => h.VppUserId);
        holding.HasOne<Book>().WithMany().HasForeignKey(h => h.BookId).OnDelete(DeleteBehavior.Restrict);
        holding.HasOne<VppUser>().WithMany().HasForeignKey(h => h.VppUserId).OnDelete(DeleteBehavior.Restrict);
    }
}
