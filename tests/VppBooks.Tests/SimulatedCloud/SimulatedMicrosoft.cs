using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>The stand-ins for Entra and Graph alone, on free loopback ports.</summary>
internal sealed class SimulatedMicrosoft : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;

    private SimulatedMicrosoft(WebApplication app, X509Certificate2 certificate, SimulatedDirectory directory, EntraSimulator entra)
    {
        _app = app;
        _certificate = certificate;
        Directory = directory;
        Entra = entra;
    }

    public SimulatedDirectory Directory { get; }

    public EntraSimulator Entra { get; }

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
        app.MapEntra(entra);
        await app.StartAsync();

        var addresses = app.Urls.Select(address => new UriBuilder(address) { Host = "localhost" }.Uri.ToString()).ToArray();
        entra.ListenAt(
            addresses.Single(address => address.StartsWith("https:", StringComparison.Ordinal)),
            addresses.Single(address => address.StartsWith("http:", StringComparison.Ordinal)));
        return new(app, certificate, directory, entra);
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

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Entra.Dispose();
        _certificate.Dispose();
    }
}
