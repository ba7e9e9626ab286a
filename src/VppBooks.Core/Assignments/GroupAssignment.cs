using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;

namespace VppBooks.Core.Assignments;

/// <summary>What a group is given.</summary>
public enum Intent : byte
{
    /// <summary>May take the book; spends nothing until a reader takes it.</summary>
    Available = 0,

    /// <summary>Gets the book: spends a license for each member.</summary>
    Required = 1,

    /// <summary>Members get nothing through other assignments of the book: exclusion beats inclusion (parity paper A6).</summary>
    Excluded = 2,
}

/// <summary>A wish: this book for this group, or for all users. A wish spends nothing by itself; a committed plan does.</summary>
public sealed class GroupAssignment
{
    public int Id { get; init; }

    public Guid PublicId { get; init; }

    public int BookId { get; init; }

    /// <summary>The group; null means all users (parity paper A7).</summary>
    public int? GroupId { get; init; }

    public Intent Intent { get; set; }

    /// <summary>Place among the book's groups where its waiting list is served by group: the smallest first.</summary>
    public int Rank { get; set; }

    public required string AssignedById { get; init; }

    public required string AssignedByName { get; init; }

    public DateTimeOffset AssignedAt { get; init; }
}

internal sealed class GroupAssignmentConfiguration : IEntityTypeConfiguration<GroupAssignment>
{
    public void Configure(EntityTypeBuilder<GroupAssignment> assignment)
    {
        assignment.HasIndex(a => a.PublicId).IsUnique();
        // One intent per group (parity paper A4). "All users" is kept to one row by the planner: SQL treats nulls differently per provider.
        assignment.HasIndex(a => new { a.BookId, a.GroupId }).IsUnique().HasFilter(null);
        assignment.HasIndex(a => a.GroupId);
        assignment.Property(a => a.AssignedById).HasMaxLength(64);
        assignment.Property(a => a.AssignedByName).HasMaxLength(256);
        assignment.HasOne<Book>().WithMany().HasForeignKey(a => a.BookId).OnDelete(DeleteBehavior.Cascade);
        assignment.HasOne<DirectoryGroup>().WithMany().HasForeignKey(a => a.GroupId).OnDelete(DeleteBehavior.Restrict);
    }
}
