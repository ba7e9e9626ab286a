#pragma warning disable CS9113 // Not yet read.
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

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
    /// <summary>Runs of a location, newest first; of all locations when <paramref name="locationPublicId"/> is null.</summary>
    public Task<SyncRunPage> ListAsync(Guid? locationPublicId, int skip, int take, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One run; null when there is none with the id.</summary>
    public Task<SyncRunSummary?> FindAsync(Guid publicId, CancellationToken cancellationToken) => throw new NotImplementedException();
}
