using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Locations;

/// <summary>Names this running process among all that ever ran.</summary>
public sealed record ProcessIdentity(string Name)
{
    /// <summary>A fresh random name.</summary>
    public static ProcessIdentity New() => new(Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(12)));
}

/// <summary>Another owner took the location over: whatever was about to be written must not be.</summary>
public sealed class LeaseLostException(int locationId) : Exception($"The lease on location {locationId} belongs to another owner now.");

/// <summary>A held lease. Valid only as long as the database agrees: see <see cref="LocationLeases.GuardAsync"/>.</summary>
/// <param name="LocationId">The location.</param>
/// <param name="Owner">This process.</param>
/// <param name="FenceToken">Rises with every take-over.</param>
public sealed record Lease(int LocationId, string Owner, long FenceToken);

/// <summary>
/// The fenced lease per location (I4). Expiry only decides when somebody else may try; what protects the data is the fence token that every
/// write checks inside its own transaction.
/// </summary>
public sealed class LocationLeases(IDbContextFactory<VppBooksDbContext> contexts, ProcessIdentity self, TimeProvider clock)
{
    /// <summary>How long a lease lasts without renewal.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <summary>Takes the lease if it is free, expired or ours; null when another owner holds it.</summary>
    public async Task<Lease?> TryAcquireAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var expires = now + Period;
        if (!await db.LocationLeases.AnyAsync(l => l.LocationId == locationId, cancellationToken))
        {
            db.LocationLeases.Add(new LocationLease { LocationId = locationId, Owner = "", FenceToken = 0, ExpiresAt = now });
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException)
            {
                // Another process made the row first; the update below decides who gets it.
                db.ChangeTracker.Clear();
            }
        }

        await db.LocationLeases
            .Where(l => l.LocationId == locationId && (l.Owner == "" || l.ExpiresAt < now) && l.Owner != self.Name)
            .ExecuteUpdateAsync(
                set => set.SetProperty(l => l.Owner, self.Name).SetProperty(l => l.FenceToken, l => l.FenceToken + 1).SetProperty(l => l.ExpiresAt, expires),
                cancellationToken);
        var lease = await db.LocationLeases.AsNoTracking().SingleOrDefaultAsync(l => l.LocationId == locationId, cancellationToken);
        return lease is not null && lease.Owner == self.Name ? new Lease(locationId, self.Name, lease.FenceToken) : null;
    }

    /// <summary>Extends a held lease.</summary>
    /// <exception cref="LeaseLostException">Another owner has it.</exception>
    public async Task RenewAsync(Lease lease, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await GuardAsync(db, lease, cancellationToken);
    }

    /// <summary>
    /// Renews and checks in one statement. Called first in every writing transaction: it locks the row, so that a take-over waits for the
    /// commit or the write fails.
    /// </summary>
    /// <exception cref="LeaseLostException">Another owner has it.</exception>
    public async Task GuardAsync(VppBooksDbContext db, Lease lease, CancellationToken cancellationToken)
    {
        var expires = clock.GetUtcNow() + Period;
        var rows = await db.LocationLeases
            .Where(l => l.LocationId == lease.LocationId && l.Owner == lease.Owner && l.FenceToken == lease.FenceToken)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, expires), cancellationToken);
        if (rows != 1)
        {
            throw new LeaseLostException(lease.LocationId);
        }
    }

    /// <summary>Gives the lease back early; harmless when it is lost already.</summary>
    public async Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.LocationLeases
            .Where(l => l.LocationId == lease.LocationId && l.Owner == lease.Owner && l.FenceToken == lease.FenceToken)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.Owner, ""), cancellationToken);
    }
}
