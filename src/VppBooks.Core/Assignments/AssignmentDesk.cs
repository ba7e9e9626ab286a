using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Assignments;

/// <summary>
/// Wish, plan, commit: the only way to give a book to groups. A license cannot be taken back, so nothing is spent that was not shown first, and a
/// plan whose facts have moved is not carried out.
/// </summary>
public sealed class AssignmentDesk(
    IDbContextFactory<VppBooksDbContext> contexts, WishReader wishes, PlanViews views, DirectoryHealth health, LicenseGuards guards, IdSource ids, TimeProvider clock, WorkSignal signal, ChangeFeed feed)
{
    /// <summary>Longest time for which a commit can be called back.</summary>
    public static readonly TimeSpan LongestUndoWindow = TimeSpan.FromDays(7);

    private const int Attempts = 4;
    private const string AssignmentsChanged = nameof(AssignmentsChanged);

    /// <summary>Computes and stores what a complete list of assignments would do.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public async Task<PlanResult> PlanAsync(PlanRequest request, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Assign);
        var (wish, refusal) = await wishes.ReadAsync(request, cancellationToken);
        return wish is null ? new PlanResult.Refused(refusal!) : new PlanResult.Planned(await DraftAsync(wish, actor, cancellationToken));
    }

    /// <summary>Carries a plan out, if its effect is still what was shown and the guards let it pass.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<CommitResult> CommitAsync(Guid planId, CommitOptions how, Actor actor, CancellationToken cancellationToken) =>
        CommitAsync(planId, how, askForNumber: true, actor, cancellationToken);

    /// <summary>Plans and commits in one step, for callers that cannot look at a plan. The same rules hold, except that there is nobody to type a number.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public async Task<CommitResult> AssignAsync(PlanRequest request, Actor actor, CancellationToken cancellationToken)
    {
        return await AssignAsync(request, standing: null, actor, cancellationToken);
    }

    /// <summary>
    /// Changes a few of a book's assignments and leaves the others as they are, also when somebody else changes them at the same time: a complete list made from
    /// an older one would undo their work.
    /// </summary>
    /// <param name="bookId">The book's public id.</param>
    /// <param name="change">Makes the new list of the one that stands, or null to leave it; may be asked again.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops the work before the commit.</param>
    /// <returns>Null when <paramref name="change"/> left the list.</returns>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public async Task<CommitResult?> ChangeAsync(
        Guid bookId, Func<IReadOnlyList<AssignmentRow>, IReadOnlyList<WishedAssignment>?> change, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Assign);
        for (var attempt = 1; ; attempt++)
        {
            var standing = await FindStandingAsync(bookId, cancellationToken);
            if (change(await views.ListAssignmentsAsync(bookId, actor, cancellationToken)) is not { } wished)
            {
                return null;
            }

            var result = await AssignAsync(new PlanRequest(bookId, wished), standing, actor, cancellationToken);
            if (result is not CommitResult.Refused { Refusal.Code: AssignmentsChanged } || attempt == Attempts)
            {
                return result;
            }
        }
    }

    private async Task<CommitResult> AssignAsync(PlanRequest request, Wish? standing, Actor actor, CancellationToken cancellationToken)
    {
        var planned = await PlanAsync(request, actor, cancellationToken);
        if (planned is PlanResult.Refused { Refusal: var refusal })
        {
            return new CommitResult.Refused(refusal);
        }

        var how = new CommitOptions();
        var result = await CommitAsync(((PlanResult.Planned)planned).Plan.Id, how, askForNumber: false, actor, cancellationToken, standing);
        for (var attempt = 1; result is CommitResult.Stale { NewPlan: var newer } && attempt < Attempts; attempt++)
        {
            result = await CommitAsync(newer.Id, how, askForNumber: false, actor, cancellationToken, standing);
        }

        return result;
    }

    private async Task<Wish?> FindStandingAsync(Guid bookId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await db.Books.AsNoTracking().SingleOrDefaultAsync(b => b.PublicId == bookId, cancellationToken);
        return book is null ? null : await PlanLedger.StandingAsync(db, book.Id, cancellationToken);
    }

    private async Task<CommitResult> CommitAsync(Guid planId, CommitOptions how, bool askForNumber, Actor actor, CancellationToken cancellationToken, Wish? standing = null)
    {
        actor.Demand(Permissions.Assign);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryCommitAsync(planId, how, askForNumber, standing, actor, cancellationToken);
            }
            catch (Exception e) when (attempt < Attempts && Contention.Lost(e))
            {
                // Somebody else committed for the same book or person in between: judge again with what is true now.
            }
        }
    }

    private async Task<CommitResult> TryCommitAsync(Guid planId, CommitOptions how, bool askForNumber, Wish? standing, Actor actor, CancellationToken cancellationToken)
    {
        Plan? shown;
        Book book;
        Wish wish;
        PlanEffect effect;
        int recent;
        bool moved;
        LicenseOptions options;
        await using (var read = await contexts.CreateDbContextAsync(cancellationToken))
        {
            shown = await read.Plans.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == planId, cancellationToken);
            if (Obstacle(shown) is { } obstacle)
            {
                return new CommitResult.Refused(obstacle);
            }

            if (shown!.State is not (PlanState.Draft or PlanState.Stale))
            {
                return new CommitResult.Committed(await views.OfAsync(read, shown, actor, cancellationToken));
            }

            // Computed before the transaction: a plan for many people takes seconds, and nobody else could write meanwhile. What could have moved
            // until the commit is caught there: by the book's version, the state of each license, and the index that lets nobody have a title twice.
            book = await read.Books.AsNoTracking().SingleAsync(b => b.Id == shown.BookId, cancellationToken);
            if (book.RemovedAt is not null)
            {
                // Wishes for a book that no list shows would wait unseen, and take the next copies that are bought. The version keeps it from being removed until the commit.
                return new CommitResult.Refused(new AssignmentRefusal("BookNotFound", "The book was deleted since the plan was made; nothing was changed."));
            }

            wish = PlanDrafts.Deserialize(book.Id, shown.Wish);
            var change = WishChange.Of(await PlanLedger.StandingAsync(read, book.Id, cancellationToken), wish);
            if (wish.Assignments.Count > 0 && !change.OnlyRemoves && await health.FindStalenessAsync(read, book.Id, cancellationToken) is { } stale)
            {
                return new CommitResult.Refused(WishReader.Stale(stale));
            }

            if ((await PlanFacts.GoneAsync(read, change.Added, cancellationToken)).Count > 0)
            {
                // Deleted since the plan was shown: nothing is spent through it.
                return new CommitResult.Refused(new AssignmentRefusal("GroupDeleted", "The group was deleted in the directory. Remove it from the assignments."));
            }

            effect = await PlanDrafts.EffectAsync(read, book, wish, following: false, cancellationToken);
            options = await guards.ReadAsync(read, cancellationToken);
            recent = await PlanGuards.RecentAsync(read, shown, actor.Id, clock.GetUtcNow(), options, cancellationToken);
            moved = await read.Books.AsNoTracking().Where(b => b.Id == book.Id).Select(b => b.Version).SingleAsync(cancellationToken) != book.Version;
        }

        if (effect.Hash != shown.Hash)
        {
            return await StaleAsync(planId, wish, actor, cancellationToken);
        }

        if (moved)
        {
            // What was read last belongs to another time than the effect: a number must not be asked for that a stale plan would have to show first.
            throw new DbUpdateConcurrencyException("The book has changed while the effect was computed.");
        }

        if (askForNumber && PlanGuards.NumberToType(shown, recent, options) is { } number && how.TypedNumber != number)
        {
            return new CommitResult.Refused(new AssignmentRefusal("NumberNotTyped", $"To commit this plan, the number of licenses it takes, now or when there are more, has to be given: {number}."));
        }

        if (how.UndoWindow is { } window && (window < TimeSpan.Zero || window > LongestUndoWindow))
        {
            return new CommitResult.Refused(new AssignmentRefusal("UndoWindowOutOfRange", "A commit can be called back for at most seven days."));
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var plan = await db.Plans.SingleAsync(p => p.PublicId == planId, cancellationToken);
        var now = clock.GetUtcNow();
        var stored = await db.Books.SingleAsync(b => b.Id == book.Id, cancellationToken);
        if (stored.Version != book.Version || plan.State != shown.State || plan.Hash != shown.Hash)
        {
            throw new DbUpdateConcurrencyException("The book or the plan has changed since the effect was computed.");
        }

        if (await guards.ReadAsync(db, cancellationToken) != options)
        {
            throw new DbUpdateConcurrencyException("The guards have changed since they were asked.");
        }

        if (await db.Locations.AnyAsync(l => l.Id == book.LocationId && l.DeletedAt != null, cancellationToken))
        {
            return new CommitResult.Refused(new AssignmentRefusal("BookNotFound", "The book's token was deleted; nothing was changed."));
        }

        var before = await PlanLedger.StandingAsync(db, book.Id, cancellationToken);
        if (standing is not null && !before.Assignments.ToHashSet().SetEquals(standing.Assignments))
        {
            return new CommitResult.Refused(new AssignmentRefusal(AssignmentsChanged, "The assignments of the book were changed meanwhile. Read them again."));
        }

        plan.Before = PlanDrafts.Serialize(await db.GroupAssignments.AsNoTracking().Where(a => a.BookId == book.Id).ToListAsync(cancellationToken));
        (plan.State, plan.SendAt) = PlanGuards.AfterCommit(plan, recent, how.UndoWindow, options, now);
        // The book's row is locked when this is saved, so no other plan of it can come between.
        var last = await db.Plans.Where(p => p.BookId == book.Id && p.CommittedAt != null).MaxAsync(p => p.CommittedAt, cancellationToken);
        plan.CommittedAt = last >= now ? last.Value.AddMilliseconds(1) : now;
        plan.CommittedById = actor.Id;
        plan.CommittedByName = actor.DisplayName;
        // The book first: it raises the version, so that of two commits that took from the same stock the second starts over; and syncs lock it first too.
        db.Touch(stored, now);
        // Members that changed while the effect was computed left no mark on a book that had nothing of their group yet.
        stored.FollowWanted = true;
        await db.SaveChangesAsync(cancellationToken);
        await PlanLedger.ReplaceAssignmentsAsync(db, ids, stored, plan, wish, actor, _ => new Giver(actor.Id, actor.DisplayName, now), now, cancellationToken);
        // What this plan gives up, or another one that is not decided either, stays until then: undoing could not bring back what was given to others meanwhile.
        var pending = await PendingReleases.In(db).Where(l => l.BookId == book.Id).Select(l => l.PersonId).ToHashSetAsync(cancellationToken);
        await PlanLedger.WriteAsync(
            db,
            stored,
            plan.Id,
            effect.Lines.Where(l => l.Outcome != PlanOutcome.Released || !pending.Contains(l.PersonId)),
            plan.State == PlanState.Committed ? LicenseState.Reserved : LicenseState.Held,
            LicenseCause.Committed,
            now,
            cancellationToken);
        db.Audit(actor, now, "plan.committed", new AuditSubject(book.LocationId, book.Id), new
        {
            plan = plan.PublicId,
            assignments = wish.Assignments.Select(a => new StoredWish(a.GroupId, a.Intent)),
            before = plan.Before,
            plan.GetNow,
            plan.RegisterFirst,
            plan.InviteFirst,
            plan.AlreadyHave,
            plan.Cannot,
            plan.Wait,
            plan.Release,
            state = plan.State.ToString(),
            plan.SendAt,
        });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        signal.Wake(book.LocationId);
        feed.Publish(new Change.OfBook(book.LocationId, book.Id));
        return new CommitResult.Committed(await views.OfAsync(db, plan, actor, cancellationToken));
    }

    private static AssignmentRefusal? Obstacle(Plan? plan) => plan switch
    {
        null => new AssignmentRefusal("PlanNotFound", "There is no such plan. Make the plan again."),
        { State: PlanState.Undone } => new AssignmentRefusal("PlanUndone", "This plan was called back. Make the plan again."),
        { State: PlanState.Rejected } => new AssignmentRefusal("PlanRejected", "This plan was not approved. Make the plan again."),
        _ => null,
    };

    private async Task<CommitResult> StaleAsync(Guid planId, Wish wish, Actor actor, CancellationToken cancellationToken)
    {
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var marked = await db.Plans.Where(p => p.PublicId == planId && p.State == PlanState.Draft).ExecuteUpdateAsync(set => set.SetProperty(p => p.State, PlanState.Stale), cancellationToken);
            if (marked == 0 && !await db.Plans.AnyAsync(p => p.PublicId == planId && p.State == PlanState.Stale, cancellationToken))
            {
                // What made the effect another one is this very plan, committed by somebody else in between.
                throw new DbUpdateConcurrencyException("The plan was committed while its effect was computed.");
            }
        }

        return new CommitResult.Stale(await DraftAsync(wish, actor, cancellationToken));
    }

    private async Task<PlanView> DraftAsync(Wish wish, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await db.Books.AsNoTracking().SingleAsync(b => b.Id == wish.BookId, cancellationToken);
        var effect = await PlanDrafts.EffectAsync(db, book, wish, following: false, cancellationToken);
        var plan = PlanDrafts.New(ids.NewId(), wish, effect, PlanKind.Assignments, actor, clock.GetUtcNow());
        db.Plans.Add(plan);
        await db.SaveChangesAsync(cancellationToken);
        await PlanDrafts.AddLinesAsync(db, plan, effect.Lines, cancellationToken);
        return await views.OfAsync(db, plan, actor, cancellationToken, effect.AvailableTo);
    }
}
