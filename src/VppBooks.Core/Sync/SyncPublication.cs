using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Sync;

/// <summary>The one transaction in which a run becomes visible: books, people, holdings, ledger, watermarks, location and run record (I6).</summary>
internal sealed class SyncPublication(LeasedWriter writer, IBulkStore bulk, LedgerPublisher ledger, TimeProvider clock)
{
    public Task<LedgerChanges> PublishAsync(Lease lease, Location location, SyncReading reading, SyncProgress progress, CancellationToken cancellationToken) =>
        writer.WriteAsync(
            lease,
            async db =>
            {
                await bulk.BeginLargeAsync(db, cancellationToken);
                try
                {
                    return await PublishAsync(db, location, reading, progress, cancellationToken);
                }
                finally
                {
                    await bulk.EndLargeAsync(db);
                }
            },
            cancellationToken);

    private async Task<LedgerChanges> PublishAsync(VppBooksDbContext db, Location location, SyncReading reading, SyncProgress progress, CancellationToken cancellationToken)
    {
        var run = progress.Run;
        var scope = new BulkScope(run.Id, location.Id, clock.GetUtcNow(), location.CountryOrRegion);
        var rows = await bulk.RunAsync(db, BulkStatements.UpdateBooks, scope, cancellationToken);
        rows += await bulk.RunAsync(db, BulkStatements.InsertBooks, scope, cancellationToken);
        await bulk.RunAsync(db, BulkStatements.ResolveBooks, scope, cancellationToken);
        rows += await bulk.RunAsync(db, BulkStatements.LinkTitles, scope, cancellationToken);
        rows += await ledger.PublishUsersAsync(db, scope, reading.UsersComplete, cancellationToken);
        var changes = await ledger.PublishAssignmentsAsync(db, scope, cancellationToken);
        if (reading.BooksClean)
        {
            rows += await bulk.RunAsync(db, BulkStatements.RetireBooks, scope, cancellationToken);
        }

        run.RowsChanged = rows + changes.Rows;
        await bulk.RunAsync(db, BulkStatements.SnapshotBooks, scope, cancellationToken);

        if (run.RowsChanged > 0)
        {
            await db.WantFollowingAtAsync(location.Id, cancellationToken);
        }

        await MarkLocationAsync(db, location, reading, run, cancellationToken);
        progress.End(reading.Clean ? SyncResult.Succeeded : SyncResult.Partial);
        db.SyncRuns.Update(run);
        CrashPoint.Hit("sync.before-publish");
        return changes;
    }

    private static async Task MarkLocationAsync(VppBooksDbContext db, Location location, SyncReading reading, SyncRun run, CancellationToken cancellationToken)
    {
        var complete = reading.BooksClean && reading.AssignmentsVerified;
        var fullSync = complete && reading.Full;
        await db.Locations.Where(l => l.Id == location.Id).ExecuteUpdateAsync(
            set => set
                .SetProperty(l => l.UsersVersionId, reading.UsersVersionId)
                .SetProperty(l => l.AssignmentsVersionId, reading.AssignmentsVersionId)
                .SetProperty(l => l.LastSyncedAt, run.StartedAt)
                .SetProperty(l => l.LastFullSyncAt, l => fullSync ? run.StartedAt : l.LastFullSyncAt)
                .SetProperty(l => l.MustReadFirst, l => !complete && l.MustReadFirst)
                .SetProperty(l => l.SyncStatus, SyncStatus.Completed),
            cancellationToken);
    }
}
