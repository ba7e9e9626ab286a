using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Web.Hosting;

/// <summary>Brings the database to this version before anything uses it.</summary>
internal static class DatabaseSetup
{
    public static async Task UpgradeAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(cancellationToken);
        if (db.Database.IsSqlite()
            && Path.GetDirectoryName(new SqliteConnectionStringBuilder(db.Database.GetConnectionString()).DataSource) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        await db.Database.MigrateAsync(cancellationToken);
    }
}

/// <summary>The database answers.</summary>
internal sealed class DatabaseCheck(IDbContextFactory<VppBooksDbContext> contexts) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.CanConnectAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();
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
