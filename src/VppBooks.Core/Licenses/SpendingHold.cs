using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Licenses;

/// <summary>
/// What holds spending back everywhere: a person may hold the title through another location. While one that can be read was not, because the database may be
/// an older copy of itself, and while records at Apple wait to be compared with new people, nothing is spent (I1, I14).
/// </summary>
internal static class SpendingHold
{
    /// <summary>Locations that spending at <paramref name="locationId"/> waits for.</summary>
    public static IQueryable<Location> By(VppBooksDbContext db, int locationId)
    {
        var strangers = Recognition.Strangers(db);
        return db.Locations.Where(l => l.DeletedAt == null
            && ((l.Id != locationId && l.MustReadFirst && l.State == TokenState.Valid) || (l.RecognizeWanted && strangers.Any(u => u.LocationId == l.Id))));
    }
}
