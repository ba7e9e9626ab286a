using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>Remembers how reading the directory goes, for banners and for whoever must not plan on old memberships (F42).</summary>
public sealed class DirectoryHealth(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    /// <summary>The row as it is now; a fresh one when nothing was read yet.</summary>
    public async Task<DirectoryState> GetAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.DirectoryStates.AsNoTracking().SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken) ?? new DirectoryState();
    }

    /// <summary>A read succeeded.</summary>
    public Task SucceededAsync(CancellationToken cancellationToken) => ChangeAsync(state =>
    {
        state.FailingSince = null;
        state.ConsentMissing = false;
        state.RetryAt = null;
    }, cancellationToken);

    /// <summary>A read failed.</summary>
    public Task FailedAsync(DirectoryException failure, CancellationToken cancellationToken) => ChangeAsync(state =>
    {
        state.FailingSince ??= clock.GetUtcNow();
        state.ConsentMissing = failure is DirectoryConsentMissingException;
        state.RetryAt = (failure as DirectoryUnavailableException)?.RetryAt;
    }, cancellationToken);

    internal async Task ChangeAsync(Action<DirectoryState> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var state = await db.DirectoryStates.SingleOrDefaultAsync(s => s.Id == DirectoryState.OnlyRow, cancellationToken);
            if (state is null)
            {
                db.DirectoryStates.Add(state = new DirectoryState());
            }

            change(state);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return;
            }
            catch (DbUpdateException) when (attempt < 3 && !cancellationToken.IsCancellationRequested)
            {
                // Another server made the row at the same moment.
            }
        }
    }
}
