using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Assignments;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>Remembers how reading the directory goes, for banners and for whoever must not plan on old memberships (F42).</summary>
public sealed class DirectoryHealth(IDbContextFactory<VppBooksDbContext> contexts, IOptions<DirectoryOptions> options, TimeProvider clock)
{
    /// <summary>Whether reading fails for so long that nothing new may be planned with what is stored; null while it may.</summary>
    public async Task<DirectoryStaleness?> FindStalenessAsync(CancellationToken cancellationToken) => Staleness(await GetAsync(cancellationToken));

    /// <summary>Whether reading fails for so long that a book may not be given to anybody new: reading altogether, or a group that the book is assigned to.</summary>
    internal async Task<DirectoryStaleness?> FindStalenessAsync(VppBooksDbContext db, int bookId, CancellationToken cancellationToken)
    {
        var state = await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken);
        if (Staleness(state) is { } staleness)
        {
            return staleness;
        }

        return await OfGroupsAsync(db.Groups.Where(g => db.GroupAssignments.Any(a => a.BookId == bookId && a.GroupId == g.Id)), cancellationToken);
    }

    /// <summary>Whether some of these groups cannot be read for so long. One that is deleted gives nothing to anybody new anyway (F38).</summary>
    internal async Task<DirectoryStaleness?> OfGroupsAsync(IQueryable<DirectoryGroup> groups, CancellationToken cancellationToken)
    {
        var unreadable = await groups.Where(g => g.State == GroupState.Active && g.UnreadableSince != null).Select(g => g.UnreadableSince).ToListAsync(cancellationToken);
        return unreadable.FindAll(since => IsLongAgo(since)) is { Count: > 0 } old ? new DirectoryStaleness(old.Min()!.Value, ConsentMissing: false, old.Count) : null;
    }

    internal DirectoryStaleness? Staleness(DirectoryState? state) =>
        state?.FailingSince is { } since && IsLongAgo(since) ? new DirectoryStaleness(since, state.ConsentMissing) : null;

    /// <summary>Whether something that cannot be read since then is too old to plan with.</summary>
    internal bool IsLongAgo(DateTimeOffset? unreadableSince) => clock.GetUtcNow() - unreadableSince >= options.Value.StaleAfter;

    /// <summary>The row as it is now; a fresh one when nothing was read yet.</summary>
    public async Task<DirectoryState> GetAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken) ?? new DirectoryState();
    }

    /// <summary>
    /// The directory answered what was asked of one kind; that says nothing of the other. Books that were not followed while what was stored was too old are
    /// followed again.
    /// </summary>
    public async Task SucceededAsync(DirectoryKind kind, CancellationToken cancellationToken)
    {
        if (await GetAsync(cancellationToken) is { FailingSince: null, GroupsFailingSince: null, PeopleFailingSince: null, ConsentMissing: false, RetryAt: null })
        {
            return;
        }

        await ChangeAsync(
            (db, state) =>
            {
                var wasStale = Staleness(state) is not null;
                SetFailing(state, kind, since: null);
                state.ConsentMissing &= state.FailingSince is not null;
                state.RetryAt = null;
                return wasStale && Staleness(state) is null ? db.WantFollowingAsync(cancellationToken) : Task.CompletedTask;
            },
            cancellationToken);
    }

    /// <summary>The directory did not answer what was asked of one kind.</summary>
    public Task FailedAsync(DirectoryKind kind, DirectoryException failure, CancellationToken cancellationToken) => ChangeAsync(state =>
    {
        var (since, other) = kind == DirectoryKind.Groups ? (state.GroupsFailingSince, state.PeopleFailingSince) : (state.PeopleFailingSince, state.GroupsFailingSince);
        // When neither kind has a time of its own yet, the whole had: from before they were told apart.
        SetFailing(state, kind, since ?? (other is null ? state.FailingSince : null) ?? clock.GetUtcNow());
        // While the other kind fails as well, what is said of one does not change the reason to and fro.
        state.ConsentMissing = failure is DirectoryConsentMissingException || (state.ConsentMissing && other is not null);
        state.RetryAt = (failure as DirectoryUnavailableException)?.RetryAt;
    }, cancellationToken);

    private static void SetFailing(DirectoryState state, DirectoryKind kind, DateTimeOffset? since)
    {
        if (kind == DirectoryKind.Groups)
        {
            state.GroupsFailingSince = since;
        }
        else
        {
            state.PeopleFailingSince = since;
        }

        state.FailingSince = state is { GroupsFailingSince: { } groups, PeopleFailingSince: { } people } ? groups < people ? groups : people : state.GroupsFailingSince ?? state.PeopleFailingSince;
    }

    internal Task ChangeAsync(Action<DirectoryState> change, CancellationToken cancellationToken) => ChangeAsync(
        (_, state) =>
        {
            change(state);
            return Task.CompletedTask;
        },
        cancellationToken);

    private async Task ChangeAsync(Func<VppBooksDbContext, DirectoryState, Task> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var state = await db.DirectoryStates.SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken);
            if (state is null)
            {
                db.DirectoryStates.Add(state = new DirectoryState());
            }

            try
            {
                await change(db, state);
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return;
            }
            catch (DbUpdateException) when (attempt < 3 && !cancellationToken.IsCancellationRequested)
            {
                // Another server made the row at the same moment.
            }
        }
    }
}
