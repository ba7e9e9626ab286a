using System.Collections.Concurrent;
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
/// write checks inside its own transaction. Clocks of servers differ and jump, so a candidate judges an owner by its own steady clock: the owner is
/// gone when the row has not changed for a whole <see cref="Period"/> while the candidate watched.
/// </summary>
public sealed class LocationLeases(IDbContextFactory<VppBooksDbContext> contexts, ProcessIdentity self, TimeProvider clock)
{
    /// <summary>How long a lease lasts without renewal.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <summary>No two clocks are believed to differ by more: a lease that ran out longer ago has no living owner and need not be watched.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<int, Sighting> _watched = new();

    /// <summary>The name this process holds leases under.</summary>
    public string Self => self.Name;

    /// <summary>
    /// Takes the lease if it is free, ours, or its owner is gone; null when another owner holds it. Asking again after <see cref="Period"/> finds out
    /// whether that owner lives. Every success raises the fence token.
    /// </summary>
    public async Task<Lease?> TryAcquireAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await FindAsync(db, locationId, cancellationToken) ?? await AddAsync(db, locationId, cancellationToken);
        if (found.Owner != "" && found.Owner != self.Name && IsAlive(found))
        {
            return null;
        }

        // Conditional on everything that was judged: an owner that renewed, or a quicker candidate, changes no row here.
        var expires = clock.GetUtcNow() + Period;
        var rows = await db.LocationLeases
            .Where(l => l.LocationId == locationId && l.Owner == found.Owner && l.FenceToken == found.FenceToken && l.ExpiresAt == found.ExpiresAt)
            .ExecuteUpdateAsync(
                set => set.SetProperty(l => l.Owner, self.Name).SetProperty(l => l.FenceToken, l => l.FenceToken + 1).SetProperty(l => l.ExpiresAt, expires),
                cancellationToken);
        _watched.TryRemove(locationId, out _);
        return rows == 1 ? new Lease(locationId, self.Name, found.FenceToken + 1) : null;
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

    private static Task<LocationLease?> FindAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken) =>
        db.LocationLeases.AsNoTracking().SingleOrDefaultAsync(l => l.LocationId == locationId, cancellationToken);

    private async Task<LocationLease> AddAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken)
    {
        var lease = new LocationLease { LocationId = locationId, Owner = "", FenceToken = 0, ExpiresAt = clock.GetUtcNow() };
        db.LocationLeases.Add(lease);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return lease;
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // Another process made the row first, or the location is gone.
            db.ChangeTracker.Clear();
            return await FindAsync(db, locationId, cancellationToken) ?? throw new LeaseLostException(locationId);
        }
    }

    private bool IsAlive(LocationLease found)
    {
        if (found.ExpiresAt + ClockTolerance < clock.GetUtcNow())
        {
            return false;
        }

        var now = clock.GetTimestamp();
        var first = _watched.AddOrUpdate(
            found.LocationId,
            _ => new Sighting(found.Owner, found.FenceToken, found.ExpiresAt, now),
            (_, known) => known.IsOf(found) ? known : new Sighting(found.Owner, found.FenceToken, found.ExpiresAt, now));
        return clock.GetElapsedTime(first.Since, now) < Period;
    }

    /// <summary>A foreign lease as it was seen first, on this process's steady clock.</summary>
    private sealed record Sighting(string Owner, long FenceToken, DateTimeOffset ExpiresAt, long Since)
    {
        public bool IsOf(LocationLease lease) => lease.Owner == Owner && lease.FenceToken == FenceToken && lease.ExpiresAt == ExpiresAt;
    }
}
