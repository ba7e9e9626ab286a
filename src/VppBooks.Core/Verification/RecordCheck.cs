using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Verification;

/// <summary>Checks of our own rows, for which Apple need not be asked: operations that do not end (I7) and changes without their record (I9).</summary>
internal sealed class RecordCheck(VppBooksDbContext db, Location location, WaitingFor? waiting, DateTimeOffset now)
{
    /// <summary>Longer than this, nothing may be open without a live owner.</summary>
    private static readonly TimeSpan Patience = 2 * LocationLeases.Period;

    private readonly VerifiedLocation _where = new(location.PublicId, location.Name);

    /// <summary>All differences of the location's rows.</summary>
    public async Task<List<Difference>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<Difference>();
        found.AddRange(await OperationsAsync(cancellationToken));
        found.AddRange(await CarriedAsync(cancellationToken));
        found.AddRange(await StatesAsync(cancellationToken));
        found.AddRange(await AuditAsync(cancellationToken));
        return found;
    }

    private async Task<IEnumerable<Difference>> OperationsAsync(CancellationToken cancellationToken)
    {
        var late = now - Patience;
        var open = db.Operations.Where(o => o.LocationId == location.Id
            && (o.State == OperationState.Intended || o.State == OperationState.Submitted || o.State == OperationState.Unknown));
        // Whoever holds the lease is at work on this very thing, or about to.
        var alive = await db.LocationLeases.Where(l => l.LocationId == location.Id && l.Owner != "" && l.ExpiresAt >= now).Select(l => (long?)l.FenceToken).SingleOrDefaultAsync(cancellationToken);
        var orphaned = await open.Where(o => o.State == OperationState.Intended && o.CreatedAt < late && o.FenceToken != alive)
            .OrderBy(o => o.Id).Select(o => o.PublicId).ToListAsync(cancellationToken);
        var overdue = alive is not null ? [] : await open.Where(o => o.State != OperationState.Intended && o.NextCheckAt < late)
            .OrderBy(o => o.Id).Select(o => o.PublicId).ToListAsync(cancellationToken);
        var unasked = await open.Where(o => o.State != OperationState.Intended && o.NextCheckAt == null && o.CreatedAt < late)
            .OrderBy(o => o.Id).Select(o => o.PublicId).ToListAsync(cancellationToken);
        return
        [
            .. Of(DifferenceKind.OperationWithoutOwner, orphaned, waiting),
            .. Of(DifferenceKind.OperationOverdue, overdue, waiting),
            .. Of(DifferenceKind.OperationWithoutCheck, unasked, reason: null),
        ];
    }

    /// <summary>Licenses and registrations under way that no open operation carries: nobody will ever settle them.</summary>
    private async Task<IEnumerable<Difference>> CarriedAsync(CancellationToken cancellationToken)
    {
        var open = db.Operations.Where(o => o.State == OperationState.Intended || o.State == OperationState.Submitted || o.State == OperationState.Unknown);
        var licenses = await Here()
            .Where(l => (l.State == LicenseState.Submitting || l.State == LicenseState.Submitted || l.State == LicenseState.Unknown) && !open.Any(o => o.Id == l.OperationId))
            .OrderBy(l => l.Id).Select(l => l.PersonId).ToListAsync(cancellationToken);
        var users = await db.VppUsers.Where(u => u.LocationId == location.Id && u.PersonId != null && u.OperationId != null && !open.Any(o => o.Id == u.OperationId))
            .OrderBy(u => u.Id).Select(u => u.PersonId!.Value).ToListAsync(cancellationToken);
        return Of(DifferenceKind.WithoutOperation, licenses.Count + users.Count, await PeopleAsync([.. licenses, .. users], cancellationToken));
    }

    private async Task<IEnumerable<Difference>> StatesAsync(CancellationToken cancellationToken)
    {
        // Rows that are older than the records themselves have none of their beginning.
        var since = await db.LicenseChanges.OrderBy(c => c.Id).Select(c => (DateTimeOffset?)c.At).FirstOrDefaultAsync(cancellationToken);
        if (since is not { } recording)
        {
            return [];
        }

        var wrong = await Here()
            .Where(l => db.LicenseChanges.Any(c => c.LicenseId == l.Id)
                ? db.LicenseChanges.Where(c => c.LicenseId == l.Id).OrderByDescending(c => c.Id).Select(c => c.To).First() != l.State
                // A sync that finds a license as assigned changes no state: the row itself is the record.
                : l.CreatedAt >= recording && !(l.State == LicenseState.Assigned && l.Source == LicenseSource.FoundAtApple))
            .OrderBy(l => l.Id).Select(l => l.PersonId).ToListAsync(cancellationToken);

        var broken = await (
            from change in db.LicenseChanges
            join license in Here() on change.LicenseId equals license.Id
            let before = db.LicenseChanges.Where(p => p.LicenseId == change.LicenseId && p.Id < change.Id).OrderByDescending(p => p.Id).Select(p => (LicenseState?)p.To).FirstOrDefault()
            where before != null
                ? change.From != before
                : change.From != null && change.From != LicenseState.Assigned && license.CreatedAt >= recording
            orderby license.Id
            select license.PersonId).ToListAsync(cancellationToken);
        return
        [
            .. Of(DifferenceKind.StateNotRecorded, wrong.Count, await PeopleAsync(wrong, cancellationToken)),
            .. Of(DifferenceKind.HistoryBroken, broken.Count, await PeopleAsync(broken, cancellationToken)),
        ];
    }

    private async Task<IEnumerable<Difference>> AuditAsync(CancellationToken cancellationToken)
    {
        var operations = await db.Operations.Where(o => o.LocationId == location.Id).Select(o => new { o.Id, o.PublicId, o.State }).ToListAsync(cancellationToken);
        var (begun, ended) = (new HashSet<long>(), new HashSet<long>());
        await foreach (var row in db.AuditEvents
            .Where(a => a.LocationId == location.Id && a.OperationId != null && a.Action.StartsWith("operation."))
            .Select(a => new { a.Action, Id = a.OperationId!.Value }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            switch (row.Action)
            {
                case "operation.intended": begun.Add(row.Id); break;
                case "operation.settled" or "operation.refused" or "operation.not-sent": ended.Add(row.Id); break;
            }
        }

        return Of(
            DifferenceKind.AuditMissing,
            [.. operations.Where(o => !begun.Contains(o.Id) || (o.State is OperationState.Done or OperationState.Failed or OperationState.NotSent && !ended.Contains(o.Id))).Select(o => o.PublicId)],
            reason: null);
    }

    private IQueryable<License> Here() => db.Licenses.Where(l => db.Books.Any(b => b.Id == l.BookId && b.LocationId == location.Id));

    private async Task<List<Guid>> PeopleAsync(List<int> people, CancellationToken cancellationToken)
    {
        var first = people.Distinct().Take(Difference.MaxIds).ToList();
        return first.Count == 0 ? [] : await db.People.Where(p => first.Contains(p.Id)).OrderBy(p => p.Id).Select(p => p.DirectoryId).ToListAsync(cancellationToken);
    }

    private IEnumerable<Difference> Of(DifferenceKind kind, List<Guid> operations, WaitingFor? reason) => Of(kind, operations.Count, [.. operations.Take(Difference.MaxIds)], reason);

    private IEnumerable<Difference> Of(DifferenceKind kind, long count, List<Guid> ids, WaitingFor? reason = null)
    {
        if (count > 0)
        {
            yield return new Difference
            {
                Kind = kind,
                Cause = reason?.Cause ?? DifferenceCause.None,
                Location = _where,
                Count = count,
                Ids = ids,
                At = reason?.At,
                ErrorNumber = reason?.ErrorNumber,
                Name = reason?.Name,
            };
        }
    }
}
