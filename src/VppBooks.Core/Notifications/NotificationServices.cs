using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace VppBooks.Core.Notifications;

/// <summary>Registration of Apple's notifications.</summary>
public static class NotificationServices
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the inbox, what folds it, and the registration at Apple. A <see cref="NotificationOptions"/> that is there already is kept.</summary>
        public IServiceCollection AddVppBooksNotifications()
        {
            services.TryAddSingleton<NotificationOptions>();
            return services
                .AddSingleton<NotificationGate>()
                .AddSingleton<NotificationInbox>()
                .AddSingleton<InboxFolder>()
                .AddSingleton<NotificationRegistration>();
        }
    }
}
