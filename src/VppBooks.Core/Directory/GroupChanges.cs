using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>
/// Asks the directory which groups have changed: one small request for fifty groups. It tells of direct members only, so that the groups inside a group are
/// asked about as well, and a change in one of them marks every group around it.
/// </summary>
public sealed class GroupChanges(IDbContextFactory<VppBooksDbContext> contexts, GraphDirectory directory, TimeProvider clock, ILogger<GroupChanges> logger)
{
    /// <summary>Links for few groups are put together, so that groups that were assigned one by one do not cost a request each.</summary>
    private const int Few = DirectoryCursor.MostGroups / 2;

    /// <summary>Groups about which the directory can be asked.</summary>
    internal async Task<HashSet<Guid>> ListCoveredAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return [.. (await CursorsAsync(db, cancellationToken)).Where(IsGood).SelectMany(c => c.GroupIds)];
    }

    /// <summary>From now on the directory can be asked about these groups. Before their members are read, or a change in between would be missed.</summary>
    internal async Task CoverAsync(IEnumerable<Guid> groups, CancellationToken cancellationToken)
    {
        var covered = await ListCoveredAsync(cancellationToken);
        foreach (var chunk in groups.Distinct().Where(id => !covered.Contains(id)).Chunk(DirectoryCursor.MostGroups))
        {
            if (await BeginAsync(chunk, cancellationToken) is { } cursor)
            {
                await using var db = await contexts.CreateDbContextAsync(cancellationToken);
                db.DirectoryCursors.Add(cursor);
                await db.SaveChangesAsync(cancellationToken);
            }
        }
    }

    /// <summary>Asks about all groups and marks those that have changed, or may have: a link that expired (F37) tells nothing, so that its groups have to be read.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read; the next time asks for the same changes.</exception>
    internal async Task CheckAsync(CancellationToken cancellationToken)
    {
        List<DirectoryCursor> cursors;
        await using (var read = await contexts.CreateDbContextAsync(cancellationToken))
        {
            cursors = await CursorsAsync(read, cancellationToken);
        }

        var now = clock.GetUtcNow();
        var few = cursors.Where(c => IsGood(c) && c.GroupIds.Count() <= Few).ToList();
        var together = new List<DirectoryCursor>();
        if (few.Count > 1)
        {
            // Begun before the old ones are asked for the last time: no moment is without one.
            foreach (var chunk in few.SelectMany(c => c.GroupIds).Distinct().Chunk(DirectoryCursor.MostGroups))
            {
                together.Add(await BeginAsync(chunk, cancellationToken) ?? throw new DirectoryUnavailableException("The directory gave a link that is too long.", null, null));
            }
        }
        else
        {
            few.Clear();
        }

        var (changed, links, spent) = (new HashSet<Guid>(), new Dictionary<int, string>(), few.Select(c => c.Id).ToHashSet());
        foreach (var cursor in cursors)
        {
            var round = IsGood(cursor) ? await directory.ReadGroupChangesAsync(cursor.Link, cancellationToken) : null;
            changed.UnionWith(round is null ? cursor.GroupIds : round.Changed);
            if (round is { Link.Length: <= DirectoryCursor.LongestLink })
            {
                links.Add(cursor.Id, round.Link);
            }
            else
            {
                logger.ChangesUnknown(CursorKind.Groups);
                spent.Add(cursor.Id);
            }
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await MarkAsync(db, changed, cancellationToken);
        foreach (var (id, link) in links.Where(l => !spent.Contains(l.Key)))
        {
            await db.DirectoryCursors.Where(c => c.Id == id).ExecuteUpdateAsync(set => set.SetProperty(c => c.Link, link).SetProperty(c => c.ReadAt, now), cancellationToken);
        }

        var ended = spent.ToArray();
        await db.DirectoryCursors.Where(c => EF.Parameter(ended).Contains(c.Id)).ExecuteDeleteAsync(cancellationToken);
        db.DirectoryCursors.AddRange(together);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Forgets links that report nothing but groups nobody follows any more.</summary>
    internal async Task ForgetAsync(IReadOnlyCollection<Guid> followed, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var (ids, wanted) = (followed.ToArray(), followed.ToHashSet());
        wanted.UnionWith(await db.GroupNestings.Where(n => db.Groups.Any(g => g.Id == n.GroupId && EF.Parameter(ids).Contains(g.DirectoryId))).Select(n => n.NestedId).ToListAsync(cancellationToken));
        foreach (var cursor in (await CursorsAsync(db, cancellationToken)).Where(c => !c.GroupIds.Any(wanted.Contains)))
        {
            await db.DirectoryCursors.Where(c => c.Id == cursor.Id).ExecuteDeleteAsync(cancellationToken);
        }
    }

    private static Task<List<DirectoryCursor>> CursorsAsync(VppBooksDbContext db, CancellationToken cancellationToken) =>
        db.DirectoryCursors.AsNoTracking().Where(c => c.Kind == CursorKind.Groups).OrderBy(c => c.Id).ToListAsync(cancellationToken);

    private static async Task MarkAsync(VppBooksDbContext db, HashSet<Guid> changed, CancellationToken cancellationToken)
    {
        foreach (var chunk in changed.Chunk(1000))
        {
            await db.Groups
                .Where(g => EF.Parameter(chunk).Contains(g.DirectoryId) || db.GroupNestings.Any(n => n.GroupId == g.Id && EF.Parameter(chunk).Contains(n.NestedId)))
                .ExecuteUpdateAsync(set => set.SetProperty(g => g.ChangeMark, g => g.ChangeMark + 1), cancellationToken);
        }
    }

    private bool IsGood(DirectoryCursor cursor) => clock.GetUtcNow() - cursor.ReadAt <= DirectoryCursor.Lifetime;

    private async Task<DirectoryCursor?> BeginAsync(Guid[] groups, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var link = await directory.BeginGroupChangesAsync(groups, cancellationToken);
        return link.Length > DirectoryCursor.LongestLink
            ? null
            : new DirectoryCursor { Kind = CursorKind.Groups, Groups = string.Join(',', groups.Select(id => id.ToString("N"))), Link = link, ReadAt = now };
    }
}
