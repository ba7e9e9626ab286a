using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.People;

namespace VppBooks.Core.Devices;

/// <summary>The part of a managed device that explains why a book can or cannot be read on it. Of its identities only the directory's own id is stored, so that a row stays the same device from one read to the next; serial numbers are not.</summary>
public sealed class ManagedDevice
{
    public int Id { get; init; }

    public int PersonId { get; init; }

    /// <summary>The directory's id of it. Null: read before ids were kept, or the directory told none; such a row lasts until the next read.</summary>
    public Guid? DeviceId { get; init; }

    public required string Name { get; set; }

    public required string Platform { get; set; }

    public string? OsVersion { get; set; }

    public bool UserAffinity { get; set; }

    public BooksApp BooksApp { get; set; }

    public DateTimeOffset? LastSeenAt { get; set; }
}

/// <summary>The last read of a person's devices.</summary>
public sealed class DeviceReading
{
    public int PersonId { get; init; }

    public DeviceReadOutcome Outcome { get; set; }

    /// <summary>The last read that succeeded; null: none did.</summary>
    public DateTimeOffset? ReadAt { get; set; }

    /// <summary>The last attempt, so that looking twice asks once.</summary>
    public DateTimeOffset TriedAt { get; set; }
}

internal sealed class ManagedDeviceConfiguration : IEntityTypeConfiguration<ManagedDevice>, IEntityTypeConfiguration<DeviceReading>
{
    public void Configure(EntityTypeBuilder<ManagedDevice> device)
    {
        device.ToTable("ManagedDevices");
        device.HasIndex(d => d.PersonId);
        device.HasIndex(d => new { d.PersonId, d.DeviceId }).IsUnique();
        device.Property(d => d.Name).HasMaxLength(256);
        device.Property(d => d.Platform).HasMaxLength(32);
        device.Property(d => d.OsVersion).HasMaxLength(64);
        device.HasOne<Person>().WithMany().HasForeignKey(d => d.PersonId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<DeviceReading> reading)
    {
        reading.ToTable("DeviceReadings");
        reading.HasKey(r => r.PersonId);
        reading.Property(r => r.PersonId).ValueGeneratedNever();
        reading.HasOne<Person>().WithOne().HasForeignKey<DeviceReading>(r => r.PersonId).OnDelete(DeleteBehavior.Cascade);
    }
}
