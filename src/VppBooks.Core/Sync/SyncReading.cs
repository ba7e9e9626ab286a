using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Sync;

/// <summary>Reads a location into the staging tables. Holds its books in memory, never its people or assignments.</summary>
internal sealed class SyncReading(
    IDbContextFactory<VppBooksDbContext> contexts, AppleClient client, IBulkStore bulk, AppleLocation apple, Location location, LedgerStaging staging, SyncProgress progress, bool full, IdSource ids, ILogger logger)
{
    private const string PageRead = "sync.page-n";

    private readonly Dictionary<AssetKey, StagedBook> _books = [];
    private readonly HashSet<int> _complete = [];
    private readonly bool _fromStart = full;
    private int _pageSize;

    /// <summary>Store ids of all books read.</summary>
    public IReadOnlyCollection<long> AdamIds => _books.Values.Select(b => b.AdamId).Distinct().ToList();

    /// <summary>The list of books was read completely and nothing moved.</summary>
    public bool BooksClean { get; private set; }

    /// <summary>The list of people was read from beginning to end and nothing moved.</summary>
    public bool UsersComplete { get; private set; }

    /// <summary>Nothing moved in any list that was not read again.</summary>
    public bool Clean { get; private set; } = true;

    /// <summary>Every book's assignments are either read completely or add up to Apple's count.</summary>
    public bool AssignmentsVerified { get; private set; }

    /// <summary>People and assignments were both read from beginning to end.</summary>
    public bool Full { get; private set; } = true;

    public string? UsersVersionId { get; private set; }

    public string? AssignmentsVersionId { get; private set; }

    public async Task ReadBooksAsync(CancellationToken cancellationToken)
    {
        var assets = new Dictionary<AssetKey, Asset>();
        var traversal = await client.ReadAssetsAsync(
            apple,
            new AssetQuery(ProductType.Book),
            (rows, _) =>
            {
                // Apps never appear, whatever the filter at the other end does.
                foreach (var asset in rows.Where(a => a.ProductType == ProductType.Book))
                {
                    assets[asset.Key] = asset;
                }

                _pageSize = Math.Max(_pageSize, rows.Count);
                CrashPoint.Hit(PageRead);
                return ValueTask.CompletedTask;
            },
            progress.Follow(),
            cancellationToken);
        BooksClean = Note("assets", traversal);
        progress.Run.Pages = traversal.Pages;

        var known = await ListKnownAsync(cancellationToken);
        foreach (var (key, asset) in assets)
        {
            if (long.TryParse(key.AdamId, NumberStyles.None, CultureInfo.InvariantCulture, out var adamId))
            {
                _books[key] = new StagedBook
                {
                    RunId = staging.RunId,
                    Key = _books.Count + 1,
                    BookId = known.TryGetValue((adamId, key.PricingParam), out var id) ? id : null,
                    PublicId = ids.NewId(),
                    AdamId = adamId,
                    PricingParam = key.PricingParam,
                    TotalCount = asset.TotalCount,
                    AssignedCount = asset.AssignedCount,
                    AvailableCount = asset.AvailableCount,
                    RetiredCount = asset.RetiredCount,
                    Unlimited = asset.Unlimited,
                };
            }
        }

        progress.Run.BooksRead = _books.Count;
        await staging.AddBooksAsync(_books.Values, cancellationToken);
    }

    public async Task ReadUsersAsync(CancellationToken cancellationToken)
    {
        var (traversal, all) = await LedgerReader.DeltaOrAllAsync(
            _fromStart ? null : location.UsersVersionId,
            version => client.ReadUsersAsync(apple, new VppUserQuery(SinceVersionId: version), StageUsersAsync, progress.Follow(), cancellationToken));
        var clean = Note("users", traversal);
        UsersComplete = all && clean;
        Full &= all;
        UsersVersionId = traversal.FirstVersionId ?? location.UsersVersionId;
        progress.Run.PeopleRead = (int)traversal.Rows;
        await staging.FlushAsync(cancellationToken);
    }

    /// <summary>Assignments: what changed since the last reading where that is known, otherwise all; then every book's count is checked.</summary>
    public async Task ReadAssignmentsAsync(CancellationToken cancellationToken)
    {
        var before = progress.Run.Pages;
        if (_fromStart || location.AssignmentsVersionId is null || !await ReadDeltaAsync(location.AssignmentsVersionId, cancellationToken))
        {
            await ReadAllAsync(cancellationToken);
        }
        else
        {
            Full = false;
        }

        await staging.FlushAsync(cancellationToken);
        await VerifyAsync(cancellationToken);
        progress.Run.Pages = Math.Max(progress.Run.Pages, before);
    }

    private async Task<bool> ReadDeltaAsync(string since, CancellationToken cancellationToken)
    {
        try
        {
            var traversal = await client.ReadAssignmentsAsync(apple, new AssignmentQuery(SinceVersionId: since), first: null, StageAsync, progress.Follow(), cancellationToken);
            Note("assignments", traversal);
            AssignmentsVersionId = traversal.FirstVersionId ?? since;
            progress.Run.AssignmentsRead = (int)traversal.Rows;
            return true;
        }
        catch (AppleRefusedException refused) when (refused.Refusal.Error.Category == ErrorCategory.Version)
        {
            return false;
        }
    }

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        // The first page tells how long the list is, apps included, and the version that the next delta starts from.
        var first = await client.GetFirstAssignmentsPageAsync(apple, new AssignmentQuery(), cancellationToken);
        AssignmentsVersionId = first.VersionId ?? location.AssignmentsVersionId;
        _pageSize = Math.Max(_pageSize, first.Rows.Count);
        var held = _books.Values.Where(b => b.AssignedCount > 0).ToList();
        if (first.TotalPages - 1 <= held.Sum(PagesOf))
        {
            var traversal = await client.ReadAssignmentsAsync(apple, new AssignmentQuery(), first, StageAsync, progress.Follow(), cancellationToken);
            progress.Run.AssignmentsRead = (int)traversal.Rows;
            if (Note("assignments", traversal))
            {
                await staging.CompleteAllAsync(cancellationToken);
                _complete.UnionWith(_books.Values.Select(b => b.Key));
            }

            return;
        }

        progress.Count(1);
        await ReadCompletelyAsync(held, cancellationToken);
    }

    /// <summary>Reads some books one by one; small ones several at once, because a request mostly waits.</summary>
    private async Task ReadCompletelyAsync(IReadOnlyCollection<StagedBook> books, CancellationToken cancellationToken)
    {
        var done = new System.Collections.Concurrent.ConcurrentBag<int>();
        var moved = 0;
        var (pages, rows, total) = (0, 0L, books.Sum(PagesOf));
        await Parallel.ForEachAsync(
            books.Where(b => PagesOf(b) <= 1),
            new ParallelOptions { MaxDegreeOfParallelism = client.ParallelPages, CancellationToken = cancellationToken },
            async (book, stop) => await ReadOneAsync(book, stop));
        foreach (var book in books.Where(b => PagesOf(b) > 1))
        {
            await ReadOneAsync(book, cancellationToken);
        }

        if (moved > 0)
        {
            Clean = false;
            logger.DataMoved(progress.Run.Id, "assignments of a book");
        }

        progress.Run.AssignmentsRead += (int)rows;
        progress.Count(pages);
        await staging.CompleteAsync(done, cancellationToken);
        _complete.UnionWith(done);

        async Task ReadOneAsync(StagedBook book, CancellationToken stop)
        {
            var asset = new AssetKey(book.AdamId.ToString(CultureInfo.InvariantCulture), book.PricingParam);
            var traversal = await client.ReadAssignmentsAsync(
                apple,
                new AssignmentQuery(asset.AdamId, asset.PricingParam),
                first: null,
                (page, token) => StageAsync(page, found => found == asset ? book.Key : null, token),
                progress: null,
                stop);
            if (traversal.Clean)
            {
                done.Add(book.Key);
            }
            else
            {
                Interlocked.Increment(ref moved);
            }

            var read = Interlocked.Add(ref pages, traversal.Pages);
            progress.Tell(new PageProgress(read, Math.Max(total, read), Interlocked.Add(ref rows, traversal.Rows)), force: false);
        }
    }

    /// <summary>
    /// A book's count against our own rows is a complete audit that costs nothing, because a book's license never comes back: only books
    /// that differ are read completely.
    /// </summary>
    private async Task VerifyAsync(CancellationToken cancellationToken)
    {
        var open = _books.Values.Where(b => !_complete.Contains(b.Key)).ToList();
        if (open.Count > 0)
        {
            var expected = await CountExpectedAsync(cancellationToken);
            // Nobody holds them, and we never saw anybody hold them: known without reading. A count alone takes no license off our books.
            await CompleteAsync(open.Where(b => b.AssignedCount == 0 && expected.GetValueOrDefault(b.Key) == 0), cancellationToken);
            var differing = open.Where(b => expected.GetValueOrDefault(b.Key) != b.AssignedCount).ToList();
            if (differing.Count > 0)
            {
                logger.BooksDiffer(progress.Run.Id, differing.Count);
                await staging.DropAssignmentsAsync([.. differing.Select(b => b.Key)], cancellationToken);
                await ReadCompletelyAsync(differing, cancellationToken);
                AssignmentsVerified = differing.TrueForAll(b => _complete.Contains(b.Key));
                return;
            }
        }

        AssignmentsVerified = true;
    }

    private async Task CompleteAsync(IEnumerable<StagedBook> books, CancellationToken cancellationToken)
    {
        var keys = books.Select(b => b.Key).ToList();
        if (BooksClean && keys.Count > 0)
        {
            await staging.CompleteAsync(keys, cancellationToken);
            _complete.UnionWith(keys);
        }
    }

    /// <summary>Rows per book after publishing: what we hold and what is staged and new.</summary>
    private async Task<Dictionary<int, long>> CountExpectedAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var held = await LedgerPublisher.CountRowsAsync(db, staging.RunId, cancellationToken);
        var news = await bulk.CountNewsAsync(db, new BulkScope(staging.RunId, location.Id, default), cancellationToken);
        var expected = news.ToDictionary(n => n.BookKey, n => n.Rows);
        foreach (var book in _books.Values)
        {
            if (book.BookId is { } id && held.TryGetValue(id, out var rows))
            {
                expected[book.Key] = expected.GetValueOrDefault(book.Key) + rows;
            }
        }

        return expected;
    }

    private ValueTask StageAsync(IReadOnlyList<Assignment> rows, CancellationToken cancellationToken) =>
        StageAsync(rows, key => _books.TryGetValue(key, out var book) ? book.Key : null, cancellationToken);

    private async ValueTask StageAsync(IReadOnlyList<Assignment> rows, Func<AssetKey, int?> findKey, CancellationToken cancellationToken)
    {
        await staging.AddAssignmentsAsync(rows, findKey, cancellationToken);
        CrashPoint.Hit(PageRead);
    }

    private async ValueTask StageUsersAsync(IReadOnlyList<VppUserRow> rows, CancellationToken cancellationToken)
    {
        await staging.AddUsersAsync(rows, cancellationToken);
        CrashPoint.Hit(PageRead);
    }

    private int PagesOf(StagedBook book) => (int)Math.Min(int.MaxValue, (book.AssignedCount + Math.Max(_pageSize, 1) - 1) / Math.Max(_pageSize, 1));

    private bool Note(string list, Traversal traversal)
    {
        if (!traversal.Clean)
        {
            Clean = false;
            logger.DataMoved(progress.Run.Id, list);
        }

        return traversal.Clean;
    }

    private async Task<Dictionary<(long, PricingParam), int>> ListKnownAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Books.AsNoTracking().Where(b => b.LocationId == location.Id)
            .Select(b => new { b.Id, b.AdamId, b.PricingParam })
            .ToDictionaryAsync(b => (b.AdamId, b.PricingParam), b => b.Id, cancellationToken);
    }
}
