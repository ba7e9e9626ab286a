using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>Finds people whose names were erased when the directory tells of them again: by the ids at Apple that follow from their object ids.</summary>
internal static class ErasedPeople
{
    private const int Window = 1000;

    /// <summary>What is shown in place of an erased name: says nothing in any language.</summary>
    public static string NameOf(int id) => $"#{id.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Gives rows of erased people back to those whom the directory tells of as new. The caller describes and saves them.</summary>
    /// <param name="db">The transaction that will store what the directory says.</param>
    /// <param name="directoryIds">Object ids that no row has.</param>
    /// <param name="now">Now.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The rows that are theirs, with their object ids again.</returns>
    public static async Task<IReadOnlyList<Person>> ReturnAsync(VppBooksDbContext db, IReadOnlyCollection<Guid> directoryIds, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (directoryIds.Count == 0 || !await db.People.AnyAsync(p => p.ErasedAt != null, cancellationToken))
        {
            return [];
        }

        var returned = new Dictionary<int, Person>();
        foreach (var location in await db.Locations.Select(l => new { l.Id, l.UId }).ToListAsync(cancellationToken))
        {
            foreach (var chunk in directoryIds.Chunk(Window))
            {
                var byClientId = chunk.ToDictionary(id => ClientUserIds.For(location.UId, id), StringComparer.Ordinal);
                var wanted = byClientId.Keys.ToArray();
                var found = await (
                        from user in db.VppUsers
                        where user.LocationId == location.Id && wanted.Contains(user.ClientUserId)
                        join person in db.People on user.PersonId equals person.Id
                        where person.ErasedAt != null
                        select new { user.ClientUserId, Person = person })
                    .ToListAsync(cancellationToken);
                foreach (var row in found.Where(f => returned.TryAdd(f.Person.Id, f.Person)))
                {
                    row.Person.DirectoryId = byClientId[row.ClientUserId];
                    row.Person.ErasedAt = null;
                    db.Audit(Actor.System, now, "person.returned", new AuditSubject(PersonId: row.Person.Id));
                }
            }
        }

        return [.. returned.Values];
    }
}
