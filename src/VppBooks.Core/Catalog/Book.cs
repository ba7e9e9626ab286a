using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Catalog;

/// <summary>Who of a book's waiting list is served first.</summary>
public enum WaitingOrder : byte
{
    /// <summary>Who asked first.</summary>
    FirstCome = 0,

    /// <summary>By the rank of the groups that give the book to the person, then who asked first.</summary>
    GroupRank = 1,

    /// <summary>A list of people made by an administrator; who is not in it follows, who asked first.</summary>
    NameList = 2,
}

/// <summary>One title in one quality at one location, with Apple's counts.</summary>
public sealed class Book : IVersioned
{
    public int Id { get; init; }

    public Guid PublicId { get; init; }

    public int LocationId { get; init; }

    /// <summary>Apple's store id; identifies the title across locations and qualities.</summary>
    public long AdamId { get; init; }

    public PricingParam PricingParam { get; init; }

    /// <summary>Licenses owned; meaningless when <see cref="Unlimited"/>.</summary>
    public long TotalCount { get; set; }

    /// <summary>Licenses assigned at Apple, ours and not ours, raised at once when one of ours is confirmed.</summary>
    public long AssignedCount { get; set; }

    /// <summary>Licenses free at Apple; meaningless when <see cref="Unlimited"/>.</summary>
    public long AvailableCount { get; set; }

    public long RetiredCount { get; set; }

    /// <summary>A free title without a stock: never short, never waited for.</summary>
    public bool Unlimited { get; set; }

    /// <summary>Apple stopped listing the book; the row stays for the ledger, and its counts say what people still hold.</summary>
    public bool NoLongerReported { get; set; }

    /// <summary>The store's description in the location's storefront; null until looked up.</summary>
    public int? TitleId { get; set; }

    /// <summary>How its waiting list is served.</summary>
    public WaitingOrder WaitingOrder { get; set; }

    /// <summary>Members, people or assignments changed since the wishes of this book were last compared with the ledger.</summary>
    public bool FollowWanted { get; set; }

    /// <summary>Somebody took it out of the lists. Null: nobody did, or Apple has had copies of it since.</summary>
    public DateTimeOffset? RemovedAt { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ModifiedAt { get; set; }

    /// <summary>Also guards reservations: every commit that takes from the stock changes the row.</summary>
    public int Version { get; set; }

    public AssetKey Key => new(AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture), PricingParam);
}

/// <summary>Makes a change of a book noticed.</summary>
internal static class BookTouching
{
    /// <summary>
    /// Marks a book as changed, so that saving raises its version and whoever judged with the version before starts over. Also when the clock has not moved since
    /// the last change: an equal time alone would count as no change, and two commits of one instant could take the same stock.
    /// </summary>
    public static void Touch(this VppBooksDbContext db, Book book, DateTimeOffset now)
    {
        book.ModifiedAt = now;
        db.Entry(book).Property(b => b.ModifiedAt).IsModified = true;
    }
}

internal sealed class BookConfiguration : IEntityTypeConfiguration<Book>
{
    public void Configure(EntityTypeBuilder<Book> book)
    {
        book.HasIndex(b => b.PublicId).IsUnique();
        // Apple names an asset by store id and quality together; we hold it once per location.
        book.HasIndex(b => new { b.LocationId, b.AdamId, b.PricingParam }).IsUnique();
        book.HasIndex(b => b.AdamId);
        book.Property(b => b.PricingParam).HasConversion<byte>();
        book.HasOne<Location>().WithMany().HasForeignKey(b => b.LocationId).OnDelete(DeleteBehavior.Restrict);
        book.HasOne<Title>().WithMany().HasForeignKey(b => b.TitleId).OnDelete(DeleteBehavior.SetNull);
        book.Ignore(b => b.Key);
    }
}
