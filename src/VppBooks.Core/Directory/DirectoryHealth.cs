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

    /// <inheritdoc cref="FindStalenessAsync(CancellationToken)"/>
    internal async Task<DirectoryStaleness?> FindStalenessAsync(VppBooksDbContext db, CancellationToken cancellationToken) =>
        Staleness(await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken));

    internal DirectoryStaleness? Staleness(DirectoryState? state) =>
        state?.FailingSince is { } since && clock.GetUtcNow() - since >= options.Value.StaleAfter ? new DirectoryStaleness(since, state.ConsentMissing) : null;

    /// <summary>The row as it is now; a fresh one when nothing was read yet.</summary>
    public async Task<DirectoryState> GetAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken) ?? new DirectoryState();
    }

    /// <summary>A read succeeded. Books that were not followed while what was stored was too old are followed again.</summary>
    public Task SucceededAsync(CancellationToken cancellationToken) => ChangeAsync(
        (db, state) =>
        {
            var wasStale = Staleness(state) is not null;
            (state.FailingSince, state.ConsentMissing, state.RetryAt) = (null, false, null);
            return wasStale ? db.WantFollowingAsync(cancellationToken) : Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>A read failed.</summary>
    public Task FailedAsync(DirectoryException failure, CancellationToken cancellationToken) => ChangeAsync(state =>
    {
        state.FailingSince ??= clock.GetUtcNow();
        state.ConsentMissing = failure is DirectoryConsentMissingException;
        state.RetryAt = (failure as DirectoryUnavailableException)?.RetryAt;
    }, cancellationToken);

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
