using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Notifications;
using VppBooks.SimulatedCloud;
using VppBooks.Web.Api;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.Components;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Exports;
using VppBooks.Web.Components.Library;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Monitor;
using VppBooks.Web.Components.People;
using VppBooks.Web.Components.Search;
using VppBooks.Web.Components.Settings;
using VppBooks.Web.Hosting;
using VppBooks.Web.Jobs;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Web;

/// <summary>The whole program, wired together: what <c>Main</c> runs and what tests start.</summary>
public sealed class VppBooksApp : IAsyncDisposable
{
    private const int ExitBadSettings = 78; // EX_CONFIG of sysexits.h
    private const int ExitBadDatabase = 70; // EX_SOFTWARE

    private VppBooksApp(WebApplication web, SimulatedCloudHost? cloud)
    {
        Web = web;
        Cloud = cloud;
    }

    public WebApplication Web { get; }

    /// <summary>The stand-ins that run inside this process; null unless <c>SimulatedCloud:Enabled</c>.</summary>
    public SimulatedCloudHost? Cloud { get; }

    /// <summary>Where the console answers, without a trailing slash; known once started.</summary>
    public string Address => Web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
        ?? throw new InvalidOperationException("The program has not started listening.");

    /// <summary>Runs until the process is asked to stop. Settings it cannot start with end in a sentence and a non-zero exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (args is [VerifyCommand.Name, .. var settings])
            {
                return await VerifyCommand.RunAsync(settings, Console.Out, CancellationToken.None);
            }

