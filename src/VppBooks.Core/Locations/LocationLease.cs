using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Locations;

/// <summary>
/// Who may write for a location. Every take-over raises <see cref="FenceToken"/>; every write of the owner is conditional on it, so an owner
/// that was paused and lost the lease changes no row (I4).
/// </summary>
public sealed class LocationLease
{
    public int LocationId { get; init; }

    /// <summary>The process instance; empty when nobody holds the lease.</summary>
    public required string Owner { get; set; }

    public long FenceToken { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

internal sealed class LocationLeaseConfiguration : IEntityTypeConfiguration<LocationLease>
{
    public void Configure(EntityTypeBuilder<LocationLease> lease)
    {
        lease.HasKey(l => l.LocationId);
        lease.Property(l => l.LocationId).ValueGeneratedNever();
        lease.HasOne<Location>().WithOne().HasForeignKey<LocationLease>(l => l.LocationId).OnDelete(DeleteBehavior.Cascade);
        lease.Property(l => l.Owner).HasMaxLength(64).IsUnicode(false);
    }
}
