using System.Security.Cryptography;
using System.Text;
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

    /// <summary>How the reason of a mail begins that invites again at a new address.</summary>
    internal const string MovedReason = "moved:";

    /// <returns>True when a request was made.</returns>
    internal async Task<bool> RunAsync(LocationSession session, CancellationToken cancellationToken)
    {
        var worked = false;
        while (true)
        {
            var config = await apple.GetServiceConfigAsync(cancellationToken);
            var kind = OperationKind.UpdateUsers;
            var records = await NextAsync(session, db => Changed(db, session.LocationId), config.MaxUsers, cancellationToken);
            if (records.Length == 0)
            {
                kind = OperationKind.RetireUsers;
                var before = GoneBefore();
                await BeginRetiringAsync(session, before, cancellationToken);
                records = await NextAsync(session, db => Leavers(db, session.LocationId, before), config.MaxUsers, cancellationToken);
            }

            if (records.Length == 0)
            {
                return worked;
            }

            if (await IntendAsync(session, kind, records, cancellationToken) is not { } intent)
            {
                continue;
            }

            CrashPoint.Hit("intent.after-commit");
            CrashPoint.Hit("post.before-send");
            var outcome = kind == OperationKind.UpdateUsers
                ? await apple.UpdateUsersAsync(session.Apple, [.. intent.Said.Select(b => b.Change)], cancellationToken)
                : await apple.RetireUsersAsync(session.Apple, [.. intent.Said.Select(b => b.Change.ClientUserId)], cancellationToken);
            CrashPoint.Hit("post.after-accept");
            worked = true;
            if (!await recorder.RecordAsync(session, intent.Operation, outcome) || outcome is not ChangeOutcome.Accepted)
            {
                return worked;
            }
        }
    }

    /// <summary>Whether there is something to tell Apple.</summary>
    internal async Task<bool> HasWorkAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken) =>
        await Changed(db, locationId).AnyAsync(cancellationToken)
        || await Leaving(db, locationId, GoneBefore()).AnyAsync(u => u.LeavingSince == null || (u.ErrorNumber == null && u.Attempts < MaxAttempts), cancellationToken);

    /// <summary>Long ago when leavers are not retired for their absence alone.</summary>
    private DateTimeOffset GoneBefore() => clock.GetUtcNow() - people.Value.RetireAfter ?? DateTimeOffset.UnixEpoch;

    private static IQueryable<VppUser> Ours(VppBooksDbContext db, int locationId) => db.VppUsers.Where(u =>
        u.LocationId == locationId && u.PersonId != null && !u.Retired && u.OperationId == null
        && (u.Status == VppUserStatus.Registered || u.Status == VppUserStatus.Associated));

    private static IQueryable<VppUser> Changed(VppBooksDbContext db, int locationId) => Ours(db, locationId).Where(u =>
        u.UpdateWanted && u.Attempts < MaxAttempts && db.People.Any(p => p.Id == u.PersonId && p.AccountEnabled && !p.Guest && p.GoneSince == null));

    /// <summary>Records of people who left long enough ago, or were erased. Not while a book is on its way to them: its outcome could not be told any more.</summary>
    private static IQueryable<VppUser> Leaving(VppBooksDbContext db, int locationId, DateTimeOffset before)
    {
        var onItsWay = new[] { LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown };
        return Ours(db, locationId).Where(u =>
            db.People.Any(p => p.Id == u.PersonId && (p.GoneSince <= before || p.ErasedAt != null))
            && !db.Licenses.Any(l => l.PersonId == u.PersonId && onItsWay.Contains(l.State)));
    }

    private static IQueryable<VppUser> Leavers(VppBooksDbContext db, int locationId, DateTimeOffset before) =>
        Leaving(db, locationId, before).Where(u => u.LeavingSince != null && u.ErrorNumber == null && u.Attempts < MaxAttempts);

    /// <summary>What Apple refused while the person was here, such as an account that another record uses (9641), is no reason to keep the record.</summary>
    private async Task BeginRetiringAsync(LocationSession session, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using (var read = await session.OpenAsync(cancellationToken))
        {
            if (!await Leaving(read, session.LocationId, before).AnyAsync(u => u.LeavingSince == null, cancellationToken))
            {
                return;
            }
        }

        var now = clock.GetUtcNow();
        await session.WriteAsync(
            db => Leaving(db, session.LocationId, before).Where(u => u.LeavingSince == null).ExecuteUpdateAsync(
                set => set.SetProperty(u => u.LeavingSince, now).SetProperty(u => u.ErrorNumber, (int?)null).SetProperty(u => u.Attempts, (byte)0), cancellationToken),
            cancellationToken);
    }

    private static async Task<int[]> NextAsync(LocationSession session, Func<VppBooksDbContext, IQueryable<VppUser>> due, int maxUsers, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        var rows = await due(db).OrderByDescending(u => u.Attempts).ThenBy(u => u.Id).Take(maxUsers).Select(u => new { u.Id, u.Attempts }).ToListAsync(cancellationToken);
        // After a refusal that names nobody, smaller groups find out who is meant.
        return rows.Count == 0 ? [] : [.. rows.Take(Math.Max(1, maxUsers >> Math.Min(30, rows[0].Attempts * 2))).Select(r => r.Id)];
    }

    /// <summary>
    /// Writes down what Apple is told, as the directory has it now: the records are marked as told before it is read, so that whatever the directory says from
    /// here on marks them again; and somebody who is back since they were listed is not retired.
    /// </summary>
    /// <returns>Null when nobody's change says anything that Apple could be told.</returns>
    private Task<Intent?> IntendAsync(LocationSession session, OperationKind kind, int[] records, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                if (kind == OperationKind.UpdateUsers)
                {
                    await db.VppUsers.Where(u => EF.Parameter(records).Contains(u.Id)).ExecuteUpdateAsync(set => set.SetProperty(u => u.UpdateWanted, false), cancellationToken);
                }

                var due = kind == OperationKind.UpdateUsers ? Ours(db, session.LocationId) : Leavers(db, session.LocationId, GoneBefore());
                var rows = await due.Where(u => EF.Parameter(records).Contains(u.Id)).OrderBy(u => u.Id)
                    .Join(db.People, u => u.PersonId, p => p.Id, (u, p) => new { User = u, Person = p }).AsNoTracking().ToListAsync(cancellationToken);
                var said = kind == OperationKind.RetireUsers
                    ? rows.ConvertAll(r => new Told(r.User, new VppUserChange(r.User.ClientUserId)))
                    : [.. rows.Where(r => r.Person is { AccountEnabled: true, Guest: false, GoneSince: null }).Select(r => new Told(r.User, ChangeOf(r.User, r.Person))).Where(t => t.Says)];
                if (said.Count == 0)
                {
                    return null;
                }

                var operation = await Operations.AddAsync(db, session, kind, said.Count, ids.NewId(), now, cancellationToken);
                var members = said.Select(b => b.User.Id).ToArray();
                await db.VppUsers.Where(u => EF.Parameter(members).Contains(u.Id)).ExecuteUpdateAsync(
                    set => set.SetProperty(u => u.OperationId, operation.Id).SetProperty(u => u.UpdateWanted, false), cancellationToken);
                if (kind == OperationKind.UpdateUsers && mail.Value.IsOn && invitations.Value.SendByItself)
                {
                    await InviteAgainAsync(db, session, said, now, cancellationToken);
                }

                CrashPoint.Hit("intent.before-commit");
                return new Intent(operation, said);
            },
            cancellationToken);

    // An Apple Account once associated stays: the books are with it, and Apple knows it under its new name. One that was refused is not told again before it changes
    // or somebody asks for it: Apple would refuse the address along with it.
    private static VppUserChange ChangeOf(VppUser user, Person person) => new(
        user.ClientUserId,
        user.MailRefused ? null : person.Mail,
        user.ManagedAccountRefused || user.ErrorNumber == UserSettlement.AccountTaken || user.Status == VppUserStatus.Associated ? null : person.ManagedAppleAccount);

    /// <summary>Whoever was invited at the address of before never saw it at the new one. One mail per address: what is told again is not sent again.</summary>
    private static async Task InviteAgainAsync(VppBooksDbContext db, LocationSession session, List<Told> said, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var waiting = said.FindAll(b => b is { User: { Status: VppUserStatus.Registered, MailMoved: true }, Change: { Email: not null, ManagedAppleId: null } });
        var users = waiting.ConvertAll(b => b.User.Id).ToArray();
        var reasons = waiting.ToDictionary(b => b.User.Id, b => $"{MovedReason}{b.User.Id}:{Fingerprint(b.Change.Email!)}");
        var sent = await db.OutboxMails.Where(m => m.VppUserId != null && EF.Parameter(users).Contains(m.VppUserId.Value))
            .Select(m => new { UserId = m.VppUserId!.Value, m.State, m.Reason }).ToListAsync(cancellationToken);
        foreach (var (userId, mails) in sent.GroupBy(m => m.UserId).ToDictionary(g => g.Key, g => g.ToList()))
        {
            if (mails.Exists(m => m.State != MailState.Queued) && !mails.Exists(m => m.Reason == reasons[userId]))
            {
                Outbox.Add(db, InvitationMails.New(MailKind.Resent, reasons[userId], waiting.Find(b => b.User.Id == userId)!.User.PersonId, session.LocationId, userId, now), Actor.System, now);
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await db.VppUsers.Where(u => EF.Parameter(users).Contains(u.Id)).ExecuteUpdateAsync(set => set.SetProperty(u => u.MailMoved, false), cancellationToken);
    }

    private static string Fingerprint(string address) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address))[..8]);

    private sealed record Intent(Operation Operation, IReadOnlyList<Told> Said);

    private sealed record Told(VppUser User, VppUserChange Change)
    {
        /// <summary>Apple has no word for an address that was taken away.</summary>
        public bool Says => Change is { Email: not null } or { ManagedAppleId: not null };
    }
}
