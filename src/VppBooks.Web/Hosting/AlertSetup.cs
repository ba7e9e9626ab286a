using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using VppBooks.Core.Alerts;
using VppBooks.Web.Components.Alerts;
using VppBooks.Web.Components.Layout;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Hosting;

/// <summary>Gives alerts their settings, their words and the troubles that only the program knows of.</summary>
internal static class AlertSetup
{
    extension(IServiceCollection services)
    {
        public void AddAlerts()
        {
            services.AddSingleton(provider => ForCore(provider.GetRequiredService<IOptions<AlertSettings>>().Value));
            services.AddSingleton<AlertTexts>();
            services.AddSingleton<IAlertLanguages, AlertLanguages>();
            services.AddSingleton<IAlertSource, CertificateAlerts>();
            services.AddSingleton<IAlertSource>(provider => ActivatorUtilities.CreateInstance<ForwardingAlerts>(provider, AuditTarget.Of(provider.GetRequiredService<IOptions<AuditForwardSettings>>().Value)));
            services.AddHealthChecks().AddCheck<AlertWatchCheck>("alerts");
            services.AddHostedService(provider => provider.GetRequiredService<AlertWatch>());
            services.AddHostedService(provider => provider.GetRequiredService<AlertSender>());
            services.AddSingleton(new ShellPart(ShellPlace.Header, typeof(AlertBell), Policies.ReadAll));
        }
    }

    private static AlertOptions ForCore(AlertSettings settings) => new()
    {
        MailTo = AlertRules.MailTo.Read(settings.MailTo),
        Language = AlertRules.Language.Normalize(settings.Language),
        ConsoleUrl = settings.ConsoleUrl,
        SyncStaleAfter = settings.SyncStaleAfter,
        StockLowShare = settings.StockLowShare,
        StockLowCount = settings.StockLowCount,
        PeopleStuckAfter = settings.PeopleStuckAfter,
        OperationUnknownAfter = settings.OperationUnknownAfter,
        WebhooksMayBePrivate = settings.WebhooksMayBePrivate,
        Webhooks = [.. settings.Webhooks.Select(w => new AlertWebhook(w.Url, w.Secret))],
    };
}

/// <summary>The words of the console in any of its languages.</summary>
internal sealed class AlertLanguages(AlertTexts texts) : IAlertLanguages
{
    public IAlertWords In(string language) => new AlertWordsIn(texts, CultureInfo.GetCultureInfo(language));
}

internal sealed class AlertWordsIn(AlertTexts texts, CultureInfo culture) : IAlertWords
{
    public string Title(AlertFacts alert) => Speak(() => texts.Title(alert));

    public string Title(AlertFacts worst, int count) => Speak(() => texts.Title(worst, count));

    public string Remedy(AlertFacts alert) => Speak(() => texts.Remedy(alert));

    public string Path(AlertFacts alert) => texts.Path(alert);

    public string ListPath => texts.ListPath;

    public string More(int count) => Speak(() => texts.More(count));

    public string MailSubject(AlertMessage message) => Speak(() => texts.MailSubject(message));

    public string MailFooter => Speak(() => texts.MailFooter);

    public string Language => culture.TwoLetterISOLanguageName;

    private string Speak(Func<string> say)
    {
        var (before, words) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, culture);
            return say();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (before, words);
        }
    }
}

/// <summary>
/// Troubles are looked for. Where not, the program is <em>Degraded</em> and still ready: the console, which may be all that is left to see them by, must not be taken out of service.
/// </summary>
internal sealed class AlertWatchCheck(AlertPulse pulse) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(pulse.IsFailing ? HealthCheckResult.Degraded() : HealthCheckResult.Healthy());
}

/// <summary>Tells of the end of the certificate that protects the key ring: without it no token can be decrypted.</summary>
internal sealed class CertificateAlerts(IOptions<KeyRingSettings> settings, TimeProvider clock) : IAlertSource
{
    private static readonly int[] _days = [60, 30, 14, 7, 1];

    public IReadOnlyCollection<AlertKind> Kinds { get; } = [AlertKind.CertificateExpiring];

    public Task<IReadOnlyList<AlertCondition>> ListAsync(CancellationToken cancellationToken)
    {
        if (settings.Value.CertificatePath.Length == 0)
        {
            return Task.FromResult<IReadOnlyList<AlertCondition>>([]);
        }

        try
        {
            using var certificate = X509CertificateLoader.LoadPkcs12FromFile(settings.Value.CertificatePath, settings.Value.CertificatePassword);
            var left = new DateTimeOffset(certificate.NotAfter.ToUniversalTime()) - clock.GetUtcNow();
            var level = _days.Count(days => left <= TimeSpan.FromDays(days));
            return Task.FromResult<IReadOnlyList<AlertCondition>>(level == 0 ? [] : [Of(level, certificate.NotAfter.ToUniversalTime())]);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // It could be opened at start: whoever takes it away now will find out at the next one.
            return Task.FromResult<IReadOnlyList<AlertCondition>>([Of(_days.Length + 1, null)]);
        }
    }

    private static AlertCondition Of(int level, DateTime? end) => new(AlertKind.CertificateExpiring, 0)
    {
        Severity = level >= _days.Length ? AlertSeverity.Critical : AlertSeverity.Warning,
        Level = level,
        About = end is { } moment ? new DateTimeOffset(moment) : null,
    };
}
