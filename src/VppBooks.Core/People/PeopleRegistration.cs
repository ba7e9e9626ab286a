using Microsoft.Extensions.DependencyInjection;

namespace VppBooks.Core.People;

/// <summary>Registration of everything about people.</summary>
public static class PeopleRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Registers reads of people and invitation links. Expects the database, the Apple client and the sealer to be there.</summary>
        public IServiceCollection AddVppBooksPeople()
        {
            services.AddSingleton<PeopleCatalog>();
            services.AddSingleton<InvitationLinks>();
            return services;
        }
    }
}
