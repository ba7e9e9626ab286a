using System.Security.Cryptography.X509Certificates;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud;

/// <summary>The stand-ins for Apple, Microsoft Graph and Entra, running inside another program or on their own.</summary>
public sealed class SimulatedCloudHost : IAsyncDisposable
{
    private WebApplication? _app;

    private SimulatedCloudHost(SimulatedCloudOptions options, TimeProvider clock)
    {
        Options = options;
        Clock = clock;
    }

    /// <summary>The demo organization's directory tenant.</summary>
    public const string TenantId = "6f1d2c3b-4a59-4e68-9b7a-0c1d2e3f4a5b";

    public SimulatedCloudOptions Options { get; }

    public TimeProvider Clock { get; }

    public SimulatedDirectory Directory { get; } = new();

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
    public static async Task<SimulatedCloudHost> StartAsync(SimulatedCloudOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var cloud = new SimulatedCloudHost(options, clock);
        await cloud.ListenAsync(cancellationToken);
        return cloud;
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        DemoDirectory.Fill(Directory, Options);
        EntraCertificate = LoopbackCertificate.Create();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(System.Net.IPAddress.Loopback, Options.Port);
            k.Listen(System.Net.IPAddress.Loopback, Options.EntraPort, l => l.UseHttps(EntraCertificate));
        });
        _app = builder.Build();
        var entra = new EntraSimulator(Directory, Clock);
        _app.MapEntra(entra);
        await _app.StartAsync(cancellationToken);
        var addresses = _app.Urls.Select(u => new Uri(u)).ToList();
        BaseUrl = $"http://localhost:{addresses.First(a => a.Scheme == Uri.UriSchemeHttp).Port}";
        EntraInstance = $"https://localhost:{addresses.First(a => a.Scheme == Uri.UriSchemeHttps).Port}/";
        entra.ListenAt(EntraInstance, BaseUrl);
    }
}