            await using var app = await CreateAsync(args, CancellationToken.None);
            await app.Web.RunAsync();
            return 0;
        }
        catch (SettingsException exception)
        {
            return Refuse([exception.Message]);
        }
        catch (DatabaseUpgradeException exception)
        {
            Console.Error.WriteLine("VppBooks cannot start with this database:");
            Console.Error.WriteLine("  " + exception.Message);
            return ExitBadDatabase;
        }
        catch (OptionsValidationException exception)
        {
            return Refuse(exception.Failures);
        }
    }

    /// <summary>Builds the program; nothing listens yet except the stand-ins.</summary>
    /// <exception cref="SettingsException">A setting cannot be used.</exception>
    public static async Task<VppBooksApp> CreateAsync(string[] args, CancellationToken cancellationToken)
    {
        var builder = NewBuilder(args);
        builder.WebHost.UseStaticWebAssets();

        var cloud = await DemoCloud.StartAsync(builder, cancellationToken);
        try
        {
            var profile = new ProgramProfile(
                PlainHttp: cloud is not null || builder.Environment.IsDevelopment(), Demo: cloud is not null, PortalUrl: cloud?.BaseUrl);
            AddServices(builder, profile, OffsetClock.Read(simulated: cloud is not null));
            if (cloud is not null)
            {
                DemoCloud.Trust(builder.Services, cloud);
            }

            var app = new VppBooksApp(builder.Build(), cloud);
            await DatabaseSetup.UpgradeAsync(app.Web.Services, cancellationToken);
            app.UsePipeline(profile);
            return app;
        }
        catch
        {
            await (cloud?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>
    /// Builds the services for a command that reads and reports: nothing listens, no worker and no schedule runs, and neither database nor key ring is written to.
    /// </summary>
    /// <exception cref="SettingsException">A setting cannot be used.</exception>
    internal static async Task<VppBooksApp> CreateCommandAsync(string[] args, CancellationToken cancellationToken)
    {
        var builder = NewBuilder(args);
        var cloud = await DemoCloud.ReachAsync(builder, cancellationToken);
        try
        {
            AddServices(builder, new ProgramProfile(PlainHttp: builder.Environment.IsDevelopment(), Demo: cloud is not null, PortalUrl: null) { Command = true }, TimeProvider.System);
            builder.Services.AddDataProtection().DisableAutomaticKeyGeneration();
            return new VppBooksApp(builder.Build(), cloud);
        }
        catch
        {
            await (cloud?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Web.DisposeAsync();
        if (Cloud is not null)
        {
            await Cloud.DisposeAsync();
        }
    }

    private static WebApplicationBuilder NewBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(VppBooksApp).Assembly.GetName().Name,
            ContentRootPath = ContentRoot(),
        });

        // The links to next pages that the API gives must be able to come back.
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestLineSize = 32 * 1024);
        builder.Configuration.AddKeyPerFile("/run/secrets", optional: true);
        return builder;
    }

    private static void AddServices(WebApplicationBuilder builder, ProgramProfile profile, TimeProvider clock)
    {
        var services = builder.Services;
        services.AddSingleton(profile);
        services.AddSingleton(clock);
        builder.AddLogging(profile);
        services.AddSettings(builder.Configuration, builder.Environment.ContentRootPath);
        services.AddSignIn(builder.Configuration, profile);
        services.AddBrowserSecurity(profile);
        services.AddTrafficLimits();
        services.AddExceptionHandler<ApiFailures>();
        services.AddHealthChecks();
        builder.AddCore();
        builder.AddTelemetry(profile);
        builder.AddScheduler(clock);

        services.AddLocalization();
        services.AddRequestLocalization(o => Languages.Configure(o, profile));
        services.AddFluentUIComponents(o => o.Localizer = new LibraryTexts());
        services.AddScoped<BrowserTimeProvider>();
        services.AddScoped<ISearchSource, ScreenSearch>();
        services.AddGraphApi();
        services.AddApiDocument();
        services.AddTokenScreens();
        services.AddMonitorScreens();
        services.AddSettingsScreens();
        services.AddRazorComponents().AddInteractiveServerComponents().AddHubOptions(o => o.MaximumReceiveMessageSize = 32 * 1024);
        services.Configure<CircuitOptions>(o =>
        {
            o.DetailedErrors = false;
            o.DisconnectedCircuitMaxRetained = 100;
            o.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(3);
        });
    }

    private void UsePipeline(ProgramProfile profile)
    {
        Web.UseForwardedHeaders();
        Web.UseBrowserSecurity(profile);
        Web.UseApiHeaders();
        Web.UseRequestLocalization();
        Web.UseGraphBatches();
        Web.UseRequestLog();
        Web.UseExceptionHandler("/error", createScopeForErrors: true);
        Web.UseWhen(ApiRoutes.AnswersPrograms, api => api.UseStatusCodePages(ApiFailures.FillInAsync));
        Web.UseWhen(WantsPage, pages => pages.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true));
        Web.UseRouting();
        Web.UseAuthentication();
        Web.UseRateLimiter();
        Web.UseAuthorization();
        Web.UseAntiforgery();
        Web.UseIdempotency();

        Web.MapHealth();
        Web.MapMetrics();
        Web.MapAccount();
        Web.MapCovers();
        Web.MapExports();
        Web.MapLibrary();
        Web.MapPrivacy();
        Web.MapGraphApi();
        Web.MapWhyApi();
        Web.MapOwnApi();
        Web.MapApiDocument();
        Web.MapApiReference();
        Web.MapAppleNotifications();
        Web.MapStaticAssets().AllowAnonymous();
        Web.MapRazorComponents<App>().AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null);

        if (Cloud is not null)
        {
            Web.Lifetime.ApplicationStarted.Register(() => DemoCloud.ReceiveNotifications(Web.Services, Address));
            Web.Lifetime.ApplicationStarted.Register(() => Console.Out.WriteLine(DemoCloud.Welcome(Address, Cloud)));
        }
    }

    private static bool WantsPage(HttpContext context) =>
        !ApiRoutes.Match(context.Request.Path)
        && !SiteFiles.Match(context.Request.Path)
        && !context.Request.Path.StartsWithSegments(NotificationOptions.Path, StringComparison.OrdinalIgnoreCase)
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    // "dotnet VppBooks.Web.dll" from any folder finds the settings that lie beside it.
    private static string ContentRoot() =>
        File.Exists(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json")) ? Directory.GetCurrentDirectory() : AppContext.BaseDirectory;

    private static int Refuse(IEnumerable<string> faults)
    {
        Console.Error.WriteLine("VppBooks cannot start with these settings:");
        foreach (var fault in faults)
        {
            Console.Error.WriteLine("  " + fault);
        }

        return ExitBadSettings;
    }
}
