using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
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
    IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, LicenseOptions options, IdSource ids, TimeProvider clock, ChangeFeed feed, ILogger<AssignmentFollower> logger)
{
    private const int Attempts = 3;

    /// <summary>Compares the wishes of every book that asks for it with the ledger.</summary>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task FollowAsync(Lease lease, CancellationToken cancellationToken)
    {
        foreach (var bookId in await ListAsync(lease.LocationId, cancellationToken))
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await FollowAsync(lease, bookId, cancellationToken);
                    break;
                }
                catch (DbUpdateException) when (attempt < Attempts)
                {
                    // A commit or a sync changed the book meanwhile: judge with what is true now.
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

    private async Task FollowAsync(Lease lease, int bookId, CancellationToken cancellationToken)
    {
        Book book;
        Wish wish;
        PlanEffect effect;
        await using (var read = await contexts.CreateDbContextAsync(cancellationToken))
        {
            book = await read.Books.AsNoTracking().SingleAsync(b => b.Id == bookId, cancellationToken);
            wish = await PlanLedger.StandingAsync(read, bookId, cancellationToken);
            effect = await PlanDrafts.EffectAsync(read, book, wish, following: true, cancellationToken);
        }

        var joined = effect.Lines.Where(l => PlanLedger.Changes(l) && l.Outcome != PlanOutcome.Released).ToList();
        var released = effect.Lines.Where(l => l.Outcome == PlanOutcome.Released).ToList();
        var before = effect.Lines.Count - released.Count - joined.Count;
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
                if (joined.Count == 0 && released.Count == 0)
                {
                    return false;
                }

                stored.ModifiedAt = now;
                var sudden = joined.Count > 0
                    && (PlanGuards.GrowsSuddenly(before, joined.Count, options)
                        // While somebody has to decide about earlier ones, later ones do not slip past.
                        || await db.Plans.AnyAsync(p => p.BookId == bookId && p.Kind == PlanKind.Growth && p.State == PlanState.AwaitingApproval, cancellationToken));
                var plan = sudden ? await HoldAsync(db, wish, effect, joined, before, now, cancellationToken) : null;
                await PlanLedger.WriteAsync(
                    db, stored, plan?.Id, released.Concat(joined), sudden ? LicenseState.Held : LicenseState.Reserved, LicenseCause.Joined, now, cancellationToken);
                db.Audit(
                    Actor.System,
                    now,
                    sudden ? "group.growth-held" : "group.followed",
                    new AuditSubject(lease.LocationId, bookId),
                    new { before, joined = joined.Count, licenses = joined.Count(l => l.Outcome != PlanOutcome.Waits), released = released.Count, plan = plan?.PublicId });
                return sudden;
            },
            cancellationToken);
        if (joined.Count > 0 || released.Count > 0)
        {
            logger.Followed(bookId, before, joined.Count, released.Count, held);
            feed.Publish(new Change.OfBook(lease.LocationId, bookId));
        }
    }

    /// <summary>A plan for the new people alone, which somebody has to approve; it names their number and its cost in licenses.</summary>
    private async Task<Plan> HoldAsync(
        VppBooksDbContext db, Wish wish, PlanEffect effect, List<PlannedLine> joined, int before, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var growth = new PlanEffect(joined, effect.AvailableTo, effect.Hash);
        var plan = PlanDrafts.New(ids.NewId(), wish, growth, PlanKind.Growth, Actor.System, now, (before, before + joined.Count));
        plan.State = PlanState.AwaitingApproval;
        plan.CommittedAt = now;
        plan.CommittedById = Actor.System.Id;
        plan.CommittedByName = Actor.System.DisplayName;
        db.Plans.Add(plan);
        await db.SaveChangesAsync(cancellationToken);
        await PlanDrafts.AddLinesAsync(db, plan, joined, cancellationToken);
        return plan;
    }
}

internal static partial class AssignmentLog      // ids 3000-3099
{
    [LoggerMessage(3001, LogLevel.Information, "Followed the groups of book {BookId}: {Before} people reached before, {Joined} joined, {Released} released; held for a decision: {Held}")]
    public static partial void Followed(this ILogger logger, int bookId, int before, int joined, int released, bool held);
}
