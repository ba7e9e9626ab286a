using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Licenses;

/// <summary>One owner's work on one location: the lease, the opened connection and transactions that fail when the lease is lost.</summary>
internal sealed class LocationSession(Lease lease, AppleLocation apple, IDbContextFactory<VppBooksDbContext> contexts, LocationLeases leases, TimeProvider clock)
{
    public Lease Lease => lease;

    /// <summary>The connection; a change leaves over it only while everything that allowed it still holds.</summary>
    public AppleLocation Apple => field ??= apple with { MayChange = FindObstacleAsync };

    public int LocationId => lease.LocationId;

    public Task<VppBooksDbContext> OpenAsync(CancellationToken cancellationToken) => contexts.CreateDbContextAsync(cancellationToken);

    /// <summary>Why nothing may be sent at this moment, or null. Between the decision to send and the moment to send lie a commit and the rate gate: time enough to lose lease or claim.</summary>
    private async Task<string?> FindObstacleAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var location = await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lease.LocationId, cancellationToken);
        var held = await db.LocationLeases.AsNoTracking().SingleOrDefaultAsync(l => l.LocationId == lease.LocationId, cancellationToken);
        var now = clock.GetUtcNow();
        return held is null || held.Owner != lease.Owner || held.FenceToken != lease.FenceToken || held.ExpiresAt <= now ? "The lease on the location was lost or has run out."
            : location is not { CanWrite: true } ? "The location may not be written to any more."
            : location.PausedUntil > now ? "Apple asked us to wait."
            : clock.GetElapsedTime(asked) > LocationLeases.Period / 3 ? "The program was paused right before sending."
            : null;
    }

    /// <summary>
    /// Runs a change in one transaction that begins with the check of the lease (I4). When the database lets another transaction through instead, the change runs again: an
    /// answer of Apple's must not be forgotten for that.
    /// </summary>
    /// <exception cref="LeaseLostException">Another owner has the location; nothing was changed.</exception>
    public async Task<T> WriteAsync<T>(Func<VppBooksDbContext, Task<T>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryWriteAsync(change, cancellationToken);
            }
            catch (Exception e) when (attempt < 4 && Contention.IsDeadlock(e))
            {
                // Begun anew, with what is true then.
            }
        }
    }

    public Task WriteAsync(Func<VppBooksDbContext, Task> change, CancellationToken cancellationToken) =>
        WriteAsync(
            async db =>
            {
                await change(db);
                return true;
            },
            cancellationToken);

    private async Task<T> TryWriteAsync<T>(Func<VppBooksDbContext, Task<T>> change, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using IDbContextTransaction transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await leases.GuardAsync(db, lease, cancellationToken);
        var result = await change(db);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }
}
