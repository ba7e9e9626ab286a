using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Audit;
using VppBooks.Core.Directory;
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

    /// <summary>The directory still has the account, and something here needs it: what is erased would be read again. Delete it there first, or take its groups' books back.</summary>
    InDirectory,

    /// <summary>A license is on its way to them, and its outcome is not known yet. Try again when it is.</summary>
    LicenseOnItsWay,
}

/// <summary>
/// Erases who somebody was and keeps what was spent. The row stays under a number, with the licenses; the records at Apple keep their ids, which follow from the
/// location and the object id in the directory and tell neither (<see cref="ClientUserIds"/>): should that person return, they are found by them
/// (<see cref="ErasedPeople"/>) and no second license is bought.
/// </summary>
public sealed class PersonErasure(
    IDbContextFactory<VppBooksDbContext> contexts, IOptions<PrivacyOptions> options, IOptions<DirectoryOptions> directory, IdSource ids, TimeProvider clock)
{
    private const int Window = 200;

    private static readonly LicenseState[] _onItsWay = [LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    /// <summary>Erases somebody whom the directory does not have any more, or whom nothing here needs (<see cref="PeopleNeeds"/>).</summary>
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

        var now = clock.GetUtcNow();
        if (person.GoneSince is null
            && (await PeopleNeeds.ReadAsync(db, directory.Value, now, cancellationToken) is not { } needs || !await needs.Unneeded(db).AnyAsync(p => p.Id == id, cancellationToken)))
        {
            return ErasureResult.InDirectory;
        }

        if (await db.Licenses.AnyAsync(l => l.PersonId == id && _onItsWay.Contains(l.State), cancellationToken))
        {
            return ErasureResult.LicenseOnItsWay;
        }

        await EmptyAsync(db, person, actor, now, cancellationToken);
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

    /// <summary>Takes everything out of a row that says who it is. The caller saves and commits.</summary>
    internal async Task EmptyAsync(VppBooksDbContext db, Person person, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var id = person.Id;
        person.ErasedAt = now;
        // Nobody in the directory has this one: what it says of others does not reach the row any more.
        person.DirectoryId = ids.NewId();
        person.DisplayName = ErasedPeople.NameOf(id);
        person.UserPrincipalName = "";
        (person.Mail, person.ManagedAppleAccount, person.Language, person.AccountEnabled) = (null, null, null, false);
        (person.GoneSince, person.UnneededSince) = (person.GoneSince ?? now, null);
        await PeopleNeeds.LeaveGroupsAsync(db, [id], cancellationToken);
        await db.ManagedDevices.Where(d => d.PersonId == id).ExecuteDeleteAsync(cancellationToken);
        await db.DeviceReadings.Where(r => r.PersonId == id).ExecuteDeleteAsync(cancellationToken);
        // What waited to be told to Apple is not told any more, and what Apple refused before keeps nobody from being retired.
        await db.VppUsers.Where(u => u.PersonId == id).ExecuteUpdateAsync(
            set => set.SetProperty(u => u.InviteSecret, (byte[]?)null).SetProperty(u => u.InviteHash, (byte[]?)null)
                .SetProperty(u => u.UpdateWanted, false).SetProperty(u => u.LeavingSince, (DateTimeOffset?)null),
            cancellationToken);
        // The reason of a mail to a new address holds a fingerprint of that address.
#pragma warning disable CA1305 // The database writes the number.
        await db.OutboxMails.Where(m => m.PersonId == id && m.Reason.StartsWith(RegistrationUpkeep.MovedReason)).ExecuteUpdateAsync(
            set => set.SetProperty(m => m.Reason, m => "erased:" + m.Id.ToString()), cancellationToken);
#pragma warning restore CA1305
        db.Audit(actor, now, "person.erased", new AuditSubject(PersonId: id));
    }
}
