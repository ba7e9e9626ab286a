using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Assignments;

/// <summary>Lets plans go whose undo window has ended.</summary>
public sealed class PlanReleases(IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, TimeProvider clock, ChangeFeed feed)
{
    /// <summary>Releases what is due at a location.</summary>
    /// <returns>When the next one is due; null when none is waiting.</returns>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<DateTimeOffset?> ReleaseDueAsync(Lease lease, CancellationToken cancellationToken)
    {
        var next = await FindNextAsync(lease.LocationId, cancellationToken);
        if (next is null || next > clock.GetUtcNow())
        {
            return next;
        }

        var books = await writer.WriteAsync(
            lease,
            async db =>
            {
                var now = clock.GetUtcNow();
                var due = await Waiting(db, lease.LocationId).Where(p => p.SendAt <= now).ToListAsync(cancellationToken);
                foreach (var plan in due)
                {
                    // An undo that was quicker has changed the state: then there is nothing to release.
                    if (await db.Plans.Where(p => p.Id == plan.Id && p.State == PlanState.Undoable)
                            .ExecuteUpdateAsync(set => set.SetProperty(p => p.State, PlanState.Committed), cancellationToken) == 1)
                    {
                        var released = await ReleaseAsync(db, plan, LicenseCause.WindowEnded, now, cancellationToken);
                        db.Audit(Actor.System, now, "plan.released", new AuditSubject(lease.LocationId, plan.BookId), new { plan = plan.PublicId, licenses = released });
                    }
                }

                return due.Select(p => p.BookId).Distinct().ToList();
            },
            cancellationToken);
        foreach (var bookId in books)
        {
            feed.Publish(new Change.OfBook(lease.LocationId, bookId));
        }

        return await FindNextAsync(lease.LocationId, cancellationToken);
    }

    internal static Task<int> ReleaseAsync(VppBooksDbContext db, Plan plan, LicenseCause cause, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.Licenses
            .Where(l => l.PlanId == plan.Id && l.State == LicenseState.Held)
            .ExecuteUpdateAsync(
                set => set.SetProperty(l => l.State, LicenseState.Reserved).SetProperty(l => l.Cause, cause).SetProperty(l => l.ChangedAt, now), cancellationToken);

    private async Task<DateTimeOffset?> FindNextAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Waiting(db, locationId).MinAsync(p => p.SendAt, cancellationToken);
    }

    private static IQueryable<Plan> Waiting(VppBooksDbContext db, int locationId) =>
        db.Plans.AsNoTracking().Where(p => p.State == PlanState.Undoable && db.Books.Any(b => b.Id == p.BookId && b.LocationId == locationId));
}
