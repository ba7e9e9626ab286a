using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Settings;

namespace VppBooks.Core.Alerts;

/// <summary>Registration of alerts.</summary>
public static class AlertRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds alerts, all singletons. Needs the database and an <see cref="IAlertLanguages"/>; <see cref="AlertOptions"/> registered before are used.</summary>
        public IServiceCollection AddVppBooksAlerts()
        {
            services.TryAddSingleton<AlertOptions>();
            // A receiver that redirects could lead the signed message elsewhere; the factory's own loggers write addresses, which may hold secrets.
            void AddClient(string name, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect) =>
                services.AddHttpClient(name, client => client.DefaultRequestHeaders.UserAgent.ParseAdd("VppBooks"))
                    .RemoveAllLoggers()
                    .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
                    {
                        AllowAutoRedirect = false,
                        UseCookies = false,
                        AutomaticDecompression = DecompressionMethods.None,
                        ActivityHeadersPropagator = null,
                        ConnectTimeout = AlertHooks.Patience,
                        ConnectCallback = connect,
                    });

            AddClient(AlertHooks.ClientName, null);
            AddClient(AlertHooks.PublicClientName, PublicInternet.ConnectAsync);
            return services
                .AddSingleton<AlertRules>()
                .AddSingleton<SettingGroup>(provider => provider.GetRequiredService<AlertRules>())
                .AddSingleton<AlertReceivers>()
                .AddSingleton<AlertReceiverDesk>()
                .AddSingleton<AlertHooks>()
                .AddSingleton<AlertMail>()
                .AddSingleton<StockThresholds>()
                .AddSingleton<AlertConditions>()
                .AddSingleton<AlertPulse>()
                .AddSingleton<AlertChannels>()
                .AddSingleton<UnwrittenAlert>()
                .AddSingleton<AlertLetters>()
                .AddSingleton<AlertBook>()
                .AddSingleton<AlertDesk>()
                .AddSingleton<AlertSender>()
                .AddSingleton<AlertWatch>();
        }
    }
}
