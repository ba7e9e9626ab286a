using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>
/// Keeps Apple's records of people in step with the directory: a changed mail address or Managed Apple Account is told, and who has been gone for
/// <see cref="PeopleOptions.RetireAfter"/> or was erased is retired. Books of a retired person stay with that person for good (reference 6.6).
/// </summary>
public sealed class RegistrationUpkeep(
    AppleClient apple, OperationRecorder recorder, IOptions<PeopleOptions> people, IOptions<InvitationOptions> invitations, IOptions<MailOptions> mail, IdSource ids, TimeProvider clock)
{
    /// <summary>Tries without effect before a record is left alone: more would only repeat them.</summary>
    internal const byte MaxAttempts = 6;

    /// <returns>True when a request was made.</returns>
    internal async Task<bool> RunAsync(LocationSession session, CancellationToken cancellationToken)
    {
        var worked = false;
        while (true)
        {
            var config = await apple.GetServiceConfigAsync(cancellationToken);
            var kind = OperationKind.UpdateUsers;
            var batch = await ChangedAsync(session, config.MaxUsers, cancellationToken);
            if (batch.Count == 0)
            {
                kind = OperationKind.RetireUsers;
                batch = await LeaversAsync(session, config.MaxUsers, cancellationToken);
            }

            if (batch.Count == 0)
            {
                return worked;
            }

            if (await IntendAsync(session, kind, batch, cancellationToken) is not { } operation)
            {
                continue;
            }

            CrashPoint.Hit("intent.after-commit");
            CrashPoint.Hit("post.before-send");
            var outcome = kind == OperationKind.UpdateUsers
                ? await apple.UpdateUsersAsync(session.Apple, [.. batch.Where(b => b.Says).Select(b => b.Change)], cancellationToken)
                : await apple.RetireUsersAsync(session.Apple, [.. batch.Select(b => b.Change.ClientUserId)], cancellationToken);
            CrashPoint.Hit("post.after-accept");
            worked = true;
            if (!await recorder.RecordAsync(session, operation, outcome) || outcome is not ChangeOutcome.Accepted)
            {
                return worked;
            }
        }
    }

    /// <summary>Whether there is something to tell Apple.</summary>
    internal async Task<bool> HasWorkAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken) =>
        await Changed(db, locationId).AnyAsync(cancellationToken)
        || await Leavers(db, locationId, GoneBefore()).AnyAsync(cancellationToken);

    /// <summary>Long ago when leavers are not retired for their absence alone.</summary>
    private DateTimeOffset GoneBefore() => clock.GetUtcNow() - people.Value.RetireAfter ?? DateTimeOffset.UnixEpoch;

    private static IQueryable<VppUser> Ours(VppBooksDbContext db, int locationId) => db.VppUsers.Where(u =>
        u.LocationId == locationId && u.PersonId != null && !u.Retired && u.OperationId == null && u.Attempts < MaxAttempts
        && (u.Status == VppUserStatus.Registered || u.Status == VppUserStatus.Associated));

    private static IQueryable<VppUser> Changed(VppBooksDbContext db, int locationId) => Ours(db, locationId).Where(u =>
        u.UpdateWanted && db.People.Any(p => p.Id == u.PersonId && p.AccountEnabled && !p.Guest && p.GoneSince == null));

    /// <summary>Not while a book is on its way to them: its outcome could not be told any more.</summary>
    private static IQueryable<VppUser> Leavers(VppBooksDbContext db, int locationId, DateTimeOffset before)
    {
        var onItsWay = new[] { LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown };
        return Ours(db, locationId).Where(u =>
            u.ErrorNumber == null && db.People.Any(p => p.Id == u.PersonId && (p.GoneSince <= before || p.ErasedAt != null))
            && !db.Licenses.Any(l => l.PersonId == u.PersonId && onItsWay.Contains(l.State)));
    }

    private static async Task<List<Told>> ChangedAsync(LocationSession session, int maxUsers, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        var rows = await Changed(db, session.LocationId)
            .OrderByDescending(u => u.Attempts).ThenBy(u => u.Id)
            .Take(maxUsers)
            .Join(db.People, u => u.PersonId, p => p.Id, (u, p) => new { u.Id, u.ClientUserId, u.Status, u.Attempts, u.PersonId, u.MailRefused, u.ManagedAccountRefused, p.Mail, p.ManagedAppleAccount })
            .ToListAsync(cancellationToken);
        // An Apple Account once associated stays: the books are with it, and Apple knows it under its new name.
        return [.. Group(rows, maxUsers, r => r.Attempts).Select(r => new Told(
            r.Id,
            r.PersonId,
            r.Status,
            new VppUserChange(r.ClientUserId, r.MailRefused ? null : r.Mail, r.ManagedAccountRefused || r.Status == VppUserStatus.Associated ? null : r.ManagedAppleAccount)))];
    }

    private async Task<List<Told>> LeaversAsync(LocationSession session, int maxUsers, CancellationToken cancellationToken)
    {
        var before = GoneBefore();
        await using var db = await session.OpenAsync(cancellationToken);
        var rows = await Leavers(db, session.LocationId, before)
            .OrderByDescending(u => u.Attempts).ThenBy(u => u.Id)
            .Take(maxUsers)
            .Select(u => new { u.Id, u.PersonId, u.Status, u.ClientUserId, u.Attempts })
            .ToListAsync(cancellationToken);
        return [.. Group(rows, maxUsers, r => r.Attempts).Select(r => new Told(r.Id, r.PersonId, r.Status, new VppUserChange(r.ClientUserId)))];
    }

    // After a refusal that names nobody, smaller groups find out who is meant.
    private static IEnumerable<T> Group<T>(List<T> rows, int maxUsers, Func<T, byte> attempts) =>
        rows.Count == 0 ? rows : rows.Take(Math.Max(1, maxUsers >> Math.Min(30, attempts(rows[0]) * 2)));

    /// <returns>Null when nobody's change says anything that Apple could be told.</returns>
    private Task<Operation?> IntendAsync(LocationSession session, OperationKind kind, List<Told> batch, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                // What changes from here on is wanted anew.
                var all = batch.Select(b => b.Id).ToArray();
                await db.VppUsers.Where(u => EF.Parameter(all).Contains(u.Id)).ExecuteUpdateAsync(set => set.SetProperty(u => u.UpdateWanted, false), cancellationToken);
                var said = kind == OperationKind.RetireUsers ? batch : [.. batch.Where(b => b.Says)];
                if (said.Count == 0)
                {
                    return null;
                }

                var operation = await Operations.AddAsync(db, session, kind, said.Count, ids.NewId(), now, cancellationToken);
                var members = said.Select(b => b.Id).ToArray();
                await db.VppUsers.Where(u => EF.Parameter(members).Contains(u.Id)).ExecuteUpdateAsync(set => set.SetProperty(u => u.OperationId, operation.Id), cancellationToken);
                if (kind == OperationKind.UpdateUsers && mail.Value.IsOn && invitations.Value.SendByItself)
                {
                    await InviteAgainAsync(db, session, operation, said, now, cancellationToken);
                }

                CrashPoint.Hit("intent.before-commit");
                return operation;
            },
            cancellationToken);

    /// <summary>Whoever was invited at the address of before never saw it at the new one.</summary>
    private static async Task InviteAgainAsync(VppBooksDbContext db, LocationSession session, Operation operation, List<Told> said, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var waiting = said.Where(b => b is { Status: VppUserStatus.Registered, Change: { Email: not null, ManagedAppleId: null } }).Select(b => b.Id).ToArray();
        var invited = await db.OutboxMails.Where(m => m.VppUserId != null && EF.Parameter(waiting).Contains(m.VppUserId.Value) && m.State != MailState.Queued)
            .Select(m => m.VppUserId).Distinct().ToListAsync(cancellationToken);
        foreach (var told in said.Where(b => invited.Contains(b.Id)))
        {
            Outbox.Add(db, InvitationMails.New(MailKind.Resent, $"moved:{operation.Id}:{told.Id}", told.PersonId, session.LocationId, told.Id, now), Actor.System, now);
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private sealed record Told(int Id, int? PersonId, VppUserStatus Status, VppUserChange Change)
    {
        /// <summary>Apple has no word for an address that was taken away.</summary>
        public bool Says => Change is { Email: not null } or { ManagedAppleId: not null };
    }
}
