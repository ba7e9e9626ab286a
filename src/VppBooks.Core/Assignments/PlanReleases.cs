using System.Collections.Concurrent;
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
    // Plans as this process saw them first: a wall clock that jumps must not end a window, and what is sent then cannot be called back.
    private readonly ConcurrentDictionary<int, (int LocationId, long SeenAt, TimeSpan Left)> _seen = new();

    /// <summary>Releases what is due at a location.</summary>
    /// <returns>When the next one is due; null when none is waiting.</returns>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<DateTimeOffset?> ReleaseDueAsync(Lease lease, CancellationToken cancellationToken)
    {
        var (due, next) = await LookAsync(lease.LocationId, cancellationToken);
        if (due.Count == 0)
        {
            return next;
        }

        var books = await writer.WriteAsync(
            lease,
            async db =>
            {
                var now = clock.GetUtcNow();
                foreach (var plan in due)
                {
                    // The books first, as everybody locks them: all of the title, for what is given up may be meant to come from another one.
                    await db.Books.Where(b => db.Books.Any(own => own.Id == plan.BookId && own.AdamId == b.AdamId)).ExecuteUpdateAsync(
                        set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);
                    // An undo that was quicker has changed the state: then there is nothing to release.
                    if (await db.Plans.Where(p => p.Id == plan.Id && p.State == PlanState.Undoable)
                            .ExecuteUpdateAsync(set => set.SetProperty(p => p.State, PlanState.Committed), cancellationToken) == 1)
                    {
                        var (licenses, givenUp) = await ReleaseAsync(db, plan, LicenseCause.WindowEnded, now, cancellationToken);
                        db.Audit(Actor.System, now, "plan.released", new AuditSubject(lease.LocationId, plan.BookId), new { plan = plan.PublicId, licenses, givenUp });
                    }
                }

                return due.ConvertAll(p => p.BookId);
            },
            cancellationToken);
        foreach (var bookId in books.Distinct())
        {
            feed.Publish(new Change.OfBook(lease.LocationId, bookId));
        }

        return next;
    }

    /// <summary>Puts a plan into force: its licenses may be sent, and what it gives up is given up.</summary>
    internal static async Task<(int Licenses, int GivenUp)> ReleaseAsync(VppBooksDbContext db, Plan plan, LicenseCause cause, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var licenses = await db.Licenses
            .Where(l => l.PlanId == plan.Id && l.State == LicenseState.Held)
            .ExecuteUpdateAsync(
                set => set.SetProperty(l => l.State, LicenseState.Reserved).SetProperty(l => l.Cause, cause).SetProperty(l => l.ChangedAt, now), cancellationToken);
        return (licenses, await PendingReleases.CarryOutAsync(db, plan, now, cancellationToken));
    }

    /// <summary>Plans whose window has ended, and when the next one ends.</summary>
    private async Task<(List<Plan> Due, DateTimeOffset? Next)> LookAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var plans = await db.Plans.AsNoTracking()
            .Where(p => p.State == PlanState.Undoable && db.Books.Any(b => b.Id == p.BookId && b.LocationId == locationId))
            .ToListAsync(cancellationToken);
        var (due, next) = (new List<Plan>(), (DateTimeOffset?)null);
        var now = clock.GetUtcNow();
        var open = plans.ConvertAll(p => p.Id).ToHashSet();
        foreach (var decided in _seen.Where(s => s.Value.LocationId == locationId && !open.Contains(s.Key)))
        {
            _seen.TryRemove(decided);
        }

        foreach (var plan in plans)
        {
            var (_, seenAt, left) = _seen.GetOrAdd(plan.Id, _ => (locationId, clock.GetTimestamp(), plan.SendAt.GetValueOrDefault() - now));
            var rest = left - clock.GetElapsedTime(seenAt);
            if (rest <= TimeSpan.Zero)
            {
                _seen.TryRemove(plan.Id, out _);
                due.Add(plan);
            }
            else
            {
                next = next is null || now + rest < next ? now + rest : next;
            }
        }

        // In one order, as several plans of a location are released together.
        return ([.. due.OrderBy(p => p.BookId).ThenBy(p => p.Id)], next);
    }
}
