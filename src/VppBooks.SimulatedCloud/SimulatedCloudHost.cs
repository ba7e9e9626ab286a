using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Mail;
using VppBooks.SimulatedCloud.Memory;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.SimulatedCloud.Portal;

namespace VppBooks.SimulatedCloud;

/// <summary>The stand-ins for Apple, Microsoft Graph and Entra, running inside another program or on their own.</summary>
public sealed class SimulatedCloudHost : IAsyncDisposable
{
    private WebApplication? _app;
    private StateFile? _memory;

    private SimulatedCloudHost(SimulatedCloudOptions options, TimeProvider clock)
    {
        Options = options;
        Clock = clock;
        Apple = new AppleSimulator(options, clock, Directory);
        Graph = new GraphSimulator(Directory, clock);
        Entra = new EntraSimulator(Directory, clock);
    }

    /// <summary>The demo organization's directory tenant.</summary>
    public const string TenantId = "6f1d2c3b-4a59-4e68-9b7a-0c1d2e3f4a5b";

    public SimulatedCloudOptions Options { get; }

    public TimeProvider Clock { get; }

    public SimulatedDirectory Directory { get; } = new();

    /// <summary>Apple's stand-in: its state, its switches and faults, and the ground truth.</summary>
    public AppleSimulator Apple { get; }

    /// <summary>The directory's stand-in: its faults and changes.</summary>
    public GraphSimulator Graph { get; }

    /// <summary>The sign-in's stand-in.</summary>
    public EntraSimulator Entra { get; }

    /// <summary>Mails that were sent to anybody; empty without <see cref="SimulatedCloudOptions.SmtpPort"/>.</summary>
    public Mailbox Mails { get; } = new();

    /// <summary>Plain-http root, such as <c>http://localhost:5081</c>, without a trailing slash.</summary>
    public string BaseUrl { get; private set; } = "";

    /// <summary>Https root of sign-in with a trailing slash, such as <c>https://localhost:5082/</c>: the value for <c>AzureAd:Instance</c>.</summary>
    public string EntraInstance { get; private set; } = "";

    /// <summary>Root of App and Book Management.</summary>
    public string AppleBaseUrl => BaseUrl + "/apple/mdm/v2";

    /// <summary>Public store look-up.</summary>
    public string StoreLookupUrl => BaseUrl + "/apple/lookup";

    /// <summary>Root of Microsoft Graph.</summary>
    public string GraphBaseUrl => BaseUrl + "/graph/v1.0";

    /// <summary>The self-signed certificate of the https endpoints, to be trusted by whoever starts the stand-ins.</summary>
    public X509Certificate2? EntraCertificate { get; private set; }

    /// <summary>Starts listening on loopback.</summary>
    /// <exception cref="IOException">A port is in use.</exception>
    public static Task<SimulatedCloudHost> StartAsync(SimulatedCloudOptions options, TimeProvider clock, CancellationToken cancellationToken) =>
        StartAsync(options, clock, keepsState: true, cancellationToken);

    /// <summary>Starts listening on loopback; without <paramref name="keepsState"/> the state file is read and never written.</summary>
    /// <exception cref="IOException">A port is in use.</exception>
    public static async Task<SimulatedCloudHost> StartAsync(SimulatedCloudOptions options, TimeProvider clock, bool keepsState, CancellationToken cancellationToken)
    {
        var host = new SimulatedCloudHost(options, clock);
        try
        {
            DemoDirectory.Fill(host.Directory, options);
            switch (options.Size)
            {
                case OrganizationSize.District:
                    DistrictOrganization.Fill(host.Apple);
                    break;
                case OrganizationSize.Tiny:
                    TinyOrganization.Fill(host.Apple);
                    break;
                default:
                    new DemoOrganization(host.Apple, host.Directory, options.Seed).Fill();
                    break;
            }

            if (options.StateFile.Length > 0)
            {
                host._memory = StateFile.Open(host, keepsState);
            }

            host.Apple.BeginRun();
            await host.ListenAsync(cancellationToken);
            if (options.SmtpPort is { } port)
            {
                host.Mails.Listen(port, clock);
            }

            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await Mails.DisposeAsync();
        await Apple.DisposeAsync();
        if (_memory is not null)
        {
            // When nothing can change any more.
            await _memory.DisposeAsync();
        }

        Entra.Dispose();
        EntraCertificate?.Dispose();
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        EntraCertificate = LoopbackCertificate.Create();

        // The empty builder reads neither files nor environment: inside another program those belong to that program.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "VppBooks.SimulatedCloud" });
        builder.Services.AddRouting();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 16 * 1024 * 1024;
            Listen(kestrel, Options.Port, static _ => { });
            Listen(kestrel, Options.EntraPort, listen => listen.UseHttps(EntraCertificate));
        });
        _app = builder.Build();
        _app.MapApple(Apple);
        _app.MapEntra(Entra);
        _app.MapGraph(Graph, Entra);
        _app.MapGraphControl(Graph);
        _app.MapPortal(this);
        _app.MapControlApi(this);
        await _app.StartAsync(cancellationToken);

        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal))).ToArray();
        BaseUrl = Root(addresses.First(a => a.Scheme == Uri.UriSchemeHttp), Options.Port);
        EntraInstance = Root(addresses.First(a => a.Scheme == Uri.UriSchemeHttps), Options.EntraPort) + "/";
        Entra.ListenAt(EntraInstance, BaseUrl);
    }

    /// <summary>Signals belong to the program around this.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private void Listen(KestrelServerOptions kestrel, int port, Action<ListenOptions> configure)
    {
        if (Options.ListenAnyIP)
        {
            kestrel.ListenAnyIP(port, configure);
        }
        else if (port == 0)
        {
            // A free port is only found for one address family at a time.
            kestrel.Listen(IPAddress.Loopback, 0, configure);
        }
        else
        {
            kestrel.ListenLocalhost(port, configure);
        }
    }

    /// <summary>A free port belongs to 127.0.0.1 only; "localhost" could reach somebody else's on ::1.</summary>
    private static string Root(Uri address, int wanted) => $"{address.Scheme}://{(wanted == 0 ? "127.0.0.1" : "localhost")}:{address.Port}";
}
