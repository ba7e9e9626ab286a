using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Catalog;

/// <summary>The store's description of an <c>adamId</c> in one storefront; shared by the books of all locations that use the storefront.</summary>
public sealed class Title
{
    public int Id { get; init; }

    public long AdamId { get; init; }

    /// <summary>Two upper-case letters.</summary>
    public required string Storefront { get; init; }

    /// <summary>Null when the store does not know the title: screens show the <c>adamId</c>.</summary>
    public string? Name { get; set; }

    public string? Author { get; set; }

    /// <summary>Plain text.</summary>
    public string? Description { get; set; }

    public string? Seller { get; set; }

    public string? Language { get; set; }

    public string? Isbn { get; set; }

    /// <summary>Genres joined by a vertical bar, main genre first; empty when none.</summary>
    public string Genres { get; set; } = "";

    public DateOnly? ReleaseDate { get; set; }

    public string? StoreUrl { get; set; }

    /// <summary>Where the cover is fetched from by the server; never sent to a browser.</summary>
    public string? ArtworkUrl { get; set; }

    public bool HasCover { get; set; }

    /// <summary>Last look-up that got an answer, with or without the title in it.</summary>
    public DateTimeOffset LookedUpAt { get; set; }

    /// <summary>When to look up again: a month after success, sooner after a miss.</summary>
    public DateTimeOffset LookUpAgainAt { get; set; }
}

/// <summary>A cached cover picture.</summary>
public sealed class Cover
{
    public int TitleId { get; init; }

    public required string ContentType { get; set; }

    public required byte[] Content { get; set; }

    public DateTimeOffset FetchedAt { get; set; }
}

internal sealed class TitleConfiguration : IEntityTypeConfiguration<Title>, IEntityTypeConfiguration<Cover>
{
    public void Configure(EntityTypeBuilder<Title> title)
    {
        title.HasIndex(t => new { t.AdamId, t.Storefront }).IsUnique();
        title.Property(t => t.Storefront).HasMaxLength(2).IsUnicode(false);
        title.Property(t => t.Name).HasMaxLength(512);
        title.Property(t => t.Author).HasMaxLength(512);
        title.Property(t => t.Seller).HasMaxLength(512);
        title.Property(t => t.Language).HasMaxLength(16);
        title.Property(t => t.Isbn).HasMaxLength(32).IsUnicode(false);
        title.Property(t => t.Genres).HasMaxLength(1024);
        title.Property(t => t.StoreUrl).HasMaxLength(1024);
        title.Property(t => t.ArtworkUrl).HasMaxLength(1024);
    }

    public void Configure(EntityTypeBuilder<Cover> cover)
    {
        cover.HasKey(c => c.TitleId);
        cover.Property(c => c.TitleId).ValueGeneratedNever();
        cover.HasOne<Title>().WithOne().HasForeignKey<Cover>(c => c.TitleId).OnDelete(DeleteBehavior.Cascade);
        cover.Property(c => c.ContentType).HasMaxLength(32).IsUnicode(false);
    }
}
