using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Mail;

/// <summary>
/// Sends what waits in the outbox. A row is claimed in the database before the mail server is spoken to and never claimed twice for one try, so several
/// servers may work on it; whose answer was lost is not repeated.
/// </summary>
public sealed class Outbox(
    IDbContextFactory<VppBooksDbContext> contexts, IEnumerable<IMailComposer> composers, IMailSender sender, IOptions<MailOptions> options, TimeProvider clock, ILogger<Outbox> logger)
{
    private const int Window = 100;

    // Longer than one try can last with the longest time-out.
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(15);

    /// <summary>Adds a mail to the context of its cause; it is saved with the cause, or not at all.</summary>
    public static void Add(VppBooksDbContext db, OutboxMail mail, Actor actor, DateTimeOffset now)
    {
        mail.NextAt = now;
        db.Add(mail);
        db.Audit(actor, now, "mail.queued", new AuditSubject(mail.LocationId, PersonId: mail.PersonId), new { kind = mail.Kind.ToString() });
    }

    /// <summary>Tries everything that is due, once.</summary>
    /// <returns>Mails that the server took.</returns>
    public async Task<int> SendDueAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.IsOn)
        {
            return 0;
        }

        var now = clock.GetUtcNow();
        List<OutboxMail> due;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var before = now - Abandoned;
            await db.OutboxMails.Where(m => m.State == MailState.Sending && m.TriedAt <= before).ExecuteUpdateAsync(
                set => set.SetProperty(m => m.State, MailState.Unclear).SetProperty(m => m.Failure, MailFailure.AnswerLost).SetProperty(m => m.NextAt, (DateTimeOffset?)null), cancellationToken);
            due = await db.OutboxMails.AsNoTracking().Where(m => m.State == MailState.Queued && m.NextAt <= now).OrderBy(m => m.NextAt).ThenBy(m => m.Id).Take(Window).ToListAsync(cancellationToken);
        }

        var sent = 0;
        foreach (var mail in due)
        {
            sent += await TryAsync(mail, cancellationToken) ? 1 : 0;
        }

        return sent;
    }

    private async Task<bool> TryAsync(OutboxMail mail, CancellationToken cancellationToken)
    {
        var composer = composers.First(c => c.Composes(mail.Kind));
        var now = clock.GetUtcNow();
        if (composer.MayLeaveAt(mail.Kind, now) is var at && at > now)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await db.OutboxMails.Where(m => m.Id == mail.Id && m.State == MailState.Queued).ExecuteUpdateAsync(set => set.SetProperty(m => m.NextAt, at), cancellationToken);
            return false;
        }

        var letter = await composer.ComposeAsync(mail, cancellationToken);
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var (state, failure) = letter is null ? (MailState.Dropped, MailFailure.NotNeeded) : (MailState.Sending, mail.Failure);
            var next = letter is null ? null : mail.NextAt;
            var claimed = await db.OutboxMails.Where(m => m.Id == mail.Id && m.State == MailState.Queued && m.Attempts == mail.Attempts).ExecuteUpdateAsync(
                set => set.SetProperty(m => m.State, state).SetProperty(m => m.Failure, failure).SetProperty(m => m.NextAt, next)
                    .SetProperty(m => m.TriedAt, now).SetProperty(m => m.Attempts, m => m.Attempts + 1),
                cancellationToken);
            if (claimed == 0 || letter is null)
            {
                return false;
            }
        }

        // From here the mail may be on its way: leaving must not make us forget what became of it.
        var outcome = await sender.SendAsync(letter, cancellationToken);
        await RecordAsync(mail, outcome, CancellationToken.None);
        return outcome is MailOutcome.Sent;
    }

    private async Task RecordAsync(OutboxMail sent, MailOutcome outcome, CancellationToken keep)
    {
        await using var db = await contexts.CreateDbContextAsync(keep);
        var mail = await db.OutboxMails.SingleAsync(m => m.Id == sent.Id, keep);
        var now = clock.GetUtcNow();
        (mail.State, mail.Failure, mail.NextAt) = outcome switch
        {
            MailOutcome.Sent => (MailState.Sent, MailFailure.None, null),
            MailOutcome.NotSent { Permanent: false } n when mail.Attempts < options.Value.MaxAttempts => (MailState.Queued, n.Failure, now + Backoff(mail.Attempts)),
            MailOutcome.NotSent n => (MailState.Failed, n.Failure, (DateTimeOffset?)null),
            _ => (MailState.Unclear, MailFailure.AnswerLost, null),
        };
        if (mail.State == MailState.Sent)
        {
            mail.SentAt = now;
        }

        if (mail.State == MailState.Queued)
        {
            logger.MailNotSent(mail.Id, mail.Kind, mail.Failure, mail.Attempts);
        }
        else
        {
            db.Audit(Actor.System, now, "mail." + mail.State.ToString().ToLowerInvariant(), new AuditSubject(mail.LocationId, PersonId: mail.PersonId), new { kind = mail.Kind.ToString(), failure = mail.Failure.ToString() });
            logger.MailEnded(mail.Id, mail.Kind, mail.State);
        }

        await db.SaveChangesAsync(keep);
    }

    /// <summary>1, 2, 4 … minutes, 6 hours at most.</summary>
    internal static TimeSpan Backoff(int attempts) => TimeSpan.FromMinutes(Math.Min(360, Math.Pow(2, Math.Clamp(attempts - 1, 0, 10))));
}
