using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Graph;
using Microsoft.Kiota.Abstractions.Authentication;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>The stand-ins for Entra and Graph alone, on free loopback ports.</summary>
internal sealed class SimulatedMicrosoft : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;

    private SimulatedMicrosoft(WebApplication app, X509Certificate2 certificate, SimulatedDirectory directory, EntraSimulator entra, GraphSimulator graph)
    {
        _app = app;
        _certificate = certificate;
        Directory = directory;
        Entra = entra;
        Graph = graph;
    }

    public SimulatedDirectory Directory { get; }

    public EntraSimulator Entra { get; }

    public GraphSimulator Graph { get; }

    public string BaseUrl => Entra.BrowserRoot;

    public static async Task<SimulatedMicrosoft> StartAsync(TimeProvider? clock = null, OrganizationSize size = OrganizationSize.Demo)
    {
        clock ??= TimeProvider.System;
        var directory = new SimulatedDirectory();
        DemoDirectory.Fill(directory, new SimulatedCloudOptions { Size = size });
        var entra = new EntraSimulator(directory, clock);
        var certificate = LoopbackCertificate.Create();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        var app = builder.Build();
        var graph = new GraphSimulator(directory, clock);
        app.MapEntra(entra);
        app.MapGraph(graph, entra);
        app.MapGraphControl(graph);
        await app.StartAsync();

        var addresses = app.Urls.Select(address => new UriBuilder(address) { Host = "localhost" }.Uri.ToString()).ToArray();
        entra.ListenAt(
            addresses.Single(address => address.StartsWith("https:", StringComparison.Ordinal)),
            addresses.Single(address => address.StartsWith("http:", StringComparison.Ordinal)));
        return new(app, certificate, directory, entra, graph);
    }

    /// <summary>Trusts the stand-in's certificate and no other, names included.</summary>
    public SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { _certificate },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return handler;
    }

    /// <summary>An application token for Graph, as the console would hold.</summary>
    public string GraphToken() =>
        new EntraTokens(Entra).ApplicationAccessToken(EntraSimulator.ConsoleClientId, new("https://graph.microsoft.com", "", IsConsole: false));

    /// <summary>The official client; with <paramref name="retries"/> it has the SDK's own handlers.</summary>
    public GraphServiceClient GraphClient(bool retries = false) => new(
        retries ? GraphClientFactory.Create() : new HttpClient(),
        new BaseBearerTokenAuthenticationProvider(new FixedToken(GraphToken())),
        BaseUrl + "/graph/v1.0");

    public Guid GroupId(string name) => Directory.Groups.Values.Single(group => group.DisplayName == name).Id;

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Entra.Dispose();
        _certificate.Dispose();
    }

    private sealed class FixedToken(string token) : IAccessTokenProvider
    {
        public AllowedHostsValidator AllowedHostsValidator { get; } = new(["localhost"]);

        public Task<string> GetAuthorizationTokenAsync(
            Uri uri, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default) => Task.FromResult(token);
    }
}
