using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Catalog;

/// <summary>
/// Apple's counts of a book from one moment on, until the next snapshot. Written in the transaction that changes them
/// (<see cref="Persistence.BulkStatements.SnapshotBooks"/>), and only when one differs from the last snapshot.
/// </summary>
public sealed class BookCountSnapshot
{
    public long Id { get; init; }

    public int BookId { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>Licenses owned; meaningless when <see cref="Unlimited"/>.</summary>
    public long TotalCount { get; init; }

    /// <summary>Licenses assigned, ours and not ours.</summary>
    public long AssignedCount { get; init; }

    /// <summary>Licenses free; meaningless when <see cref="Unlimited"/>.</summary>
    public long AvailableCount { get; init; }

    public long RetiredCount { get; init; }

    public bool Unlimited { get; init; }
}

internal sealed class BookCountSnapshotConfiguration : IEntityTypeConfiguration<BookCountSnapshot>
{
    public void Configure(EntityTypeBuilder<BookCountSnapshot> snapshot)
    {
        snapshot.ToTable("BookCountSnapshots");
        snapshot.HasIndex(s => s.BookId);
        snapshot.HasIndex(s => s.At);
        snapshot.HasOne<Book>().WithMany().HasForeignKey(s => s.BookId).OnDelete(DeleteBehavior.Restrict);
    }
}
