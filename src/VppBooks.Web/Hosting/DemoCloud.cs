using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Data.Sqlite;
using Microsoft.Identity.Web;
using VppBooks.Core.Mail;
using VppBooks.Core.Notifications;
using VppBooks.SimulatedCloud;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>Starts the stand-ins for Apple, Graph and Entra beside the console and points at them. The only place that knows them.</summary>
internal static class DemoCloud
{
    public const string ClientId = "b1a7c0de-0000-4000-8000-000000000001";
    private const string ClientSecret = "demo-console-secret";
    private const string EntraClient = "simulated-entra";
    private const string Enabled = SimulatedCloudOptions.SectionName + ":Enabled";
    private const string StateFile = SimulatedCloudOptions.SectionName + ":" + nameof(SimulatedCloudOptions.StateFile);
    private const string PublicUrl = NotificationOptions.SectionName + ":" + nameof(NotificationOptions.PublicUrl);
    private const string StateFileName = "simulated-cloud.json";

    /// <summary>Null when the setting is off.</summary>
    public static async Task<SimulatedCloudHost?> StartAsync(WebApplicationBuilder builder, CancellationToken cancellationToken)
    {
        if (Read(builder) is not { } options)
        {
            return null;
        }

        if (Remember(builder, options) is { } database && !File.Exists(database) && File.Exists(options.StateFile))
        {
            // A console that knows nothing meets an Apple that knows nothing of it.
            File.Delete(options.StateFile);
        }

        options.SmtpPort ??= 0;
        var cloud = await SimulatedCloudHost.StartAsync(options, TimeProvider.System, cancellationToken);
        FillIn(builder, cloud.BaseUrl, cloud.EntraInstance);
        SendMailsTo(builder, cloud.Mails.Port);
        return cloud;
    }

    /// <summary>
    /// Points at the stand-ins of a console that runs on this machine, because they alone know today's truth; where there are none, at a copy that is started from
    /// the state file, writes nothing and leaves the console's ports free.
    /// </summary>
    /// <returns>The copy; null when the setting is off or the running ones are asked.</returns>
    public static async Task<SimulatedCloudHost?> ReachAsync(WebApplicationBuilder builder, CancellationToken cancellationToken)
    {
        if (Read(builder) is not { } options)
        {
            return null;
        }

        var running = $"http://localhost:{options.Port}";
        if (options.Port > 0 && await AnswersAsync(running, cancellationToken))
        {
            FillIn(builder, running, $"https://localhost:{options.EntraPort}/");
            return null;
        }

        Remember(builder, options);
        (options.Port, options.EntraPort) = (0, 0);
        var cloud = await SimulatedCloudHost.StartAsync(options, TimeProvider.System, keepsState: false, cancellationToken);
        FillIn(builder, cloud.BaseUrl, cloud.EntraInstance);
        return cloud;
    }

