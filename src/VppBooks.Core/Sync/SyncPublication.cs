using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

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
        var before = await OutAsync(db, location.Id, cancellationToken);
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

        AuditBooks(db, location.Id, before, await OutAsync(db, location.Id, cancellationToken), scope.Now);
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

    // Few: books that Apple no longer lists, and those that were removed.
    private static Task<Dictionary<int, OutBook>> OutAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken) => db.Books
        .Where(b => b.LocationId == locationId && (b.NoLongerReported || b.RemovedAt != null))
        .ToDictionaryAsync(b => b.Id, b => new OutBook(b.NoLongerReported, b.RemovedAt != null, b.TotalCount), cancellationToken);

    // What the statements did to books as such, beside their counts, which have their snapshots (I9).
    private static void AuditBooks(VppBooksDbContext db, int locationId, Dictionary<int, OutBook> before, Dictionary<int, OutBook> after, DateTimeOffset now)
    {
        foreach (var id in before.Keys.Union(after.Keys).Order())
        {
            var (was, becomes) = (before.GetValueOrDefault(id), after.GetValueOrDefault(id));
            if (!was.Unlisted && becomes.Unlisted)
            {
                db.Audit(Actor.System, now, "book.unlisted", new AuditSubject(locationId, id), new { licenses = becomes.Licenses });
            }
            else if (was.Unlisted && !becomes.Unlisted)
            {
                db.Audit(Actor.System, now, "book.listed", new AuditSubject(locationId, id));
            }

            if (was.Removed && !becomes.Removed)
            {
                db.Audit(Actor.System, now, "book.restored", new AuditSubject(locationId, id));
            }
        }
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

    /// <summary>How a book is out of the ordinary.</summary>
    /// <param name="Unlisted">Apple does not list it.</param>
    /// <param name="Removed">An administrator removed it.</param>
    /// <param name="Licenses">What is left of it.</param>
    private readonly record struct OutBook(bool Unlisted, bool Removed, long Licenses);
}
