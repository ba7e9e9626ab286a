using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Telemetry;

/// <summary>Reads the figures behind the gauges: books' counts and open rows, never the whole ledger.</summary>
public sealed class TelemetryReader(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    /// <summary>All of it.</summary>
    /// <exception cref="System.Data.Common.DbException">The database does not answer.</exception>
    public async Task<TelemetryFigures> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var connected = db.Locations.Where(l => l.DeletedAt == null);
        var locations = await connected.AsNoTracking().OrderBy(l => l.Id)
            .Select(l => new { l.Id, l.PublicId, l.Name, l.State, l.TokenExpires, l.SyncStatus, l.LastSyncedAt, l.CreatedAt })
            .ToListAsync(cancellationToken);
        var counts = await db.Books.Where(b => !b.Unlimited && connected.Any(l => l.Id == b.LocationId))
            .GroupBy(b => b.LocationId)
            .Select(g => new { LocationId = g.Key, Total = g.Sum(b => b.TotalCount), Used = g.Sum(b => b.AssignedCount), Free = g.Sum(b => b.AvailableCount) })
            .ToDictionaryAsync(g => g.LocationId, cancellationToken);
        var licenses = await (
                from location in connected
                join book in db.Books on location.Id equals book.LocationId
                join license in db.Licenses on book.Id equals license.BookId
                where license.State != LicenseState.Assigned
                group license by new { location.PublicId, license.State } into states
                select new LicenseFigures(states.Key.PublicId, states.Key.State, states.Count()))
            .ToListAsync(cancellationToken);
        // What is settled is too much to be counted row by row: each book has Apple's count of it.
        var assigned = await db.Books.Join(connected, b => b.LocationId, l => l.Id, (b, l) => new { l.PublicId, b.AssignedCount })
            .GroupBy(b => b.PublicId)
            .Select(g => new LicenseFigures(g.Key, LicenseState.Assigned, g.Sum(b => b.AssignedCount)))
            .ToListAsync(cancellationToken);
        var operations = await (
                from operation in db.Operations
                where operation.State == OperationState.Intended || operation.State == OperationState.Submitted || operation.State == OperationState.Unknown
                join location in connected on operation.LocationId equals location.Id
                group operation by new { location.PublicId, operation.Kind, operation.State } into open
                select new OperationFigures(open.Key.PublicId, open.Key.Kind, open.Key.State, open.Count(), open.Min(o => o.CreatedAt)))
            .ToListAsync(cancellationToken);
        return new TelemetryFigures(
            clock.GetUtcNow(),
            locations.ConvertAll(l => counts.TryGetValue(l.Id, out var c)
                ? new LocationFigures(l.PublicId, l.Name, l.State, l.TokenExpires, l.SyncStatus, l.LastSyncedAt ?? l.CreatedAt, c.Total, c.Used, c.Free)
                : new LocationFigures(l.PublicId, l.Name, l.State, l.TokenExpires, l.SyncStatus, l.LastSyncedAt ?? l.CreatedAt, 0, 0, 0)),
            [.. assigned, .. licenses],
            operations);
    }
}
