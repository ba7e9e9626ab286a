using VppBooks.Core.Directory;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Somebody whom an assignment of a book reaches. A shape for queries, never handed out.</summary>
internal sealed class AssignedPerson
{
    public required int BookId { get; init; }

    public required int PersonId { get; init; }

    public required Intent Intent { get; init; }
}

/// <summary>
/// Whom assignments reach, for counting and listing: a deleted group gives nothing to anybody new (F38), and whom the book is excluded from gets nothing through others. What
/// a plan would do for each of them only the planner says.
/// </summary>
internal static class AssignedPeople
{
    /// <summary>Each person once for every assignment among <paramref name="wishes"/>.</summary>
    public static IQueryable<AssignedPerson> In(VppBooksDbContext db, IQueryable<GroupAssignment> wishes)
    {
        var members =
            from wish in wishes
            where wish.GroupId != null && db.Groups.Any(g => g.Id == wish.GroupId && g.State == GroupState.Active)
            join member in db.GroupMemberships on wish.GroupId equals member.GroupId
            select new AssignedPerson { BookId = wish.BookId, PersonId = member.PersonId, Intent = wish.Intent };
        var everybody =
            from wish in wishes
            where wish.GroupId == null
            from person in AllUsers.In(db)
            select new AssignedPerson { BookId = wish.BookId, PersonId = person.Id, Intent = wish.Intent };
        return members.Concat(everybody).Where(p => !db.GroupAssignments.Any(
            x => x.BookId == p.BookId && x.Intent == Intent.Excluded && db.GroupMemberships.Any(m => m.GroupId == x.GroupId && m.PersonId == p.PersonId)));
    }
}
