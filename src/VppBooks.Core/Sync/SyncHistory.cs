using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Sync;

/// <summary>How long a phase took.</summary>
public sealed record PhaseDuration(SyncPhase Phase, TimeSpan Duration);

/// <summary>A sync run as screens and the API show it.</summary>
/// <param name="RunId">Internal id, as in <see cref="Signals.Change.OfSync"/>.</param>
/// <param name="ErrorDetail">What went wrong and what to do, English.</param>
/// <param name="Phases">Durations of the phases that ended, in order.</param>
public sealed record SyncRunSummary(
    int RunId,
    Guid PublicId,
    int LocationId,
    Guid LocationPublicId,
    string TokenName,
    SyncReason Reason,
    string? RequestedByName,
    bool Full,
    SyncResult Result,
    SyncPhase Phase,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    int Requests,
    int Pages,
    int BooksRead,
    int PeopleRead,
    int AssignmentsRead,
    int RowsChanged,
    int? ErrorNumber,
    string? ErrorCode,
    string? ErrorDetail,
    IReadOnlyList<PhaseDuration> Phases);

/// <summary>A page of runs.</summary>
public sealed record SyncRunPage(IReadOnlyList<SyncRunSummary> Rows, int Total);

/// <summary>Past and present sync runs.</summary>
public sealed class SyncHistory(IDbContextFactory<VppBooksDbContext> contexts)
{
    private const int MaxTake = 999;

    /// <summary>Runs of a location, newest first; of all locations when <paramref name="locationPublicId"/> is null.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<SyncRunPage> ListAsync(Guid? locationPublicId, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = Of(db, locationPublicId);
        var total = await rows.CountAsync(cancellationToken);
        var page = await InOrder(rows)
            .Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, MaxTake))
            .ToListAsync(cancellationToken);
        return new SyncRunPage(page.ConvertAll(Summarize), total);
    }

    /// <summary>All runs of a location, newest first; of all locations when <paramref name="locationPublicId"/> is null.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async IAsyncEnumerable<SyncRunSummary> StreamAsync(Guid? locationPublicId, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = Of(db, locationPublicId);
        var all = WholeList.ReadAsync(
            InOrder(rows).Select(r => r.Run.Id),
            keys => rows.Where(r => keys.Contains(r.Run.Id)).ToDictionaryAsync(r => r.Run.Id, Summarize, cancellationToken),
            cancellationToken);
        await foreach (var run in all)
        {
            yield return run;
        }
    }

    /// <summary>One run; null when there is none with the id.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<SyncRunSummary?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Rows(db).SingleOrDefaultAsync(r => r.Run.PublicId == publicId, cancellationToken) is { } row ? Summarize(row) : null;
    }

    private static IQueryable<Row> Of(VppBooksDbContext db, Guid? locationPublicId) =>
        locationPublicId is { } id ? Rows(db).Where(r => r.Location.PublicId == id) : Rows(db);

    private static IQueryable<Row> InOrder(IQueryable<Row> rows) => rows.OrderByDescending(r => r.Run.StartedAt).ThenByDescending(r => r.Run.Id);

    private static IQueryable<Row> Rows(VppBooksDbContext db) =>
        from run in db.SyncRuns.AsNoTracking()
        join location in db.Locations on run.LocationId equals location.Id
        select new Row { Run = run, Location = new Owner { PublicId = location.PublicId, Name = location.Name } };

    private static SyncRunSummary Summarize(Row row)
    {
        var run = row.Run;
        return new SyncRunSummary(
            run.Id, run.PublicId, run.LocationId, row.Location.PublicId, row.Location.Name, run.Reason, run.RequestedByName, run.Full, run.Result, run.Phase, run.StartedAt, run.EndedAt,
            run.Requests, run.Pages, run.BooksRead, run.PeopleRead, run.AssignmentsRead, run.RowsChanged, run.ErrorNumber, run.ErrorCode, run.ErrorDetail, Durations(run.Phases));
    }

    private static IReadOnlyList<PhaseDuration> Durations(string? phases) =>
        phases is null
            ? []
            : [.. JsonSerializer.Deserialize<Dictionary<string, long>>(phases)!
                .Where(p => Enum.TryParse<SyncPhase>(p.Key, out _))
                .Select(p => new PhaseDuration(Enum.Parse<SyncPhase>(p.Key), TimeSpan.FromMilliseconds(p.Value)))
                .OrderBy(p => p.Phase)];

    private sealed class Row
    {
        public required SyncRun Run { get; init; }

        public required Owner Location { get; init; }
    }

    private sealed class Owner
    {
        public required Guid PublicId { get; init; }

        public required string Name { get; init; }
    }
}
