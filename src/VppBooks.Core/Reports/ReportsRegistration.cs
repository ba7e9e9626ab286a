using Microsoft.Extensions.DependencyInjection;

namespace VppBooks.Core.Reports;

/// <summary>Registration of the reports.</summary>
public static class ReportsRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Registers everything reports read with. Expects the database to be there.</summary>
        public IServiceCollection AddVppBooksReports() => services
            .AddSingleton<UsageReader>()
            .AddSingleton<HistoryReader>()
            .AddSingleton<TitleReports>()
            .AddSingleton<ServingReports>()
            .AddSingleton<ForecastReader>();
    }
}
