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
}

/// <summary>A person is a (transitive) member of a group.</summary>
public sealed class GroupMembership
{
    public int GroupId { get; init; }

    public int PersonId { get; init; }
}

internal sealed class DirectoryGroupConfiguration : IEntityTypeConfiguration<DirectoryGroup>, IEntityTypeConfiguration<GroupMembership>
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
}
