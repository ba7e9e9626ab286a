using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Library;

/// <summary>Which books reach a person: the one place that says so, for showing them and for taking one.</summary>
internal static class BookOffers
{
    /// <summary>Books that reach the person, by the book's id: Required where any wish requires it, else Available; excluded ones are left out.</summary>
    /// <param name="db">The context.</param>
    /// <param name="person">The person.</param>
    /// <param name="bookId">Only this book; null for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<IReadOnlyDictionary<int, Intent>> FindAsync(VppBooksDbContext db, Person person, int? bookId, CancellationToken cancellationToken) =>
        (await ListAsync(db, person, bookId, cancellationToken)).GroupBy(r => r.BookId, r => r.Intent)
            .Where(g => !g.Contains(Intent.Excluded))
            .ToDictionary(g => g.Key, g => g.Contains(Intent.Required) ? Intent.Required : Intent.Available);

    /// <summary>Every wish that reaches the person, exclusions among them.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public static async Task<IReadOnlyList<ReachingWish>> ListAsync(VppBooksDbContext db, Person person, int? bookId, CancellationToken cancellationToken)
    {
        var everybody = !person.Guest && person.GoneSince is null;
        var standing = await (
                from membership in db.GroupMemberships
                where membership.PersonId == person.Id
                join assignment in db.GroupAssignments on (int?)membership.GroupId equals assignment.GroupId
                join @group in db.Groups on membership.GroupId equals @group.Id
                where (bookId == null || assignment.BookId == bookId)
                    // A group that the directory does not have any more offers nothing (F38); whom it excluded stays excluded.
                    && (@group.State == GroupState.Active || assignment.Intent == Intent.Excluded)
                select new { assignment.BookId, assignment.Intent, assignment.GroupId })
            .Concat(db.GroupAssignments.Where(a => everybody && a.GroupId == null && (bookId == null || a.BookId == bookId)).Select(a => new { a.BookId, a.Intent, a.GroupId }))
            .ToListAsync(cancellationToken);
        var reaching = standing.ConvertAll(r => new ReachingWish(r.BookId, r.Intent, r.GroupId));

        // What a plan gives that can be called back, or is not approved, is not given yet: what is offered reaches the person with such plans and without them.
        var undecided = await UndecidedPlans.In(db)
            .Where(p => (bookId == null || p.BookId == bookId) && p.Kind == PlanKind.Assignments && p.Before != null)
            .Select(p => p.BookId).Distinct().ToListAsync(cancellationToken);
        if (undecided.Count > 0)
        {
            var groups = await (
                    from membership in db.GroupMemberships
                    where membership.PersonId == person.Id
                    join @group in db.Groups on membership.GroupId equals @group.Id
                    select new { @group.Id, Missing = @group.State != GroupState.Active })
                .ToDictionaryAsync(g => g.Id, g => g.Missing, cancellationToken);
            foreach (var book in undecided)
            {
                var now = reaching.FindAll(r => r.BookId == book);
                reaching.RemoveAll(r => r.BookId == book && r.Intent != Intent.Excluded);
                if (!now.Exists(r => r.Intent != Intent.Excluded))
                {
                    continue;
                }

                var all = await db.GroupAssignments.Where(a => a.BookId == book).Select(a => new StoredWish(a.GroupId, a.Intent, a.Rank)).ToListAsync(cancellationToken);
                reaching.AddRange((await PlanHistory.ReadAsync(db, book, cancellationToken)).Decided(all)
                    .Where(a => a.GroupId is { } id ? groups.TryGetValue(id, out var missing) && (!missing || a.Intent == Intent.Excluded) : everybody)
                    .Select(a => new ReachingWish(book, a.Intent, a.GroupId))
                    .Except(now.Where(r => r.Intent == Intent.Excluded)));
            }
        }

        return reaching;
    }
}

/// <summary>A wish that reaches a person, through a group or (null) as one of all users.</summary>
internal readonly record struct ReachingWish(int BookId, Intent Intent, int? GroupId);
