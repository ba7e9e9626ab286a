using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Apple;
using VppBooks.Core.Activities;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Exports;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;
using VppBooks.Core.Privacy;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Core.Telemetry;
using VppBooks.Core.Verification;
using VppBooks.Core.Why;

namespace VppBooks.Core;

/// <summary>Registration of everything the product does. The program adds the database, <see cref="IKeyWrapper"/>, the Graph client and the options.</summary>
public static class CoreRegistration
{
    /// <summary>Adds the services; the worker that serves locations is added by <see cref="AddLocationWorker"/>.</summary>
    public static IServiceCollection AddVppBooksCore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IdSource>();
        services.TryAddSingleton(_ => ProcessIdentity.New());
        services.TryAddSingleton<LicenseOptions>();
        services.AddAppleClient();

        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<WorkSignal>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<SecretSealer>();
        services.AddSingleton<IdempotentRequests>();
        services.AddSingleton<SettingsDesk>();
        services.AddSingleton<LicenseGuards>();
        services.AddSingleton<SettingGroup>(provider => provider.GetRequiredService<LicenseGuards>());

        services.AddSingleton<AuditSealer>();
        services.AddSingleton<AuditChainCheck>();
        services.AddSingleton<AuditForwarder>();
        services.AddSingleton<ActivityReader>();
        services.AddSingleton<TimeMachine>();

        services.AddSingleton<LocationLeases>();
        services.AddVppBooksLocations();
        services.AddVppBooksDirectory();
        services.AddVppBooksPeople();
        services.AddVppBooksPrivacy();
        services.AddVppBooksSync();
        services.AddVppBooksVerification();
        services.AddVppBooksNotifications();
        services.AddVppBooksAlerts();

        services.AddSingleton<ProductTelemetry>();
        services.AddSingleton<TelemetryReader>();

        services.AddSingleton<WishReader>();
        services.AddSingleton<AssignmentDesk>();
        services.AddSingleton<PlanViews>();
        services.AddSingleton<PlanDecisions>();
        services.AddSingleton<PlanReleases>();
        services.AddSingleton<AssignmentFollower>();
        services.AddSingleton<WaitingLists>();
        services.AddSingleton<BookTaking>();
        services.AddVppBooksWhy();

        services.AddSingleton<ExportRuns>();
        services.AddSingleton<ListExports>();
        services.AddSingleton<DetailExports>();
        services.AddSingleton<MonitorExports>();
        services.AddSingleton<ReportExports>();
        services.AddVppBooksReports();
        services.AddSingleton<ReaderLibrary>();

        services.AddSingleton<BookCategories>();
        services.AddSingleton<BookRemoval>();
        services.AddSingleton<BookCounts>();
        services.AddSingleton<OperationRecorder>();
        services.AddSingleton<Recognition>();
        services.AddSingleton<Registrar>();
        services.AddSingleton<RegistrationUpkeep>();
        services.AddSingleton<Spender>();
        services.AddSingleton<UserSettlement>();
        services.AddSingleton<OperationSettler>();
        services.AddSingleton<LicenseDispatcher>();
        return services;
    }

    /// <summary>Adds what works in the background: serving locations, following assigned groups, mails, erasing names that are kept long enough, and sealing the audit trail.</summary>
    public static IServiceCollection AddLocationWorker(this IServiceCollection services) => services
        .AddHostedService<LocationWorker>()
        .AddHostedService<AuditSealing>()
        .AddSingleton<IAlertSource, AuditAlerts>()
        .AddHostedService<MailWorker>()
        .AddHostedService<PrivacyWork>()
        .AddHostedService(provider => provider.GetRequiredService<PersonWordsFilling>())
        .AddHostedService(provider => provider.GetRequiredService<DirectoryWatch>());
}
