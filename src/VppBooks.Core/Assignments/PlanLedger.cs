using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Assignments;

/// <summary>Puts a plan's effect into the ledger and its wish into the assignments. Runs inside the caller's transaction.</summary>
internal static class PlanLedger
{
    /// <summary>Writes the lines that change something.</summary>
    /// <param name="db">The context, with its transaction.</param>
    /// <param name="book">The book.</param>
    /// <param name="planId">The plan that commits them; null when a group is followed without one.</param>
    /// <param name="lines">The effect.</param>
    /// <param name="taken">State of licenses that take from the stock: set aside at once, or held.</param>
    /// <param name="cause">Why they are wanted.</param>
    /// <param name="now">Now.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <exception cref="DbUpdateException">A license has moved since the effect was computed, or somebody else gave the person the title: judge again.</exception>
    public static async Task WriteAsync(
        VppBooksDbContext db, Book book, int? planId, IEnumerable<PlannedLine> lines, LicenseState taken, LicenseCause cause, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var titleBooks = await db.Books.Where(b => b.AdamId == book.AdamId).Select(b => b.Id).ToListAsync(cancellationToken);
        var givenUp = false;
        foreach (var chunk in lines.Where(Changes).Chunk(5000))
        {
            var people = chunk.Select(l => l.PersonId).ToArray();
            var known = await db.Licenses
                .Where(l => titleBooks.Contains(l.BookId) && l.Ordinal == 0 && EF.Parameter(people).Contains(l.PersonId))
                .ToDictionaryAsync(l => l.PersonId, cancellationToken);
            foreach (var line in chunk)
            {
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

                var released = line.Outcome == PlanOutcome.Released;
                givenUp |= released;
                license.BookId = book.Id;
                license.State = released ? LicenseState.Canceled : line.Outcome == PlanOutcome.Waits ? LicenseState.Waiting : taken;
                license.Cause = released ? LicenseCause.NotEntitled : cause;
                license.Source = LicenseSource.Required;
                license.PlanId = released ? license.PlanId : planId;
                license.ErrorNumber = null;
                license.Attempts = 0;
                license.WantedAt = released ? license.WantedAt : now;
                license.WaitingRank = null;
                license.ChangedAt = now;
            }

            await db.SaveChangesAsync(cancellationToken);
            foreach (var entry in db.ChangeTracker.Entries<License>().ToList())
            {
                entry.State = EntityState.Detached;
            }
        }

        if (givenUp)
        {
            await db.WantFollowingOfOthersAsync(book, cancellationToken);
        }
    }

    /// <summary>Whether a line makes a difference to the ledger.</summary>
    public static bool Changes(PlannedLine line) => line.Outcome switch
    {
        PlanOutcome.GetsNow or PlanOutcome.RegisteredFirst or PlanOutcome.InvitedFirst or PlanOutcome.Released => true,
        PlanOutcome.Waits => line.Reason != PlanReason.Waiting,
        _ => false,
    };

    /// <summary>The assignments that a book has now.</summary>
    public static async Task<Wish> StandingAsync(VppBooksDbContext db, int bookId, CancellationToken cancellationToken) =>
        new(bookId, [.. (await db.GroupAssignments.AsNoTracking().Where(a => a.BookId == bookId).OrderBy(a => a.Id).ToListAsync(cancellationToken)).Select(a => (a.GroupId, a.Intent))]);

    /// <summary>Puts a complete list of assignments in the place of those that stand, with an audit row for each group to which that makes a difference.</summary>
    public static async Task ReplaceAssignmentsAsync(
        VppBooksDbContext db, IdSource ids, Book book, Plan plan, Wish wish, Actor actor, Func<int?, Giver> giver, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var standing = await db.GroupAssignments.Where(a => a.BookId == wish.BookId).ToListAsync(cancellationToken);
        AuditGroups(db, book, plan, [.. standing.Select(a => (a.GroupId, a.Intent))], wish.Assignments, actor, now);
        var replaced = new List<GroupAssignment>();
        foreach (var gone in standing.Where(a => !wish.Assignments.Any(w => w.GroupId == a.GroupId && w.Intent == a.Intent)))
        {
            db.GroupAssignments.Remove(gone);
            replaced.Add(gone);
            standing = [.. standing.Where(a => a != gone)];
        }

        // Removed first: a changed intent is a new row under the same unique key. Its id stays, because callers know the assignment by it.
        await db.SaveChangesAsync(cancellationToken);
        var rank = standing.Count == 0 ? 0 : standing.Max(a => a.Rank) + 1;
        foreach (var (groupId, intent) in wish.Assignments.Where(w => !standing.Any(a => a.GroupId == w.GroupId)))
        {
            var (giverId, giverName, givenAt) = giver(groupId);
            db.GroupAssignments.Add(new GroupAssignment
            {
                PublicId = replaced.Find(r => r.GroupId == groupId)?.PublicId ?? ids.NewId(),
                BookId = wish.BookId,
                GroupId = groupId,
                Intent = intent,
                Rank = rank++,
                AssignedById = giverId,
                AssignedByName = giverName,
                AssignedAt = givenAt,
            });
        }
    }

    // A plan's own row is about the book alone: what happened to a group is found by rows that name it.
    private static void AuditGroups(
        VppBooksDbContext db,
        Book book,
        Plan plan,
        IReadOnlyList<(int? GroupId, Intent Intent)> before,
        IReadOnlyList<(int? GroupId, Intent Intent)> after,
        Actor actor,
        DateTimeOffset now)
    {
        foreach (var groupId in after.Concat(before).Select(a => a.GroupId).Distinct())
        {
            var (was, becomes) = (IntentOf(before), IntentOf(after));
            if (was == becomes)
            {
                continue;
            }

            var (intentBefore, intent) = (was?.ToString(), becomes?.ToString());
            db.Audit(
                actor,
                now,
                (was, becomes) switch
                {
                    (null, _) => "assignment.added",
                    (_, null) => "assignment.removed",
                    _ => "assignment.changed",
                },
                new AuditSubject(book.LocationId, book.Id, groupId),
                groupId is null
                    ? new { plan = plan.PublicId, target = "AllUsers", intent, before = intentBefore }
                    : new { plan = plan.PublicId, intent, before = intentBefore });

            Intent? IntentOf(IReadOnlyList<(int? GroupId, Intent Intent)> assignments) =>
                assignments.Where(a => a.GroupId == groupId).Select(a => (Intent?)a.Intent).FirstOrDefault();
        }
    }

    private static bool MayChange(License license, PlanOutcome outcome, int bookId) => license.State switch
    {
        LicenseState.Failed or LicenseState.Canceled or LicenseState.Vanished or LicenseState.Declined => outcome != PlanOutcome.Released,
        LicenseState.Reserved or LicenseState.Waiting or LicenseState.Held => outcome == PlanOutcome.Released && license.BookId == bookId,
        _ => false,
    };
}
