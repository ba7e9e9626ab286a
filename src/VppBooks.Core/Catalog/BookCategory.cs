using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Catalog;

/// <summary>A shelf of the organization's own, such as "Mathematics": it puts the catalog in order and is never given to anybody. Genres are the store's.</summary>
public sealed class BookCategory : IVersioned
{
    /// <summary>Longest name.</summary>
    public const int LongestName = 100;

    public int Id { get; init; }

    public Guid PublicId { get; init; }

    public required string Name { get; set; }

    /// <summary>The name without case: there is one category of a name, however it is written.</summary>
    public required string NameKey { get; set; }

    public DateTimeOffset ModifiedAt { get; set; }

    public int Version { get; set; }

    /// <summary>A name as it is kept: without space around it, composed; null when it is none.</summary>
    public static string? NameOf(string? text)
    {
        var name = text?.Trim().Normalize(NormalizationForm.FormC);
        return name is { Length: > 0 and <= LongestName } && !name.Any(char.IsControl) ? name : null;
    }

    /// <summary>What two ways of writing a name have in common.</summary>
    public static string KeyOf(string name) => name.ToUpperInvariant();
}

/// <summary>A book in a category.</summary>
public sealed class BookCategoryLink
{
    public int CategoryId { get; init; }

    public int BookId { get; init; }
}

internal sealed class BookCategoryConfiguration : IEntityTypeConfiguration<BookCategory>, IEntityTypeConfiguration<BookCategoryLink>
{
    public void Configure(EntityTypeBuilder<BookCategory> category)
    {
        category.HasIndex(c => c.PublicId).IsUnique();
        category.HasIndex(c => c.NameKey).IsUnique();
        category.Property(c => c.Name).HasMaxLength(BookCategory.LongestName);
        category.Property(c => c.NameKey).HasMaxLength(BookCategory.LongestName);
    }

    public void Configure(EntityTypeBuilder<BookCategoryLink> link)
    {
        link.ToTable("BookCategoryLinks");
        link.HasKey(l => new { l.CategoryId, l.BookId });
        link.HasIndex(l => l.BookId);
        link.HasOne<BookCategory>().WithMany().HasForeignKey(l => l.CategoryId).OnDelete(DeleteBehavior.Cascade);
        link.HasOne<Book>().WithMany().HasForeignKey(l => l.BookId).OnDelete(DeleteBehavior.Cascade);
    }
}
