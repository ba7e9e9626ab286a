using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Graph;
using Microsoft.Graph.Authentication;
using Microsoft.Identity.Abstractions;
using Microsoft.Identity.Web;
using VppBooks.Core.Directory;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>The Graph client: the console's own application id, with its secret or certificate, and nothing else.</summary>
internal static class GraphSetup
{
    /// <summary>HTTP client that fetches Graph's tokens; the demo makes it trust the stand-in.</summary>
    public const string SignInClient = "graph-sign-in";

    private const string PublicCloud = "https://graph.microsoft.com/.default";

    extension(IServiceCollection services)
    {
        public void AddGraph()
        {
            services.AddHttpClient(SignInClient);
            services.AddSingleton<TokenCredential>(provider => Credential(
                provider.GetRequiredService<IConfiguration>(),
                provider.GetRequiredService<IOptions<SignInSettings>>().Value,
                provider.GetRequiredService<IHttpClientFactory>()));
            services.AddSingleton(provider =>
            {
                var root = provider.GetRequiredService<IOptions<GraphSettings>>().Value.BaseUrl;
                var http = provider.GetRequiredService<IHttpClientFactory>().CreateClient(DirectoryRegistration.ClientName);
                var authentication = new AzureIdentityAuthenticationProvider(
                    provider.GetRequiredService<TokenCredential>(), allowedHosts: [new Uri(root).Host], observabilityOptions: null, isCaeEnabled: false, scopes: [Scope(root)]);
                return new GraphServiceClient(http, authentication, root);
            });
        }
    }

    // A sovereign cloud's Graph issues for its own host; anything else (a stand-in, a proxy) stands for the public one.
    private static string Scope(string root) =>
        new Uri(root) is { Scheme: "https" } address && address.Host.Contains("microsoft", StringComparison.OrdinalIgnoreCase)
            ? $"https://{address.Host}/.default"
            : PublicCloud;

    private static TokenCredential Credential(IConfiguration configuration, SignInSettings settings, IHttpClientFactory clients)
    {
        var transport = new HttpClientTransport(clients.CreateClient(SignInClient));
        var authority = new Uri(settings.Instance);
        if (settings.ClientSecret.Length > 0)
        {
            return new ClientSecretCredential(settings.TenantId, settings.ClientId, settings.ClientSecret, new ClientSecretCredentialOptions
            {
                AuthorityHost = authority,
                DisableInstanceDiscovery = !WellKnown(authority),
                Transport = transport,
            });
        }

        var certificates = configuration.GetSection("AzureAd:ClientCertificates").Get<CertificateDescription[]>()
            ?? configuration.GetSection("AzureAd:ClientCredentials").Get<CertificateDescription[]>()
            ?? [];
        var certificate = DefaultCertificateLoader.LoadFirstCertificate(certificates)
            ?? throw new SettingsException("AzureAd:ClientCertificates names no certificate that can be loaded; Microsoft Graph cannot be read without one.");
        return new ClientCertificateCredential(settings.TenantId, settings.ClientId, certificate, new ClientCertificateCredentialOptions
        {
            AuthorityHost = authority,
            DisableInstanceDiscovery = !WellKnown(authority),
            Transport = transport,
        });
    }

    private static bool WellKnown(Uri authority) =>
        authority.Host.EndsWith(".microsoftonline.com", StringComparison.OrdinalIgnoreCase)
        || authority.Host.EndsWith(".microsoftonline.us", StringComparison.OrdinalIgnoreCase)
        || authority.Host.EndsWith(".partner.microsoftonline.cn", StringComparison.OrdinalIgnoreCase);
}
