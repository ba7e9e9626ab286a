using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Telemetry;

namespace VppBooks.Core.Sync;

/// <summary>One pass over a location: reads Apple, then makes everything visible in one transaction (I6).</summary>
public sealed class LocationSync(
    IDbContextFactory<VppBooksDbContext> contexts,
    AppleClient client,
    LocationConnections connections,
    LocationHealth health,
    LeasedWriter writer,
    IBulkStore bulk,
    LedgerStagings stagings,
    LedgerPublisher ledger,
    TitleUpdater titles,
    RunningSyncs running,
    IdSource ids,
    SyncRecords records,
    NotificationRegistration notifications,
    ChangeFeed feed,
    WorkSignal work,
    ProductTelemetry telemetry,
    TimeProvider clock,
    ILogger<LocationSync> logger)
{
    /// <summary>People and assignments are read in full at least this often: a delta never shows what is gone.</summary>
    public static readonly TimeSpan FullReadEvery = TimeSpan.FromDays(1);

    /// <summary>Runs a sync under a held lease. Failures are told in the run, not thrown.</summary>
    /// <exception cref="LeaseLostException">Another owner took the location over; nothing was published.</exception>
    /// <exception cref="OperationCanceledException">The program stops; the run is recorded as canceled and wished for again.</exception>
    public async Task<SyncRun> RunAsync(Lease lease, SyncReason reason, string? requestedByName, CancellationToken cancellationToken)
    {
        using var entry = running.Enter(lease.LocationId, cancellationToken);
        var stopping = entry.Stopping;
        await records.RecoverAsync(lease, wantAnother: false, stopping);
        var (location, run) = await records.BeginAsync(lease, reason, requestedByName, IsFull, stopping);
        logger.SyncBegins(run.Id, lease.LocationId, run.Full);
        using var activity = ProductTelemetry.BeginSync(reason);
        var meter = new RequestMeter();
        var progress = new SyncProgress(run, lease, writer, feed, clock, meter);
        progress.Tell(default, force: true);
        try
        {
            var changes = await PassAsync(lease, location, progress, meter, stopping);
            progress.Published = true;
            CrashPoint.Hit("sync.after-publish");
            TellPublished(lease.LocationId, changes);
            await titles.FetchCoversAsync(lease.LocationId, stopping);
        }
        catch (LeaseLostException)
        {
            // The new owner has recorded the run as interrupted, or will; nothing of ours may be written any more.
            throw;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // An administrator who stops a run means it; a program that stops owes it.
            await EndAsync(lease, progress, SyncResult.Canceled, failure: null, again: cancellationToken.IsCancellationRequested);
        }
#pragma warning disable CA1031 // Whatever it was: the run has to end with a reason (I7).
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var failure = SyncFailure.Of(exception);
            logger.SyncFailed(exception, run.Id, lease.LocationId, run.Phase, failure.Code);
            await EndAsync(lease, progress, SyncResult.Failed, failure, again: false);
            await health.RecordAsync(lease.LocationId, exception, CancellationToken.None);
        }

        logger.SyncEnded(run.Id, lease.LocationId, run.Result, run.Requests, run.RowsChanged);
        telemetry.SyncEnded(location.PublicId, run, activity);
        await stagings.ClearAsync(lease, [run.Id], CancellationToken.None);
        progress.Tell(default, force: true);
        feed.Publish(new Change.OfLocation(lease.LocationId));
        cancellationToken.ThrowIfCancellationRequested();
        return run;

        bool IsFull(Location l) =>
            reason == SyncReason.TakeOver || l.UsersVersionId is null || l.AssignmentsVersionId is null || l.LastFullSyncAt is not { } last || clock.GetUtcNow() - last >= FullReadEvery;
    }

    /// <summary>Ends what a dead owner left running, cleans up after it and wishes for another run; called when a lease is taken.</summary>
    /// <returns>True when a run had been interrupted.</returns>
    public Task<bool> RecoverAsync(Lease lease, CancellationToken cancellationToken) => records.RecoverAsync(lease, wantAnother: true, cancellationToken);

    private async Task<LedgerChanges> PassAsync(Lease lease, Location location, SyncProgress progress, RequestMeter meter, CancellationToken cancellationToken)
    {
        await progress.EnterAsync(SyncPhase.Claim, cancellationToken);
        var apple = connections.Connect(location, meter);
        await CheckClaimAsync(lease, location, apple, cancellationToken);

        using var staging = await stagings.OpenAsync(lease, progress.Run.Id, cancellationToken);
        var reading = new SyncReading(contexts, client, bulk, apple, location, staging, progress, progress.Run.Full, ids, logger);
        await progress.EnterAsync(SyncPhase.Books, cancellationToken);
        await reading.ReadBooksAsync(cancellationToken);
        await progress.EnterAsync(SyncPhase.People, cancellationToken);
        await reading.ReadUsersAsync(cancellationToken);
        await progress.EnterAsync(SyncPhase.Assignments, cancellationToken);
        await reading.ReadAssignmentsAsync(cancellationToken);
        progress.Run.Full = reading.Full;

        await progress.EnterAsync(SyncPhase.Titles, cancellationToken);
        await titles.LookUpAsync(lease, new StoreQuery(location.CountryOrRegion, location.DefaultPlatform, "en", apple.Token), reading.AdamIds, cancellationToken);

        await progress.EnterAsync(SyncPhase.Publish, cancellationToken);
        return await new SyncPublication(writer, bulk, ledger, clock).PublishAsync(lease, location, reading, progress, cancellationToken);
    }

    private async Task CheckClaimAsync(Lease lease, Location location, AppleLocation apple, CancellationToken cancellationToken)
    {
        var config = await client.GetClientConfigAsync(apple, cancellationToken);
        if (config.Envelope.MdmInfo is not { } claim || !Guid.TryParse(claim.Id, out var claimId) || claimId != location.ClaimId)
        {
            throw new ClaimLostException(config.Envelope.MdmInfo);
        }

        await records.DescribeAsync(lease, location, config, cancellationToken);
        await notifications.CompareAsync(lease, location, config, cancellationToken);
    }

    private async Task EndAsync(Lease lease, SyncProgress progress, SyncResult result, SyncFailure? failure, bool again)
    {
        // Once it is published only covers are left: the run keeps its good end.
        if (!progress.Published)
        {
            progress.End(result);
            await records.EndAsync(lease, progress.Run, failure, again);
        }
    }

    private void TellPublished(int locationId, LedgerChanges changes)
    {
        // A page that shows one book listens for it; beyond that many the fact about the location says enough.
        foreach (var book in changes.Books.Take(200))
        {
            feed.Publish(new Change.OfBook(locationId, book.BookId));
        }

        feed.Publish(new Change.OfLocation(locationId));
        work.Wake(locationId);
    }
}
