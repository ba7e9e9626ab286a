using System.Reflection;
using Microsoft.Extensions.Options;

namespace VppBooks.Web.Settings;

/// <summary>Binds every section, and refuses to start while one of them is wrong.</summary>
internal static class SettingsRegistration
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddSettings(IConfiguration configuration, string contentRoot)
        {
            services.AddSection<AppleSettings>(configuration);
            services.AddSection<GraphSettings>(configuration);
            services.AddSection<AuditForwardSettings>(configuration);
            services.AddSection<KeyRingSettings>(configuration);
            services.AddSection<SyncSettings>(configuration);
            services.AddSection<SchedulerSettings>(configuration);
            services.AddSection<LicensesSettings>(configuration).Configure(s => s.StandIn = Uri.TryCreate(configuration["Apple:BaseUrl"], UriKind.Absolute, out var apple) && apple.IsLoopback);
            services.AddSection<NotificationSettings>(configuration);
            services.AddSection<TelemetrySettings>(configuration);
            services.AddSection<AlertSettings>(configuration);
            services.AddSection<ConsoleSettings>(configuration);
            services.AddSection<ReverseProxySettings>(configuration);
            services.AddSection<RateLimitSettings>(configuration);
            services.AddSection<SignInSettings>(configuration).Configure(s => s.HasCertificate = HasCertificate(configuration));
            services.AddSection<DatabaseSettings>(configuration).Configure(s => s.ConnectionString = ConnectionString(configuration, s.Provider, contentRoot));
            return services;
        }

        private OptionsBuilder<T> AddSection<T>(IConfiguration configuration)
            where T : class, ISettings
        {
            services.AddSingleton<IValidateOptions<T>, SettingsValidation<T>>();
            return services.AddOptions<T>()
                .Configure(settings => Bind(configuration.GetSection(T.Section), settings))
                .ValidateOnStart();
        }
    }

    extension(IConfiguration configuration)
    {
        /// <summary>Reads a section before there is a service provider, with the same checks.</summary>
        public T Read<T>()
            where T : class, ISettings, new()
        {
            var settings = new T();
            Bind(configuration.GetSection(T.Section), settings);
            return settings;
        }
    }

    public static string ConnectionString(IConfiguration configuration, DatabaseProvider provider, string contentRoot)
    {
        var given = configuration.GetConnectionString("VppBooks");
        if (!string.IsNullOrWhiteSpace(given) || provider == DatabaseProvider.SqlServer)
        {
            return given ?? "";
        }

        return $"Data Source={Path.Combine(contentRoot, "data", "vppbooks.db")};Default Timeout=30";
    }

    private static bool HasCertificate(IConfiguration configuration) =>
        configuration.GetSection("AzureAd:ClientCertificates").GetChildren().Any()
        || configuration.GetSection("AzureAd:ClientCredentials").GetChildren().Any();

    private static void Bind<T>(IConfigurationSection section, T settings)
        where T : class
    {
        try
        {
            section.Bind(settings);
        }
        catch (InvalidOperationException exception)
        {
            throw new SettingsException(Sentence<T>(section, exception), exception);
        }
    }

    // The binder's message names the key and the CLR type; a reader of the console needs the allowed values.
    private static string Sentence<T>(IConfigurationSection section, InvalidOperationException exception)
    {
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var key = $"{section.Path}:{property.Name}";
            if (!exception.Message.Contains($"'{key}'", StringComparison.Ordinal))
            {
                continue;
            }

            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var allowed = type.IsEnum ? string.Join(", ", Enum.GetNames(type))
                : type == typeof(bool) ? "true, false"
                : type == typeof(int) ? "a whole number"
                : type == typeof(TimeSpan) ? "a duration such as 00:30:00"
                : type.Name;
            return $"{key} must be one of: {allowed}; it is \"{section[property.Name]}\".";
        }

        return $"{section.Path} cannot be read: {exception.Message}";
    }

    private sealed class SettingsValidation<T> : IValidateOptions<T>
        where T : class, ISettings
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var faults = options.Faults().ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
