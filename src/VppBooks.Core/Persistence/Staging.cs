using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Apple;

namespace VppBooks.Core.Persistence;

// Rows read from Apple that wait for the publishing transaction. RunId is the sync run's id, or the location's id with a minus sign for
// readings between syncs: whoever holds a location's lease is the only one who stages for it.

/// <summary>A book of a reading: what Apple says of it, and what was read of its assignments.</summary>
public sealed class StagedBook
{
    public int RunId { get; init; }

    /// <summary>Number of the book within the reading; assignments refer to it, because a new book has no id yet.</summary>
    public int Key { get; init; }

    /// <summary>Our book; null until the book is published.</summary>
    public int? BookId { get; init; }

    /// <summary>Public id for the book if it is new.</summary>
    public Guid PublicId { get; init; }

    public long AdamId { get; init; }

    public PricingParam PricingParam { get; init; }

    public long TotalCount { get; init; }

    public long AssignedCount { get; init; }

    public long AvailableCount { get; init; }

    public long RetiredCount { get; init; }

    public bool Unlimited { get; init; }

    /// <summary>All assignments of the book were read and nothing moved meanwhile: what is not staged is not at Apple (I5).</summary>
    public bool Complete { get; init; }

    /// <summary>Complete, and we hold more rows than Apple showed.</summary>
    public bool Excess { get; init; }
}

/// <summary>A person's record at Apple.</summary>
public sealed class StagedUser
{
    public int RunId { get; init; }

    public required string ClientUserId { get; init; }

    public bool Retired { get; init; }

    public VppUserStatus Status { get; init; }

    public string? IdHash { get; init; }

    /// <summary>The sealed invite code, only of a record of ours and only when it is new.</summary>
    public byte[]? InviteSecret { get; init; }

    public byte[]? InviteHash { get; init; }
}

/// <summary>An assignment of a book.</summary>
public sealed class StagedAssignment
{
    public int RunId { get; init; }

    /// <summary>The <see cref="StagedBook.Key"/>.</summary>
    public int BookKey { get; init; }

    public required string ClientUserId { get; init; }

    public bool Retired { get; init; }

    public VppUserStatus Status { get; init; }
}

/// <summary>A license of one of our people that Apple shows and the ledger does not, or not as assigned. Filled and used while publishing.</summary>
public sealed class StagedLicense
{
    public int RunId { get; init; }

    public int PersonId { get; init; }

    public int BookId { get; init; }

    public long AdamId { get; init; }

    /// <summary>Copies that Apple shows: above 1 when retired and active records of one person both hold the book.</summary>
    public int Copies { get; init; }

    public LicenseFinding Finding { get; init; }
}

/// <summary>What a license seen at Apple means for the ledger.</summary>
public enum LicenseFinding : byte
{
    /// <summary>Not asked for by us, or not sent yet.</summary>
    Found = 0,

    /// <summary>Assigned in the ledger, and missed by the reading before.</summary>
    SeenAgain = 1,

    /// <summary>Sent by us and now confirmed.</summary>
    Confirmed = 2,
}

internal sealed class StagingConfiguration :
    IEntityTypeConfiguration<StagedBook>, IEntityTypeConfiguration<StagedUser>, IEntityTypeConfiguration<StagedAssignment>, IEntityTypeConfiguration<StagedLicense>
{
    public void Configure(EntityTypeBuilder<StagedBook> book)
    {
        book.HasKey(b => new { b.RunId, b.Key });
        book.HasIndex(b => new { b.RunId, b.BookId });
        book.Property(b => b.PricingParam).HasConversion<byte>();
    }

    public void Configure(EntityTypeBuilder<StagedUser> user)
    {
        user.HasKey(u => new { u.RunId, u.ClientUserId, u.Retired });
        user.Property(u => u.ClientUserId).HasMaxLength(128);
        user.Property(u => u.Status).HasConversion<byte>();
        user.Property(u => u.IdHash).HasMaxLength(64).IsUnicode(false);
        user.Property(u => u.InviteSecret).HasMaxLength(512);
        user.Property(u => u.InviteHash).HasMaxLength(32);
    }

    public void Configure(EntityTypeBuilder<StagedAssignment> assignment)
    {
        assignment.HasKey(a => new { a.RunId, a.BookKey, a.ClientUserId, a.Retired });
        assignment.Property(a => a.ClientUserId).HasMaxLength(128);
        assignment.Property(a => a.Status).HasConversion<byte>();
    }

    public void Configure(EntityTypeBuilder<StagedLicense> license) => license.HasKey(l => new { l.RunId, l.PersonId, l.BookId });
}
