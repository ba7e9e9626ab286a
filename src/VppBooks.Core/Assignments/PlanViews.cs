using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Assignments;

/// <summary>Reads plans, their lines and their progress.</summary>
public sealed class PlanViews(IDbContextFactory<VppBooksDbContext> contexts, LicenseGuards guards, TimeProvider clock)
{
    /// <summary>A plan; null when there is none.</summary>
    public async Task<PlanView?> FindAsync(Guid planId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var plan = await db.Plans.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == planId, cancellationToken);
        return plan is null ? null : await OfAsync(db, plan, actor, cancellationToken);
    }

    /// <summary>The latest committed plan of a book; null when there is none.</summary>
    public async Task<PlanView?> FindLatestCommittedAsync(Guid bookId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var plan = await db.Plans.AsNoTracking()
            .Where(p => (p.State == PlanState.Committed || p.State == PlanState.Undoable || p.State == PlanState.AwaitingApproval) && db.Books.Any(b => b.Id == p.BookId && b.PublicId == bookId))
            .OrderByDescending(p => p.Id)
            .FirstOrDefaultAsync(cancellationToken);
        return plan is null ? null : await OfAsync(db, plan, actor, cancellationToken);
    }

    /// <summary>Plans that wait for a second person, the oldest first.</summary>
    public async Task<IReadOnlyList<AwaitingPlan>> ListAwaitingAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
            from plan in db.Plans
            where plan.State == PlanState.AwaitingApproval
            join book in db.Books on plan.BookId equals book.Id
            from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
            orderby plan.Id
            select new AwaitingPlan(
                plan.PublicId, book.PublicId, title == null ? null : title.Name, book.AdamId, plan.Kind, plan.GetNow + plan.RegisterFirst + plan.InviteFirst + plan.Wait - plan.WaitedBefore, plan.CommittedById,
                plan.CommittedByName))
            .ToListAsync(cancellationToken);
    }

    /// <summary>People of a plan with one outcome, by name.</summary>
    /// <param name="planId">The plan.</param>
    /// <param name="outcome">Which people; null for all.</param>
    /// <param name="skip">Rows to leave out, 0 or more.</param>
    /// <param name="take">Rows to return, 1 to 999.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<IReadOnlyList<PlanLineRow>> ListLinesAsync(Guid planId, PlanOutcome? outcome, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.PlanLines
            .Where(l => db.Plans.Any(p => p.Id == l.PlanId && p.PublicId == planId) && (outcome == null || l.Outcome == outcome))
            .Join(db.People, l => l.PersonId, p => p.Id, (l, p) => new { l, p })
            .OrderBy(x => x.p.DisplayName).ThenBy(x => x.p.Id)
            .Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, 999))
            .Select(x => new PlanLineRow(x.p.PublicId, x.p.DisplayName, x.p.UserPrincipalName, x.l.Outcome, x.l.Reason))
            .ToListAsync(cancellationToken);
    }

    /// <summary>People of a plan behind another one, in the same order; from the first for null.</summary>
    public async Task<IReadOnlyList<PlanLineRow>> ListLinesBehindAsync(Guid planId, PlanOutcome? outcome, PersonPlace? after, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
                from line in db.PlanLines
                where db.Plans.Any(p => p.Id == line.PlanId && p.PublicId == planId) && (outcome == null || line.Outcome == outcome)
                join person in PeopleCatalog.Behind(db, db.People, after) on line.PersonId equals person.Id
                orderby person.DisplayName, person.Id
                select new PlanLineRow(person.PublicId, person.DisplayName, person.UserPrincipalName, line.Outcome, line.Reason))
            .Take(Math.Clamp(take, 1, 999))
            .ToListAsync(cancellationToken);
    }

    /// <summary>The same as a list of which each page begins behind the one before; null when there is no such plan.</summary>
    /// <param name="planId">The plan.</param>
    /// <param name="outcome">Which people; null for all.</param>
    /// <param name="after">Continues after this place, as <see cref="PlanLinesPage.Next"/> named it; null for the beginning.</param>
    /// <param name="skip">Rows to leave out, 0 or more.</param>
    /// <param name="take">Rows to return, 1 to 999.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    /// <exception cref="FormatException">The place is none of such a list.</exception>
    public async Task<PlanLinesPage?> PageLinesAsync(
        Guid planId, PlanOutcome? outcome, IReadOnlyList<string>? after, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Plans.Where(p => p.PublicId == planId).Select(p => (int?)p.Id).SingleOrDefaultAsync(cancellationToken) is not { } plan)
        {
            return null;
        }

        var place = after is null ? null : PlanLinePlace.Of(after);
        var many = await PlanLineLists.Of(db, plan, outcome).Take(PlanLineLists.Many).CountAsync(cancellationToken) == PlanLineLists.Many;
        take = Math.Clamp(take, 1, 999);
        var lines = await PlanLineLists.ByName(db, plan, outcome, place, many).Skip(Math.Max(0, skip)).Take(take + 1).ToListAsync(cancellationToken);
        return new PlanLinesPage(
            [.. lines.Take(take).Select(l => new PlanLineRow(l.PublicId, l.DisplayName, l.UserPrincipalName, l.Outcome, l.Reason))],
            lines.Count > take ? new PlanLinePlace(lines[take - 1].DisplayName, lines[take - 1].PersonId).Words : null);
    }

    /// <summary>How far a committed plan has come.</summary>
    public async Task<PlanProgress> ProgressAsync(Guid planId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var licenses = db.Licenses.Where(l => db.Plans.Any(p => p.Id == l.PlanId && p.PublicId == planId));
        var states = await licenses.GroupBy(l => l.State).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var invited = await licenses
            .Where(l => l.State == LicenseState.Reserved)
            .Join(db.Books, l => l.BookId, b => b.Id, (l, b) => new { l.PersonId, b.LocationId })
            .CountAsync(
                l => db.VppUsers.Any(u => u.PersonId == l.PersonId && u.LocationId == l.LocationId && !u.Retired
                    && u.OperationId == null && (u.Status == VppUserStatus.Registered || u.ErrorNumber != null)),
                cancellationToken);
        return new PlanProgress(
            Of(LicenseState.Reserved),
            invited,
            Of(LicenseState.Submitting) + Of(LicenseState.Submitted),
            Of(LicenseState.Assigned),
            Of(LicenseState.Waiting),
            Of(LicenseState.Failed),
            Of(LicenseState.Unknown),
            Of(LicenseState.Held));

        int Of(LicenseState state) => states.GetValueOrDefault(state);
    }

    /// <summary>The assignments of a book: Required, Available, Excluded, each by group name.</summary>
    public async Task<IReadOnlyList<AssignmentRow>> ListAssignmentsAsync(Guid bookId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await db.Books.AsNoTracking().SingleOrDefaultAsync(b => b.PublicId == bookId, cancellationToken);
        if (book is null)
        {
            return [];
        }

        var everybody = await db.People.CountAsync(p => !p.Guest && p.GoneSince == null, cancellationToken);
        var holders = db.Licenses.Where(l => l.AdamId == book.AdamId && l.State == LicenseState.Assigned && db.Books.Any(b => b.AdamId == book.AdamId && b.Id == l.BookId));
        // Whoever left keeps the copy, and is not one of all users any more.
        var allHolders = await holders.Where(l => AllUsers.In(db).Any(p => p.Id == l.PersonId)).Select(l => l.PersonId).Distinct().CountAsync(cancellationToken);
        return await (
            from assignment in db.GroupAssignments.Where(a => a.BookId == book.Id)
            join candidate in db.Groups on assignment.GroupId equals (int?)candidate.Id into groups
            from @group in groups.DefaultIfEmpty()
            orderby assignment.Intent descending, @group.DisplayName
            select new AssignmentRow(
                assignment.PublicId,
                @group == null ? null : @group.DirectoryId,
                @group == null ? null : @group.DisplayName,
                @group == null ? null : @group.Description,
                @group != null && @group.Dynamic,
                @group == null ? Directory.GroupState.Active : @group.State,
                assignment.Intent,
                @group == null ? everybody : @group.MemberCount,
                @group == null
                    ? allHolders
                    : db.GroupMemberships.Count(m => m.GroupId == @group.Id && holders.Any(h => h.PersonId == m.PersonId)),
                @group == null ? null : @group.MembersReadAt,
                assignment.AssignedByName,
                assignment.AssignedAt)).ToListAsync(cancellationToken);
    }

    /// <param name="db">The context.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="viewer">Who looks at it: the guards are shown as they hold if this is who commits it.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <param name="offered">People to whom it offers the book, where that is known already.</param>
    internal async Task<PlanView> OfAsync(VppBooksDbContext db, Plan plan, Actor viewer, CancellationToken cancellationToken, int? offered = null)
    {
        var book = await db.Books.AsNoTracking().SingleAsync(b => b.Id == plan.BookId, cancellationToken);
        var syncedAt = await db.Locations.Where(l => l.Id == book.LocationId).Select(l => l.LastSyncedAt).SingleAsync(cancellationToken);
        var wish = JsonSerializer.Deserialize<StoredWish[]>(plan.Wish)!;
        var ids = wish.Where(w => w.GroupId != null).Select(w => w.GroupId!.Value).ToArray();
        var groups = await db.Groups.AsNoTracking().Where(g => ids.Contains(g.Id)).ToDictionaryAsync(g => g.Id, cancellationToken);
        var everybody = wish.Any(w => w.GroupId == null) ? await db.People.CountAsync(p => !p.Guest && p.GoneSince == null, cancellationToken) : 0;
        var stock = await PlanFacts.StockAsync(db, book, cancellationToken);
        if (offered is null)
        {
            var members = await PlanFacts.MembersAsync(db, [.. wish.Where(w => w.Intent != Intent.Required).Select(w => (w.GroupId, w.Intent))], cancellationToken);
            offered = Planner.Plan(members, new Dictionary<int, PersonFacts>(), stock).AvailableTo;
        }

        var options = await guards.ReadAsync(db, cancellationToken);
        var recent = await PlanGuards.RecentAsync(db, plan, plan.CommittedById ?? viewer.Id, plan.CommittedAt ?? clock.GetUtcNow(), options, cancellationToken);
        return new PlanView(
            plan.PublicId,
            book.PublicId,
            book.LocationId,
            plan.State,
            [.. wish.Select(w => w.GroupId is { } id && groups.TryGetValue(id, out var g)
                ? new PlannedAssignment(g.DirectoryId, g.DisplayName, w.Intent, g.MemberCount)
                : new PlannedAssignment(null, null, w.Intent, everybody))],
            plan.GetNow,
            plan.AlreadyHave,
            plan.RegisterFirst,
            plan.InviteFirst,
            plan.Cannot,
            plan.Wait,
            plan.Release,
            offered.Value,
            stock.Unlimited,
            stock.Free,
            plan.CreatedAt,
            syncedAt)
        {
            Kind = plan.Kind,
            WaitedBefore = plan.WaitedBefore,
            NumberToType = PlanGuards.NumberToType(plan, recent, options),
            NeedsApproval = PlanGuards.NeedsApproval(plan, recent, options),
            UndoWindow = options.UndoWindow,
            SendAt = plan.SendAt,
            CommittedById = plan.CommittedById,
            CommittedByName = plan.CommittedByName,
            CommittedAt = plan.CommittedAt,
            DecidedByName = plan.DecidedByName,
            DecidedAt = plan.DecidedAt,
            GrownFrom = plan.GrownFrom,
            GrownTo = plan.GrownTo,
        };
    }
}
