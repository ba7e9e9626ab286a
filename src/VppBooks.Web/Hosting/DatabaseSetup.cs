using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Web.Hosting;

/// <summary>Brings the database to this version before anything uses it.</summary>
internal static class DatabaseSetup
{
    /// <exception cref="DatabaseUpgradeException">It cannot be brought there; the message says what to do.</exception>
    public static async Task UpgradeAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(cancellationToken);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(DatabaseSetup));
        using var upgrade = await SqliteUpgrade.TryBeginAsync(db, services.GetRequiredService<TimeProvider>(), logger, cancellationToken);
        var backup = upgrade?.Backup;
        try
        {
            var applied = (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
            var known = db.Database.GetMigrations().ToList();
            if (applied.Except(known).LastOrDefault() is { } unknown)
            {
                throw new DatabaseUpgradeException(
                    $"The database was upgraded by a newer version of VppBooks (its last step is {unknown}). Start that version, or put back a backup from before the upgrade.");
            }

            if (applied.Count < known.Count)
            {
                backup = upgrade is null ? null : await upgrade.PrepareAsync(db, isNew: applied.Count == 0, cancellationToken);
                using var watch = UpgradeWatch.Begin(logger);
                await db.Database.MigrateAsync(cancellationToken);
            }

            await (upgrade?.FinishAsync(db, cancellationToken) ?? Task.CompletedTask);
        }
        catch (DbException e)
        {
            logger.UpgradeFailed(e);
            throw new DatabaseUpgradeException(
                $"The database could not be upgraded: {e.Message}. Every step is applied whole or not at all, so remove the cause (room, rights, the server being away) and start again."
                + (backup is null ? "" : $" To go back to the version before, put {backup} in the place of the database file and delete the files beside it that end in -wal and -shm."),
                e);
        }
    }
}

/// <summary>The database cannot be used by this version; the message says what to do.</summary>
internal sealed class DatabaseUpgradeException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database answers, and has room.</summary>
internal sealed class DatabaseCheck(IDbContextFactory<VppBooksDbContext> contexts, StorageMonitor storage) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.CanConnectAsync(cancellationToken) && await storage.HasRoomAsync(db, cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();
    }
}

/// <summary>The database has this version's tables.</summary>
internal sealed class MigrationsCheck(IDbContextFactory<VppBooksDbContext> contexts) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return (await db.Database.GetPendingMigrationsAsync(cancellationToken)).Any() ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy();
    }
}

/// <summary>Secrets can be sealed and opened.</summary>
internal sealed class KeyRingCheck(SecretSealer sealer) : IHealthCheck
{
    private const string Probe = "probe";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(sealer.Open(sealer.Seal(Probe, Probe), Probe) == Probe ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
}
