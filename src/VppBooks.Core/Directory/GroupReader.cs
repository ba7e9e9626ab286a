using System.Runtime.ExceptionServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
    GroupChanges changes,
    DirectoryReads reads,
    DirectoryHealth health,
    PeopleReader peopleReader,
    PeopleWriter people,
    IBulkStore bulk,
    IOptions<DirectoryOptions> options,
    TimeProvider clock,
    ILogger<GroupReader> logger)
{
    /// <summary>People who left their last group are looked up at once, up to this many; the next question for changed users finds the others.</summary>
    private const int LeaversLookedUp = 200;

    /// <summary>Groups whose description is asked for in one request, each with the groups inside it.</summary>
    private const int GroupsAtOnce = GraphDirectory.StepsPerBatch / 2;

    /// <summary>
    /// Makes sure that the members of each group are right, as of at most <paramref name="maxAge"/> ago: asks whether anything has changed, and reads those that
    /// have, completely or not at all. Zero reads all of them without asking.
    /// </summary>
    /// <returns>The groups that were read, with what changed.</returns>
    /// <exception cref="DirectoryException">
    /// The directory cannot be read, or one of the groups cannot; groups that could be read are done nevertheless, the others keep what they had.
    /// </exception>
    public Task<IReadOnlyList<MembersChange>> EnsureMembersAsync(IReadOnlyCollection<Guid> groupDirectoryIds, TimeSpan maxAge, CancellationToken cancellationToken) =>
        reads.OneAtATimeAsync(() => EnsureNowAsync([.. groupDirectoryIds.Distinct()], maxAge, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<MembersChange>> EnsureNowAsync(Guid[] wanted, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var round = new Round(maxAge > TimeSpan.Zero ? await ListNotFreshAsync(wanted, maxAge, cancellationToken) : wanted);
        if (round.Open.Count == 0)
        {
            return [];
        }

        try
        {
            if (maxAge > TimeSpan.Zero)
            {
                await ConfirmUnchangedAsync(round, cancellationToken);
            }

            foreach (var chunk in round.Open.ToArray().Chunk(GroupsAtOnce))
            {
                var looks = await LookAsync(chunk, cancellationToken);
                foreach (var id in chunk)
                {
                    await ReadGroupAsync(id, looks[id], round, cancellationToken);
                }
            }
        }
        catch (DirectoryException e)
        {
            await KeepOutcomeAsync(round, e, cancellationToken);
            throw;
        }

        await KeepOutcomeAsync(round, whole: null, cancellationToken);
        round.Failure?.Throw();
        return round.Done;
    }

    /// <summary>
    /// Remembers what became of a round: which groups could not be brought up to date, each for itself, because one that never answers must not stop the books of
    /// the others; and whether groups can be read at all, which only a group that was read or confirmed proves.
    /// </summary>
    /// <param name="whole">What ended the round before every group was tried.</param>
    private async Task KeepOutcomeAsync(Round round, DirectoryException? whole, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var open = round.Open.ToArray();
        var stored = 0;
        if (open.Length > 0)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await db.Groups.Where(g => EF.Parameter(open).Contains(g.DirectoryId) && g.UnreadableSince == null)
                .ExecuteUpdateAsync(set => set.SetProperty(g => g.UnreadableSince, now), cancellationToken);
            stored = await db.Groups.CountAsync(g => EF.Parameter(open).Contains(g.DirectoryId), cancellationToken);
        }

        if (round.Answered)
        {
            await health.SucceededAsync(DirectoryKind.Groups, cancellationToken);
        }

        // Of a group that is not stored nothing else would be remembered.
        if ((whole ?? (!round.Answered && stored == 0 ? round.Failure?.SourceException as DirectoryException : null)) is { } failure)
        {
            await health.FailedAsync(DirectoryKind.Groups, failure, CancellationToken.None);
        }
    }

    private async Task<IReadOnlyCollection<Guid>> ListNotFreshAsync(Guid[] wanted, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var groups = await StoredAsync(wanted, cancellationToken);
        return [.. wanted.Where(id => !groups.TryGetValue(id, out var g) || !IsFresh(g, now, maxAge))];
    }

    /// <summary>Asks what has changed: what is left has to be read, because it was never read, has changed, was read too long ago, or was not asked about yet.</summary>
    private async Task ConfirmUnchangedAsync(Round round, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var due = round.Open.ToArray();
        if ((await StoredAsync(due, cancellationToken)).Count == 0)
        {
            // Never read: there is nothing that could have changed.
            return;
        }

        await changes.CheckAsync(cancellationToken);
        var covered = await changes.ListCoveredAsync(cancellationToken);
        var groups = await StoredAsync(due, cancellationToken);
        var unchanged = new List<int>();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var group in due.Where(groups.ContainsKey).Select(id => groups[id]).Where(g => IsReadable(g, now) && covered.Contains(g.DirectoryId)))
        {
            if ((await db.GroupNestings.Where(n => n.GroupId == group.Id).Select(n => n.NestedId).ToListAsync(cancellationToken)).TrueForAll(covered.Contains))
            {
                unchanged.Add(group.Id);
            }
        }

        var ids = unchanged.ToArray();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Groups.Where(g => EF.Parameter(ids).Contains(g.Id)).ExecuteUpdateAsync(
            set => set.SetProperty(g => g.CheckedAt, now).SetProperty(g => g.UnreadableSince, (DateTimeOffset?)null), cancellationToken);
        foreach (var group in groups.Values.Where(g => unchanged.Contains(g.Id)))
        {
            if (health.IsLongAgo(group.UnreadableSince))
            {
                // Its books were not followed meanwhile.
                await db.WantFollowingOfGroupAsync(group.Id, cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
        foreach (var group in groups.Values.Where(g => unchanged.Contains(g.Id)))
        {
            round.Close(group.DirectoryId);
        }
    }

    private async Task<Dictionary<Guid, DirectoryGroup>> StoredAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Groups.AsNoTracking().Where(g => EF.Parameter(ids).Contains(g.DirectoryId)).ToDictionaryAsync(g => g.DirectoryId, cancellationToken);
    }

    /// <summary>There, read completely not too long ago, and not known to have changed: it is enough to ask.</summary>
    private bool IsReadable(DirectoryGroup group, DateTimeOffset now) =>
        group.State == GroupState.Active && group.ChangeMark == group.ReadMark && group.MembersReadAt > now - options.Value.FullReadEvery;

    private bool IsFresh(DirectoryGroup group, DateTimeOffset now, TimeSpan maxAge) => group.UnreadableSince is null && (group.State == GroupState.Active
        ? IsReadable(group, now) && (group.MembersReadAt > now - maxAge || group.CheckedAt > now - maxAge)
        : group.ChangeMark == group.ReadMark && group.CheckedAt > now - maxAge);

    /// <summary>
    /// Describes groups, and sees to it that the directory can be asked about them and about every group inside them: before their members are read, so that
    /// nothing that changes meanwhile is missed.
    /// </summary>
    private async Task<IReadOnlyDictionary<Guid, GroupLook>> LookAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await changes.CoverAsync(ids, cancellationToken);
        while (true)
        {
            var looks = await directory.LookAtGroupsAsync(ids, cancellationToken);
            var covered = await changes.ListCoveredAsync(cancellationToken);
            var nested = looks.Values.SelectMany(l => l.Nested).Where(id => !covered.Contains(id)).ToHashSet();
            if (nested.Count == 0)
            {
                return looks;
            }

            await changes.CoverAsync(nested, cancellationToken);
            if (!(await changes.ListCoveredAsync(cancellationToken)).IsSupersetOf(nested))
            {
                // Links too long to be kept: these groups are read every time.
                return looks;
            }
        }
    }

    /// <summary>Stores a group that was picked, or refreshes its description.</summary>
    /// <returns>Its internal number, and why it cannot be assigned, if it cannot.</returns>
    /// <exception cref="GroupGoneException">It is neither stored nor in the directory.</exception>
    /// <exception cref="DirectoryException">The directory cannot be read, and the group is not stored.</exception>
    public async Task<EnsuredGroup> EnsureGroupAsync(Guid directoryId, CancellationToken cancellationToken)
    {
        try
        {
            // Not behind a long read of members: somebody waits for the picker to close.
            var entry = await reads.RememberAsync(DirectoryKind.Groups, () => directory.GetGroupAsync(directoryId, cancellationToken), cancellationToken);
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

    private static EnsuredGroup Ensured(DirectoryGroup group) =>
        new(group.Id, group.DirectoryId, group.DisplayName, group.State, GroupKinds.ObstacleOf(group.SecurityEnabled, group.DeviceGroup, group.State));

    /// <summary>Reads one group. If that fails the round goes on with the next one, and tells at its end.</summary>
    private async Task ReadGroupAsync(Guid directoryId, GroupLook look, Round round, CancellationToken cancellationToken)
    {
        IReadOnlyList<int> left;
        try
        {
            if (look.Failure is not null)
            {
                throw look.Failure;
            }

            var group = await StoreAsync(look.Entry ?? throw new GroupGoneException(directoryId, look.SoftDeleted, null), cancellationToken);
            var readAt = clock.GetUtcNow();
            var members = new HashSet<int>();
            await foreach (var page in directory.ReadMembersAsync(directoryId, cancellationToken))
            {
                members.UnionWith(await people.UpsertAsync(page, cancellationToken));
            }

            (var change, left) = await SwapOrRetryAsync(group, members, look.Nested, readAt, cancellationToken);
            round.Done.Add(change);
            round.Close(directoryId);
        }
        catch (GroupGoneException e)
        {
            await MarkGoneAsync(directoryId, e.SoftDeleted, cancellationToken);
            round.Close(directoryId);
            return;
        }
        catch (DirectoryException e) when (!e.AsksToWait)
        {
            round.Fail(e);
            return;
        }

        try
        {
            await LookForLeaversAsync(left, cancellationToken);
        }
        catch (DirectoryException e)
        {
            // People cannot be read; the group was, and the next question for changed users finds who left altogether.
            round.Fail(e);
        }
    }

    private async Task<(MembersChange Change, IReadOnlyList<int> Left)> SwapOrRetryAsync(
        DirectoryGroup group, HashSet<int> members, IReadOnlyCollection<Guid> nested, DateTimeOffset readAt, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SwapAsync(group, members, nested, readAt, cancellationToken);
            }
            catch (Exception e) when (attempt < 3 && Contention.Lost(e))
            {
                // Spending locks books and then looks at members; here it is the other way round, and one of the two is let through.
            }
        }
    }

    /// <summary>Puts the members in place, all at once: a reader of the tables sees the old group or the new one.</summary>
    private async Task<(MembersChange Change, IReadOnlyList<int> Left)> SwapAsync(
        DirectoryGroup group, HashSet<int> members, IReadOnlyCollection<Guid> nested, DateTimeOffset readAt, CancellationToken cancellationToken)
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
            set => set.SetProperty(g => g.MembersReadAt, readAt).SetProperty(g => g.MemberCount, members.Count).SetProperty(g => g.ReadMark, group.ChangeMark)
                .SetProperty(g => g.UnreadableSince, (DateTimeOffset?)null),
            cancellationToken);
        await db.GroupNestings.Where(n => n.GroupId == group.Id).ExecuteDeleteAsync(cancellationToken);
        db.GroupNestings.AddRange(nested.Distinct().Select(id => new GroupNesting { GroupId = group.Id, NestedId = id }));
        await db.SaveChangesAsync(cancellationToken);
        if (added.Count + removed.Count > 0 || health.IsLongAgo(group.UnreadableSince))
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
            .Select(p => p.DirectoryId)
            .ToListAsync(cancellationToken);
        await reads.RememberAsync(
            DirectoryKind.People,
            async () =>
            {
                await peopleReader.RefreshAsync(alone, cancellationToken);
                return true;
            },
            cancellationToken,
            // Some that could be looked up do not make good what else is asked of people.
            proves: _ => false);
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
                // Restored: whoever was paused goes on, and its books are looked at again.
                await db.WantFollowingOfGroupAsync(group.Id, cancellationToken);
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
        if (group is not null)
        {
            if (health.IsLongAgo(group.UnreadableSince))
            {
                // The books of it were not followed meanwhile, those of its other groups neither.
                await db.WantFollowingOfGroupAsync(group.Id, cancellationToken);
            }

            (group.CheckedAt, group.ReadMark, group.UnreadableSince) = (clock.GetUtcNow(), group.ChangeMark, null);
        }

        if (group is not null && group.State != state)
        {
            db.Audit(Actor.System, clock.GetUtcNow(), "group.state-changed", new AuditSubject(GroupId: group.Id), new { before = group.State.ToString(), after = state.ToString() });
            group.State = state;
            await db.WantFollowingOfGroupAsync(group.Id, cancellationToken);
            logger.GroupGone(group.Id, state);
        }

        await db.SaveChangesAsync(cancellationToken);
        return group;
    }

    /// <summary>One turn of bringing groups up to date.</summary>
    private sealed class Round(IEnumerable<Guid> due)
    {
        /// <summary>Not done yet, in the order in which they are read.</summary>
        public List<Guid> Open { get; } = [.. due];

        public List<MembersChange> Done { get; } = [];

        /// <summary>The directory gave an answer about the members of a group.</summary>
        public bool Answered { get; private set; }

        /// <summary>What failed first.</summary>
        public ExceptionDispatchInfo? Failure { get; private set; }

        public void Close(Guid group)
        {
            Open.Remove(group);
            Answered = true;
        }

        public void Fail(DirectoryException failure) => Failure ??= ExceptionDispatchInfo.Capture(failure);
    }
}
