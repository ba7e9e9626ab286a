using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Assignments;

/// <summary>
/// Follows the groups of committed assignments: who joined gets a place under the guards, who left or cannot receive books any more gives up what was not
/// sent. What is at Apple stays where it is.
/// </summary>
public sealed class AssignmentFollower(
    IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, DirectoryHealth health, LicenseGuards guards, IdSource ids, TimeProvider clock, ChangeFeed feed, ILogger<AssignmentFollower> logger)
{
    private const int Attempts = 3;

    /// <summary>Compares the wishes of every book that asks for it with the ledger.</summary>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task FollowAsync(Lease lease, CancellationToken cancellationToken)
    {
        foreach (var bookId in await ListAsync(lease.LocationId, cancellationToken))
        {
            for (var lost = 0; ;)
            {
                try
                {
                    if (!await FollowAsync(lease, bookId, cancellationToken))
                    {
                        break;
                    }
                }
                catch (Exception e) when (lost < Attempts - 1 && Contention.Lost(e))
                {
                    // A commit or a sync changed the book meanwhile: judge with what is true now.
                    lost++;
                }
            }
        }
    }

    private async Task<List<int>> ListAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Books
            .Where(b => b.FollowWanted && b.LocationId == locationId
                // Where the stock is not known, nobody can be given a place.
                && db.Locations.Any(l => l.Id == locationId && l.State == TokenState.Valid && !l.MustReadFirst))
            .OrderBy(b => b.Id)
            .Select(b => b.Id)
            .ToListAsync(cancellationToken);
    }

    /// <returns>Whether to look again: a plan ended that let nobody in who joined while it stood.</returns>
    private async Task<bool> FollowAsync(Lease lease, int bookId, CancellationToken cancellationToken)
    {
        Book book;
        Wish wish;
        PlanEffect effect;
        Func<int, bool> reachable;
        await using (var read = await contexts.CreateDbContextAsync(cancellationToken))
        {
            book = await read.Books.AsNoTracking().SingleAsync(b => b.Id == bookId, cancellationToken);
            wish = await PlanLedger.StandingAsync(read, bookId, cancellationToken);
            effect = await PlanDrafts.EffectAsync(read, book, wish, following: true, cancellationToken);
            reachable = await ReachableAsync(read, wish, cancellationToken);
        }

        var joined = effect.Lines.Where(l => PlanLedger.Changes(l) && l.Outcome != PlanOutcome.Released && reachable(l.PersonId)).ToList();
        var released = effect.Lines.Where(l => l.Outcome == PlanOutcome.Released).ToList();
        var before = effect.Lines.Count - released.Count - joined.Count;
        var (ended, again) = (false, false);
        var held = await writer.WriteAsync(
            lease,
            async db =>
            {
                var now = clock.GetUtcNow();
                var stored = await db.Books.SingleAsync(b => b.Id == bookId, cancellationToken);
                if (stored.Version != book.Version)
                {
                    throw new DbUpdateConcurrencyException("The book has changed since the effect was computed.");
                }

                stored.FollowWanted = false;
                // Plans whose people were served or lost their places in other ways hold nobody up.
                ended = await EndEmptyAsync(db, stored, now, cancellationToken);
                if (ended)
                {
                    await db.SaveChangesAsync(cancellationToken);
                }

                // While a plan pauses the book, its assignments give nothing to anybody, and take nothing: whatever ends the pause asks for following again.
                if (await UndecidedPlans.Pausing(db).AnyAsync(p => p.BookId == bookId, cancellationToken))
                {
                    joined.Clear();
                    var pending = await PendingReleases.In(db).Where(l => l.BookId == bookId).Select(l => l.PersonId).ToHashSetAsync(cancellationToken);
                    released.RemoveAll(l => pending.Contains(l.PersonId));
                }

                // Nor while what is known of the groups is too old (F42): the first read that succeeds asks for following again.
                if (await health.FindStalenessAsync(db, bookId, cancellationToken) is not null)
                {
                    joined.Clear();
                }

                if (joined.Count == 0 && released.Count == 0)
                {
                    return false;
                }

                db.Touch(stored, now);
                await db.SaveChangesAsync(cancellationToken);
                var calledBack = await CalledBackAsync(db, stored, joined, cancellationToken);
                var others = joined.FindAll(l => !calledBack.Contains(l.PersonId));
                var sudden = others.Count > 0 && await IsSuddenAsync(db, bookId, before, others, now, cancellationToken);
                var kept = sudden ? joined : joined.FindAll(l => calledBack.Contains(l.PersonId));
                var plan = kept.Count > 0 ? await HoldAsync(db, wish, effect, kept, sudden ? (before, before + joined.Count) : null, now, cancellationToken) : null;
                await PlanLedger.WriteAsync(db, stored, planId: null, released.Concat(sudden ? [] : others), LicenseState.Reserved, LicenseCause.Joined, now, cancellationToken);
                await PlanLedger.WriteAsync(db, stored, plan?.Id, kept, LicenseState.Held, LicenseCause.Joined, now, cancellationToken);
                stored.FollowWanted = again = await EndEmptyAsync(db, stored, now, cancellationToken);
                db.Audit(
                    Actor.System,
                    now,
                    sudden ? "group.growth-held" : kept.Count > 0 ? "group.called-back-held" : "group.followed",
                    new AuditSubject(lease.LocationId, bookId, OnlyGroup(wish, released.Count > 0)),
                    new { before, joined = joined.Count, licenses = joined.Count(l => l.Outcome != PlanOutcome.Waits), held = kept.Count, released = released.Count, plan = plan?.PublicId });
                return kept.Count > 0;
            },
            cancellationToken);
        if (joined.Count > 0 || released.Count > 0)
        {
            logger.Followed(bookId, before, joined.Count, released.Count, held);
        }

        if (joined.Count > 0 || released.Count > 0 || ended)
        {
            feed.Publish(new Change.OfBook(lease.LocationId, bookId));
        }

        return again;
    }

    /// <summary>The group whose members made the difference, when no other can have: one that is offered the book gives nothing to anybody, but who leaves it may lose what they took.</summary>
    private static int? OnlyGroup(Wish wish, bool anyReleased) =>
        wish.Assignments.Where(a => anyReleased || a.Intent != Intent.Available).Take(2).ToList() is [var (groupId, _)] ? groupId : null;

    /// <summary>
    /// Those who have nothing now because somebody called a license of the title back, and of whom a plan of this book said that it takes nothing for them, because that one was
    /// on its way. Nobody has seen that it takes one after all: somebody decides now. Once they were given one again, or nothing was said of them, they join like everybody else.
    /// </summary>
    private static async Task<HashSet<int>> CalledBackAsync(VppBooksDbContext db, Book book, List<PlannedLine> joined, CancellationToken cancellationToken)
    {
        if (joined.Count == 0)
        {
            return [];
        }

        // The reason that a license shows may be another one since: who leaves a group and comes back was called back all the same.
        var people = joined.Select(l => l.PersonId).ToArray();
        var called = await (
            from license in db.Licenses
            where license.AdamId == book.AdamId && license.State == LicenseState.Canceled && EF.Parameter(people).Contains(license.PersonId)
            join change in db.LicenseChanges on license.Id equals change.LicenseId
            where change.To == LicenseState.Canceled
                && (change.Cause == LicenseCause.Undone || change.Cause == LicenseCause.Rejected || change.Cause == LicenseCause.TokenDeleted
                    // Given up through another book of the title, for good: this one's plan relied on it all the same.
                    || (change.Cause == LicenseCause.NotEntitled && change.BookId != null && change.BookId != book.Id
                        && !db.GroupAssignments.Any(a => a.BookId == change.BookId && a.Intent == Intent.Required
                            && (a.GroupId == null || db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == license.PersonId)))))
                && !db.LicenseChanges.Any(later => later.LicenseId == license.Id && later.Id > change.Id
                    && (later.To == LicenseState.Reserved
                        || (later.To == LicenseState.Waiting && !db.Plans.Any(p => p.Id == later.PlanId && (p.Kind == PlanKind.Growth || p.State != PlanState.Committed)))))
            select new
            {
                license.PersonId,
                change.At,
                Told = (
                    from line in db.PlanLines
                    where line.PersonId == license.PersonId
                        && (line.Outcome == PlanOutcome.AlreadyHas || (line.Outcome == PlanOutcome.Waits && line.Reason == PlanReason.Waiting))
                    join plan in db.Plans on line.PlanId equals plan.Id
                    // Plans of before a token was deleted say nothing any more.
                    where plan.BookId == book.Id && plan.State == PlanState.Committed && plan.Before != null
                    select plan.CommittedAt).Min(),
            }).ToListAsync(cancellationToken);
        // Two servers may have written the two times.
        return [.. called.Where(c => c.Told <= c.At + PlanGuards.ClockTolerance).Select(c => c.PersonId)];
    }

    /// <summary>Many at once, or little by little within a day; or, at once or within the guard window, more licenses than anybody may spend alone.</summary>
    private async Task<bool> IsSuddenAsync(VppBooksDbContext db, int bookId, int before, List<PlannedLine> joined, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = await PlanGuards.JoinersAsync(db, bookId, now - TimeSpan.FromDays(1), DateTimeOffset.MaxValue, cancellationToken);
        LicenseOptions options;
        try
        {
            options = await guards.ReadAsync(db, cancellationToken);
        }
        catch (InvalidOperationException e) when (!Contention.IsDeadlock(e))
        {
            // Nothing is spent under a limit that nobody can read, and what is under way at the location is not held up by it.
            logger.GuardsUnreadable(e.Message);
            return true;
        }

        var recent = await PlanGuards.RecentJoinersAsync(db, bookId, now, options, cancellationToken);
        return joined.Count + recent > options.ApprovalThreshold || PlanGuards.GrowsSuddenly(Math.Max(0, before - today), joined.Count + today, options);
    }

    /// <summary>Whom a Required group reaches that is still there: a deleted one gives nothing to anybody new (F38).</summary>
    private static async Task<Func<int, bool>> ReachableAsync(VppBooksDbContext db, Wish wish, CancellationToken cancellationToken)
    {
        var required = wish.Assignments.Where(a => a.Intent == Intent.Required).Select(a => a.GroupId).ToList();
        var ids = required.OfType<int>().ToArray();
        var there = await db.Groups.Where(g => ids.Contains(g.Id) && g.State == GroupState.Active).Select(g => g.Id).ToListAsync(cancellationToken);
        if (there.Count == ids.Length || required.Contains(null))
        {
            return _ => true;
        }

        var people = await db.GroupMemberships.Where(m => there.Contains(m.GroupId)).Select(m => m.PersonId).ToHashSetAsync(cancellationToken);
        return people.Contains;
    }

    /// <summary>Ends held plans whose people have all left: there is nothing to decide.</summary>
    /// <returns>Whether there was one.</returns>
    private static async Task<bool> EndEmptyAsync(VppBooksDbContext db, Book book, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var empty = await db.Plans
            .Where(p => p.BookId == book.Id && p.Kind == PlanKind.Growth && p.State == PlanState.AwaitingApproval
                && !db.Licenses.Any(l => l.PlanId == p.Id && (l.State == LicenseState.Held || l.State == LicenseState.Waiting)))
            .ToListAsync(cancellationToken);
        foreach (var plan in empty)
        {
            plan.State = PlanState.Undone;
            plan.DecidedAt = now;
            plan.DecidedByName = Actor.System.DisplayName;
            db.Audit(Actor.System, now, "plan.undone", new AuditSubject(book.LocationId, book.Id), new { plan = plan.PublicId, because = nameof(PlanOutcome.Released) });
        }

        return empty.Count > 0;
    }

    /// <summary>A plan for some people alone, which somebody has to approve; it names their number and its cost in licenses.</summary>
    private async Task<Plan> HoldAsync(
        VppBooksDbContext db, Wish wish, PlanEffect effect, List<PlannedLine> kept, (int From, int To)? grown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var growth = new PlanEffect(kept, effect.AvailableTo, effect.Hash);
        var plan = PlanDrafts.New(ids.NewId(), wish, growth, PlanKind.Growth, Actor.System, now, grown);
        plan.State = PlanState.AwaitingApproval;
        plan.CommittedAt = now;
        plan.CommittedById = Actor.System.Id;
        plan.CommittedByName = Actor.System.DisplayName;
        db.Plans.Add(plan);
        await db.SaveChangesAsync(cancellationToken);
        await PlanDrafts.AddLinesAsync(db, plan, kept, cancellationToken);
        return plan;
    }
}

internal static partial class AssignmentLog      // ids 3000-3099
{
    [LoggerMessage(3002, LogLevel.Error, "The guards cannot be read ({Failure}); people who joined are held until somebody decides")]
    public static partial void GuardsUnreadable(this ILogger logger, string failure);

    [LoggerMessage(3001, LogLevel.Information, "Followed the groups of book {BookId}: {Before} people reached before, {Joined} joined, {Released} released; held for a decision: {Held}")]
    public static partial void Followed(this ILogger logger, int bookId, int before, int joined, int released, bool held);
}
