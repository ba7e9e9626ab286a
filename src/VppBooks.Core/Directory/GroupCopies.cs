using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>Counts what groups are entitled to, hold and wait for.</summary>
internal static class GroupCopies
{
    /// <summary>The groups in the same order.</summary>
    public static async Task<IReadOnlyList<GroupSummary>> SummarizeAsync(VppBooksDbContext db, IReadOnlyCollection<DirectoryGroup> groups, CancellationToken cancellationToken)
    {
        var ids = groups.Select(g => g.Id).ToArray();
        var assignments = await db.GroupAssignments
            .Where(a => a.GroupId != null && EF.Parameter(ids).Contains(a.GroupId.Value))
            .GroupBy(a => a.GroupId!.Value)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var entitled = await Entitled(db)
            .Where(e => EF.Parameter(ids).Contains(e.GroupId))
            .GroupBy(e => e.GroupId)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var copies = (await Copies(db)
                .Where(c => c.Intent != Intent.Excluded && EF.Parameter(ids).Contains(c.GroupId))
                .GroupBy(c => new { c.GroupId, Held = c.State == LicenseState.Assigned })
                .Select(g => new { g.Key.GroupId, g.Key.Held, Count = g.Count() })
                .ToListAsync(cancellationToken))
            .ToDictionary(g => (g.GroupId, g.Held), g => g.Count);
        return [.. groups.Select(g => new GroupSummary
        {
            Id = g.Id,
            DirectoryId = g.DirectoryId,
            DisplayName = g.DisplayName,
            Description = g.Description,
            Kind = GroupKinds.Of(g.SecurityEnabled, g.Dynamic, g.Unified, g.DeviceGroup),
            State = g.State,
            Members = g.MemberCount,
            MembersReadAt = g.MembersReadAt,
            Assignments = assignments.GetValueOrDefault(g.Id),
            CopiesEntitled = entitled.GetValueOrDefault(g.Id),
            CopiesHeld = copies.GetValueOrDefault((g.Id, true)),
            CopiesExpected = copies.GetValueOrDefault((g.Id, false)),
        })];
    }

    /// <summary>Books that a group is given or excluded from, by title.</summary>
    public static async Task<IReadOnlyList<GroupBook>> ListBooksAsync(VppBooksDbContext db, int groupId, CancellationToken cancellationToken)
    {
        var entitled = await Entitled(db)
            .Where(e => e.GroupId == groupId)
            .GroupBy(e => e.BookId)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var copies = (await Copies(db)
                .Where(c => c.GroupId == groupId)
                .GroupBy(c => new { c.BookId, Held = c.State == LicenseState.Assigned })
                .Select(g => new { g.Key.BookId, g.Key.Held, Count = g.Count() })
                .ToListAsync(cancellationToken))
            .ToDictionary(g => (g.BookId, g.Held), g => g.Count);
        var rows = await (
                from assignment in db.GroupAssignments
                where assignment.GroupId == groupId
                join book in db.Books on assignment.BookId equals book.Id
                join location in db.Locations on book.LocationId equals location.Id
                from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
                orderby title!.Name == null, title!.Name, book.AdamId, book.Id
                select new
                {
                    book.Id,
                    Book = book.PublicId,
                    Assignment = assignment.PublicId,
                    book.AdamId,
                    Title = title == null ? null : title.Name,
                    location.Name,
                    assignment.Intent,
                    assignment.AssignedByName,
                    assignment.AssignedAt,
                })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new GroupBook(r.Book, r.Assignment, r.AdamId, r.Title, r.Name, r.Intent, r.AssignedByName, r.AssignedAt)
        {
            Entitled = entitled.GetValueOrDefault(r.Id),
            Held = copies.GetValueOrDefault((r.Id, true)),
            Expected = copies.GetValueOrDefault((r.Id, false)),
        });
    }

    /// <summary>One row for each member and book of groups that are there: who can be given books, and is excluded by no other assignment. A deleted group gives nothing (F38).</summary>
    private static IQueryable<GroupCopy> Entitled(VppBooksDbContext db) =>
        from assignment in db.GroupAssignments
        where assignment.GroupId != null && assignment.Intent != Intent.Excluded && db.Groups.Any(g => g.Id == assignment.GroupId && g.State == GroupState.Active)
        join member in db.GroupMemberships on assignment.GroupId equals member.GroupId
        join person in db.People on member.PersonId equals person.Id
        where person.AccountEnabled && !person.Guest && person.GoneSince == null
            && !db.GroupAssignments.Any(x => x.BookId == assignment.BookId && x.Intent == Intent.Excluded
                && (x.GroupId == null || db.GroupMemberships.Any(m => m.GroupId == x.GroupId && m.PersonId == person.Id)))
        select new GroupCopy { GroupId = member.GroupId, BookId = assignment.BookId };

    /// <summary>What members hold and expect of the books that their group is given or excluded from.</summary>
    private static IQueryable<GroupCopy> Copies(VppBooksDbContext db) =>
        from assignment in db.GroupAssignments
        where assignment.GroupId != null
        join member in db.GroupMemberships on assignment.GroupId equals member.GroupId
        join license in db.Licenses on new { assignment.BookId, member.PersonId } equals new { license.BookId, license.PersonId }
        where license.State == LicenseState.Assigned || PeopleCatalog.Expected.Contains(license.State)
        select new GroupCopy { GroupId = member.GroupId, BookId = assignment.BookId, Intent = assignment.Intent, State = license.State };

    private sealed class GroupCopy
    {
        public int GroupId { get; init; }

        public int BookId { get; init; }

        public Intent Intent { get; init; }

        public LicenseState State { get; init; }
    }
}
