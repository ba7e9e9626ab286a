using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Reports;

/// <summary>
/// Use by group: what the members of a group have of the books that it is given. A copy may count for several groups, because a person may be in several; so these
/// rows have no sum.
/// </summary>
internal static class GroupUsage
{
    private static readonly LicenseState[] OnTheirWay = [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    public static async Task<IReadOnlyList<UsageRow>> ListAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        var given = await db.GroupAssignments
            .Where(a => a.Intent != Intent.Excluded && db.Books.Any(b => b.Id == a.BookId && db.Locations.Any(l => l.Id == b.LocationId && l.DeletedAt == null)))
            .GroupBy(a => a.GroupId)
            .Select(g => new { GroupId = g.Key, Books = g.Count() })
            .ToListAsync(cancellationToken);
        if (given.Count == 0)
        {
            return [];
        }

        // The number 0 stands for all users: no group has it.
        var reached = Reached(db);
        var states = (await reached.GroupBy(r => new { r.GroupId, r.License.State }).Select(g => new { g.Key.GroupId, g.Key.State, Count = g.Count() }).ToListAsync(cancellationToken))
            .ToLookup(g => g.GroupId);
        var held = reached.Where(r => r.License.State == LicenseState.Assigned);
        var unlimited = await CountAsync(held.Where(r => r.Book.Unlimited), cancellationToken);
        var used = await CountAsync(held.Where(r => UsageReader.Used(db, UsageReader.Held(db)).Any(h => h.License.Id == r.License.Id)), cancellationToken);
        var left = await CountAsync(held.Where(r => UsageReader.Left(db, UsageReader.Held(db)).Any(h => h.License.Id == r.License.Id)), cancellationToken);
        var withDevice = await CountAsync(held.Where(r => UsageReader.WithDevice(db, UsageReader.Held(db)).Any(h => h.License.Id == r.License.Id)), cancellationToken);
        var groups = await db.Groups.Where(g => db.GroupAssignments.Any(a => a.GroupId == g.Id))
            .ToDictionaryAsync(g => g.Id, g => new { g.DirectoryId, g.DisplayName }, cancellationToken);
        return given.ConvertAll(g =>
        {
            var id = g.GroupId ?? 0;
            var group = groups.GetValueOrDefault(id);
            return new UsageRow
            {
                Id = group?.DirectoryId,
                Name = group?.DisplayName,
                Books = g.Books,
                Assigned = states[id].Where(s => s.State == LicenseState.Assigned).Sum(s => s.Count),
                AssignedUnlimited = unlimited.GetValueOrDefault(id),
                OnTheirWay = states[id].Where(s => OnTheirWay.Contains(s.State)).Sum(s => s.Count),
                Waiting = states[id].Where(s => s.State == LicenseState.Waiting).Sum(s => s.Count),
                Leavers = left.GetValueOrDefault(id),
                Used = used.GetValueOrDefault(id),
                WithDevice = withDevice.GetValueOrDefault(id),
            };
        });
    }

    private static IQueryable<ReachedCopy> Reached(VppBooksDbContext db)
    {
        var assignments = db.GroupAssignments.Where(a => a.Intent != Intent.Excluded);
        var members =
            from assignment in assignments
            where assignment.GroupId != null
            join member in db.GroupMemberships on assignment.GroupId equals member.GroupId
            select new { GroupId = member.GroupId, assignment.BookId, member.PersonId };
        var everybody =
            from assignment in assignments
            where assignment.GroupId == null
            from person in AllUsers.In(db)
            select new { GroupId = 0, assignment.BookId, PersonId = person.Id };
        return
            from pair in members.Concat(everybody)
            join license in db.Licenses on new { pair.BookId, pair.PersonId } equals new { license.BookId, license.PersonId }
            join book in db.Books on license.BookId equals book.Id
            where db.Locations.Any(l => l.Id == book.LocationId && l.DeletedAt == null)
            select new ReachedCopy { GroupId = pair.GroupId, License = license, Book = book };
    }

    private static Task<Dictionary<int, int>> CountAsync(IQueryable<ReachedCopy> copies, CancellationToken cancellationToken) =>
        copies.GroupBy(r => r.GroupId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);

    private sealed class ReachedCopy
    {
        public int GroupId { get; init; }

        public required License License { get; init; }

        public required Catalog.Book Book { get; init; }
    }
}
