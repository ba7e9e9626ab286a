using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>
/// Puts into the outbox what is due by itself: first invitations and reminders; and records acceptances. Everything follows from rows that the sync
/// committed, so nothing is lost when the program ends in between.
/// </summary>
public sealed class InvitationMails(
    IDbContextFactory<VppBooksDbContext> contexts, IOptions<InvitationOptions> options, IOptions<MailOptions> mail, TimeProvider clock)
{
    private const int Window = 500;

    /// <summary>How long after the last try a first invitation is made anew that reached nobody.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromDays(1);

    /// <summary>First invitations at most, all of which reached nobody: two weeks of a mail server that is away.</summary>
    private const int MostLost = 14;

    /// <summary>Whether books, and so invitations, are for this person at all.</summary>
    internal static bool CanReceive(Person person) => person is { AccountEnabled: true, Guest: false, GoneSince: null };

    /// <summary>Does what is due now.</summary>
    /// <returns>Mails queued.</returns>
    public async Task<int> QueueDueAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        await RecordAcceptedAsync(db, now, cancellationToken);
        if (!mail.Value.IsOn)
        {
            return 0;
        }

        var queued = await InviteAsync(db, now, cancellationToken) + await RemindAsync(db, now, cancellationToken);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException) when (queued > 0)
        {
            // Another server may have queued the same reason first: the unique index keeps it one mail. Otherwise nothing was written, and the next look tries again.
            return 0;
        }

        return queued;
    }

    private static async Task RecordAcceptedAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The first mail of a registration carries it, of whatever kind: where invitations are not sent by themselves, somebody asked for it.
        var accepted = await db.OutboxMails
            .Where(m => m.AcceptedAt == null && !db.OutboxMails.Any(o => o.VppUserId == m.VppUserId && (o.Id < m.Id || o.AcceptedAt != null))
                && db.VppUsers.Any(u => u.Id == m.VppUserId && u.Status == VppUserStatus.Associated))
            .OrderBy(m => m.Id).Take(Window).ToListAsync(cancellationToken);
        foreach (var invitation in accepted)
        {
            invitation.AcceptedAt = now;
            db.Audit(Actor.System, now, "invitation.accepted", new AuditSubject(invitation.LocationId, PersonId: invitation.PersonId));
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private async Task<int> InviteAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!options.Value.SendByItself)
        {
            return 0;
        }

        // Mails that reached nobody, because the mail server was away or no link could be made, are no invitation: some time later there is another one. A refused recipient,
        // and whom so many did not reach, is left to somebody's hand.
        var before = now - AgainAfter;
        var due = await Invitable(db)
            .Where(u => db.OutboxMails.Count(m => m.VppUserId == u.Id) < MostLost && !db.OutboxMails.Any(m => m.VppUserId == u.Id
                && ((m.State != MailState.Failed && m.State != MailState.Dropped) || m.Failure == MailFailure.Recipient || m.QueuedAt > before || m.TriedAt > before)))
            .OrderBy(u => u.Id).Take(Window)
            .Select(u => new { u.Id, u.PersonId, u.LocationId, Lost = db.OutboxMails.Count(m => m.VppUserId == u.Id) }).ToListAsync(cancellationToken);
        foreach (var user in due)
        {
            Outbox.Add(db, New(MailKind.Invitation, user.Lost == 0 ? $"invitation:{user.Id}" : $"invitation:{user.Id}:{user.Lost + 1}", user.PersonId, user.LocationId, user.Id, now), Actor.System, now);
        }

        return due.Count;
    }

    private async Task<int> RemindAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (options.Value.MaxReminders == 0 || options.Value.NextOpening(now) > now)
        {
            return 0;
        }

        // One mail at a time: whoever has one on its way, or got one lately from whatever reason, is left in peace.
        var before = now - options.Value.RemindEvery;
        var most = options.Value.MaxReminders;
        var due = await Invitable(db)
            .Where(u => db.OutboxMails.Any(m => m.VppUserId == u.Id && (m.State == MailState.Sent || m.State == MailState.Unclear))
                && !db.OutboxMails.Any(m => m.VppUserId == u.Id && (m.State == MailState.Queued || m.State == MailState.Sending || m.QueuedAt > before || m.TriedAt > before))
                && db.OutboxMails.Count(m => m.VppUserId == u.Id && m.Kind == MailKind.Reminder) < most)
            .OrderBy(u => u.Id).Take(Window)
            .Select(u => new { u.Id, u.PersonId, u.LocationId, Before = db.OutboxMails.Count(m => m.VppUserId == u.Id && m.Kind == MailKind.Reminder) })
            .ToListAsync(cancellationToken);
        foreach (var user in due)
        {
            Outbox.Add(db, New(MailKind.Reminder, $"reminder:{user.Id}:{user.Before + 1}", user.PersonId, user.LocationId, user.Id, now), Actor.System, now);
        }

        return due.Count;
    }

    /// <summary>Records that wait for acceptance, of people whom books, and so invitations, are for.</summary>
    internal static IQueryable<VppUser> Awaited(VppBooksDbContext db) => db.VppUsers.Where(u =>
        u.PersonId != null && !u.Retired && u.Status == VppUserStatus.Registered
        && db.Locations.Any(l => l.Id == u.LocationId && l.DeletedAt == null)
        && db.People.Any(p => p.Id == u.PersonId && p.AccountEnabled && !p.Guest && p.GoneSince == null));

    /// <summary>Those of them whom a mail can reach.</summary>
    internal static IQueryable<VppUser> Invitable(VppBooksDbContext db) =>
        Awaited(db).Where(u => u.InviteSecret != null && db.People.Any(p => p.Id == u.PersonId && p.Mail != null && p.Mail != ""));

    internal static OutboxMail New(MailKind kind, string reason, int? personId, int locationId, int userId, DateTimeOffset now) =>
        new() { Kind = kind, Reason = reason, PersonId = personId, LocationId = locationId, VppUserId = userId, QueuedAt = now };
}
