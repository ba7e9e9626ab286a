using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Overview;

namespace VppBooks.Core.Sync;

/// <summary>Registration of reading Apple and of what screens read.</summary>
public static class SyncRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>
        /// Adds syncs, the ledger's reader and the catalogs, all singletons. Needs the database, the Apple client, <see cref="LocationLeases"/>,
        /// <see cref="LocationConnections"/>, <see cref="LocationHealth"/>, the change feed, the work signal and logging.
        /// </summary>
        public IServiceCollection AddVppBooksSync() => services
            .AddSingleton<LeasedWriter>()
            .AddSingleton<LedgerStagings>()
            .AddSingleton<LedgerPublisher>()
            .AddSingleton<LedgerReader>()
            .AddSingleton<TitleUpdater>()
            .AddSingleton<RunningSyncs>()
            .AddSingleton<SyncRecords>()
            .AddSingleton<LocationSync>()
            .AddSingleton<RestartGuard>()
            .AddSingleton<LocationTurn>()
            .AddSingleton<SyncRequests>()
            .AddSingleton<SyncHistory>()
            .AddSingleton<BookCatalog>()
            .AddSingleton<BookPeople>()
            .AddSingleton<BookStates>()
            .AddSingleton<OverviewReader>();
    }
}
