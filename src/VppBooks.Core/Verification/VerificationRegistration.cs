using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace VppBooks.Core.Verification;

/// <summary>Registration of the check of the ledger against Apple.</summary>
public static class VerificationRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds verification. Expects the database, the Apple client and the locations to be there.</summary>
        public IServiceCollection AddVppBooksVerification()
        {
            services.TryAddSingleton<VerificationOptions>();
            services.AddSingleton<LedgerVerifier>();
            services.AddSingleton<VerificationRuns>();
            return services;
        }
    }
}
