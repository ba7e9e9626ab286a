using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Licenses;

/// <summary>What a reading of Apple brought.</summary>
/// <param name="Clean">Nothing moved while reading: absence in what was read proves absence at Apple.</param>
/// <param name="Rows">Rows read.</param>
/// <param name="RowsChanged">Rows of ours that it inserted, changed or removed.</param>
public sealed record LedgerReading(bool Clean, long Rows, int RowsChanged);

/// <summary>
/// Reads parts of a location's people and assignments between syncs and settles the ledger with them. A reading that fails publishes nothing
/// and lets Apple's exception through.
/// </summary>
public sealed class LedgerReader(
    IDbContextFactory<VppBooksDbContext> contexts, AppleClient client, LedgerStagings stagings, LedgerPublisher publisher, LeasedWriter writer, IBulkStore bulk, ChangeFeed feed, TimeProvider clock)
{
    private const int MostSingleReads = 25;

    /// <summary>People changed since the last reading; all of them when there was none, or when Apple no longer knows its version.</summary>
    /// <exception cref="AppleException">Apple refused, failed, or the claim is lost: nothing was published.</exception>
    /// <exception cref="LeaseLostException">Another owner has the location: nothing was published.</exception>
    public async Task<LedgerReading> ReadUsersDeltaAsync(Lease lease, AppleLocation apple, CancellationToken cancellationToken)
    {
        using var staging = await stagings.OpenAsync(lease, LedgerStagings.BetweenSyncs(lease.LocationId), cancellationToken);
        var since = await FindWatermarkAsync(lease, l => l.UsersVersionId, cancellationToken);
        var (traversal, full) = await DeltaOrAllAsync(since, version => client.ReadUsersAsync(apple, new VppUserQuery(SinceVersionId: version), staging.AddUsersAsync, progress: null, cancellationToken));
        await staging.FlushAsync(cancellationToken);

        var changed = await writer.WriteAsync(
            lease,
            async db =>
            {
                var rows = await publisher.PublishUsersAsync(db, Scope(lease), full && traversal.Clean, cancellationToken);
                await db.Locations.Where(l => l.Id == lease.LocationId && l.UsersVersionId != traversal.FirstVersionId)
                    .ExecuteUpdateAsync(set => set.SetProperty(l => l.UsersVersionId, traversal.FirstVersionId), cancellationToken);
                return rows;
            },
            cancellationToken);
        await stagings.ClearAsync(lease, [staging.RunId], cancellationToken);
        if (changed > 0)
        {
            feed.Publish(new Change.OfLocation(lease.LocationId));
        }

        return new LedgerReading(traversal.Clean, traversal.Rows, changed);
    }

    /// <summary>The records of some people, whether or not they changed.</summary>
    /// <inheritdoc cref="ReadUsersDeltaAsync" path="/exception"/>
    public async Task<LedgerReading> ReadUsersAsync(Lease lease, AppleLocation apple, IReadOnlyCollection<string> clientUserIds, CancellationToken cancellationToken)
    {
        using var staging = await stagings.OpenAsync(lease, LedgerStagings.BetweenSyncs(lease.LocationId), cancellationToken);
        // One request each, as long as the whole list would not be shorter.
        var queries = clientUserIds.Count <= MostSingleReads ? clientUserIds.Select(id => new VppUserQuery(id)).ToList() : [new VppUserQuery()];
        var (clean, read) = (true, 0L);
        foreach (var query in queries)
        {
            var traversal = await client.ReadUsersAsync(apple, query, staging.AddUsersAsync, progress: null, cancellationToken);
            (clean, read) = (clean && traversal.Clean, read + traversal.Rows);
        }

        await staging.FlushAsync(cancellationToken);
        var changed = await writer.WriteAsync(lease, db => publisher.PublishUsersAsync(db, Scope(lease), complete: false, cancellationToken), cancellationToken);
        await stagings.ClearAsync(lease, [staging.RunId], cancellationToken);
        if (changed > 0)
        {
            feed.Publish(new Change.OfLocation(lease.LocationId));
        }

        return new LedgerReading(clean, read, changed);
    }

    /// <summary>Assignments changed since the last reading; all of them when there was none, or when Apple no longer knows its version.</summary>
    /// <inheritdoc cref="ReadUsersDeltaAsync" path="/exception"/>
    public async Task<LedgerReading> ReadAssignmentsDeltaAsync(Lease lease, AppleLocation apple, CancellationToken cancellationToken)
    {
        using var staging = await stagings.OpenAsync(lease, LedgerStagings.BetweenSyncs(lease.LocationId), cancellationToken);
        var since = await FindWatermarkAsync(lease, l => l.AssignmentsVersionId, cancellationToken);
        var books = await ListBooksAsync(lease.LocationId, cancellationToken);
        var touched = new HashSet<int>();
        var (traversal, full) = await DeltaOrAllAsync(since, version => client.ReadAssignmentsAsync(
            apple, new AssignmentQuery(SinceVersionId: version), first: null, (rows, stop) => staging.AddAssignmentsAsync(rows, FindKey, stop), progress: null, cancellationToken));

        await staging.AddBooksAsync([.. books.Values.Where(b => full || touched.Contains(b.Key))], cancellationToken);
        if (full && traversal.Clean)
        {
            await staging.CompleteAllAsync(cancellationToken);
        }

        return await PublishAsync(lease, staging, traversal.Clean, traversal.Rows, traversal.FirstVersionId, cancellationToken);

        int? FindKey(AssetKey asset)
        {
            if (!books.TryGetValue(asset, out var book))
            {
                return null;
            }

            touched.Add(book.Key);
            return book.Key;
        }
    }

    /// <summary>All assignments of some books.</summary>
    /// <inheritdoc cref="ReadUsersDeltaAsync" path="/exception"/>
    public async Task<LedgerReading> ReadBooksAsync(Lease lease, AppleLocation apple, IReadOnlyCollection<int> bookIds, CancellationToken cancellationToken)
    {
        using var staging = await stagings.OpenAsync(lease, LedgerStagings.BetweenSyncs(lease.LocationId), cancellationToken);
        var books = (await ListBooksAsync(lease.LocationId, cancellationToken)).Where(b => bookIds.Contains(b.Value.Key)).ToDictionary();
        await staging.AddBooksAsync(books.Values, cancellationToken);
        var (clean, read, complete) = (true, 0L, new List<int>());
        foreach (var (asset, book) in books)
        {
            var traversal = await client.ReadAssignmentsAsync(
                apple,
                new AssignmentQuery(asset.AdamId, asset.PricingParam),
                first: null,
                (rows, stop) => staging.AddAssignmentsAsync(rows, found => found == asset ? book.Key : null, stop),
                progress: null,
                cancellationToken);
            read += traversal.Rows;
            clean &= traversal.Clean;
            if (traversal.Clean)
            {
                complete.Add(book.Key);
            }
        }

        await staging.CompleteAsync(complete, cancellationToken);
        return await PublishAsync(lease, staging, clean, read, versionId: null, cancellationToken);
    }

    private async Task<LedgerReading> PublishAsync(Lease lease, LedgerStaging staging, bool clean, long read, string? versionId, CancellationToken cancellationToken)
    {
        await staging.FlushAsync(cancellationToken);
        var scope = Scope(lease);
        var (rows, grown) = await writer.WriteAsync(
            lease,
            async db =>
            {
                await bulk.RunAsync(db, BulkStatements.ResolveBooks, scope, cancellationToken);
                var before = await LedgerPublisher.CountRowsAsync(db, scope.RunId, cancellationToken);
                var changes = await publisher.PublishAssignmentsAsync(db, scope, cancellationToken);
                var grown = new List<int>();
                if (changes.Rows > 0)
                {
                    var after = await LedgerPublisher.CountRowsAsync(db, scope.RunId, cancellationToken);
                    foreach (var (bookId, count) in after)
                    {
                        if (count > before.GetValueOrDefault(bookId))
                        {
                            grown.Add(bookId);
                            await RaiseCountsAsync(db, bookId, count - before.GetValueOrDefault(bookId), scope.Now, cancellationToken);
                        }
                    }

                    await bulk.RunAsync(db, BulkStatements.SnapshotBooks, scope, cancellationToken);
                }

                if (versionId is not null)
                {
                    await db.Locations.Where(l => l.Id == lease.LocationId && l.AssignmentsVersionId != versionId)
                        .ExecuteUpdateAsync(set => set.SetProperty(l => l.AssignmentsVersionId, versionId), cancellationToken);
                }

                return (changes.Rows, grown);
            },
            cancellationToken);
        await stagings.ClearAsync(lease, [staging.RunId], cancellationToken);
        foreach (var bookId in grown)
        {
            feed.Publish(new Change.OfBook(lease.LocationId, bookId));
        }

        if (rows > 0)
        {
            feed.Publish(new Change.OfLocation(lease.LocationId));
        }

        return new LedgerReading(clean, read, rows);
    }

    // Apple's own counts come with the next sync; until then a license just found is counted, so that screens agree with Apple at once.
    private static Task<int> RaiseCountsAsync(VppBooksDbContext db, int bookId, int found, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.Books.Where(b => b.Id == bookId).ExecuteUpdateAsync(
            set => set
                .SetProperty(b => b.AssignedCount, b => b.AssignedCount + found)
                .SetProperty(b => b.AvailableCount, b => b.Unlimited ? b.AvailableCount : b.AvailableCount > found ? b.AvailableCount - found : 0)
                .SetProperty(b => b.Version, b => b.Version + 1)
                .SetProperty(b => b.ModifiedAt, now),
            cancellationToken);

    /// <summary>Reads the changes since a version, or everything when there is no version that Apple knows.</summary>
    internal static async Task<(Traversal Traversal, bool Full)> DeltaOrAllAsync(string? since, Func<string?, Task<Traversal>> read)
    {
        if (since is not null)
        {
            try
            {
                return (await read(since), false);
            }
            catch (AppleRefusedException refused) when (refused.Refusal.Error.Category == ErrorCategory.Version)
            {
                // The version has grown too old (9721).
            }
        }

        return (await read(null), true);
    }

    private BulkScope Scope(Lease lease) => new(LedgerStagings.BetweenSyncs(lease.LocationId), lease.LocationId, clock.GetUtcNow());

    private async Task<string?> FindWatermarkAsync(Lease lease, System.Linq.Expressions.Expression<Func<Location, string?>> version, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Locations.Where(l => l.Id == lease.LocationId).Select(version).SingleAsync(cancellationToken);
    }

    private async Task<Dictionary<AssetKey, StagedBook>> ListBooksAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Books.AsNoTracking()
            .Where(b => b.LocationId == locationId)
            .Select(b => new { b.Id, b.PublicId, b.AdamId, b.PricingParam })
            .ToDictionaryAsync(
                b => new AssetKey(b.AdamId.ToString(CultureInfo.InvariantCulture), b.PricingParam),
                b => new StagedBook { RunId = LedgerStagings.BetweenSyncs(locationId), Key = b.Id, BookId = b.Id, PublicId = b.PublicId, AdamId = b.AdamId, PricingParam = b.PricingParam },
                cancellationToken);
    }
}
