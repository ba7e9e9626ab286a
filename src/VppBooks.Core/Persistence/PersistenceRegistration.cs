using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Core.Persistence.SqlServer;

namespace VppBooks.Core.Persistence;

/// <summary>Which database keeps the data.</summary>
public enum DatabaseProvider
{
    /// <summary>A file beside the program.</summary>
    Sqlite,

    /// <summary>A server.</summary>
    SqlServer,
}

/// <summary>Registration of the database.</summary>
public static class PersistenceRegistration
{
    /// <summary>Registers <see cref="IDbContextFactory{TContext}"/> of <see cref="VppBooksDbContext"/> for one provider.</summary>
    public static IServiceCollection AddVppBooksDatabase(this IServiceCollection services, DatabaseProvider provider, string connectionString)
    {
        services.AddSingleton<StorageMonitor>();
        if (provider == DatabaseProvider.SqlServer)
        {
            services.AddDbContextFactory<SqlServerVppBooksDbContext>((root, options) => Common(root, options.UseSqlServer(connectionString)));
            services.AddSingleton<IDbContextFactory<VppBooksDbContext>, FactoryAdapter<SqlServerVppBooksDbContext>>();
            services.AddSingleton<IBulkStore, SqlServerBulkStore>();
            return services;
        }

        var sqlite = new SqliteConnectionStringBuilder(connectionString) { ForeignKeys = true };
        if (sqlite.DefaultTimeout < 30)
        {
            sqlite.DefaultTimeout = 30;
        }

        services.AddDbContextFactory<SqliteVppBooksDbContext>((root, options) => Common(root, options.UseSqlite(sqlite.ConnectionString).AddInterceptors(new SqliteBusyWait())));
        services.AddSingleton<IDbContextFactory<VppBooksDbContext>, FactoryAdapter<SqliteVppBooksDbContext>>();
        services.AddSingleton<IBulkStore, SqliteBulkStore>();
        return services;
    }

    private static void Common(IServiceProvider services, DbContextOptionsBuilder options)
    {
        var monitor = services.GetRequiredService<StorageMonitor>();
        options.AddInterceptors(new VersionInterceptor(), new PersonWordsInterceptor(), new StorageMonitor.Statements(monitor), new StorageMonitor.Commits(monitor));
    }

    private sealed class FactoryAdapter<TContext>(IDbContextFactory<TContext> inner) : IDbContextFactory<VppBooksDbContext>
        where TContext : VppBooksDbContext
    {
        public VppBooksDbContext CreateDbContext() => inner.CreateDbContext();

        public async Task<VppBooksDbContext> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await inner.CreateDbContextAsync(cancellationToken);
    }
}
