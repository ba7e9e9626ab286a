using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Privacy;

/// <summary>What became of a wish to erase somebody.</summary>
public enum ErasureResult
{
    /// <summary>Done, now or before.</summary>
    Erased = 0,

    /// <summary>There is no such person here.</summary>
    NotFound,

    /// <summary>The directory still has the account: what is erased would be read again. Delete it there first.</summary>
    InDirectory,

    /// <summary>A license is on its way to them, and its outcome is not known yet. Try again when it is.</summary>
    LicenseOnItsWay,
}

/// <summary>
/// Erases who somebody was and keeps what was spent. The row stays under a number, with the licenses; the records at Apple keep their ids, which follow from the
/// location and the object id in the directory and tell neither (<see cref="ClientUserIds"/>): should that person return, they are found by them
/// (<see cref="ErasedPeople"/>) and no second license is bought.
/// </summary>
public sealed class PersonErasure(IDbContextFactory<VppBooksDbContext> contexts, IOptions<PrivacyOptions> options, IdSource ids, TimeProvider clock)
{
    private const int Window = 200;

    private static readonly LicenseState[] _onItsWay = [LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    /// <summary>Erases somebody whom the directory does not have any more.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.ManagePrivacy"/>.</exception>
    public async Task<ErasureResult> EraseAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManagePrivacy);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.People.Where(p => p.PublicId == publicId).Select(p => (int?)p.Id).SingleOrDefaultAsync(cancellationToken) is { } id
            ? await EraseAsync(db, id, actor, cancellationToken)
            : ErasureResult.NotFound;
    }

    /// <summary>Erases everybody who has been gone for longer than <see cref="PrivacyOptions.KeepNamesFor"/>.</summary>
    /// <returns>How many were erased.</returns>
    public async Task<int> EraseDueAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeepNamesFor is not { } kept)
        {
            return 0;
        }

        var before = clock.GetUtcNow() - kept;
        var (erased, last) = (0, 0);
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await db.People
                .Where(p => p.Id > last && p.ErasedAt == null && p.GoneSince <= before)
                .OrderBy(p => p.Id).Select(p => p.Id).Take(Window).ToListAsync(cancellationToken);
            if (due.Count == 0)
            {
                return erased;
            }

            foreach (var id in due)
            {
                erased += await EraseAsync(db, id, Actor.System, cancellationToken) == ErasureResult.Erased ? 1 : 0;
            }

            last = due[^1];
        }
    }

    private async Task<ErasureResult> EraseAsync(VppBooksDbContext db, int id, Actor actor, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var person = await db.People.SingleAsync(p => p.Id == id, cancellationToken);
        if (person.ErasedAt is not null)
        {
            return ErasureResult.Erased;
        }

        if (person.GoneSince is null)
        {
            return ErasureResult.InDirectory;
        }

        if (await db.Licenses.AnyAsync(l => l.PersonId == id && _onItsWay.Contains(l.State), cancellationToken))
        {
            return ErasureResult.LicenseOnItsWay;
        }

        var now = clock.GetUtcNow();
        person.ErasedAt = now;
        // Nobody in the directory has this one: what it says of others does not reach the row any more.
        person.DirectoryId = ids.NewId();
        person.DisplayName = ErasedPeople.NameOf(id);
        person.UserPrincipalName = "";
        (person.Mail, person.ManagedAppleAccount, person.Language, person.AccountEnabled) = (null, null, null, false);
        await db.GroupMemberships.Where(m => m.PersonId == id).ExecuteDeleteAsync(cancellationToken);
        await db.ManagedDevices.Where(d => d.PersonId == id).ExecuteDeleteAsync(cancellationToken);
        await db.DeviceReadings.Where(r => r.PersonId == id).ExecuteDeleteAsync(cancellationToken);
        await db.VppUsers.Where(u => u.PersonId == id).ExecuteUpdateAsync(
            set => set.SetProperty(u => u.InviteSecret, (byte[]?)null).SetProperty(u => u.InviteHash, (byte[]?)null), cancellationToken);
        db.Audit(actor, now, "person.erased", new AuditSubject(PersonId: id));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another server erased them at the same moment, or the directory has them again: the row says which.
            return await db.People.AsNoTracking().AnyAsync(p => p.Id == id && p.ErasedAt != null, cancellationToken) ? ErasureResult.Erased : ErasureResult.InDirectory;
        }

        await transaction.CommitAsync(cancellationToken);
        return ErasureResult.Erased;
    }
}
