using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Quartz;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Jobs;

/// <summary>Quartz in VppBooks' own database, so that a restart loses no job; several servers share it on SQL Server.</summary>
internal static class SchedulerSetup
{
    public const string SchedulerName = "VppBooks";

    extension(WebApplicationBuilder builder)
    {
        public void AddScheduler(TimeProvider clock)
        {
            var scheduler = builder.Configuration.Read<SchedulerSettings>();
            var database = builder.Configuration.Read<DatabaseSettings>();
            var connection = SettingsRegistration.ConnectionString(builder.Configuration, database.Provider, builder.Environment.ContentRootPath);
            builder.AddQuartz(quartz =>
            {
                // No instance id: clustering makes one per server, and a literal would be shared by all of them.
                quartz.ConfigureScheduler(s => s.InstanceName = SchedulerName);
                quartz.UseTimeProvider(clock);
                quartz.UseDefaultThreadPool(scheduler.Threads);
                if (scheduler.Store == SchedulerStore.Memory)
                {
                    quartz.UseInMemoryStore();
                }
                else
                {
                    quartz.UsePersistentStore(store => Persist(store, database.Provider, connection));
                }
            });
            builder.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
            builder.Services.AddHostedService<SyncScheduling>();
            builder.Services.AddHealthChecks().AddQuartz(o => o.Name = "scheduler");
        }
    }

    private static void Persist(IPersistentStoreBuilder store, DatabaseProvider provider, string connection)
    {
        if (provider == DatabaseProvider.Sqlite)
        {
            CreateFolderOf(connection);
            store.UseSqlite(SqliteFactory.Instance, connection);
        }
        else
        {
            store.UseSqlServer(SqlClientFactory.Instance, connection);
            store.UseClustering();
        }

        store.ProvisionSchema();
    }

    private static void CreateFolderOf(string connection)
    {
        if (Path.GetDirectoryName(new SqliteConnectionStringBuilder(connection).DataSource) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }
    }
}
