using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>What reading a book's counts showed.</summary>
public enum CountReading
{
    /// <summary>Every license that Apple counts is a row of ours or of others.</summary>
    Explained = 0,

    /// <summary>Apple counts licenses that we have not seen yet.</summary>
    Unexplained,

    /// <summary>Apple does not list the book; its counts stay as they were.</summary>
    NotListed,
}

/// <summary>Reads Apple's counts of single books between syncs. Safe to repeat: a row is touched only where a count differs.</summary>
public sealed class BookCounts(IDbContextFactory<VppBooksDbContext> contexts, AppleClient client, LeasedWriter writer, TimeProvider clock)
{
    /// <summary>Re-reads the counts of one book.</summary>
    /// <exception cref="AppleException">Apple refused, failed, or the claim is lost: nothing was changed.</exception>
    /// <exception cref="LeaseLostException">Another owner has the location: nothing was changed.</exception>
    public async Task<CountReading> RefreshAsync(Lease lease, AppleLocation apple, int bookId, CancellationToken cancellationToken)
    {
        AssetKey key;
        await using (var read = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var named = await read.Books.Where(b => b.Id == bookId).Select(b => new { b.AdamId, b.PricingParam }).SingleAsync(cancellationToken);
            key = new AssetKey(named.AdamId.ToString(CultureInfo.InvariantCulture), named.PricingParam);
        }

        if (await FindAsync(apple, key, cancellationToken) is not { } asset)
        {
            return CountReading.NotListed;
        }

        return await writer.WriteAsync(
            lease,
            async db =>
            {
                var book = await db.Books.SingleAsync(b => b.Id == bookId, cancellationToken);
                if (book.AssignedCount != asset.AssignedCount || book.Unlimited != asset.Unlimited
                    || (!asset.Unlimited && (book.AvailableCount != asset.AvailableCount || book.TotalCount != asset.TotalCount)))
                {
                    (book.TotalCount, book.AssignedCount, book.AvailableCount, book.Unlimited) = (asset.TotalCount, asset.AssignedCount, asset.AvailableCount, asset.Unlimited);
                    db.Touch(book, clock.GetUtcNow());
                    if (book.RemovedAt is not null && (book.Unlimited || book.TotalCount > 0 || book.AssignedCount > 0))
                    {
                        book.RemovedAt = null;
                        db.Audit(Actor.System, book.ModifiedAt, "book.restored", new AuditSubject(book.LocationId, book.Id));
                    }

                    db.BookCountSnapshots.Add(new BookCountSnapshot
                    {
                        BookId = bookId,
                        At = book.ModifiedAt,
                        TotalCount = book.TotalCount,
                        AssignedCount = book.AssignedCount,
                        AvailableCount = book.AvailableCount,
                        RetiredCount = book.RetiredCount,
                        Unlimited = book.Unlimited,
                    });
                }

                var known = await db.Licenses.CountAsync(l => l.BookId == bookId && l.State == LicenseState.Assigned, cancellationToken)
                    + await db.ForeignHoldings.CountAsync(h => h.BookId == bookId, cancellationToken);
                return asset.AssignedCount <= known ? CountReading.Explained : CountReading.Unexplained;
            },
            cancellationToken);
    }

    /// <summary>What Apple says of an asset; null when the location has no such book.</summary>
    /// <exception cref="AppleException">Apple refused, failed, or the claim is lost.</exception>
    public async Task<Asset?> FindAsync(AppleLocation apple, AssetKey key, CancellationToken cancellationToken)
    {
        Asset? asset = null;
        await client.ReadAssetsAsync(
            apple,
            new AssetQuery(ProductType.Book, key.AdamId, key.PricingParam),
            (rows, _) =>
            {
                asset = rows.FirstOrDefault(r => r.Key == key && r.ProductType == ProductType.Book) ?? asset;
                return ValueTask.CompletedTask;
            },
            progress: null,
            cancellationToken);
        return asset;
    }
}
