using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Licenses for which nothing is spent at present, although somebody committed them.</summary>
internal static class PausedWishes
{
    /// <summary>Those of all licenses that are paused: their groups are gone, or an undecided plan would give them up (<see cref="PendingReleases"/>).</summary>
    public static IQueryable<License> In(VppBooksDbContext db) => db.Licenses.Where(l =>
        OfGoneGroups(db).Any(paused => paused.Id == l.Id) || PendingReleases.In(db).Any(pending => pending.Id == l.Id));

    /// <summary>
    /// Those that are wanted through groups alone which the directory does not have any more: nothing is spent for them until a group is back, and nobody loses what they
    /// hold (F38).
    /// </summary>
    public static IQueryable<License> OfGoneGroups(VppBooksDbContext db) => db.Licenses.Where(l =>
        db.GroupAssignments.Any(a => a.BookId == l.BookId
            && (a.Intent == Intent.Required || (a.Intent == Intent.Available && l.Source == LicenseSource.Taken))
            && db.Groups.Any(g => g.Id == a.GroupId && g.State != GroupState.Active)
            && db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == l.PersonId))
        && !db.GroupAssignments.Any(a => a.BookId == l.BookId
            && (a.Intent == Intent.Required || (a.Intent == Intent.Available && l.Source == LicenseSource.Taken))
            && (a.GroupId == null
                || (db.Groups.Any(g => g.Id == a.GroupId && g.State == GroupState.Active)
                    && db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == l.PersonId)))));
}
