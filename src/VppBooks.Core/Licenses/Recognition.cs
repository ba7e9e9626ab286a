using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>
/// Finds our people among records at Apple that nobody here knows, by the ids that follow from location and person (<see cref="ClientUserIds"/>): the database was put
/// back to before they were registered, or lost. What they hold becomes rows of the ledger in the same transaction, so that no title is given again.
/// </summary>
internal static class Recognition
{
    private const int Window = 1000;

    private static readonly LicenseState[] _unsent = [
        LicenseState.Reserved, LicenseState.Waiting, LicenseState.Failed, LicenseState.Held, LicenseState.Canceled, LicenseState.Vanished, LicenseState.Declined];

    /// <summary>Looks at the records of one location.</summary>
    /// <returns>Rows changed.</returns>
    public static async Task<int> RunAsync(VppBooksDbContext db, BulkScope scope, CancellationToken cancellationToken)
    {
        // Others' records by the hundred thousand are told apart before anything is computed.
        var strangers = await db.VppUsers
            .Where(u => u.LocationId == scope.LocationId && u.PersonId == null && EF.Functions.Like(u.ClientUserId, ClientUserIds.Pattern))
            .Select(u => new { u.Id, u.ClientUserId }).ToListAsync(cancellationToken);
        if (strangers.Count == 0)
        {
            return 0;
        }

        var byId = strangers.ToLookup(u => u.ClientUserId, u => u.Id, StringComparer.Ordinal);
        var uId = await db.Locations.Where(l => l.Id == scope.LocationId).Select(l => l.UId).SingleAsync(cancellationToken);
        List<(int UserId, int PersonId)> ours = [];
        await foreach (var person in db.People.Select(p => new { p.Id, p.DirectoryId }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            ours.AddRange(byId[ClientUserIds.For(uId, person.DirectoryId)].Select(user => (user, person.Id)));
        }

        return await ClaimAsync(db, scope.LocationId, ours, scope.Now, cancellationToken);
    }

    /// <summary>Looks for people who are new in the directory's copy, at every location.</summary>
    public static async Task RunAsync(VppBooksDbContext db, IReadOnlyCollection<Guid> directoryIds, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!await db.VppUsers.AnyAsync(u => u.PersonId == null && EF.Functions.Like(u.ClientUserId, ClientUserIds.Pattern), cancellationToken))
        {
            return;
        }

        foreach (var location in await db.Locations.Select(l => new { l.Id, l.UId }).ToListAsync(cancellationToken))
        {
            foreach (var chunk in directoryIds.Chunk(Window))
            {
                var ids = chunk.ToDictionary(id => ClientUserIds.For(location.UId, id), StringComparer.Ordinal);
                var wanted = ids.Keys.ToArray();
                var found = await db.VppUsers
                    .Where(u => u.LocationId == location.Id && u.PersonId == null && wanted.Contains(u.ClientUserId))
                    .Select(u => new { u.Id, u.ClientUserId }).ToListAsync(cancellationToken);
                List<(int UserId, int PersonId)> ours = [];
                foreach (var user in found)
                {
                    var directoryId = ids[user.ClientUserId];
                    ours.Add((user.Id, await db.People.Where(p => p.DirectoryId == directoryId).Select(p => p.Id).SingleAsync(cancellationToken)));
                }

                await ClaimAsync(db, location.Id, ours, now, cancellationToken);
            }
        }
    }

    private static async Task<int> ClaimAsync(VppBooksDbContext db, int locationId, List<(int UserId, int PersonId)> ours, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var licenses = 0;
        foreach (var (userId, personId) in ours)
        {
            await db.VppUsers.Where(u => u.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(u => u.PersonId, personId), cancellationToken);
            licenses += await AdoptAsync(db, userId, personId, now, cancellationToken);
        }

        if (ours.Count > 0)
        {
            db.Audit(Actor.System, now, "registrations.recognized", new AuditSubject(locationId), new { people = ours.Count, licenses });
            await db.SaveChangesAsync(cancellationToken);
        }

        return ours.Count + licenses;
    }

    /// <summary>The rules of a sync: a wish for the title that was not sent is fulfilled by what was found, and what is beyond one is a row of its own.</summary>
    private static async Task<int> AdoptAsync(VppBooksDbContext db, int userId, int personId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var held = await db.ForeignHoldings.Where(h => h.VppUserId == userId).Join(db.Books, h => h.BookId, b => b.Id, (h, b) => new { b.Id, b.AdamId }).ToListAsync(cancellationToken);
        if (held.Count == 0)
        {
            return 0;
        }

        var rows = await db.Licenses.Where(l => l.PersonId == personId).ToListAsync(cancellationToken);
        foreach (var book in held)
        {
            var same = rows.Where(l => l.AdamId == book.AdamId).ToList();
            if ((same.Find(l => l.BookId == book.Id && l.State != LicenseState.Assigned) ?? same.Find(l => _unsent.Contains(l.State))) is { } wish)
            {
                (wish.BookId, wish.State, wish.Cause, wish.MissedOnce, wish.ErrorNumber, wish.ChangedAt) = (book.Id, LicenseState.Assigned, LicenseCause.SeenAtApple, false, null, now);
                continue;
            }

            var found = new License
            {
                BookId = book.Id,
                PersonId = personId,
                AdamId = book.AdamId,
                Ordinal = (byte)(same.Count == 0 ? 0 : same.Max(l => l.Ordinal) + 1),
                State = LicenseState.Assigned,
                Source = LicenseSource.FoundAtApple,
                Cause = LicenseCause.SeenAtApple,
                CreatedAt = now,
                WantedAt = now,
                ChangedAt = now,
            };
            db.Licenses.Add(found);
            rows.Add(found);
        }

        await db.ForeignHoldings.Where(h => h.VppUserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return held.Count;
    }
}
