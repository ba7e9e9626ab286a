using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using VppBooks.Core.Mail;

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
            services.AddSingleton<TroubledCopies>();
            services.AddSingleton<PersonWordsFilling>();
            services.AddSingleton<InvitationLinks>();
            services.AddSingleton<Invitations>();
            services.AddSingleton<RegistrationRetries>();
            services.AddSingleton<InvitationMails>();
            services.AddSingleton<IMailComposer, InvitationLetters>();
            services.AddSingleton<IMailSender, SmtpSender>();
            services.AddSingleton<Outbox>();
            services.AddOptions<MailOptions>().ValidateOnStart();
            services.AddOptions<InvitationOptions>().ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MailOptions>, MailOptionsValidator>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<InvitationOptions>, InvitationOptionsValidator>());
            return services;
        }
    }
}
