using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Reports;

namespace VppBooks.Core.Alerts;

/// <summary>Finds people and copies that nobody serves any more unless a person acts: by the questions of the lists and reports that show them, once they have stood for a day.</summary>
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

    /// <summary>Locations with copies that Apple refused, or that could go on and do not move.</summary>
    public static async Task<IEnumerable<AlertCondition>> OfCopiesAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var copies = await (
                from copy in ServingReports.Open(db, now - ServingReports.StuckAfter)
                where copy.Old && (copy.State == LicenseState.Failed || (copy.State == LicenseState.Reserved && copy.Ready) || ServingReports.Sent.Contains(copy.State))
                join location in db.Locations on copy.LocationId equals location.Id
                group copy by new { location.Id, location.Name } into held
                select new { held.Key.Id, held.Key.Name, Count = held.Count() })
            .ToListAsync(cancellationToken);
        return copies.Select(c => Of(AlertKind.CopiesUnserved, c.Id, c.Name, c.Count));
    }

    private static AlertCondition Of(AlertKind kind, int location, string name, int count) => new(kind, location) { LocationId = location, Subject = name, Count = count, Level = AlertCondition.LevelOf(count) };
}
