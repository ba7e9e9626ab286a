using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Privacy;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;
using DatabaseProvider = VppBooks.Core.Persistence.DatabaseProvider;

namespace VppBooks.Web.Hosting;

/// <summary>Gives Core what only the program knows: database, addresses, key ring, the sign-in for Graph.</summary>
internal static class CoreSetup
{
    extension(WebApplicationBuilder builder)
    {
        public void AddCore()
        {
            var services = builder.Services;
            var database = builder.Configuration.Read<DatabaseSettings>();
            var connection = SettingsRegistration.ConnectionString(builder.Configuration, database.Provider, builder.Environment.ContentRootPath);
            services.AddVppBooksDatabase(database.Provider == Settings.DatabaseProvider.SqlServer ? DatabaseProvider.SqlServer : DatabaseProvider.Sqlite, connection);
            services.AddSingleton(provider => new NotificationOptions { PublicUrl = provider.GetRequiredService<IOptions<NotificationSettings>>().Value.PublicUrl });
            services.AddAlerts();
            services.AddVppBooksCore();
            services.AddLocationWorker();
            services.AddHostedService<AuditForwardWork>();

            services.AddOptions<AppleOptions>().Configure<IOptions<AppleSettings>>((apple, settings) =>
            {
                apple.BaseUrl = settings.Value.BaseUrl;
                apple.StoreLookupUrl = settings.Value.StoreLookupUrl;
            });
            services.AddOptions<PeopleOptions>().BindConfiguration(PeopleOptions.SectionName);
            services.AddOptions<PrivacyOptions>().BindConfiguration(PrivacyOptions.SectionName);
            services.AddOptions<MailOptions>().BindConfiguration(MailOptions.SectionName);
            services.AddOptions<InvitationOptions>().BindConfiguration(InvitationOptions.SectionName);
            services.AddOptions<DirectoryOptions>().BindConfiguration(DirectoryOptions.SectionName);
            services.AddOptions<LocationOptions>().BindConfiguration(LocationOptions.SectionName);
            services.AddSingleton(provider => provider.GetRequiredService<IOptions<LicensesSettings>>().Value.ForCore());
            services.AddSingleton<SyncSchedule>();
            services.AddSingleton<SettingGroup>(provider => provider.GetRequiredService<SyncSchedule>());

            Protect(services.AddDataProtection().SetApplicationName("VppBooks"), builder.Configuration.Read<KeyRingSettings>());
            services.AddSingleton<IConfigureOptions<KeyManagementOptions>, KeyRingInDatabase>();
            services.AddSingleton<IKeyWrapper, RingKeyWrapper>();
            services.AddGraph();
            services.AddScoped<CoreActor>();

            services.AddHealthChecks()
                .AddCheck<DatabaseCheck>("database")
                .AddCheck<MigrationsCheck>("migrations")
                .AddCheck<KeyRingCheck>("key-ring");
        }
    }

    // Without a certificate the data-protection system itself warns at start that keys are stored unencrypted.
    private static void Protect(IDataProtectionBuilder protection, KeyRingSettings settings)
    {
        if (settings.CertificatePath.Length == 0)
        {
            return;
        }

        try
        {
            protection.ProtectKeysWithCertificate(X509CertificateLoader.LoadPkcs12FromFile(settings.CertificatePath, settings.CertificatePassword));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException("KeyRing:CertificatePath cannot be opened with KeyRing:CertificatePassword, or it is not a PKCS#12 file.", e);
        }
    }

    private static LicenseOptions ForCore(this LicensesSettings settings) => new()
    {
        AssignBeforeAcceptance = settings.AssignBeforeAcceptance,
        UnknownAfter = settings.UnknownAfter,
        UnknownReadsApart = settings.UnknownReadsApart,
        UndoWindow = settings.UndoWindow,
        ApprovalThreshold = settings.ApprovalThreshold,
        ProgramsMayApprove = settings.ProgramsMayApprove,
        GuardWindow = settings.GuardWindow,
        TypeNumberFrom = settings.TypeNumberFrom,
        GrowthShare = settings.GrowthShare,
        GrowthPeople = settings.GrowthPeople,
        GrowthLimit = settings.GrowthLimit,
    };
}
