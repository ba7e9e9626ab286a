using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>
/// Finds our people among records at Apple that nobody here knows, by the ids that follow from location and person (<see cref="ClientUserIds"/>): the database was put
/// back to before they were registered, or lost. What they hold becomes rows of the ledger in the same transaction, so that no title is given again. Always under the
/// location's lease: new people in the directory's copy only leave a mark (<see cref="Location.RecognizeWanted"/>), which holds spending back
/// (<see cref="SpendingHold"/>) until it is looked at.
/// </summary>
public sealed class Recognition(IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, TimeProvider clock)
{
    private const int Window = 500;

    private static readonly LicenseState[] _unsent = [
        LicenseState.Reserved, LicenseState.Waiting, LicenseState.Failed, LicenseState.Held, LicenseState.Canceled, LicenseState.Vanished, LicenseState.Declined];

    /// <summary>Records that were given an id by our rule and belong to nobody here.</summary>
    internal static IQueryable<VppUser> Strangers(VppBooksDbContext db) =>
        db.VppUsers.Where(u => u.PersonId == null && EF.Functions.Like(u.ClientUserId, ClientUserIds.Pattern));

    /// <summary>Compares where that is wanted.</summary>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    internal async Task RunAsync(Lease lease, CancellationToken cancellationToken)
    {
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (!await db.Locations.AnyAsync(l => l.Id == lease.LocationId && l.RecognizeWanted, cancellationToken))
            {
                return;
            }
        }

        await writer.WriteAsync(
            lease,
            async db =>
            {
                // First the mark: whoever is stored from here on sets it again.
                await db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(set => set.SetProperty(l => l.RecognizeWanted, false), cancellationToken);
                await RunAsync(db, lease.LocationId, clock.GetUtcNow(), cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Compares the records of one location with all people, in the caller's transaction.</summary>
    /// <returns>Rows changed.</returns>
    internal static async Task<int> RunAsync(VppBooksDbContext db, int locationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Others' records by the hundred thousand are told apart before anything is computed.
        var strangers = await Strangers(db).Where(u => u.LocationId == locationId).Select(u => new { u.Id, u.ClientUserId, u.Retired }).ToListAsync(cancellationToken);
        if (strangers.Count == 0)
        {
            return 0;
        }

        var byId = strangers.ToLookup(u => u.ClientUserId, u => (u.Id, u.Retired), StringComparer.Ordinal);
        var uId = await db.Locations.Where(l => l.Id == locationId).Select(l => l.UId).SingleAsync(cancellationToken);
        List<Pair> ours = [];
        await foreach (var person in db.People.Select(p => new { p.Id, p.DirectoryId }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            ours.AddRange(byId[ClientUserIds.For(uId, person.DirectoryId)].Select(user => new Pair(user.Id, user.Retired, person.Id)));
        }

        var (people, licenses) = (0, 0);
        foreach (var chunk in ours.Chunk(Window))
        {
            var (claimed, adopted) = await ClaimAsync(db, locationId, chunk, now, cancellationToken);
            (people, licenses) = (people + claimed, licenses + adopted);
        }

        if (people > 0)
        {
            db.Audit(Actor.System, now, "registrations.recognized", new AuditSubject(locationId), new { people, licenses });
            await db.SaveChangesAsync(cancellationToken);
        }

        return people + licenses;
    }

    private static async Task<(int People, int Licenses)> ClaimAsync(VppBooksDbContext db, int locationId, Pair[] pairs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var people = pairs.Select(p => p.PersonId).Distinct().ToArray();
        // One active record per person: a second one is Apple's record of somebody else's making, and stays with others.
        var active = (await db.VppUsers
                .Where(u => u.LocationId == locationId && !u.Retired && u.PersonId != null && EF.Parameter(people).Contains(u.PersonId.Value))
                .Select(u => u.PersonId!.Value).ToListAsync(cancellationToken))
            .ToHashSet();
        var claimed = pairs.Where(p => p.Retired || active.Add(p.PersonId)).ToDictionary(p => p.UserId, p => p.PersonId);
        var users = claimed.Keys.ToArray();
        var rows = await db.VppUsers.Where(u => EF.Parameter(users).Contains(u.Id)).ToListAsync(cancellationToken);
        rows.ForEach(u => u.PersonId = claimed[u.Id]);
        var held = await db.ForeignHoldings.Where(h => EF.Parameter(users).Contains(h.VppUserId)).OrderBy(h => h.VppUserId).ThenBy(h => h.BookId)
            .Join(db.Books, h => h.BookId, b => b.Id, (h, b) => new { h.VppUserId, BookId = b.Id, b.AdamId }).ToListAsync(cancellationToken);
        var licenses = await db.Licenses.Where(l => EF.Parameter(people).Contains(l.PersonId)).OrderBy(l => l.Ordinal).ToListAsync(cancellationToken);
        var known = licenses.GroupBy(l => (l.PersonId, l.AdamId)).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var holding in held)
        {
            var person = claimed[holding.VppUserId];
            if (!known.TryGetValue((person, holding.AdamId), out var same))
            {
                known.Add((person, holding.AdamId), same = []);
            }

            if (Adopt(same, holding.BookId, person, holding.AdamId, now) is { } found)
            {
                same.Add(found);
                db.Licenses.Add(found);
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await db.ForeignHoldings.Where(h => EF.Parameter(users).Contains(h.VppUserId)).ExecuteDeleteAsync(cancellationToken);
        // Of a hundred thousand people the context need not remember the last.
        foreach (var entry in db.ChangeTracker.Entries().Where(e => e.Entity is VppUser or License).ToList())
        {
            entry.State = EntityState.Detached;
        }

        return (rows.Count, held.Count);
    }

    /// <summary>The rules of a sync: a wish for the title that was not sent is fulfilled by what was found, and what is beyond one is a row of its own.</summary>
    /// <returns>The row to add; null when an existing one says it.</returns>
    private static License? Adopt(List<License> same, int bookId, int personId, long adamId, DateTimeOffset now)
    {
        if ((same.Find(l => l.BookId == bookId && l.State != LicenseState.Assigned) ?? same.Find(l => _unsent.Contains(l.State))) is { } wish)
        {
            (wish.BookId, wish.State, wish.Cause, wish.MissedOnce, wish.ErrorNumber, wish.ChangedAt) = (bookId, LicenseState.Assigned, LicenseCause.SeenAtApple, false, null, now);
            return null;
        }

        return new License
        {
            BookId = bookId,
            PersonId = personId,
            AdamId = adamId,
            Ordinal = (byte)(same.Count == 0 ? 0 : same.Max(l => l.Ordinal) + 1),
            State = LicenseState.Assigned,
            Source = LicenseSource.FoundAtApple,
            Cause = LicenseCause.SeenAtApple,
            CreatedAt = now,
            WantedAt = now,
            ChangedAt = now,
        };
    }

    private readonly record struct Pair(int UserId, bool Retired, int PersonId);
}
