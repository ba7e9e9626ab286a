using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Catalog;

/// <summary>Keeps titles and covers in step with the store. What the store does not answer is left as it is and asked again later.</summary>
public sealed class TitleUpdater(IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, StoreLookup store, TimeProvider clock, ILogger<TitleUpdater> logger)
{
    /// <summary>How long a description is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>When to ask again for a title that the store did not know.</summary>
    public static readonly TimeSpan RetryAfterMiss = TimeSpan.FromDays(1);

    private const int Batch = 200;
    private const int CoversAtOnce = 4;

    /// <summary>After so many covers in a row that cannot be had, the rest waits for the next sync.</summary>
    private const int MissesAllowed = 20;

    /// <summary>Looks up what is new or due. Never throws for a store that does not answer.</summary>
    /// <returns>Titles written.</returns>
    public async Task<int> LookUpAsync(Lease lease, StoreQuery query, IReadOnlyCollection<long> adamIds, CancellationToken cancellationToken)
    {
        var storefront = query.Country.ToUpperInvariant();
        var due = await ListDueAsync(storefront, adamIds, cancellationToken);
        var written = 0;
        foreach (var batch in due.Chunk(Batch))
        {
            IReadOnlyDictionary<string, StoreItem> found;
            try
            {
                found = await store.LookUpAsync(query, [.. batch.Select(id => id.ToString(CultureInfo.InvariantCulture))], cancellationToken);
            }
            catch (AppleException exception)
            {
                logger.LookUpFailed(exception, storefront, due.Count - written);
                return written;
            }

            await writer.WriteAsync(lease, db => StoreAsync(db, storefront, batch, found, cancellationToken), cancellationToken);
            written += batch.Length;
        }

        return written;
    }

    /// <summary>Fetches the covers that a location's books lack, a few at a time.</summary>
    /// <returns>Covers stored.</returns>
    public async Task<int> FetchCoversAsync(int locationId, CancellationToken cancellationToken)
    {
        List<(int TitleId, string Url)> missing;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            missing = (await db.Titles.AsNoTracking()
                .Where(t => !t.HasCover && t.ArtworkUrl != null && db.Books.Any(b => b.LocationId == locationId && b.TitleId == t.Id))
                .OrderBy(t => t.Id)
                .Select(t => new { t.Id, t.ArtworkUrl })
                .ToListAsync(cancellationToken)).ConvertAll(t => (t.Id, t.ArtworkUrl!));
        }

        var (fetched, misses, missesInRow) = (0, 0, 0);
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = CoversAtOnce, CancellationToken = cancellationToken }, async (title, stop) =>
        {
            if (Volatile.Read(ref missesInRow) >= MissesAllowed)
            {
                return;
            }

            if (await FetchAsync(title.Url, stop) is not { } cover)
            {
                Interlocked.Increment(ref misses);
                Interlocked.Increment(ref missesInRow);
                return;
            }

            Interlocked.Exchange(ref missesInRow, 0);
            await StoreCoverAsync(title.TitleId, cover, stop);
            Interlocked.Increment(ref fetched);
        });
        if (missing.Count > 0)
        {
            logger.CoversFetched(fetched, misses);
        }

        return fetched;
    }

    private async Task<CoverImage?> FetchAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            return await store.FetchCoverAsync(url, cancellationToken);
        }
        catch (AppleException)
        {
            return null;
        }
    }

    private async Task<List<long>> ListDueAsync(string storefront, IReadOnlyCollection<long> adamIds, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var fresh = await db.Titles.Where(t => t.Storefront == storefront && t.LookUpAgainAt > now).Select(t => t.AdamId).ToHashSetAsync(cancellationToken);
        return [.. adamIds.Where(id => !fresh.Contains(id)).Distinct().Order()];
    }

    private async Task StoreAsync(VppBooksDbContext db, string storefront, long[] batch, IReadOnlyDictionary<string, StoreItem> found, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var titles = await db.Titles.Where(t => t.Storefront == storefront && batch.Contains(t.AdamId)).ToDictionaryAsync(t => t.AdamId, cancellationToken);
        foreach (var adamId in batch)
        {
            if (!titles.TryGetValue(adamId, out var title))
            {
                title = new Title { AdamId = adamId, Storefront = storefront };
                db.Titles.Add(title);
            }

            var item = found.GetValueOrDefault(adamId.ToString(CultureInfo.InvariantCulture));
            if (item is not null)
            {
                Describe(title, item);
            }

            title.LookedUpAt = now;
            title.LookUpAgainAt = now + (item is null ? RetryAfterMiss : Lifetime);
        }
    }

    private static void Describe(Title title, StoreItem item)
    {
        title.Name = Cut(item.Name, 512);
        title.Author = Cut(item.Author, 512);
        title.Description = item.Description;
        title.Seller = Cut(item.Seller, 512);
        title.Language = Cut(item.Language, 16);
        title.Isbn = Cut(item.Isbn, 32);
        title.Genres = Join(item.Genres);
        title.ReleaseDate = item.ReleaseDate;
        title.StoreUrl = item.StoreUrl is { Length: <= 1024 } url && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps ? url : null;

        // Another picture has to be fetched anew.
        var artwork = item.ArtworkUrl is { Length: <= 1024 } ? item.ArtworkUrl : null;
        title.HasCover &= artwork == title.ArtworkUrl;
        title.ArtworkUrl = artwork;
    }

    private static string Join(IReadOnlyList<string> genres)
    {
        var joined = "";
        foreach (var genre in genres.Select(g => g.Replace('|', ' ').Trim()).Where(g => g.Length > 0))
        {
            var longer = joined.Length == 0 ? genre : $"{joined}|{genre}";
            if (longer.Length > 1024)
            {
                break;
            }

            joined = longer;
        }

        return joined;
    }

    private async Task StoreCoverAsync(int titleId, CoverImage image, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var title = await db.Titles.SingleOrDefaultAsync(t => t.Id == titleId, cancellationToken);
        if (title is null)
        {
            return;
        }

        var cover = await db.Covers.SingleOrDefaultAsync(c => c.TitleId == titleId, cancellationToken);
        if (cover is null)
        {
            cover = new Cover { TitleId = titleId, ContentType = image.ContentType, Content = image.Content };
            db.Covers.Add(cover);
        }

        (cover.ContentType, cover.Content, cover.FetchedAt) = (image.ContentType, image.Content, clock.GetUtcNow());
        title.HasCover = true;
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            // The sync of another location stored the same cover first.
        }
    }

    private static string? Cut(string? text, int length) => text is null || text.Length <= length ? text : text[..length];
}
