using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Sync;

/// <summary>Writes the beginning and the end of runs, and what Apple says about the location itself.</summary>
public sealed class SyncRecords(IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, LedgerStagings stagings, IdSource ids, TimeProvider clock, ILogger<SyncRecords> logger)
{
    /// <summary>A run cleans up behind itself; a dead one is cleaned up after by one of the next few.</summary>
    private const int RunsToClean = 10;

    internal Task<(Location Location, SyncRun Run)> BeginAsync(Lease lease, SyncReason reason, string? requestedByName, Func<Location, bool> isFull, CancellationToken cancellationToken) => writer.WriteAsync(
        lease,
        async db =>
        {
            var location = await db.Locations.AsNoTracking().SingleAsync(l => l.Id == lease.LocationId, cancellationToken);
            var run = new SyncRun
            {
                PublicId = ids.NewId(),
                LocationId = lease.LocationId,
                Reason = reason,
                RequestedByName = requestedByName,
                Full = isFull(location),
                Phase = SyncPhase.Waiting,
                StartedAt = clock.GetUtcNow(),
            };
            db.SyncRuns.Add(run);
            await db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(
                set => set.SetProperty(l => l.SyncStatus, SyncStatus.InProgress).SetProperty(l => l.SyncWanted, (SyncReason?)null).SetProperty(l => l.SyncWantedByName, (string?)null),
                cancellationToken);
            return (location, run);
        },
        cancellationToken);

    /// <summary>Records an end that published nothing. Not cancelable: this is what cancellation leads to.</summary>
    internal Task EndAsync(Lease lease, SyncRun run, SyncFailure? failure, bool again) => writer.WriteAsync(
        lease,
        async db =>
        {
            run.ErrorCode = failure?.Code;
            run.ErrorDetail = failure?.Detail;
            run.ErrorNumber = failure?.ErrorNumber;
            run.RowsChanged = 0;
            db.SyncRuns.Update(run);

            // A run that was stopped says nothing about the numbers: they are as good as before it.
            var canceled = failure is null;
            await db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(
                set => set.SetProperty(l => l.SyncStatus, l => !canceled ? SyncStatus.Failed : l.LastSyncedAt == null ? SyncStatus.None : SyncStatus.Completed),
                CancellationToken.None);
            if (again)
            {
                await WishAgainAsync(db, run, CancellationToken.None);
            }
        },
        CancellationToken.None);

    internal async Task<bool> RecoverAsync(Lease lease, bool wantAnother, CancellationToken cancellationToken)
    {
        // Asked whenever a worker wakes: mostly there is nothing, and then nothing is written.
        if (!await HasLeftoversAsync(lease.LocationId, cancellationToken))
        {
            return false;
        }

        var (recent, interrupted) = await writer.WriteAsync(
            lease,
            async db =>
            {
                var open = await db.SyncRuns.Where(r => r.LocationId == lease.LocationId && r.Result == SyncResult.Running).ToListAsync(cancellationToken);
                foreach (var run in open)
                {
                    logger.SyncInterrupted(run.Id, lease.LocationId);
                    run.Result = SyncResult.Failed;
                    run.EndedAt = clock.GetUtcNow();
                    run.ErrorCode = SyncFailure.Interrupted.Code;
                    run.ErrorDetail = SyncFailure.Interrupted.Detail;
                }

                if (open.Count > 0)
                {
                    await db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(set => set.SetProperty(l => l.SyncStatus, SyncStatus.Failed), cancellationToken);
                    if (wantAnother)
                    {
                        await WishAgainAsync(db, open[^1], cancellationToken);
                    }
                }

                return (await Recent(db, lease.LocationId).ToListAsync(cancellationToken), open.Count > 0);
            },
            cancellationToken);
        await stagings.ClearAsync(lease, [.. recent, LedgerStagings.BetweenSyncs(lease.LocationId)], cancellationToken);
        return interrupted;
    }

    /// <summary>Takes over what client config tells about the location, where it differs; a token that answers is valid again.</summary>
    internal Task DescribeAsync(Lease lease, Location known, ClientConfig config, CancellationToken cancellationToken)
    {
        var name = Cut(config.LocationName, 256) ?? known.LocationName;
        var platform = Cut(config.DefaultPlatform, 64) ?? known.DefaultPlatform;
        var website = Cut(config.WebsiteUrl, 512) ?? known.WebsiteUrl;
        var expires = config.Envelope.TokenExpires ?? known.TokenExpires;
        var revived = known.State is TokenState.Unknown or TokenState.Expired or TokenState.Invalid;
        if (!revived && name == known.LocationName && platform == known.DefaultPlatform && website == known.WebsiteUrl && expires == known.TokenExpires)
        {
            return Task.CompletedTask;
        }

        (known.LocationName, known.DefaultPlatform, known.WebsiteUrl, known.TokenExpires) = (name, platform, website, expires);
        return writer.WriteAsync(
            lease,
            async db =>
            {
                var now = clock.GetUtcNow();
                await db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(
                    set => set
                        .SetProperty(l => l.LocationName, name)
                        .SetProperty(l => l.DefaultPlatform, platform)
                        .SetProperty(l => l.WebsiteUrl, website)
                        .SetProperty(l => l.TokenExpires, expires)
                        .SetProperty(l => l.ModifiedAt, now),
                    cancellationToken);
                if (revived)
                {
                    await db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(
                        set => set.SetProperty(l => l.State, TokenState.Valid).SetProperty(l => l.StateErrorNumber, (int?)null), cancellationToken);
                    db.Audit(Actor.System, now, "location.state-changed", new AuditSubject(lease.LocationId), new { before = known.State.ToString(), after = nameof(TokenState.Valid) });
                }
            },
            cancellationToken);
    }

    /// <summary>The wish went with the beginning of the run. One that came in since stands before it.</summary>
    private static async Task WishAgainAsync(VppBooksDbContext db, SyncRun run, CancellationToken cancellationToken)
    {
        SyncReason? reason = run.Reason;
        var name = run.RequestedByName;
        await db.Locations.Where(l => l.Id == run.LocationId && l.DeletedAt == null && l.SyncWanted == null).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.SyncWanted, reason).SetProperty(l => l.SyncWantedByName, name), cancellationToken);
        await db.Locations.Where(l => l.Id == run.LocationId && l.SyncWanted != null).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.SyncStatus, SyncStatus.InProgress), cancellationToken);
    }

    private async Task<bool> HasLeftoversAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.SyncRuns.AnyAsync(r => r.LocationId == locationId && r.Result == SyncResult.Running, cancellationToken))
        {
            return true;
        }

        List<int> runs = [.. await Recent(db, locationId).ToListAsync(cancellationToken), LedgerStagings.BetweenSyncs(locationId)];
        return await db.StagedBooks.AnyAsync(s => runs.Contains(s.RunId), cancellationToken)
            || await db.StagedUsers.AnyAsync(s => runs.Contains(s.RunId), cancellationToken)
            || await db.StagedAssignments.AnyAsync(s => runs.Contains(s.RunId), cancellationToken)
            || await db.StagedLicenses.AnyAsync(s => runs.Contains(s.RunId), cancellationToken);
    }

    private static IQueryable<int> Recent(VppBooksDbContext db, int locationId) =>
        db.SyncRuns.Where(r => r.LocationId == locationId).OrderByDescending(r => r.Id).Take(RunsToClean).Select(r => r.Id);

    private static string? Cut(string? text, int length) => text is null || text.Length <= length ? text : text[..length];
}
