using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Reports;

namespace VppBooks.Core.Alerts;

/// <summary>Finds people and copies that nobody serves any more unless a person acts: once they have stood for a day, without those that nobody could end.</summary>
internal static class ServingConditions
{
    /// <summary>Locations with people whom Apple refused to register. Whoever left, is disabled or a guest gets no books: nobody could end an alert about them.</summary>
    public static async Task<IEnumerable<AlertCondition>> OfPeopleAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = now - ServingReports.StuckAfter;
        var refused = await (
                from user in PeopleCatalog.Refused(db)
                where user.ChangedAt < before
                join person in ServingReports.Receiving(db) on user.PersonId equals person.Id
                join location in db.Locations on user.LocationId equals location.Id
                group user by new { location.Id, location.Name } into people
                select new { people.Key.Id, people.Key.Name, Count = people.Count() })
            .ToListAsync(cancellationToken);
        return refused.Select(r => Of(AlertKind.PeopleRefused, r.Id, r.Name, r.Count));
    }

    /// <summary>
    /// Locations with copies that Apple refused to people whom the book is still for, or that could go on and do not move. What waits on purpose is none of them, and behind a
    /// token that does not work, which has an alert of its own, nothing can move.
    /// </summary>
    public static async Task<IEnumerable<AlertCondition>> OfCopiesAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = now - ServingReports.StuckAfter;
        var copies = await (
                from license in db.Licenses
                where license.ChangedAt < before
                join book in db.ListedBooks() on license.BookId equals book.Book.Id
                where ServingReports.Sent.Contains(license.State)
                    || (license.State == LicenseState.Reserved
                        && book.Location.State == TokenState.Valid && book.Location.ClaimConfirmed && !book.Location.ReadOnly
                        // Whoever has just accepted is served in a moment.
                        && db.VppUsers.Any(u => u.PersonId == license.PersonId && u.LocationId == book.Book.LocationId && !u.Retired && u.Status == VppUserStatus.Associated && u.ChangedAt < before)
                        && !PausedWishes.In(db).Any(p => p.Id == license.Id))
                    || (license.State == LicenseState.Failed
                        && ServingReports.Receiving(db).Any(p => p.Id == license.PersonId)
                        && db.GroupAssignments.Any(a => a.BookId == license.BookId && a.Intent != Intent.Excluded
                            && (a.GroupId == null || db.GroupMemberships.Any(m => m.GroupId == a.GroupId && m.PersonId == license.PersonId)))
                        && !db.Licenses.Any(o => o.PersonId == license.PersonId && o.AdamId == license.AdamId && o.State == LicenseState.Assigned))
                group license by new { book.Location.Id, book.Location.Name } into held
                select new { held.Key.Id, held.Key.Name, Count = held.Count() })
            .ToListAsync(cancellationToken);
        return copies.Select(c => Of(AlertKind.CopiesUnserved, c.Id, c.Name, c.Count));
    }

    private static AlertCondition Of(AlertKind kind, int location, string name, int count) => new(kind, location) { LocationId = location, Subject = name, Count = count, Level = AlertCondition.LevelOf(count) };
}
