using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
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
    IDbContextFactory<VppBooksDbContext> contexts, WishReader wishes, IdSource ids, TimeProvider clock, WorkSignal signal, ChangeFeed feed)
{
    private const int Attempts = 4;

    /// <summary>Computes and stores what a complete list of assignments would do.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public async Task<PlanResult> PlanAsync(PlanRequest request, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Assign);
        var (wish, refusal) = await wishes.ReadAsync(request, cancellationToken);
        if (wish is null)
        {
            return new PlanResult.Refused(refusal!);
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return new PlanResult.Planned(await DraftAsync(db, wish, actor, cancellationToken));
    }

    /// <summary>Carries a plan out, if its effect is still what was shown.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public async Task<CommitResult> CommitAsync(Guid planId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Assign);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryCommitAsync(planId, actor, cancellationToken);
            }
            catch (DbUpdateException) when (attempt < Attempts)
            {
                // Somebody else committed for the same book or person in between: judge again with what is true now.
            }
        }
    }

    /// <summary>Plans and commits in one step, for callers that cannot look at a plan. The same rules hold.</summary>
    public async Task<CommitResult> AssignAsync(PlanRequest request, Actor actor, CancellationToken cancellationToken)
    {
        var planned = await PlanAsync(request, actor, cancellationToken);
        if (planned is PlanResult.Refused { Refusal: var refusal })
        {
            return new CommitResult.Refused(refusal);
        }

        var result = await CommitAsync(((PlanResult.Planned)planned).Plan.Id, actor, cancellationToken);
        for (var attempt = 1; result is CommitResult.Stale { NewPlan: var newer } && attempt < Attempts; attempt++)
        {
            result = await CommitAsync(newer.Id, actor, cancellationToken);
        }

        return result;
    }

    private async Task<CommitResult> TryCommitAsync(Guid planId, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var plan = await db.Plans.SingleOrDefaultAsync(p => p.PublicId == planId, cancellationToken);
        if (plan is null)
        {
            return new CommitResult.Refused(new AssignmentRefusal("PlanNotFound", "There is no such plan. Make the plan again."));
        }

        var wish = JsonSerializer.Deserialize<StoredWish[]>(plan.Wish)!;
        if (plan.State == PlanState.Committed)
        {
            return new CommitResult.Committed(await PlanViews.OfAsync(db, plan, cancellationToken));
        }

        var book = await db.Books.SingleAsync(b => b.Id == plan.BookId, cancellationToken);
        if (await db.Locations.AnyAsync(l => l.Id == book.LocationId && l.DeletedAt != null, cancellationToken))
        {
            return new CommitResult.Refused(new AssignmentRefusal("BookNotFound", "The book's token was deleted; nothing was changed."));
        }

        var current = new Wish(book.Id, [.. wish.Select(w => (w.GroupId, w.Intent))]);
        var effect = await EffectAsync(db, book, current, cancellationToken);
        if (effect.Hash != plan.Hash)
        {
            plan.State = PlanState.Stale;
            var newer = await DraftAsync(db, current, actor, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new CommitResult.Stale(newer);
        }

        var now = clock.GetUtcNow();
        await ReplaceAssignmentsAsync(db, book, current, actor, now, cancellationToken);
        await CommitLinesAsync(db, book, plan, effect, now, cancellationToken);
        plan.State = PlanState.Committed;
        plan.CommittedAt = now;
        // Raises the version: of two commits that took from the same stock, the second starts over.
        book.ModifiedAt = now;
        db.Audit(actor, now, "plan.committed", new AuditSubject(book.LocationId, book.Id), new
        {
            plan = plan.PublicId,
            assignments = wish,
            plan.GetNow,
            plan.RegisterFirst,
            plan.InviteFirst,
            plan.AlreadyHave,
            plan.Cannot,
            plan.Wait,
            plan.Release,
        });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        signal.Wake(book.LocationId);
        feed.Publish(new Change.OfBook(book.LocationId, book.Id));
        return new CommitResult.Committed(await PlanViews.OfAsync(db, plan, cancellationToken));
    }

    private async Task<PlanView> DraftAsync(VppBooksDbContext db, Wish wish, Actor actor, CancellationToken cancellationToken)
    {
        var book = await db.Books.AsNoTracking().SingleAsync(b => b.Id == wish.BookId, cancellationToken);
        var effect = await EffectAsync(db, book, wish, cancellationToken);
        var plan = new Plan
        {
            PublicId = ids.NewId(),
            BookId = book.Id,
            Wish = JsonSerializer.Serialize(wish.Assignments.Select(a => new StoredWish(a.GroupId, a.Intent)).ToArray()),
            Hash = effect.Hash,
            GetNow = effect.Count(PlanOutcome.GetsNow),
            AlreadyHave = effect.Count(PlanOutcome.AlreadyHas),
            RegisterFirst = effect.Count(PlanOutcome.RegisteredFirst),
            InviteFirst = effect.Count(PlanOutcome.InvitedFirst),
            Cannot = effect.Count(PlanOutcome.Cannot),
            Wait = effect.Count(PlanOutcome.Waits),
            Release = effect.Count(PlanOutcome.Released),
            CreatedById = actor.Id,
            CreatedByName = actor.DisplayName,
            CreatedAt = clock.GetUtcNow(),
        };
        db.Plans.Add(plan);
        await db.SaveChangesAsync(cancellationToken);
        foreach (var chunk in effect.Lines.Chunk(5000))
        {
            db.PlanLines.AddRange(chunk.Select(l => new PlanLine { PlanId = plan.Id, PersonId = l.PersonId, Outcome = l.Outcome, Reason = l.Reason }));
            await db.SaveChangesAsync(cancellationToken);
            DetachLines(db);
        }

        return await PlanViews.OfAsync(db, plan, cancellationToken, effect.AvailableTo);
    }

    private static async Task<PlanEffect> EffectAsync(VppBooksDbContext db, Book book, Wish wish, CancellationToken cancellationToken)
    {
        var members = await PlanFacts.MembersAsync(db, wish.Assignments, cancellationToken);
        var people = await PlanFacts.PeopleAsync(db, book, members, cancellationToken);
        var stock = await PlanFacts.StockAsync(db, book, cancellationToken);
        return Planner.Plan(members, people, stock);
    }

    private async Task ReplaceAssignmentsAsync(VppBooksDbContext db, Book book, Wish wish, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var standing = await db.GroupAssignments.Where(a => a.BookId == book.Id).ToListAsync(cancellationToken);
        foreach (var gone in standing.Where(a => !wish.Assignments.Any(w => w.GroupId == a.GroupId && w.Intent == a.Intent)))
        {
            db.GroupAssignments.Remove(gone);
            standing = [.. standing.Where(a => a != gone)];
        }

        // Removed first: a changed intent is a new row under the same unique key.
        await db.SaveChangesAsync(cancellationToken);
        foreach (var (groupId, intent) in wish.Assignments.Where(w => !standing.Any(a => a.GroupId == w.GroupId)))
        {
            db.GroupAssignments.Add(new GroupAssignment
            {
                PublicId = ids.NewId(),
                BookId = book.Id,
                GroupId = groupId,
                Intent = intent,
                AssignedById = actor.Id,
                AssignedByName = actor.DisplayName,
                AssignedAt = now,
            });
        }
    }

    private static async Task CommitLinesAsync(VppBooksDbContext db, Book book, Plan plan, PlanEffect effect, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var titleBooks = await db.Books.Where(b => b.AdamId == book.AdamId).Select(b => b.Id).ToListAsync(cancellationToken);
        foreach (var chunk in effect.Lines.Where(Changes).Chunk(5000))
        {
            var people = chunk.Select(l => l.PersonId).ToArray();
            var known = await db.Licenses
                .Where(l => titleBooks.Contains(l.BookId) && l.Ordinal == 0 && EF.Parameter(people).Contains(l.PersonId))
                .ToDictionaryAsync(l => l.PersonId, cancellationToken);
            foreach (var line in chunk)
            {
                var state = line.Outcome switch
                {
                    PlanOutcome.Waits => LicenseState.Waiting,
                    PlanOutcome.Released => LicenseState.Canceled,
                    _ => LicenseState.Reserved,
                };
                if (!known.TryGetValue(line.PersonId, out var license))
                {
                    license = new License { PersonId = line.PersonId, AdamId = book.AdamId, CreatedAt = now };
                    db.Licenses.Add(license);
                }
                else if (!MayChange(license, line.Outcome, book.Id))
                {
                    // Sent, or wanted through another book, since the effect was computed: judge everything again.
                    throw new DbUpdateConcurrencyException("A license of the plan has moved.");
                }

                license.BookId = book.Id;
                license.State = state;
                license.Cause = line.Outcome == PlanOutcome.Released ? LicenseCause.NotEntitled : LicenseCause.Committed;
                license.Source = LicenseSource.Required;
                license.PlanId = plan.Id;
                license.ErrorNumber = null;
                license.Attempts = 0;
                license.ChangedAt = now;
            }

            await db.SaveChangesAsync(cancellationToken);
            foreach (var entry in db.ChangeTracker.Entries<License>().ToList())
            {
                entry.State = EntityState.Detached;
            }
        }
    }

    private static bool MayChange(License license, PlanOutcome outcome, int bookId) => license.State switch
    {
        LicenseState.Failed or LicenseState.Canceled or LicenseState.Vanished or LicenseState.Declined => outcome != PlanOutcome.Released,
        LicenseState.Reserved or LicenseState.Waiting or LicenseState.Held => outcome == PlanOutcome.Released && license.BookId == bookId,
        _ => false,
    };

    private static bool Changes(PlannedLine line) => line.Outcome switch
    {
        PlanOutcome.GetsNow or PlanOutcome.RegisteredFirst or PlanOutcome.InvitedFirst or PlanOutcome.Released => true,
        PlanOutcome.Waits => line.Reason != PlanReason.Waiting,
        _ => false,
    };

    private static void DetachLines(VppBooksDbContext db)
    {
        foreach (var entry in db.ChangeTracker.Entries<PlanLine>().ToList())
        {
            entry.State = EntityState.Detached;
        }
    }
}

/// <summary>A wish whose groups are known here, with our own ids.</summary>
/// <param name="BookId">The book.</param>
/// <param name="Assignments">The complete list.</param>
public sealed record Wish(int BookId, IReadOnlyList<(int? GroupId, Intent Intent)> Assignments);

/// <summary>A wish as stored with its plan.</summary>
internal sealed record StoredWish(int? GroupId, Intent Intent);
