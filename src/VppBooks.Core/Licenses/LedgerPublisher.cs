using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>
/// The rules by which staged rows settle people, holdings and the ledger: the same for a sync and for a reading between syncs, whatever
/// order they come in, and without effect the second time (I8). Runs inside the caller's transaction.
/// </summary>
public sealed class LedgerPublisher(IBulkStore bulk)
{
    /// <summary>Publishes people's records.</summary>
    /// <param name="complete">The whole list was read and nothing moved meanwhile.</param>
    /// <returns>Rows changed.</returns>
    public async Task<int> PublishUsersAsync(VppBooksDbContext db, BulkScope scope, bool complete, CancellationToken cancellationToken)
    {
        await AuditStandingsAsync(db, scope, cancellationToken);
        var changed = await bulk.RunAsync(db, BulkStatements.RetireUsers, scope, cancellationToken);
        if (complete)
        {
            await bulk.RunAsync(db, BulkStatements.MoveSupersededHoldings, scope, cancellationToken);
            await bulk.RunAsync(db, BulkStatements.DeleteSupersededHoldings, scope, cancellationToken);
            changed += await bulk.RunAsync(db, BulkStatements.DeleteSupersededUsers, scope, cancellationToken);
        }

        changed += await bulk.RunAsync(db, BulkStatements.UpdateUsers, scope, cancellationToken);
        var added = await bulk.RunAsync(db, BulkStatements.InsertUsers, scope, cancellationToken);
        changed += added;
        if (added > 0 || complete)
        {
            changed += await Recognition.RunAsync(db, scope.LocationId, scope.Now, cancellationToken);
        }

        return changed;
    }

    // What the two statements after it will do to records of our people: "since when could she have received it?" is answered by these rows (I9).
    private static async Task AuditStandingsAsync(VppBooksDbContext db, BulkScope scope, CancellationToken cancellationToken)
    {
        if (!await db.VppUsers.AnyAsync(u => u.LocationId == scope.LocationId && u.PersonId != null, cancellationToken))
        {
            return;
        }

        var pairs =
            from read in db.StagedUsers
            where read.RunId == scope.RunId
            join user in db.VppUsers on read.ClientUserId equals user.ClientUserId
            where user.LocationId == scope.LocationId && user.PersonId != null
            select new { Read = read, User = user };
        var changed = await pairs
            .Where(p => (p.User.Retired == p.Read.Retired && p.Read.Status != VppUserStatus.Unknown && p.User.Status != p.Read.Status)
                || (p.Read.Retired && !p.User.Retired
                    && !db.StagedUsers.Any(a => a.RunId == scope.RunId && a.ClientUserId == p.Read.ClientUserId && !a.Retired)
                    && !db.VppUsers.Any(r => r.LocationId == scope.LocationId && r.ClientUserId == p.Read.ClientUserId && r.Retired)))
            .OrderBy(p => p.User.Id)
            .Select(p => new { PersonId = p.User.PersonId!.Value, Before = p.User.Status, After = p.Read.Status })
            .ToListAsync(cancellationToken);
        // In parts: after a first sync of a district everybody has changed.
        foreach (var chunk in changed.Chunk(5000))
        {
            foreach (var change in chunk)
            {
                db.Audit(
                    Actor.System, scope.Now, "registration.changed", new AuditSubject(scope.LocationId, PersonId: change.PersonId),
                    new { before = change.Before == VppUserStatus.Unknown ? null : change.Before.ToString(), after = change.After.ToString() });
            }

            await db.SaveChangesAsync(cancellationToken);
            foreach (var entry in db.ChangeTracker.Entries<AuditEvent>().ToList())
            {
                entry.State = EntityState.Detached;
            }
        }
    }

