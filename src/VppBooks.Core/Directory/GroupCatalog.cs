using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Directory;

/// <summary>Reads stored groups, and searches the directory for the picker.</summary>
public sealed class GroupCatalog(IDbContextFactory<VppBooksDbContext> contexts, GraphDirectory directory, DirectoryHealth health, DirectoryGate gate, TimeProvider clock)
{
    /// <summary>Rows of the picker at most: more is narrowed by searching.</summary>
    public const int MostChoices = 50;

    /// <summary>Opening a page again sooner writes nothing.</summary>
    private static readonly TimeSpan ViewedAgain = TimeSpan.FromMinutes(5);

    /// <summary>Stored groups (assigned or looked at), by name.</summary>
    public async Task<IReadOnlyList<GroupSummary>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var groups = await db.Groups.AsNoTracking().OrderBy(g => g.DisplayName).ThenBy(g => g.Id).ToListAsync(cancellationToken);
        var assignments = await db.GroupAssignments
            .Where(a => a.GroupId != null)
            .GroupBy(a => a.GroupId!.Value)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var held = await (
                from assignment in db.GroupAssignments
                where assignment.GroupId != null
                join member in db.GroupMemberships on assignment.GroupId equals member.GroupId
                join license in db.Licenses on new { assignment.BookId, member.PersonId } equals new { license.BookId, license.PersonId }
                where license.State == LicenseState.Assigned
                group license by assignment.GroupId!.Value)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        return [.. groups.Select(g => Describe(g, assignments.GetValueOrDefault(g.Id), held.GetValueOrDefault(g.Id)))];
    }

    /// <summary>One group; null when it is not stored. Whoever looks at a group has it kept in step for a while.</summary>
    public async Task<GroupDetail?> FindAsync(Guid directoryId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var group = await db.Groups.AsNoTracking().SingleOrDefaultAsync(g => g.DirectoryId == directoryId, cancellationToken);
        if (group is null)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        if (group.ViewedAt is null || group.ViewedAt < now - ViewedAgain)
        {
            await db.Groups.Where(g => g.Id == group.Id).ExecuteUpdateAsync(set => set.SetProperty(g => g.ViewedAt, now), cancellationToken);
        }

        var rows = await (
                from assignment in db.GroupAssignments
                where assignment.GroupId == @group.Id
                join book in db.Books on assignment.BookId equals book.Id
                join location in db.Locations on book.LocationId equals location.Id
                from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
                orderby title!.Name == null, title!.Name, book.AdamId, book.Id
                select new GroupBook(
                    book.PublicId,
                    assignment.PublicId,
                    book.AdamId,
                    title == null ? null : title.Name,
                    location.Name,
                    assignment.Intent,
                    db.Licenses.Count(l => l.BookId == book.Id && l.State == LicenseState.Assigned && db.GroupMemberships.Any(m => m.GroupId == @group.Id && m.PersonId == l.PersonId)),
                    assignment.AssignedByName,
                    assignment.AssignedAt))
            .ToListAsync(cancellationToken);
        return new GroupDetail(Describe(group, rows.Count, rows.Sum(r => r.Held)), rows);
    }

    /// <summary>Members of a stored group by name; <paramref name="search"/> matches name and address.</summary>
    public async Task<PageOf<GroupMember>> ListMembersAsync(Guid directoryId, string? search, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var members =
            from @group in db.Groups
            where @group.DirectoryId == directoryId
            join member in db.GroupMemberships on @group.Id equals member.GroupId
            join person in db.People on member.PersonId equals person.Id
            select person;
        var matches = PersonSearch.Apply(db, members, search);
        var rows = await matches
            .OrderBy(p => p.DisplayName)
            .ThenBy(p => p.Id)
            .Skip(Math.Max(skip, 0))
            .Take(Math.Clamp(take, 1, 999))
            .Select(p => new GroupMember(
                p.PublicId, p.DisplayName, p.UserPrincipalName, p.AccountEnabled, p.Guest, db.Licenses.Count(l => l.PersonId == p.Id && l.State == LicenseState.Assigned)))
            .ToListAsync(cancellationToken);
        return new PageOf<GroupMember>(rows, await matches.CountAsync(cancellationToken));
    }

    /// <summary>Groups of the directory for the picker; the first page by name when <paramref name="text"/> is empty.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read.</exception>
    public async Task<IReadOnlyList<GroupChoice>> SearchDirectoryAsync(string? text, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var found = await directory.SearchGroupsAsync(text is { Length: > 256 } ? text[..256] : text, MostChoices, cancellationToken);
        var ids = found.Select(g => g.DirectoryId).ToList();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var counts = await db.Groups
            .Where(g => ids.Contains(g.DirectoryId) && g.MembersReadAt != null)
            .ToDictionaryAsync(g => g.DirectoryId, g => g.MemberCount, cancellationToken);
        return [.. found.Select(g => new GroupChoice(
            g.DirectoryId, g.DisplayName, g.Description, g.Kind, g.Obstacle, counts.TryGetValue(g.DirectoryId, out var count) ? count : null))];
    }

    /// <summary>How reading the directory goes.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<DirectoryStanding> GetStandingAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var state = await health.GetAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var users = state.AllUsersReadAt is null ? 0 : await AllUsers.In(db).CountAsync(cancellationToken);
        return new DirectoryStanding(state.AllUsersReadAt, users, state.FailingSince, state.ConsentMissing, state.RetryAt ?? gate.ClosedUntil, health.Staleness(state) is not null);
    }

    private static GroupSummary Describe(DirectoryGroup group, int assignments, int held) => new()
    {
        Id = group.Id,
        DirectoryId = group.DirectoryId,
        DisplayName = group.DisplayName,
        Description = group.Description,
        Kind = GroupKinds.Of(group.SecurityEnabled, group.Dynamic, group.Unified, group.DeviceGroup),
        State = group.State,
        Members = group.MemberCount,
        MembersReadAt = group.MembersReadAt,
        Assignments = assignments,
        CopiesHeld = held,
    };
}
