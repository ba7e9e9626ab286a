using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Mail;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>Sends invitations again, and tells what was sent.</summary>
public sealed class Invitations(
    IDbContextFactory<VppBooksDbContext> contexts, IOptions<InvitationOptions> options, IOptions<MailOptions> mail, TimeProvider clock)
{
    private const int Window = 500;

    // What two requests at the same time can lie apart.
    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(1);

    /// <summary>Reminders that a registration gets at most.</summary>
    public int MaxReminders => options.Value.MaxReminders;

    /// <summary>Sends one person's invitation to one location again.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.ResendInvitation"/>.</exception>
    public async Task<ResendResult> ResendAsync(Guid personPublicId, Guid locationPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ResendInvitation);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var person = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == personPublicId, cancellationToken);
        var locationId = await db.Locations.Where(l => l.PublicId == locationPublicId && l.DeletedAt == null).Select(l => (int?)l.Id).SingleOrDefaultAsync(cancellationToken);
        if (person is null || locationId is null)
        {
            return new ResendResult.NotAvailable(InvitationObstacle.NotFound);
        }

        var user = await db.VppUsers.AsNoTracking().FirstOrDefaultAsync(u => u.PersonId == person.Id && u.LocationId == locationId && !u.Retired, cancellationToken);
        var mails = user is null ? [] : await db.OutboxMails.AsNoTracking().Where(m => m.VppUserId == user.Id).ToListAsync(cancellationToken);
        var result = Judge(person, user, mails);
        return result is not ResendResult.Queued || await QueueAsync(db, [(user!, mails)], actor, cancellationToken) ? result : new ResendResult.TooSoon(clock.GetUtcNow() + options.Value.ResendAfter);
    }

    /// <summary>Invitations that <see cref="ResendManyAsync"/> would look at: of everybody who matches and has not accepted.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.ResendInvitation"/>.</exception>
    public async Task<int> CountAsync(PeopleQuery filter, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ResendInvitation);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Pending(db, filter).CountAsync(cancellationToken);
    }

    /// <summary>Sends the invitations of everybody who matches and has not accepted again; <see cref="PeopleQuery.Skip"/> and <see cref="PeopleQuery.Take"/> do not matter.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.ResendInvitation"/>.</exception>
    public async Task<ResendManyResult> ResendManyAsync(PeopleQuery filter, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ResendInvitation);
        int queued = 0, tooSoon = 0, last = 0;
        Dictionary<InvitationObstacle, int> skipped = [];
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var rows = await (
                    from user in Pending(db, filter)
                    join person in db.People.AsNoTracking() on user.PersonId equals person.Id
                    where user.Id > last
                    orderby user.Id
                    select new { user, person })
                .Take(Window).ToListAsync(cancellationToken);
            if (rows.Count == 0)
            {
                return new ResendManyResult(queued, tooSoon, skipped);
            }

            last = rows[^1].user.Id;
            var ids = rows.Select(r => r.user.Id).ToArray();
            var mails = (await db.OutboxMails.AsNoTracking().Where(m => m.VppUserId != null && EF.Parameter(ids).Contains(m.VppUserId.Value)).ToListAsync(cancellationToken)).ToLookup(m => m.VppUserId!.Value);
            List<(VppUser User, List<OutboxMail> Mails)> chosen = [];
            foreach (var row in rows)
            {
                List<OutboxMail> before = [.. mails[row.user.Id]];
                switch (Judge(row.person, row.user, before))
                {
                    case ResendResult.Queued:
                        chosen.Add((row.user, before));
                        break;
                    case ResendResult.NotAvailable none:
                        skipped[none.Obstacle] = skipped.GetValueOrDefault(none.Obstacle) + 1;
                        break;
                    default:
                        tooSoon++;
                        break;
                }
            }

            if (await QueueAsync(db, chosen, actor, cancellationToken))
            {
                queued += chosen.Count;
                continue;
            }

            // Somebody else queued one of them meanwhile: that one has its mail, and the others are owed theirs.
            foreach (var one in chosen)
            {
                db.ChangeTracker.Clear();
                if (await QueueAsync(db, [one], actor, cancellationToken))
                {
                    queued++;
                }
                else
                {
                    tooSoon++;
                }
            }
        }
    }

    /// <summary>What was sent to a person, and what is about to be: newest first.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.Read"/>.</exception>
    public async Task<IReadOnlyList<SentInvitation>> ListAsync(Guid personPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
                from sent in db.OutboxMails
                join person in db.People on sent.PersonId equals person.Id
                join location in db.Locations on sent.LocationId equals location.Id
                where person.PublicId == personPublicId && sent.VppUserId != null
                orderby sent.Id descending
                select new SentInvitation(location.PublicId, location.Name, sent.Kind, sent.State, sent.Failure, sent.QueuedAt, sent.SentAt, sent.NextAt))
            .ToListAsync(cancellationToken);
    }

    private static IQueryable<VppUser> Pending(VppBooksDbContext db, PeopleQuery filter)
    {
        var people = PersonSearch.Apply(db, PeopleCatalog.Matching(db, filter), filter.Search).Select(p => (int?)p.Id);
        return db.VppUsers.AsNoTracking().Where(u =>
            !u.Retired && u.Status == VppBooks.Apple.VppUserStatus.Registered && people.Contains(u.PersonId) && db.Locations.Any(l => l.Id == u.LocationId && l.DeletedAt == null));
    }

    private ResendResult Judge(Person person, VppUser? user, IReadOnlyList<OutboxMail> mails)
    {
        InvitationObstacle? obstacle = !mail.Value.IsOn ? InvitationObstacle.MailOff
            : !InvitationMails.CanReceive(person) ? InvitationObstacle.PersonInactive
            : InvitationLinks.Obstacle(user) ?? (string.IsNullOrWhiteSpace(person.Mail) ? InvitationObstacle.NoMailAddress : null);
        if (obstacle is { } reason)
        {
            return new ResendResult.NotAvailable(reason);
        }

        var now = clock.GetUtcNow();
        if (mails.FirstOrDefault(m => m.State is MailState.Queued or MailState.Sending) is { } open)
        {
            return new ResendResult.TooSoon((open.NextAt > now ? open.NextAt.Value : now) + options.Value.ResendAfter);
        }

        // A mail that failed or was dropped reached nobody: it does not count.
        var until = mails.Where(m => m.State is MailState.Sent or MailState.Unclear).Max(m => m.SentAt ?? m.TriedAt) + options.Value.ResendAfter;
        return until > now ? new ResendResult.TooSoon(until.Value) : new ResendResult.Queued();
    }

    /// <returns>False when somebody else queued one of them at the same time; nothing was queued then.</returns>
    private async Task<bool> QueueAsync(VppBooksDbContext db, IReadOnlyList<(VppUser User, List<OutboxMail> Mails)> chosen, Actor actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var (user, before) in chosen)
        {
            Outbox.Add(
                db,
                InvitationMails.New(MailKind.Resent, $"resent:{user.Id}:{before.Count(m => m.Kind == MailKind.Resent) + 1}", user.PersonId, user.LocationId, user.Id, now),
                actor,
                now);
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException)
        {
            // The unique reason of a mail: two clicks make one. Anything else is a broken world.
            await using var other = await contexts.CreateDbContextAsync(cancellationToken);
            var ids = chosen.Select(c => (int?)c.User.Id).ToArray();
            if (!await other.OutboxMails.AnyAsync(m => EF.Parameter(ids).Contains(m.VppUserId) && m.Kind == MailKind.Resent && m.QueuedAt >= now - Moment, cancellationToken))
            {
                throw;
            }

            return false;
        }
    }
}
