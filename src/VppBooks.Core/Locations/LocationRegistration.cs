using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace VppBooks.Core.Locations;

/// <summary>Registration of everything about tokens.</summary>
public static class LocationRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Registers enrollment, reads and the daily check. Expects the database, the Apple client, the sealer and the signals to be there.</summary>
        public IServiceCollection AddVppBooksLocations()
        {
            services.AddOptions<LocationOptions>()
                .Validate(o => o.MdmMetadata is { Length: > 0 and <= 255 }, $"{LocationOptions.SectionName}:{nameof(LocationOptions.MdmMetadata)} must have 1 to 255 characters.")
                .ValidateOnStart();
            services.TryAddSingleton<LocationConnections>();
            services.TryAddSingleton<LocationHealth>();
            services.AddSingleton<TokenTickets>();
            services.AddSingleton<LocationEnrollment>();
            services.AddSingleton<LocationDirectory>();
            services.AddSingleton<LocationExpiry>();
            return services;
        }
    }
}
