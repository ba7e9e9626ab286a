using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Catalog;
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
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.Read"/>.</exception>
    public async Task<PageOf<GroupSummary>> ListAsync(GroupsQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var groups = Matches(db, query.Search);
        var page = await groups.OrderBy(g => g.DisplayName).ThenBy(g => g.Id).Skip(Math.Max(query.Skip, 0)).Take(Math.Clamp(query.Take, 1, 999)).ToListAsync(cancellationToken);
        return new PageOf<GroupSummary>(await GroupCopies.SummarizeAsync(db, page, cancellationToken), await groups.CountAsync(cancellationToken));
    }

    /// <summary>All of them, by name; with a text, those whose name holds it.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.Read"/>.</exception>
    public async IAsyncEnumerable<GroupSummary> StreamAsync(string? search, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var groups = Matches(db, search);
        var all = WholeList.ReadAsync(
            groups.OrderBy(g => g.DisplayName).ThenBy(g => g.Id).Select(g => g.Id),
            async keys => (await GroupCopies.SummarizeAsync(db, await groups.Where(g => keys.Contains(g.Id)).ToListAsync(cancellationToken), cancellationToken)).ToDictionary(g => g.Id),
            cancellationToken);
        await foreach (var group in all)
        {
            yield return group;
        }
    }

    private static IQueryable<DirectoryGroup> Matches(VppBooksDbContext db, string? search)
    {
        var groups = db.Groups.AsNoTracking();
        if (string.IsNullOrWhiteSpace(search))
        {
            return groups;
        }

        var pattern = BookFilters.Like(search.Trim());
        return groups.Where(g => EF.Functions.Like(g.DisplayName, pattern, BookFilters.Escape));
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

        var summaries = await GroupCopies.SummarizeAsync(db, [group], cancellationToken);
        return new GroupDetail(summaries[0], await GroupCopies.ListBooksAsync(db, group.Id, cancellationToken));
    }

    /// <summary>Members of a stored group by name; <paramref name="search"/> matches name and address.</summary>
    public async Task<PageOf<PersonSummary>> ListMembersAsync(Guid directoryId, string? search, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var matches = PersonSearch.Apply(db, Members(db, directoryId), search);
        var rows = await matches.AsNoTracking().OrderBy(p => p.DisplayName).ThenBy(p => p.Id).Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, 999)).ToListAsync(cancellationToken);
        return new PageOf<PersonSummary>(await PeopleCatalog.SummarizeAsync(db, rows, cancellationToken), await matches.CountAsync(cancellationToken));
    }

    /// <summary>Members behind another one, in the same order; from the first for null. Nothing is counted.</summary>
    public async Task<IReadOnlyList<PersonSummary>> ListMembersBehindAsync(Guid directoryId, string? search, PersonPlace? after, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await PeopleCatalog.Behind(db, PersonSearch.Apply(db, Members(db, directoryId), search), after)
            .AsNoTracking().OrderBy(p => p.DisplayName).ThenBy(p => p.Id).Take(Math.Clamp(take, 1, 999)).ToListAsync(cancellationToken);
        return await PeopleCatalog.SummarizeAsync(db, rows, cancellationToken);
    }

    private static IQueryable<Person> Members(VppBooksDbContext db, Guid directoryId) =>
        from @group in db.Groups
        where @group.DirectoryId == directoryId
        join member in db.GroupMemberships on @group.Id equals member.GroupId
        join person in db.People on member.PersonId equals person.Id
        select person;

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

    /// <summary>Whether the directory, or what is named of it, could not be read for so long that nothing new is given; null while that is not so.</summary>
    /// <param name="group">Object id of a group that matters; null for none.</param>
    /// <param name="book">Public id of a book whose groups matter; null for none.</param>
    /// <param name="actor">Who asks.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<DirectoryStaleness?> FindStalenessAsync(Guid? group, Guid? book, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        if (await health.FindStalenessAsync(cancellationToken) is { } staleness)
        {
            return staleness;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await health.OfGroupsAsync(
            db.Groups.Where(g => g.DirectoryId == group || db.GroupAssignments.Any(a => a.GroupId == g.Id && db.Books.Any(b => b.Id == a.BookId && b.PublicId == book))), cancellationToken);
    }

    /// <summary>How reading the directory goes.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<DirectoryStanding> GetStandingAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var state = await health.GetAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var users = state.AllUsersReadAt is null ? 0 : await AllUsers.In(db).CountAsync(cancellationToken);
        var unreadable = await db.Groups.Where(g => g.UnreadableSince != null).Select(g => g.UnreadableSince).ToListAsync(cancellationToken);
        return new DirectoryStanding(
            state.AllUsersReadAt,
            users,
            unreadable.Append(state.FailingSince).Min(),
            state.ConsentMissing,
            state.RetryAt ?? gate.ClosedUntil,
            health.Staleness(state) is not null,
            state.FailingSince is null ? unreadable.Count : 0,
            unreadable.Exists(since => health.IsLongAgo(since)));
    }
}
