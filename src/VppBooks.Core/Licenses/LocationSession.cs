using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Licenses;

/// <summary>One owner's work on one location: the lease, the opened connection and transactions that fail when the lease is lost.</summary>
internal sealed class LocationSession(Lease lease, AppleLocation apple, IDbContextFactory<VppBooksDbContext> contexts, LocationLeases leases)
{
    public Lease Lease => lease;

    public AppleLocation Apple => apple;

    public int LocationId => lease.LocationId;

    public Task<VppBooksDbContext> OpenAsync(CancellationToken cancellationToken) => contexts.CreateDbContextAsync(cancellationToken);

    /// <summary>Runs a change in one transaction that begins with the check of the lease (I4).</summary>
    /// <exception cref="LeaseLostException">Another owner has the location; nothing was changed.</exception>
    public async Task<T> WriteAsync<T>(Func<VppBooksDbContext, Task<T>> change, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using IDbContextTransaction transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await leases.GuardAsync(db, lease, cancellationToken);
        var result = await change(db);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    public Task WriteAsync(Func<VppBooksDbContext, Task> change, CancellationToken cancellationToken) =>
        WriteAsync(
            async db =>
            {
                await change(db);
                return true;
            },
            cancellationToken);
}
