using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.People;

/// <summary>Has a refused registration tried again, after somebody removed its cause: an account of another organization, or one that another record uses.</summary>
public sealed class RegistrationRetries(IDbContextFactory<VppBooksDbContext> contexts, WorkSignal signal, TimeProvider clock)
{
    /// <summary>
    /// Forgets the refusal of one person at one location; the worker then registers the person again, or tells Apple the account once more of whoever is invited without it.
    /// Nothing is spent by it.
    /// </summary>
    /// <returns>False when there is no refusal to forget.</returns>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.ResendInvitation"/>.</exception>
    public async Task<bool> TryAgainAsync(Guid personPublicId, Guid locationPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ResendInvitation);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await (
                from user in db.VppUsers
                join person in db.People on user.PersonId equals person.Id
                join location in db.Locations on user.LocationId equals location.Id
                where person.PublicId == personPublicId && location.PublicId == locationPublicId && location.DeletedAt == null
                    && !user.Retired && user.OperationId == null
                    && (user.ErrorNumber != null || (user.ManagedAccountRefused && user.Status == VppUserStatus.Registered))
                select user)
            .FirstOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        db.Audit(actor, now, "registration.retried", new AuditSubject(found.LocationId, PersonId: found.PersonId), new { ErrorNumber = found.ErrorNumber ?? AccountRefusals.Refused });
        (found.ErrorNumber, found.Attempts, found.ManagedAccountRefused, found.ChangedAt) = (null, 0, false, now);
        found.UpdateWanted = found.Status != VppUserStatus.Unknown;
        await db.SaveChangesAsync(cancellationToken);
        signal.Wake(found.LocationId);
        return true;
    }
}
