using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.People;

namespace VppBooks.Core.Directory;

/// <summary>Whether a group still exists in the directory (parity paper A10).</summary>
public enum GroupState : byte
{
    /// <summary>There.</summary>
    Active = 0,

    /// <summary>In the recycle bin.</summary>
    SoftDeleted = 1,

    /// <summary>Gone.</summary>
    Deleted = 2,
}

/// <summary>A directory group that is assigned or has been looked at. Other groups are not stored.</summary>
public sealed class DirectoryGroup
{
    public int Id { get; init; }

    /// <summary>Object id in the directory.</summary>
    public Guid DirectoryId { get; init; }

    public required string DisplayName { get; set; }

    public string? Description { get; set; }

    public bool SecurityEnabled { get; set; }

    public bool Dynamic { get; set; }

    /// <summary>A Microsoft 365 group.</summary>
    public bool Unified { get; set; }

    /// <summary>Its members are devices: never a target (parity paper A2).</summary>
    public bool DeviceGroup { get; set; }

    public GroupState State { get; set; }

    /// <summary>When the members were last read completely; null: never.</summary>
    public DateTimeOffset? MembersReadAt { get; set; }

    /// <summary>Transitive user members at that time.</summary>
    public int MemberCount { get; set; }

    /// <summary>When the directory last said that nothing has changed since; null: it was not asked.</summary>
    public DateTimeOffset? CheckedAt { get; set; }

    /// <summary>Since when it cannot be brought up to date although that is due; null when it could the last time.</summary>
    public DateTimeOffset? UnreadableSince { get; set; }

    /// <summary>When its page was last opened in the console; null: never.</summary>
    public DateTimeOffset? ViewedAt { get; set; }

    /// <summary>Raised whenever the directory tells of a change in the group, or in a group inside it.</summary>
    public int ChangeMark { get; set; }

    /// <summary><see cref="ChangeMark"/> when the last complete read began; another number means that the members have to be read again.</summary>
    public int ReadMark { get; set; }
}

/// <summary>A group inside a stored group, directly or deeper. A change in it changes the members of the outer one, and the directory does not say so there.</summary>
public sealed class GroupNesting
{
    /// <summary>The stored group.</summary>
    public int GroupId { get; init; }

    /// <summary>Object id of the inner group.</summary>
    public Guid NestedId { get; init; }
}

/// <summary>A person is a (transitive) member of a group.</summary>
public sealed class GroupMembership
{
    public int GroupId { get; init; }

    public int PersonId { get; init; }
}

internal sealed class DirectoryGroupConfiguration : IEntityTypeConfiguration<DirectoryGroup>, IEntityTypeConfiguration<GroupMembership>, IEntityTypeConfiguration<GroupNesting>
{
    public void Configure(EntityTypeBuilder<DirectoryGroup> group)
    {
        group.HasIndex(g => g.DirectoryId).IsUnique();
        group.Property(g => g.DisplayName).HasMaxLength(256);
        group.Property(g => g.Description).HasMaxLength(1024);
    }

    public void Configure(EntityTypeBuilder<GroupMembership> membership)
    {
        membership.HasKey(m => new { m.GroupId, m.PersonId });
        membership.HasIndex(m => m.PersonId);
        membership.HasOne<DirectoryGroup>().WithMany().HasForeignKey(m => m.GroupId).OnDelete(DeleteBehavior.Cascade);
        membership.HasOne<Person>().WithMany().HasForeignKey(m => m.PersonId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<GroupNesting> nesting)
    {
        nesting.HasKey(n => new { n.GroupId, n.NestedId });
        nesting.HasIndex(n => n.NestedId);
        nesting.HasOne<DirectoryGroup>().WithMany().HasForeignKey(n => n.GroupId).OnDelete(DeleteBehavior.Cascade);
    }
}
