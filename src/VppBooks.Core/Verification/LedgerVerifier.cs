using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Verification;

/// <summary>How patiently a difference is looked at again.</summary>
public sealed class VerificationOptions
{
    /// <summary>How often a difference without an explanation is looked at again before it is reported.</summary>
    public int Looks { get; init; } = 2;

    /// <summary>A row of the audit trail as the log or a forwarded copy names it; null for none.</summary>
    public AuditAnchor? Anchor { get; set; }

    /// <summary>Time between two looks: work that goes on meanwhile comes to an end.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>
/// Checks the ledger against a fresh and complete reading of Apple and against its own records: I1, I2, I3, I7 and I9. Changes nothing at Apple and nothing in our
/// tables, needs no lease and disturbs no work: it is the first thing to do after a restore.
/// </summary>
public sealed class LedgerVerifier(
    IDbContextFactory<VppBooksDbContext> contexts, AppleClient client, LocationConnections connections, AuditChainCheck chains, VerificationOptions options, TimeProvider clock, ILogger<LedgerVerifier> logger)
{
    /// <summary>Verifies every location.</summary>
    /// <returns>Failures of Apple are part of the result; failures of our own database are thrown.</returns>
    public async Task<VerificationResult> VerifyAsync(IProgress<VerificationProgress>? progress, CancellationToken cancellationToken)
    {
        var started = clock.GetUtcNow();
        List<Location> locations;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            // Of a deleted one the ledger stays, but nobody can read it at Apple any more.
            locations = await db.Locations.AsNoTracking().Where(l => l.DeletedAt == null).OrderBy(l => l.Name).ThenBy(l => l.Id).ToListAsync(cancellationToken);
        }

        var counts = new List<VerifiedCounts>();
        var differences = new List<Difference>();
        var holdings = new List<LocationHoldings>();
        for (var i = 0; i < locations.Count; i++)
        {
            var (location, number) = (locations[i], i + 1);
            var pages = new Pages(read => progress?.Report(new VerificationProgress(location.Name, number, locations.Count, read)));
            pages.Report(0);
            var meter = new RequestMeter();
            var (found, holding) = await CompareAsync(location, meter, pages, cancellationToken);
            differences.AddRange(found);
            differences.AddRange(await RecordsAsync(location.Id, cancellationToken));
            if (holding is not null)
            {
                holdings.Add(holding);
            }

            counts.Add(await CountAsync(location, holding, meter.Requests, cancellationToken));
        }

        var records = await chains.CheckAsync(options.Anchor, cancellationToken);
        differences.AddRange(records.Faults.Select(Of));
        differences.AddRange(await new TitleTwice(contexts, holdings).FindAsync(cancellationToken));
        var result = new VerificationResult
        {
            StartedAt = started,
            EndedAt = clock.GetUtcNow(),
            Locations = counts,
            RecordsSealed = records.Sealed,
            RecordsWaiting = records.Waiting,
            Differences = [.. differences.OrderBy(d => d.Explained).ThenBy(d => d.Kind)],
        };
        logger.Verified(counts.Count(c => c.Checked), counts.Count, result.Differences.Count, result.Unexplained);
        return result;
    }

    private async Task<(IReadOnlyList<Difference> Differences, LocationHoldings? Holdings)> CompareAsync(
        Location location, RequestMeter meter, IProgress<int> pages, CancellationToken cancellationToken)
    {
        if (WaitingFor.Of(location, clock.GetUtcNow()) is { } waiting)
        {
            return ([NotChecked(location, waiting)], null);
        }

        try
        {
            return await ReadAndCompareAsync(location, meter, pages, cancellationToken);
        }
        catch (Exception failure) when (failure is AppleException or TokenUnreadableException)
        {
            logger.NotVerified(location.Id, failure.GetType().Name, (failure as AppleRefusedException)?.Refusal.Error.Number);
            return ([NotChecked(location, WaitingFor.Of(failure, clock.GetUtcNow()))], null);
        }
    }

    private async Task<(IReadOnlyList<Difference> Differences, LocationHoldings Holdings)> ReadAndCompareAsync(
        Location location, RequestMeter meter, IProgress<int> pages, CancellationToken cancellationToken)
    {
        var reading = new AppleReading(client, connections.Connect(location, meter), meter, pages);
        await reading.ReadAsync(location, await HeldBooksAsync(location.Id, cancellationToken), cancellationToken);
        var (comparison, findings) = await LookAsync(location.Id, reading, reading.Books.Values, cancellationToken);
        for (var look = 0; look < options.Looks && findings.Values.Any(f => f.Again); look++)
        {
            // Work goes on while we read: what is gone after a moment was no difference.
            await Task.Delay(options.Pause, clock, cancellationToken);
            var doubtful = findings.Where(f => f.Value.Again).Select(f => reading.Books[f.Key]).ToList();
            await reading.ReadAgainAsync(doubtful, cancellationToken);
            (comparison, var again) = await LookAsync(location.Id, reading, doubtful, cancellationToken);
            foreach (var book in doubtful)
            {
                findings.Remove(book.Key);
            }

            foreach (var (key, finding) in again)
            {
                findings[key] = finding;
            }
        }

        reading.ForgetTexts();
        var differences = findings.Values.SelectMany(f => f.Differences).ToList();
        return (differences, new LocationHoldings(
            new VerifiedLocation(location.PublicId, location.Name),
            reading,
            comparison.PersonOf,
            differences.Where(d => d is { Kind: DifferenceKind.NotInLedger, Explained: false }).Select(d => d.Book!.AdamId).ToHashSet()));
    }