    private static async Task<bool> AnswersAsync(string address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var answer = await http.GetAsync(new Uri(address + "/_sim/switches"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Null when the setting is off.</summary>
    private static SimulatedCloudOptions? Read(WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(SimulatedCloudOptions.SectionName);
        if (!IsEnabled(builder.Configuration[Enabled]))
        {
            return null;
        }

        if (builder.Environment.IsProduction())
        {
            throw new SettingsException($"{Enabled} must be false in the Production environment: the simulated cloud signs anybody in.");
        }

        var options = new SimulatedCloudOptions();
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException exception)
        {
            throw new SettingsException($"{SimulatedCloudOptions.SectionName} cannot be read: {exception.Message}", exception);
        }

        return options;
    }

    // The console's database outlives the process, and what it says of Apple has to stay true. The district is for measuring and starts as new.
    // Returns the database that the file lies beside, if it does.
    private static string? Remember(WebApplicationBuilder builder, SimulatedCloudOptions options)
    {
        var root = builder.Environment.ContentRootPath;
        if (builder.Configuration[StateFile] is not null)
        {
            options.StateFile = options.StateFile.Length > 0 ? Path.GetFullPath(options.StateFile, root) : "";
            return null;
        }

        if (options.Size != OrganizationSize.Demo)
        {
            return null;
        }

        var provider = builder.Configuration.Read<DatabaseSettings>().Provider;
        if (provider == DatabaseProvider.SqlServer)
        {
            options.StateFile = Path.Combine(root, "data", StateFileName);
            return null;
        }

        if (FileOf(SettingsRegistration.ConnectionString(builder.Configuration, provider, root)) is not { } database)
        {
            return null;
        }

        // Databases that lie in one folder each have an Apple of their own.
        var name = Path.GetFileNameWithoutExtension(database);
        options.StateFile = Path.Combine(Path.GetDirectoryName(database)!, name == "vppbooks" ? StateFileName : $"{name}.{StateFileName}");
        return database;
    }

    /// <summary>Null when the database is not a file that we could name.</summary>
    private static string? FileOf(string connection)
    {
        var sqlite = new SqliteConnectionStringBuilder(connection);
        return sqlite.Mode == SqliteOpenMode.Memory || sqlite.DataSource.Length == 0 || sqlite.DataSource[0] is ':' or '|' || sqlite.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
            ? null
            : Path.GetFullPath(sqlite.DataSource);
    }

    private static bool IsEnabled(string? value) => value is not { Length: > 0 }
        ? false
        : bool.TryParse(value, out var enabled)
            ? enabled
            : throw new SettingsException($"{Enabled} must be one of: true, false; it is \"{value}\".");

    // What somebody set on purpose wins, so one stand-in at a time can be swapped for the real service.
    private static void FillIn(WebApplicationBuilder builder, string root, string entra)
    {
        var shipped = new ConfigurationBuilder().SetBasePath(builder.Environment.ContentRootPath).AddJsonFile("appsettings.json", optional: true).Build();
        Dictionary<string, string?> addresses = new()
        {
            ["Apple:BaseUrl"] = root + "/apple/mdm/v2",
            ["Apple:StoreLookupUrl"] = root + "/apple/lookup",
            ["Graph:BaseUrl"] = root + "/graph/v1.0",
            ["AzureAd:Instance"] = entra,
            ["AzureAd:TenantId"] = SimulatedCloudHost.TenantId,
            ["AzureAd:ClientId"] = ClientId,
            ["AzureAd:ClientSecret"] = ClientSecret,
        };
        builder.Configuration.AddInMemoryCollection(
            addresses.Where(a => builder.Configuration[a.Key] is not { Length: > 0 } given || given == shipped[a.Key]));
    }

    private static void SendMailsTo(WebApplicationBuilder builder, int port)
    {
        var host = MailOptions.SectionName + ":" + nameof(MailOptions.Host);
        if (builder.Configuration[host] is { Length: > 0 })
        {
            return;
        }

        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [host] = "127.0.0.1",
            [MailOptions.SectionName + ":" + nameof(MailOptions.Port)] = port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            [MailOptions.SectionName + ":" + nameof(MailOptions.Security)] = nameof(MailSecurity.None),
            [MailOptions.SectionName + ":" + nameof(MailOptions.From)] = "Noordrand Schools books <books@noordrand.example>",
        });
    }

    /// <summary>Loosens certificate checks for exactly one certificate, and only on the three ways that lead to sign-in.</summary>
    /// <remarks>Call it after sign-in is registered: Microsoft.Identity.Web replaces a handler that was set before.</remarks>
    public static void Trust(IServiceCollection services, SimulatedCloudHost cloud)
    {
        if (cloud.EntraCertificate is not { } certificate)
        {
            return;
        }

        services.Configure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, o => o.BackchannelHttpHandler = HandlerFor(certificate));
        services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, o => o.BackchannelHttpHandler = HandlerFor(certificate));
        services.AddHttpClient(EntraClient).ConfigurePrimaryHttpMessageHandler(() => HandlerFor(certificate));
        services.AddHttpClient(GraphSetup.SignInClient).ConfigurePrimaryHttpMessageHandler(() => HandlerFor(certificate));
        services.Configure<AadIssuerValidatorOptions>(o => o.HttpClientName = EntraClient);
    }

    private static SocketsHttpHandler HandlerFor(X509Certificate2 certificate)
    {
        var thumbprint = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        return new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, presented, _, errors) => errors == SslPolicyErrors.None
                    || (presented is X509Certificate2 shown && shown.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256) == thumbprint),
            },
        };
    }

    /// <summary>Lets the simulated Apple deliver to this console, wherever it turned out to listen, unless somebody set an address on purpose.</summary>
    public static void ReceiveNotifications(IServiceProvider services, string console)
    {
        var options = services.GetRequiredService<NotificationOptions>();
        if (options.PublicUrl.Length > 0 || services.GetRequiredService<IConfiguration>()[PublicUrl] is not null)
        {
            return;
        }

        // "Any address" is one to listen on, not one to call.
        options.PublicUrl = console.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal);
    }

    /// <summary>What a newcomer needs to know, printed once the console answers.</summary>
    public static string Welcome(string console, SimulatedCloudHost cloud) => $"""

          VppBooks demo

          Console        {console}
          Apple portal   {cloud.BaseUrl}/   (download content tokens, buy licenses, switch faults on)
          Mails          {cloud.BaseUrl}/mails   (invitations as people receive them)

          Sign in as     admin@noordrand.example      administrator
                         assigner@noordrand.example   gives books to groups
                         helpdesk@noordrand.example   reads everything, syncs
                         auditor@noordrand.example    reads everything, exports
                         reader@noordrand.example     sees My library only
          API client     vppbooks-automation / demo-secret

          Apple, Microsoft Graph and Entra are simulated. Ctrl+C stops everything.

        """;
}