    /// <summary>Publishes assignments: holdings of others, licenses of ours, and what completely read books no longer show (I5).</summary>
    /// <remarks>The staged books must know their ids.</remarks>
    public async Task<LedgerChanges> PublishAssignmentsAsync(VppBooksDbContext db, BulkScope scope, CancellationToken cancellationToken)
    {
        var stubs = await bulk.RunAsync(db, BulkStatements.InsertStubUsers, scope, cancellationToken);
        stubs += stubs > 0 ? await Recognition.RunAsync(db, scope.LocationId, scope.Now, cancellationToken) : 0;
        var foreign = await bulk.RunAsync(db, BulkStatements.InsertHoldings, scope, cancellationToken);
        var rows = stubs + foreign;

        IReadOnlyList<BookFindings> findings = [];
        var weHavePeople = await db.VppUsers.AnyAsync(u => u.LocationId == scope.LocationId && u.PersonId != null, cancellationToken);
        if (weHavePeople && await bulk.RunAsync(db, BulkStatements.FindLicenses, scope, cancellationToken) > 0)
        {
            findings = await db.StagedLicenses.AsNoTracking()
                .Where(l => l.RunId == scope.RunId)
                .GroupBy(l => l.BookId)
                .Select(g => new BookFindings(
                    g.Key, g.Count(l => l.Finding == LicenseFinding.Found), g.Count(l => l.Finding == LicenseFinding.Confirmed)))
                .ToListAsync(cancellationToken);
            rows += await bulk.RunAsync(db, BulkStatements.SettleLicenses, scope, cancellationToken);
            rows += await bulk.RunAsync(db, BulkStatements.MoveLicenses, scope, cancellationToken);
            rows += await bulk.RunAsync(db, BulkStatements.InsertLicenses, scope, cancellationToken);
        }

        var (removed, missed) = (0, 0);
        if (await bulk.RunAsync(db, BulkStatements.MarkExcess, scope, cancellationToken) > 0)
        {
            removed = await bulk.RunAsync(db, BulkStatements.DeleteHoldings, scope, cancellationToken);
            missed = await bulk.RunAsync(db, BulkStatements.MissLicenses, scope, cancellationToken);
            rows += removed + missed;
        }

        Audit(db, scope, findings, foreign, removed, missed);
        return new LedgerChanges(rows, findings);
    }

    /// <summary>Rows we hold per staged book: assigned licenses of ours and holdings of others.</summary>
    public static async Task<Dictionary<int, int>> CountRowsAsync(VppBooksDbContext db, int runId, CancellationToken cancellationToken)
    {
        var books = db.StagedBooks.Where(s => s.RunId == runId && s.BookId != null).Select(s => s.BookId!.Value);
        var counts = await db.Licenses
            .Where(l => l.State == LicenseState.Assigned && books.Contains(l.BookId))
            .GroupBy(l => l.BookId).Select(g => new { g.Key, Rows = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Rows, cancellationToken);
        var foreign = await db.ForeignHoldings
            .Where(h => books.Contains(h.BookId))
            .GroupBy(h => h.BookId).Select(g => new { g.Key, Rows = g.Count() })
            .ToListAsync(cancellationToken);
        foreach (var book in foreign)
        {
            counts[book.Key] = counts.GetValueOrDefault(book.Key) + book.Rows;
        }

        return counts;
    }

    private static void Audit(VppBooksDbContext db, BulkScope scope, IReadOnlyList<BookFindings> findings, int foreign, int removed, int missed)
    {
        foreach (var book in findings)
        {
            if (book.Confirmed > 0)
            {
                db.Audit(Actor.System, scope.Now, "licenses.assigned", new AuditSubject(scope.LocationId, book.BookId), new { count = book.Confirmed });
            }

            if (book.Found > 0)
            {
                db.Audit(Actor.System, scope.Now, "licenses.found", new AuditSubject(scope.LocationId, book.BookId), new { count = book.Found });
            }
        }

        if (foreign > 0)
        {
            db.Audit(Actor.System, scope.Now, "licenses.found", new AuditSubject(scope.LocationId), new { notOurs = foreign });
        }

        if (removed + missed > 0)
        {
            db.Audit(Actor.System, scope.Now, "licenses.missed", new AuditSubject(scope.LocationId), new { count = missed, notOurs = removed });
        }
    }
}

/// <summary>What publishing assignments did.</summary>
/// <param name="Rows">Rows inserted, changed or removed.</param>
/// <param name="Books">Books with licenses of our people that are assigned now and were not before.</param>
public sealed record LedgerChanges(int Rows, IReadOnlyList<BookFindings> Books);

/// <summary>Licenses of one book that turned out to be assigned.</summary>
/// <param name="BookId">The book.</param>
/// <param name="Found">Bought by others, or wished and not sent yet.</param>
/// <param name="Confirmed">Sent by us.</param>
public sealed record BookFindings(int BookId, int Found, int Confirmed);
