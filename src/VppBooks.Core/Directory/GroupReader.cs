using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Directory;

/// <summary>A group as stored.</summary>
public sealed record EnsuredGroup(int Id, Guid DirectoryId, string DisplayName, GroupState State, GroupObstacle Obstacle);

/// <summary>What a complete read of a group's members changed.</summary>
/// <param name="GroupId">Internal number of the group.</param>
/// <param name="DirectoryId">Object id.</param>
/// <param name="FirstRead">It was never read before.</param>
/// <param name="Before">Members before.</param>
/// <param name="Added">People who joined.</param>
/// <param name="Removed">People who left.</param>
public sealed record MembersChange(int GroupId, Guid DirectoryId, bool FirstRead, int Before, int Added, int Removed);

/// <summary>Keeps stored groups, members and people in step with the directory.</summary>
public sealed class GroupReader(
    IDbContextFactory<VppBooksDbContext> contexts,
    GraphDirectory directory,
    PeopleWriter people,
    IBulkStore bulk,
    DirectoryHealth health,
    TimeProvider clock,
    ILogger<GroupReader> logger) : IDisposable
{
    /// <summary>People who left their last group are looked up one by one, up to this many; the full read of all users finds the others.</summary>
    private const int LeaversLookedUp = 50;

    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Reads the members of each group that were last read longer ago than <paramref name="maxAge"/>, completely or not at all.</summary>
    /// <returns>The groups that were read, with what changed.</returns>
    /// <exception cref="DirectoryException">The directory cannot be read; groups already done stay done, the others keep what they had.</exception>
    public Task<IReadOnlyList<MembersChange>> EnsureMembersAsync(IReadOnlyCollection<Guid> groupDirectoryIds, TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<MembersChange>>(async () =>
        {
            var oldest = clock.GetUtcNow() - maxAge;
            HashSet<Guid> fresh;
            await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
            {
                fresh = [.. await db.Groups
                    .Where(g => groupDirectoryIds.Contains(g.DirectoryId) && g.State == GroupState.Active && g.MembersReadAt > oldest)
                    .Select(g => g.DirectoryId)
                    .ToListAsync(cancellationToken)];
            }

            var changes = new List<MembersChange>();
            foreach (var chunk in groupDirectoryIds.Distinct().Where(id => !fresh.Contains(id)).Chunk(GraphDirectory.IdsPerFilter))
            {
                var found = (await directory.ListGroupsAsync(chunk, cancellationToken)).ToDictionary(g => g.DirectoryId);
                foreach (var id in chunk)
                {
                    if (await ReadGroupAsync(id, found.GetValueOrDefault(id), cancellationToken) is { } change)
                    {
                        changes.Add(change);
                    }
                }
            }

            return changes;
        }, cancellationToken);

    /// <summary>Stores a group that was picked, or refreshes its description.</summary>
    /// <returns>Its internal number, and why it cannot be assigned, if it cannot.</returns>
    /// <exception cref="GroupGoneException">It is neither stored nor in the directory.</exception>
    /// <exception cref="DirectoryException">The directory cannot be read, and the group is not stored.</exception>
    public async Task<EnsuredGroup> EnsureGroupAsync(Guid directoryId, CancellationToken cancellationToken)
    {
        try
        {
            // Not behind a long read of members: somebody waits for the picker to close.
            var entry = await RememberAsync(() => directory.GetGroupAsync(directoryId, cancellationToken), cancellationToken);
            return Ensured(await StoreAsync(entry, cancellationToken));
        }
        catch (GroupGoneException e)
        {
            if (await MarkGoneAsync(directoryId, e.SoftDeleted, cancellationToken) is { } group)
            {
                return Ensured(group);
            }

            throw;
        }
        catch (DirectoryException) when (!cancellationToken.IsCancellationRequested)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            if (await db.Groups.AsNoTracking().SingleOrDefaultAsync(g => g.DirectoryId == directoryId, cancellationToken) is { } group)
            {
                return Ensured(group);
            }

            throw;
        }
    }

    /// <summary>Reads all users if that was last done longer ago than <paramref name="maxAge"/>; see <see cref="AllUsers"/>.</summary>
    /// <returns>Whether they were read.</returns>
    /// <exception cref="DirectoryException">The directory cannot be read; who was there stays there.</exception>
    public Task<bool> EnsureAllUsersAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadAsync(async () =>
        {
            var state = await health.GetAsync(cancellationToken);
            var now = clock.GetUtcNow();
            if (state.AllUsersReadAt > now - maxAge)
            {
                return false;
            }

            var present = new HashSet<int>();
            await foreach (var page in directory.ReadUsersAsync(cancellationToken))
            {
                present.UnionWith(await people.UpsertAsync(page, cancellationToken));
            }

            // Only now is the read complete, and absence means something.
            var gone = await people.MarkGoneAsync(present, cancellationToken);
            await health.ChangeAsync(s => s.AllUsersReadAt = now, cancellationToken);
            logger.AllUsersRead(present.Count, gone);
            return true;
        }, cancellationToken);

    public void Dispose() => _oneAtATime.Dispose();

    private static EnsuredGroup Ensured(DirectoryGroup group) =>
        new(group.Id, group.DirectoryId, group.DisplayName, group.State, GroupKinds.ObstacleOf(group.SecurityEnabled, group.DeviceGroup, group.State));

    private async Task<MembersChange?> ReadGroupAsync(Guid directoryId, DirectoryGroupEntry? entry, CancellationToken cancellationToken)
    {
        try
        {
            // Missing from the list: asked for by itself before it is believed.
            var group = await StoreAsync(entry ?? await directory.GetGroupAsync(directoryId, cancellationToken), cancellationToken);
            var readAt = clock.GetUtcNow();
            var members = new HashSet<int>();
            await foreach (var page in directory.ReadMembersAsync(directoryId, cancellationToken))
            {
                members.UnionWith(await people.UpsertAsync(page, cancellationToken));
            }

            var (change, left) = await SwapAsync(group, members, readAt, cancellationToken);
            await LookForLeaversAsync(left, cancellationToken);
            return change;
        }
        catch (GroupGoneException e)
        {
            await MarkGoneAsync(directoryId, e.SoftDeleted, cancellationToken);
            return null;
        }
    }

    /// <summary>Puts the members in place, all at once: a reader of the tables sees the old group or the new one.</summary>
    private async Task<(MembersChange Change, IReadOnlyList<int> Left)> SwapAsync(DirectoryGroup group, HashSet<int> members, DateTimeOffset readAt, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var before = await db.GroupMemberships.Where(m => m.GroupId == group.Id).Select(m => m.PersonId).ToHashSetAsync(cancellationToken);
        var removed = before.Where(id => !members.Contains(id)).ToList();
        foreach (var chunk in removed.Chunk(1000))
        {
            await db.GroupMemberships.Where(m => m.GroupId == group.Id && chunk.Contains(m.PersonId)).ExecuteDeleteAsync(cancellationToken);
        }

        var added = members.Where(id => !before.Contains(id)).Order().ToList();
        foreach (var chunk in added.Chunk(10_000))
        {
            await bulk.InsertMembershipsAsync(db, group.Id, chunk, cancellationToken);
        }

        await db.Groups.Where(g => g.Id == group.Id).ExecuteUpdateAsync(
            set => set.SetProperty(g => g.MembersReadAt, readAt).SetProperty(g => g.MemberCount, members.Count), cancellationToken);
        if (added.Count + removed.Count > 0)
        {
            await db.WantFollowingOfGroupAsync(group.Id, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        logger.MembersRead(group.Id, members.Count, added.Count, removed.Count);
        return (new MembersChange(group.Id, group.DirectoryId, group.MembersReadAt is null, before.Count, added.Count, removed.Count), removed);
    }

    /// <summary>Somebody who is in no group any more may have left altogether, or been disabled: no other read would tell.</summary>
    private async Task LookForLeaversAsync(IReadOnlyList<int> left, CancellationToken cancellationToken)
    {
        if (left.Count is 0 or > LeaversLookedUp)
        {
            return;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var alone = await db.People
            .Where(p => left.Contains(p.Id) && p.GoneSince == null && !db.GroupMemberships.Any(m => m.PersonId == p.Id))
            .Select(p => new { p.Id, p.DirectoryId })
            .ToListAsync(cancellationToken);
        foreach (var person in alone)
        {
            if (await directory.FindUserAsync(person.DirectoryId, cancellationToken) is { } user)
            {
                await people.UpsertAsync([user], cancellationToken);
            }
            else
            {
                await people.MarkGoneAsync(person.Id, cancellationToken);
            }
        }
    }

    private async Task<DirectoryGroup> StoreAsync(DirectoryGroupEntry entry, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var group = await db.Groups.SingleOrDefaultAsync(g => g.DirectoryId == entry.DirectoryId, cancellationToken);
            if (group is null)
            {
                group = new DirectoryGroup { DirectoryId = entry.DirectoryId, DisplayName = entry.DisplayName };
                db.Groups.Add(group);
            }

            var before = group.State;
            group.DisplayName = entry.DisplayName;
            group.Description = entry.Description;
            group.SecurityEnabled = entry.SecurityEnabled;
            group.Dynamic = entry.Dynamic;
            group.Unified = entry.Unified;
            group.DeviceGroup = entry.DeviceGroup;
            group.State = GroupState.Active;
            if (before != GroupState.Active)
            {
                db.Audit(Actor.System, clock.GetUtcNow(), "group.state-changed", new AuditSubject(GroupId: group.Id), new { before = before.ToString(), after = nameof(GroupState.Active) });
            }

            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return group;
            }
            catch (DbUpdateException) when (attempt < 3 && !cancellationToken.IsCancellationRequested)
            {
                // Somebody else stored it at the same moment.
            }
        }
    }

    /// <summary>Members stay as they were: who was in the group is still the explanation of what they hold.</summary>
    private async Task<DirectoryGroup?> MarkGoneAsync(Guid directoryId, bool softDeleted, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var group = await db.Groups.SingleOrDefaultAsync(g => g.DirectoryId == directoryId, cancellationToken);
        var state = softDeleted ? GroupState.SoftDeleted : GroupState.Deleted;
        if (group is not null && group.State != state)
        {
            db.Audit(Actor.System, clock.GetUtcNow(), "group.state-changed", new AuditSubject(GroupId: group.Id), new { before = group.State.ToString(), after = state.ToString() });
            group.State = state;
            await db.SaveChangesAsync(cancellationToken);
            logger.GroupGone(group.Id, state);
        }

        return group;
    }

    /// <summary>One long read at a time.</summary>
    private async Task<T> ReadAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return await RememberAsync(read, cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task<T> RememberAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            var result = await read();
            await health.SucceededAsync(cancellationToken);
            return result;
        }
        catch (GroupGoneException)
        {
            await health.SucceededAsync(cancellationToken);
            throw;
        }
        catch (DirectoryException e)
        {
            await health.FailedAsync(e, CancellationToken.None);
            throw;
        }
    }
}
