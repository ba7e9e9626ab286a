using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Assignments;

/// <summary>Decides on committed plans whose licenses are held: approve, refuse, undo. Until then nothing has been sent, for nobody of them.</summary>
public sealed class PlanDecisions(
    IDbContextFactory<VppBooksDbContext> contexts, PlanViews views, LicenseGuards guards, IdSource ids, TimeProvider clock, WorkSignal signal, ChangeFeed feed)
{
    /// <summary>Lets a plan go that waits for approval. Whoever committed it cannot approve it.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<DecisionResult> ApproveAsync(Guid planId, Actor actor, CancellationToken cancellationToken) => DecideAsync(
        planId,
        actor,
        (plan, _) => plan.State switch
        {
            PlanState.AwaitingApproval when plan.CommittedById == actor.Id => OwnPlan,
            PlanState.AwaitingApproval => null,
            PlanState.Committed or PlanState.Undoable => Unchanged,
            _ => Ended,
        },
        async (db, plan, book, now) =>
        {
            var options = await guards.ReadAsync(db, cancellationToken);
            if (actor.IsProgram && !options.ProgramsMayApprove)
            {
                return NoPerson;
            }

            if (plan.Kind == PlanKind.Growth && PlanGuards.NeedsApproval(plan, await PlanGuards.RecentAsync(db, plan, actor.Id, plan.CommittedAt ?? now, options, cancellationToken), options)
                && await db.GroupAssignments.AnyAsync(a => a.BookId == book.Id && a.Intent == Intent.Required && a.AssignedById == actor.Id, cancellationToken))
            {
                return OwnPlan;
            }

            (plan.State, plan.SendAt) = PlanGuards.AfterApproval(plan, options, now);
            if (plan.State == PlanState.Committed)
            {
                await PlanReleases.ReleaseAsync(db, plan, LicenseCause.Approved, now, cancellationToken);
            }

            return null;
        },
        "plan.approved",
        cancellationToken);

    /// <summary>Refuses a plan that waits for approval; nothing of it is sent, and what it changed in the assignments is taken back.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<DecisionResult> RejectAsync(Guid planId, Actor actor, CancellationToken cancellationToken) => DecideAsync(
        planId,
        actor,
        (plan, _) => plan.State switch
        {
            PlanState.AwaitingApproval => null,
            PlanState.Rejected => Unchanged,
            PlanState.Committed or PlanState.Undoable => new AssignmentRefusal("PlanApproved", "This plan was approved meanwhile."),
            _ => Ended,
        },
        async (db, plan, book, now) =>
        {
            plan.State = PlanState.Rejected;
            await PutBackAsync(db, plan, book, actor, now, cancellationToken);
            await GiveUpAsync(db, plan, LicenseCause.Rejected, now, cancellationToken);
            await PendingReleases.CarryOutAsync(db, plan, now, cancellationToken);
            return null;
        },
        "plan.rejected",
        cancellationToken);

    /// <summary>Calls a committed plan back while its licenses are held: no request is made for any of them, and what it changed in the assignments is taken back.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<DecisionResult> UndoAsync(Guid planId, Actor actor, CancellationToken cancellationToken) => DecideAsync(
        planId,
        actor,
        (plan, now) => plan.State switch
        {
            PlanState.AwaitingApproval when plan.Kind == PlanKind.Assignments => null,
            PlanState.Undoable when plan.SendAt > now => null,
            PlanState.Undone => Unchanged,
            PlanState.Undoable or PlanState.Committed => new AssignmentRefusal("TooLate", "The undo window has ended: licenses of this plan are on their way to Apple and cannot be called back."),
            _ => Ended,
        },
        async (db, plan, book, now) =>
        {
            plan.State = PlanState.Undone;
            await PutBackAsync(db, plan, book, actor, now, cancellationToken);
            await GiveUpAsync(db, plan, LicenseCause.Undone, now, cancellationToken);
            await PendingReleases.CarryOutAsync(db, plan, now, cancellationToken);
            return null;
        },
        "plan.undone",
        cancellationToken);

    private static readonly AssignmentRefusal Unchanged = new("", "");
    private static readonly AssignmentRefusal OwnPlan = new("OwnPlan", "A second person has to approve this plan: you committed it, or gave the book to its groups.");
    private static readonly AssignmentRefusal NoPerson = new("PersonNeeded", "A second person has to approve this plan: a program that acts in nobody's name cannot.");
    private static readonly AssignmentRefusal Ended = new("PlanEnded", "This plan is not waiting for a decision any more.");

    private async Task<DecisionResult> DecideAsync(
        Guid planId,
        Actor actor,
        Func<Plan, DateTimeOffset, AssignmentRefusal?> judge,
        Func<VppBooksDbContext, Plan, Book, DateTimeOffset, Task<AssignmentRefusal?>> decide,
        string action,
        CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Assign);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryDecideAsync(planId, actor, judge, decide, action, cancellationToken);
            }
            catch (Exception e) when (attempt < 4 && Contention.Lost(e))
            {
                // Another decision, or the end of the undo window, came first: look again.
            }
        }
    }

    private async Task<DecisionResult> TryDecideAsync(
        Guid planId,
        Actor actor,
        Func<Plan, DateTimeOffset, AssignmentRefusal?> judge,
        Func<VppBooksDbContext, Plan, Book, DateTimeOffset, Task<AssignmentRefusal?>> decide,
        string action,
        CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // The books first, as everybody locks them: whatever else is decided or committed for the title comes before or after, not between. All of them, and marked for
        // following: another quality of the title, or another token, may be meant to give it to the same people. Joiners that came while nobody had decided are looked at too.
        if (await db.Books.Where(b => db.Plans.Any(p => p.PublicId == planId && db.Books.Any(own => own.Id == p.BookId && own.AdamId == b.AdamId)))
                .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken) == 0)
        {
            return new DecisionResult.Refused(new AssignmentRefusal("PlanNotFound", "There is no such plan."));
        }

        var plan = await db.Plans.SingleAsync(p => p.PublicId == planId, cancellationToken);
        var now = clock.GetUtcNow();
        if (judge(plan, now) is { } refusal)
        {
            return refusal == Unchanged ? new DecisionResult.Done(await views.OfAsync(db, plan, actor, cancellationToken)) : new DecisionResult.Refused(refusal);
        }

        // Of two decisions at once only one finds the plan as it was read.
        if (await db.Plans.Where(p => p.Id == plan.Id && p.State == plan.State).ExecuteUpdateAsync(set => set.SetProperty(p => p.DecidedAt, now), cancellationToken) != 1)
        {
            throw new DbUpdateConcurrencyException("The plan was decided meanwhile.");
        }

        var book = await db.Books.SingleAsync(b => b.Id == plan.BookId, cancellationToken);
        plan.DecidedAt = now;
        plan.DecidedByName = actor.DisplayName;
        db.Touch(book, now);
        await db.SaveChangesAsync(cancellationToken);
        if (await decide(db, plan, book, now) is { } obstacle)
        {
            return new DecisionResult.Refused(obstacle);
        }

        db.Audit(actor, now, action, new AuditSubject(book.LocationId, book.Id), new { plan = plan.PublicId, licenses = PlanGuards.Takes(plan), wanted = PlanGuards.Wants(plan), committedBy = plan.CommittedByName, plan.SendAt });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        signal.Wake(book.LocationId);
        feed.Publish(new Change.OfBook(book.LocationId, book.Id));
        return new DecisionResult.Done(await views.OfAsync(db, plan, actor, cancellationToken));
    }

    /// <summary>
    /// Takes back what the plan changed in the assignments; what a later plan changed again stays as that one left it. Whose place the plan would have ended have it still.
    /// </summary>
    private async Task PutBackAsync(VppBooksDbContext db, Plan plan, Book book, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (plan.Kind != PlanKind.Assignments || plan.Before is null)
        {
            return;
        }

        var standing = await db.GroupAssignments.AsNoTracking().Where(a => a.BookId == book.Id).OrderBy(a => a.Id).ToListAsync(cancellationToken);
        var history = await PlanHistory.ReadAsync(db, book.Id, cancellationToken);
        var back = history.Without(plan.Id, [.. standing.Select(a => new StoredWish(a.GroupId, a.Intent, a.Rank))]);
        var wish = new Wish(book.Id, [.. back.Select(w => (w.GroupId, w.Intent))]);
        // Whoever gave the book to a group is still the one who did, and has as long: only that is taken back what came afterwards.
        await PlanLedger.ReplaceAssignmentsAsync(db, ids, book, plan, wish, actor, group => history.GiverWithout(plan.Id, group) ?? new Giver(actor.Id, actor.DisplayName, now), now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        // Where the waiting list goes by the order of the groups, people have their place by it.
        var changed = PlanHistory.ChangedBy(PlanDrafts.Stored(plan.Wish), PlanDrafts.Stored(plan.Before));
        var places = PlanDrafts.Stored(plan.Before).Where(w => changed.Contains(w.GroupId)).Concat(standing.Select(a => new StoredWish(a.GroupId, a.Intent, a.Rank)))
            .GroupBy(w => w.GroupId ?? 0).ToDictionary(g => g.Key, g => g.First().Rank);
        var assignments = await db.GroupAssignments.Where(a => a.BookId == book.Id).ToListAsync(cancellationToken);
        foreach (var (rank, assignment) in assignments.OrderBy(a => places.GetValueOrDefault(a.GroupId ?? 0) ?? a.Rank).ThenBy(a => a.Id).Index())
        {
            assignment.Rank = rank;
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>
    /// Gives the plan's licenses up. What was refused before the plan is refused again. Whom other assignments reach is theirs, under the guards of following; but people of a
    /// group that grew are reached by what stands as before, and following would ask for them once more, though somebody has just said no.
    /// </summary>
    private static async Task GiveUpAsync(VppBooksDbContext db, Plan plan, LicenseCause cause, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var held = db.Licenses.Where(l => l.PlanId == plan.Id && (l.State == LicenseState.Held || l.State == LicenseState.Waiting));
        if (plan is { Kind: PlanKind.Assignments, Before: not null })
        {
            await held
                .Where(l => !db.LicenseChanges.Any(c => c.LicenseId == l.Id && c.PlanId == plan.Id
                    && (c.From == LicenseState.Failed || c.From == LicenseState.Vanished || c.From == LicenseState.Declined)))
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Canceled).SetProperty(l => l.Cause, cause).SetProperty(l => l.ChangedAt, now), cancellationToken);
        }

        await held.ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Declined).SetProperty(l => l.Cause, cause).SetProperty(l => l.ChangedAt, now), cancellationToken);
    }
}
