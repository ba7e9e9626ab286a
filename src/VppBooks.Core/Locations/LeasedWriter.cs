using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Locations;

/// <summary>Writes for a location in one transaction that the lease guards: an owner that lost it changes nothing (I4).</summary>
public sealed class LeasedWriter(IDbContextFactory<VppBooksDbContext> contexts, LocationLeases leases)
{
    /// <summary>Runs <paramref name="work"/> and commits; nothing is kept when it throws.</summary>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<T> WriteAsync<T>(Lease lease, Func<VppBooksDbContext, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await leases.GuardAsync(db, lease, cancellationToken);
        var result = await work(db);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Lease lease, Func<VppBooksDbContext, Task> work, CancellationToken cancellationToken) => WriteAsync(
        lease,
        async db =>
        {
            await work(db);
            return true;
        },
        cancellationToken);
}
