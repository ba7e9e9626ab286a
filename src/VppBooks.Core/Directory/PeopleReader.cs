using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>Keeps people in step with the directory: asks what has changed, and reads those people alone.</summary>
public sealed class PeopleReader(
    IDbContextFactory<VppBooksDbContext> contexts,
    GraphDirectory directory,
    DirectoryReads reads,
    DirectoryHealth health,
    PeopleWriter people,
    IOptions<DirectoryOptions> options,
    TimeProvider clock,
    ILogger<PeopleReader> logger)
{
    /// <summary>Asks for changed users if that was last done longer ago than <paramref name="maxAge"/>, and reads those we know.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read; people stay as they were, and the next time asks for the same changes.</exception>
    public Task CheckAsync(TimeSpan maxAge, CancellationToken cancellationToken) => reads.OneAtATimeAsync(
        () => reads.RememberAsync(
            DirectoryKind.People,
            // While a complete read is owed as well, that one tells how it goes.
            async () => await CheckNowAsync(maxAge, cancellationToken) && !await OwesAllAsync(cancellationToken),
            cancellationToken,
            proves: asked => asked),
        cancellationToken);

    /// <summary>Reads all users if they may have changed since they were last known completely, longer ago than <paramref name="maxAge"/>; see <see cref="AllUsers"/>.</summary>
    /// <returns>Whether they were read completely.</returns>
    /// <exception cref="DirectoryException">The directory cannot be read; who was there stays there.</exception>
    public async Task<bool> EnsureAllAsync(TimeSpan maxAge, CancellationToken cancellationToken) => (await reads.OneAtATimeAsync(
        () => reads.RememberAsync(DirectoryKind.People, () => EnsureAllNowAsync(maxAge, cancellationToken), cancellationToken, proves: all => all.Asked),
        cancellationToken)).Read;

    private async Task<(bool Read, bool Asked)> EnsureAllNowAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (AreFresh(await health.GetAsync(cancellationToken), maxAge))
        {
            return (Read: false, Asked: false);
        }

        // Before the complete read: from here on the directory tells of what changes meanwhile.
        var asked = await CheckNowAsync(maxAge, cancellationToken);
        var state = await health.GetAsync(cancellationToken);
        if (AreFresh(state, maxAge))
        {
            return (Read: false, asked);
        }

        var now = clock.GetUtcNow();
        var present = new HashSet<int>();
        await foreach (var page in directory.ReadUsersAsync(cancellationToken))
        {
            present.UnionWith(await people.UpsertAsync(page, cancellationToken));
        }

        // Only now is the read complete, and absence means something.
        var gone = await people.MarkGoneAsync(present, cancellationToken);
        await health.ChangeAsync(s => (s.AllUsersReadAt, s.AllUsersReadMark) = (now, state.AllUsersChangeMark), cancellationToken);
        logger.AllUsersRead(present.Count, gone);
        return (Read: true, Asked: true);
    }

    /// <summary>Reads some users, twenty a request: those who are there are stored as they are, the others are marked as gone.</summary>
    internal async Task RefreshAsync(IReadOnlyCollection<Guid> directoryIds, CancellationToken cancellationToken)
    {
        foreach (var chunk in directoryIds.Chunk(500))
        {
            var found = await directory.FindUsersAsync(chunk, cancellationToken);
            await people.UpsertAsync(found, cancellationToken);
            var absent = chunk.Except(found.Select(u => u.DirectoryId)).ToArray();
            if (absent.Length > 0)
            {
                await people.MarkGoneAsync(absent, cancellationToken);
            }
        }
    }

    private bool AreFresh(DirectoryState state, TimeSpan maxAge)
    {
        var now = clock.GetUtcNow();
        return state.AllUsersReadAt is { } readAt && readAt > now - options.Value.FullReadEvery && state.AllUsersReadMark == state.AllUsersChangeMark
            && (readAt > now - maxAge || state.AllUsersCheckedAt > now - maxAge);
    }

    private async Task<bool> OwesAllAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.GroupAssignments.AnyAsync(a => a.GroupId == null, cancellationToken) && !AreFresh(await health.GetAsync(cancellationToken), options.Value.FullReadEvery);
    }

    /// <returns>Whether the directory was asked, and everything it was asked was answered.</returns>
    private async Task<bool> CheckNowAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var cursor = await FindCursorAsync(cancellationToken);
        if (cursor?.ReadAt > now - maxAge && cursor.Properties == directory.UserSelection)
        {
            return false;
        }

        var round = cursor is null || cursor.Properties != directory.UserSelection || now - cursor.ReadAt > DirectoryCursor.Lifetime
            ? null
            : await directory.ReadUserChangesAsync(cursor.Link, cancellationToken);
        if (round is null)
        {
            // Never asked, not about everything we want to know, or too long ago: what changed in between nobody can tell, so that everybody we know is read again.
            var link = await directory.BeginUserChangesAsync(cancellationToken);
            logger.ChangesUnknown(CursorKind.Users);
            await ReadAllAgainAsync(cancellationToken);
            await KeepAsync(cursor, link, now, cancellationToken);
            return true;
        }

        await RefreshAsync(await OfInterestAsync(round.Changed, cancellationToken), cancellationToken);
        await KeepAsync(cursor, round.Link, now, cancellationToken);
        await health.ChangeAsync(s => s.AllUsersCheckedAt = now, cancellationToken);
        return true;
    }

    /// <summary>People we know; everybody while a book is given to all users, because then newcomers matter too.</summary>
    private async Task<IReadOnlyCollection<Guid>> OfInterestAsync(IReadOnlySet<Guid> changed, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.GroupAssignments.AnyAsync(a => a.GroupId == null, cancellationToken))
        {
            return changed;
        }

        var known = new List<Guid>();
        foreach (var chunk in changed.Chunk(1000))
        {
            known.AddRange(await db.People.Where(p => EF.Parameter(chunk).Contains(p.DirectoryId)).Select(p => p.DirectoryId).ToListAsync(cancellationToken));
        }

        if (known.Count < changed.Count)
        {
            // Nobody reads the others now, so that a list of all users made before may lack a newcomer.
            await health.ChangeAsync(s => s.AllUsersChangeMark++, cancellationToken);
        }

        return known;
    }

    /// <summary>Members come with their groups, 999 a request; the others twenty a request.</summary>
    private async Task ReadAllAgainAsync(CancellationToken cancellationToken)
    {
        List<Guid> others;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            await db.Groups.ExecuteUpdateAsync(set => set.SetProperty(g => g.ChangeMark, g => g.ChangeMark + 1), cancellationToken);
            others = await db.People
                .Where(p => p.GoneSince == null && !db.GroupMemberships.Any(m => m.PersonId == p.Id && db.GroupAssignments.Any(a => a.GroupId == m.GroupId)))
                .Select(p => p.DirectoryId)
                .ToListAsync(cancellationToken);
            if (await db.GroupAssignments.AnyAsync(a => a.GroupId == null, cancellationToken))
            {
                // All of them are read anyway.
                others.Clear();
            }
        }

        await health.ChangeAsync(s => s.AllUsersChangeMark++, cancellationToken);
        await RefreshAsync(others, cancellationToken);
    }

    private async Task<DirectoryCursor?> FindCursorAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.DirectoryCursors.AsNoTracking().Where(c => c.Kind == CursorKind.Users).OrderByDescending(c => c.Id).FirstOrDefaultAsync(cancellationToken);
    }

    private async Task KeepAsync(DirectoryCursor? before, string link, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var last = before?.Id ?? int.MaxValue;
        await db.DirectoryCursors.Where(c => c.Kind == CursorKind.Users && c.Id <= last).ExecuteDeleteAsync(cancellationToken);
        if (link.Length <= DirectoryCursor.LongestLink)
        {
            db.DirectoryCursors.Add(new DirectoryCursor { Kind = CursorKind.Users, Groups = "", Link = link, Properties = directory.UserSelection, ReadAt = now });
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
