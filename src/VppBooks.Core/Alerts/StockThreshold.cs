using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>For what a threshold of its own is set.</summary>
public enum StockScope : byte
{
    /// <summary>All books of a location.</summary>
    Location = 0,

    /// <summary>One book.</summary>
    Book = 1,
}

/// <summary>When a location's books, or one book, count as low: it takes the place of what holds for all. A row without values says nothing, and keeps its version going.</summary>
public sealed class StockThreshold : IVersioned
{
    public int Id { get; init; }

    public StockScope Scope { get; init; }

    /// <summary>Internal number of the location or book.</summary>
    public int SubjectId { get; init; }

    /// <summary>At most this many free is low; null: no number counts.</summary>
    public int? LowCount { get; set; }

    /// <summary>At most this share free is low; null: no share counts.</summary>
    public double? LowShare { get; set; }

    public DateTimeOffset ChangedAt { get; set; }

    public required string ChangedByName { get; set; }

    public int Version { get; set; } = 1;
}

internal sealed class StockThresholdConfiguration : IEntityTypeConfiguration<StockThreshold>
{
    public void Configure(EntityTypeBuilder<StockThreshold> threshold)
    {
        threshold.ToTable("StockThresholds");
        threshold.HasIndex(t => new { t.Scope, t.SubjectId }).IsUnique();
        threshold.Property(t => t.ChangedByName).HasMaxLength(256);
    }
}
