using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Why;

/// <summary>Explains why a person has a book, or does not: from the state that acts, with the rules that act (<see cref="Planner"/>, <see cref="LocationConditions"/>).</summary>
public sealed class WhyReader(
    IDbContextFactory<VppBooksDbContext> contexts, LocationDirectory locations, WaitingLists waiting, DeviceReader devices, DirectoryHealth health, LicenseOptions options,
    IOptions<MailOptions> mail, IOptions<InvitationOptions> invitations)
{
    private static readonly LicenseState[] _idle = [LicenseState.Canceled, LicenseState.Failed, LicenseState.Declined, LicenseState.Vanished];

    /// <summary>The whole way from the group to the device; null when the person or the book is not known here.</summary>
    /// <param name="personPublicId">The person.</param>
    /// <param name="bookPublicId">The book.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<WhyAnswer?> ReadAsync(Guid personPublicId, Guid bookPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var person = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == personPublicId, cancellationToken);
        var book = await db.Books.AsNoTracking().SingleOrDefaultAsync(b => b.PublicId == bookPublicId, cancellationToken);
        if (person is null || book is null)
        {
            return null;
        }

        var facts = await GatherAsync(db, person, book, actor, cancellationToken);
        var title = await db.Titles.Where(t => t.Id == book.TitleId).Select(t => t.Name).SingleOrDefaultAsync(cancellationToken);
        return new WhyAnswer
        {
            PersonId = person.PublicId,
            PersonName = person.DisplayName,
            BookId = book.PublicId,
            AdamId = book.AdamId,
            PricingParam = book.PricingParam,
            Title = title,
            TitleId = book.TitleId,
            LocationId = facts.Location.PublicId,
            LocationName = facts.Location.Name,
            SyncedAt = facts.Location.LastSyncedAt,
            Holds = facts.Holds,
            License = facts.License?.State,
            Source = facts.License?.Source,
            Steps = WhyJudge.Judge(facts),
            Assignments =
            [
                .. facts.Reaching.Select(g => new WhyAssignment(
                    g.Group?.DirectoryId, g.Group?.DisplayName, g.Assignment.Intent, g.Assignment.AssignedByName, g.Assignment.AssignedAt)),
            ],
            Plan = facts.LicensePlan is { } plan ? new WhyPlan(plan.PublicId, plan.CommittedByName, plan.CommittedAt, plan.DecidedByName, plan.DecidedAt) : null,
            History = facts.License is { } license ? await HistoryAsync(db, license, cancellationToken) : [],
            Devices = facts.Devices,
        };
    }

    private async Task<WhyFacts> GatherAsync(VppBooksDbContext db, Person person, Book book, Actor actor, CancellationToken cancellationToken)
    {
        var location = await db.Locations.AsNoTracking().SingleAsync(l => l.Id == book.LocationId, cancellationToken);
        var shown = await locations.FindAsync(location.PublicId, actor, cancellationToken);
        int[] ids = [person.Id];
        var known = (await PlanFacts.PeopleAsync(db, book, ids, following: true, cancellationToken))[person.Id];
        var stock = await PlanFacts.StockAsync(db, book, cancellationToken);
        var planned = Planner.Plan([new PlannedWish(null, Intent.Required, ids)], new Dictionary<int, PersonFacts> { [person.Id] = known }, stock).Lines.Single();
        var rows = await db.Licenses.AsNoTracking().Where(l => l.PersonId == person.Id && l.AdamId == book.AdamId).ToListAsync(cancellationToken);
        var license = rows.Where(l => l.BookId == book.Id).OrderBy(l => l.State != LicenseState.Assigned).ThenBy(l => l.Ordinal).FirstOrDefault();
        var user = await db.VppUsers.AsNoTracking()
            .Where(u => u.PersonId == person.Id && u.LocationId == book.LocationId)
            .OrderBy(u => u.Retired).FirstOrDefaultAsync(cancellationToken);
        var directory = await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken);
        return new WhyFacts
        {
            Person = person,
            Book = book,
            Location = location,
            Condition = shown?.Summary.Condition ?? LocationCondition.Valid,
            SyncFails = shown?.Summary.LastError is not null,
            HeldBy = await SpendingHold.By(db, book.LocationId).Where(l => l.Id != book.LocationId).OrderBy(l => l.Name)
                .Select(l => new WhyOther(l.PublicId, l.Name)).FirstOrDefaultAsync(cancellationToken),
            Groups = await GroupsAsync(db, person, book, cancellationToken),
            Directory = directory ?? new DirectoryState(),
            DirectoryTooOld = health.Staleness(directory) is not null,
            Offered = (await BookOffers.FindAsync(db, person, book.Id, cancellationToken)).TryGetValue(book.Id, out var offered) ? offered : null,
            OfGoneGroups = license is { State: LicenseState.Reserved or LicenseState.Waiting or LicenseState.Held }
                && await PausedWishes.OfGoneGroups(db).AnyAsync(l => l.Id == license.Id, cancellationToken),
            License = license,
            LicensePlan = license?.PlanId is { } planId ? await db.Plans.AsNoTracking().SingleOrDefaultAsync(p => p.Id == planId, cancellationToken) : null,
            Ending = license is null
                ? null
                : await UndecidedPlans.In(db).AsNoTracking()
                    .Where(p => p.BookId == book.Id
                        && db.PlanLines.Any(l => l.PlanId == p.Id && l.PersonId == person.Id && l.Outcome == PlanOutcome.Released))
                    .OrderBy(p => p.Id).FirstOrDefaultAsync(cancellationToken),
            Undecided = await UndecidedPlans.Pausing(db).AsNoTracking()
                .Where(p => p.BookId == book.Id)
                .OrderBy(p => p.Id).FirstOrDefaultAsync(cancellationToken),
            Operation = license?.OperationId is { } operationId ? await db.Operations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == operationId, cancellationToken) : null,
            Elsewhere = await ElsewhereAsync(db, rows.Find(l => l.BookId != book.Id && !_idle.Contains(l.State)), cancellationToken),
            Planned = planned,
            Registration = known.Registration,
            User = user,
            Mails = user is { Retired: false, Status: VppUserStatus.Registered }
                ? await db.OutboxMails.AsNoTracking().Where(m => m.VppUserId == user.Id).OrderBy(m => m.Id).ToListAsync(cancellationToken)
                : [],
            MailOn = mail.Value.IsOn,
            InvitesByItself = invitations.Value.SendByItself,
            Stock = stock,
            Place = license?.State == LicenseState.Waiting ? await waiting.FindPlaceAsync(book.PublicId, person.PublicId, actor, cancellationToken) : null,
            Queue = await db.Licenses.CountAsync(l => l.BookId == book.Id && l.State == LicenseState.Waiting, cancellationToken),
            Devices = await devices.FindAsync(person.PublicId, actor, cancellationToken) ?? PersonDevices.Nothing,
            // Whom Apple refused before acceptance is asked for no more until then (9609).
            InvitedIsEnough = (book.Unlimited || options.AssignBeforeAcceptance) && user is not { AcceptanceRequired: true },
        };
    }

    private static async Task<IReadOnlyList<WhyGroup>> GroupsAsync(VppBooksDbContext db, Person person, Book book, CancellationToken cancellationToken)
    {
        var everybody = await AllUsers.In(db).AnyAsync(p => p.Id == person.Id, cancellationToken);
        var rows = await (
                from assignment in db.GroupAssignments.AsNoTracking()
                where assignment.BookId == book.Id
                from @group in db.Groups.Where(g => g.Id == assignment.GroupId).DefaultIfEmpty()
                orderby assignment.Id
                select new
                {
                    Group = @group,
                    Assignment = assignment,
                    Member = assignment.GroupId != null && db.GroupMemberships.Any(m => m.GroupId == assignment.GroupId && m.PersonId == person.Id),
                })
            .ToListAsync(cancellationToken);
        return [.. rows.Select(r => new WhyGroup(r.Group, r.Assignment, r.Assignment.GroupId is null ? everybody : r.Member))];
    }

    private static async Task<WhyOtherBook?> ElsewhereAsync(VppBooksDbContext db, License? license, CancellationToken cancellationToken) => license is null
        ? null
        : await db.Books
            .Where(b => b.Id == license.BookId)
            .Join(db.Locations, b => b.LocationId, l => l.Id, (b, l) => new WhyOtherBook(b.PublicId, l.Name, b.PricingParam, license.State, license.ChangedAt))
            .SingleAsync(cancellationToken);

    private static async Task<IReadOnlyList<WhyEvent>> HistoryAsync(VppBooksDbContext db, License license, CancellationToken cancellationToken)
    {
        var changes = await (
            from change in db.LicenseChanges
            where change.LicenseId == license.Id
            orderby change.Id
            select new WhyEvent(
                change.At,
                change.From,
                change.To,
                change.Cause,
                change.ErrorNumber,
                db.Plans.Where(p => p.Id == change.PlanId).Select(p => (Guid?)p.PublicId).FirstOrDefault(),
                db.Operations.Where(o => o.Id == change.OperationId).Select(o => o.EventId).FirstOrDefault()))
            .ToListAsync(cancellationToken);
        // What a sync finds enters the ledger as held, and is no change: the row itself tells it.
        return changes is [{ From: null }, ..] ? changes : [new WhyEvent(license.CreatedAt, null, LicenseState.Assigned, LicenseCause.SeenAtApple, null, null, null), .. changes];
    }
}
