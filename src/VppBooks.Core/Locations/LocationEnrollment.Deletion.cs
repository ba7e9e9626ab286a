using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Locations;

public sealed partial class LocationEnrollment
{
    private static readonly LicenseState[] NotSent = [LicenseState.Reserved, LicenseState.Waiting, LicenseState.Held];
    private static readonly LicenseState[] UnderWay = [LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];
    private static readonly OperationState[] Open = [OperationState.Intended, OperationState.Submitted, OperationState.Unknown];

    /// <summary>What deletion would take away and what it would leave; null when there is no such location.</summary>
    public async Task<DeletionPreview?> PreviewDeletionAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        if (await FindAsync(publicId, cancellationToken) is not { } row)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await PreviewAsync(db, row.Id, cancellationToken);
    }

    /// <summary>
    /// Forgets the secret and everything that was not sent yet. What people hold, and the record of it, stays; nothing is released at Apple,
    /// because a book license cannot be. Refused while requests to Apple are open.
    /// </summary>
    public Task<ChangeLocationResult> DeleteAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) =>
        DeleteAsync(publicId, expectedVersion: null, actor, cancellationToken);

    /// <inheritdoc cref="DeleteAsync(Guid, Actor, CancellationToken)"/>
    /// <param name="publicId">The location.</param>
    /// <param name="expectedVersion">The version the decision was based on; null: whatever it is now.</param>
    /// <param name="actor">Who deletes it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ChangeLocationResult> DeleteAsync(Guid publicId, int? expectedVersion, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryDeleteAsync(publicId, expectedVersion, actor, cancellationToken);
            }
            catch (Exception e) when (attempt < 5 && (e is DbUpdateConcurrencyException || Contention.IsDeadlock(e)))
            {
                // A sync or another administrator changed the row meanwhile.
            }
        }
    }

    private static async Task<DeletionPreview> PreviewAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken)
    {
        var books = db.Books.Where(b => b.LocationId == locationId);
        var byState = await db.Licenses
            .Where(l => books.Any(b => b.Id == l.BookId))
            .GroupBy(l => l.State)
            .Select(g => new { State = g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.State, g => g.Count, cancellationToken);
        return new DeletionPreview(
            await books.CountAsync(b => b.RemovedAt == null, cancellationToken),
            byState.GetValueOrDefault(LicenseState.Assigned),
            NotSent.Sum(s => byState.GetValueOrDefault(s)),
            UnderWay.Sum(s => byState.GetValueOrDefault(s)),
            await db.Operations.CountAsync(o => o.LocationId == locationId && Open.Contains(o.State), cancellationToken),
            await db.GroupAssignments.CountAsync(a => books.Any(b => b.Id == a.BookId), cancellationToken),
            await db.VppUsers.CountAsync(u => u.LocationId == locationId && u.PersonId != null && !u.Retired, cancellationToken));
    }

    private async Task<ChangeLocationResult> TryDeleteAsync(Guid publicId, int? expectedVersion, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var row = await db.Locations.SingleOrDefaultAsync(l => l.PublicId == publicId && l.DeletedAt == null, cancellationToken);
        if (row is null)
        {
            return Refused(LocationRefusals.NotFound);
        }

        if (IsOther(row, expectedVersion))
        {
            return Refused(LocationRefusals.ChangedMeanwhile);
        }

        // Takes the lease away from whoever works on the location: a worker that was about to commit an operation fails instead, so none can
        // slip in between the check below and the commit.
        await db.LocationLeases.Where(l => l.LocationId == row.Id).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.Owner, "").SetProperty(l => l.FenceToken, l => l.FenceToken + 1), cancellationToken);
        var preview = await PreviewAsync(db, row.Id, cancellationToken);
        if (!preview.Possible)
        {
            return Refused(LocationRefusals.Unfinished(preview));
        }

        var now = clock.GetUtcNow();
        var books = db.Books.Where(b => b.LocationId == row.Id);
        // A commit that judged by the books of before must not come after this.
        await books.ExecuteUpdateAsync(set => set.SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);
        // Nor one that judged another token's book of a title by what was on its way here; and whom that one is meant for too is looked at again.
        await db.Books
            .Where(b => b.LocationId != row.Id && books.Any(own => own.AdamId == b.AdamId && db.Licenses.Any(l => l.BookId == own.Id && NotSent.Contains(l.State))))
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);
        var canceled = await db.Licenses
            .Where(l => NotSent.Contains(l.State) && books.Any(b => b.Id == l.BookId))
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Canceled).SetProperty(l => l.Cause, LicenseCause.TokenDeleted).SetProperty(l => l.ChangedAt, now), cancellationToken);
        var assigned = db.GroupAssignments.Where(a => books.Any(b => b.Id == a.BookId));
        // Each with its group, as when a plan takes it away: whoever asks what a group was given finds the end of it too.
        foreach (var gone in await assigned.AsNoTracking().OrderBy(a => a.Id).ToListAsync(cancellationToken))
        {
            var before = gone.Intent.ToString();
            db.Audit(
                actor, now, "assignment.removed", new AuditSubject(row.Id, gone.BookId, gone.GroupId), gone.GroupId is null ? new { target = "AllUsers", before } : new { before });
        }

        var assignments = await assigned.ExecuteDeleteAsync(cancellationToken);
        await EndPlansAsync(db, row.Id, actor, now, cancellationToken);

        // Invite codes are secrets too; a later connection reads them again.
        await db.VppUsers.Where(u => u.LocationId == row.Id && u.InviteSecret != null).ExecuteUpdateAsync(
            set => set.SetProperty(u => u.InviteSecret, (byte[]?)null).SetProperty(u => u.InviteHash, (byte[]?)null), cancellationToken);
        row.TokenSecret = null;
        row.TokenFingerprint = null;
        row.DeletedAt = now;
        row.ModifiedAt = now;
        row.State = TokenState.Unknown;
        row.StateErrorNumber = null;
        row.ClaimConfirmed = false;
        row.MustReadFirst = true;
        row.SyncWanted = null;
        row.SyncWantedByName = null;
        row.UsersVersionId = null;
        row.AssignmentsVersionId = null;
        db.Audit(actor, now, "location.deleted", new AuditSubject(row.Id), new
        {
            name = row.Name,
            location = row.LocationName,
            books = preview.Books,
            licensesKept = preview.LicensesAssigned,
            licensesCanceled = canceled,
            assignmentsRemoved = assignments,
        });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Tell(row.Id);
        logger.LocationDeleted(row.Id, canceled, assignments);
        return new ChangeLocationResult.Changed(row.PublicId, row.Version);
    }

    /// <summary>
    /// Nobody decides on a plan of the location any more. None of them, decided or not, says what stands once the location is connected again
    /// (<see cref="PlanHistory"/>).
    /// </summary>
    private static async Task EndPlansAsync(VppBooksDbContext db, int locationId, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var plans = db.Plans.Where(p => db.Books.Any(b => b.Id == p.BookId && b.LocationId == locationId));
        var undecided = plans.Where(p => p.State == PlanState.AwaitingApproval || p.State == PlanState.Undoable);
        foreach (var plan in await undecided.OrderBy(p => p.Id).Select(p => new { p.PublicId, p.BookId }).ToListAsync(cancellationToken))
        {
            db.Audit(actor, now, "plan.undone", new AuditSubject(locationId, plan.BookId), new { plan = plan.PublicId, because = nameof(LicenseCause.TokenDeleted) });
        }

        var name = LocationFields.Cut(actor.DisplayName, 256);
        await undecided.ExecuteUpdateAsync(
            set => set.SetProperty(p => p.State, PlanState.Undone).SetProperty(p => p.DecidedAt, now).SetProperty(p => p.DecidedByName, name), cancellationToken);
        await plans.Where(p => p.Before != null).ExecuteUpdateAsync(set => set.SetProperty(p => p.Before, (string?)null), cancellationToken);
    }
}
