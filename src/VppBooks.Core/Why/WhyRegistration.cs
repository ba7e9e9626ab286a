using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Devices;

namespace VppBooks.Core.Why;

/// <summary>Registration of the explanations, and of the devices they end with.</summary>
public static class WhyRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Expects the database, the Graph client, the locations and the assignments to be there.</summary>
        public IServiceCollection AddVppBooksWhy()
        {
            services.AddSingleton<GraphDevices>();
            services.AddSingleton<DeviceReader>();
            services.AddSingleton<WhyReader>();
            return services;
        }
    }
}
