using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Licenses;

/// <summary>
/// Turns set-aside licenses into licenses at Apple: people first, then books, each request written down before it is sent and sent once. Called
/// by whoever holds the location's lease; everything it needs to go on after a crash is in the database.
/// </summary>
public sealed class LicenseDispatcher(
    IDbContextFactory<VppBooksDbContext> contexts,
    LocationLeases leases,
    LocationConnections connections,
    LocationHealth health,
    AppleClient apple,
    Recognition recognition,
    Registrar registrar,
    RegistrationUpkeep upkeep,
    Spender spender,
    OperationSettler settler,
    ChangeFeed feed,
    TimeProvider clock,
    ILogger<LicenseDispatcher> logger)
{
    // A round settles, registers and spends; each may make the next one possible. More rounds than this mean a defect, not work.
    private const int MaxRounds = 1000;

    private static readonly TimeSpan OthersPause = TimeSpan.FromSeconds(15);

    /// <summary>Does everything that can be done now.</summary>
    /// <returns>When to come back; null when only a signal can bring new work.</returns>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<DateTimeOffset?> RunAsync(Lease lease, CancellationToken cancellationToken)
    {
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (!await HasWorkAsync(db, lease.LocationId, cancellationToken))
            {
                return null;
            }
        }

        var session = await OpenAsync(lease, cancellationToken);
        if (session is null)
        {
            return null;
        }

        await settler.AdoptAsync(session, cancellationToken);
        try
        {
            for (var round = 0; round < MaxRounds; round++)
            {
                var location = await ReadLocationAsync(lease.LocationId, cancellationToken);
                if (location is null || await RestAsync(location) is { } wait && wait > clock.GetUtcNow())
                {
                    break;
                }

                var worked = location.State == TokenState.Valid && await settler.SettleDueAsync(session, cancellationToken);
                location = await ReadLocationAsync(lease.LocationId, cancellationToken);
                if (location is { CanWrite: true })
                {
                    // Before anybody is registered anew whom Apple knows already.
                    await recognition.RunAsync(lease, cancellationToken);
                    worked |= await registrar.RegisterAsync(session, cancellationToken);
                    worked |= await upkeep.RunAsync(session, cancellationToken);
                    location = await ReadLocationAsync(lease.LocationId, cancellationToken);
                }

                // An answer to the registrations may have shown another claim, or asked for a pause.
                if (location is { CanWrite: true } && !(await RestAsync(location) > clock.GetUtcNow()) && !await IsHeldAsync(lease.LocationId, cancellationToken))
                {
                    var progress = await spender.SpendAsync(session, cancellationToken);
                    if (progress == SpendProgress.FollowFirst)
                    {
                        feed.Publish(new Change.OfLocation(lease.LocationId));
                        return clock.GetUtcNow();
                    }

                    worked |= progress == SpendProgress.Worked;
                }

                if (!worked)
                {
                    break;
                }

                feed.Publish(new Change.OfLocation(lease.LocationId));
            }
        }
        catch (AppleException e)
        {
            await health.RecordAsync(lease.LocationId, e, cancellationToken);
            logger.AppleStoppedWork(lease.LocationId, e.GetType().Name, (e as AppleRefusedException)?.Refusal.Error.Number);
        }

        return await NextAsync(lease.LocationId, cancellationToken);
    }

    private async Task<LocationSession?> OpenAsync(Lease lease, CancellationToken cancellationToken)
    {
        var location = await ReadLocationAsync(lease.LocationId, cancellationToken);
        if (location is null or { DeletedAt: not null })
        {
            return null;
        }

        try
        {
            return new LocationSession(lease, connections.Connect(location), contexts, leases, clock);
        }
        catch (TokenUnreadableException e)
        {
            await health.RecordAsync(lease.LocationId, e, cancellationToken);
            return null;
        }
    }

    private async Task<Location?> ReadLocationAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.Id == locationId, cancellationToken);
    }

    private Task<DateTimeOffset?> RestAsync(Location location)
    {
        var asked = apple.PausedUntil(location.UId);
        return Task.FromResult(location.PausedUntil > asked ? location.PausedUntil : asked ?? location.PausedUntil);
    }

    private async Task<bool> IsHeldAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await SpendingHold.By(db, locationId).AnyAsync(cancellationToken);
    }

    private async Task<bool> HasWorkAsync(VppBooksDbContext db, int locationId, CancellationToken cancellationToken) =>
        await db.Operations.AnyAsync(o => o.LocationId == locationId && (o.State == OperationState.Intended || o.NextCheckAt != null), cancellationToken)
        || await db.Books.AnyAsync(
            b => b.LocationId == locationId && db.Licenses.Any(l => l.BookId == b.Id && (l.State == LicenseState.Reserved || l.State == LicenseState.Waiting)),
            cancellationToken)
        || await Registrar.Returned(db, locationId).AnyAsync(cancellationToken)
        || await Registrar.Waiting(db, locationId).AnyAsync(cancellationToken)
        || await upkeep.HasWorkAsync(db, locationId, cancellationToken);

    private async Task<DateTimeOffset?> NextAsync(int locationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var location = await db.Locations.AsNoTracking().SingleAsync(l => l.Id == locationId, cancellationToken);
        var check = location.State == TokenState.Valid
            ? await db.Operations.Where(o => o.LocationId == locationId && o.NextCheckAt != null).MinAsync(o => o.NextCheckAt, cancellationToken)
            : null;
        if (await IsHeldAsync(locationId, cancellationToken))
        {
            var soon = clock.GetUtcNow() + OthersPause;
            check = check < soon ? check : soon;
        }

        var rest = await RestAsync(location);
        return rest > clock.GetUtcNow() && (check is null || rest > check) ? rest : check;
    }
}