    /// <summary>Compares after Apple was read, with the location's row of that moment: a sync may have ended meanwhile.</summary>
    private async Task<(BookComparison Comparison, Dictionary<AssetKey, BookFindings> Findings)> LookAsync(
        int locationId, AppleReading reading, IEnumerable<BookAtApple> books, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var location = await db.Locations.AsNoTracking().SingleAsync(l => l.Id == locationId, cancellationToken);
        var comparison = new BookComparison(db, location, reading, WaitingFor.Of(location, clock.GetUtcNow()));
        await comparison.LoadAsync(cancellationToken);
        return (comparison, await comparison.CompareAsync(books, cancellationToken));
    }

    /// <summary>Our own records, twice where they look wrong: a row may be between two steps.</summary>
    private async Task<List<Difference>> RecordsAsync(int locationId, CancellationToken cancellationToken)
    {
        var found = await OnceAsync();
        for (var look = 0; look < options.Looks && found.Exists(d => !d.Explained); look++)
        {
            await Task.Delay(options.Pause, clock, cancellationToken);
            found = await OnceAsync();
        }

        return found;

        async Task<List<Difference>> OnceAsync()
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var (location, now) = (await db.Locations.AsNoTracking().SingleAsync(l => l.Id == locationId, cancellationToken), clock.GetUtcNow());
            return await new RecordCheck(db, location, WaitingFor.Of(location, now), now).FindAsync(cancellationToken);
        }
    }

    private async Task<IReadOnlyCollection<AssetKey>> HeldBooksAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Books.AsNoTracking()
            .Where(b => b.LocationId == locationId && db.Licenses.Any(l => l.BookId == b.Id))
            .AsAsyncEnumerable().Select(b => b.Key).ToListAsync(cancellationToken);
    }

    private async Task<VerifiedCounts> CountAsync(Location location, LocationHoldings? holdings, int requests, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return new VerifiedCounts
        {
            Location = new VerifiedLocation(location.PublicId, location.Name),
            Checked = holdings is not null,
            Books = holdings?.Reading.Books.Values.Count(b => b.Asset is not null) ?? 0,
            People = holdings?.Reading.People ?? 0,
            Assignments = holdings?.Reading.Books.Values.Sum(b => (long)b.Rows.Count) ?? 0,
            Licenses = await db.Licenses.CountAsync(l => db.Books.Any(b => b.Id == l.BookId && b.LocationId == location.Id), cancellationToken),
            Operations = await db.Operations.CountAsync(o => o.LocationId == location.Id, cancellationToken),
            Requests = requests,
        };
    }

    private static Difference Of(ChainFault fault) => new()
    {
        Kind = fault.Kind switch
        {
            ChainFaultKind.Changed => DifferenceKind.RecordChanged,
            ChainFaultKind.Removed => DifferenceKind.RecordRemoved,
            ChainFaultKind.Inserted => DifferenceKind.RecordInserted,
            ChainFaultKind.CutOff => DifferenceKind.RecordsCutOff,
            ChainFaultKind.NotSigned => DifferenceKind.RecordsNotSigned,
            ChainFaultKind.Backdated => DifferenceKind.RecordBackdated,
            _ => DifferenceKind.AnchorNotFound,
        },
        Cause = DifferenceCause.None,
        Count = fault.Count,
        Chain = fault.Chain,
        Sequence = fault.Sequence,
        At = fault.At,
    };

    private static Difference NotChecked(Location location, WaitingFor waiting) => new()
    {
        Kind = DifferenceKind.NotChecked,
        Cause = waiting.Cause,
        Location = new VerifiedLocation(location.PublicId, location.Name),
        Count = 1,
        At = waiting.At,
        ErrorNumber = waiting.ErrorNumber,
        Name = waiting.Name,
    };

    /// <summary>Tells at once: <see cref="Progress{T}"/> would post to a thread and tell late.</summary>
    private sealed class Pages(Action<int> tell) : IProgress<int>
    {
        public void Report(int value) => tell(value);
    }
}
