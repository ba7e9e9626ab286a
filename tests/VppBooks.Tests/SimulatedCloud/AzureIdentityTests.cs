using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using VppBooks.SimulatedCloud.Entra;

namespace VppBooks.Tests.SimulatedCloud;

public sealed class AzureIdentityTests
{
    [Theory]
    [InlineData("https://graph.microsoft.com/.default", "https://graph.microsoft.com")]
    [InlineData("http://localhost:5081/.default", "http://localhost:5081")]
    public async Task The_official_credential_gets_a_graph_token(string scope, string audience)
    {
        await using var microsoft = await SimulatedMicrosoft.StartAsync();
        using var client = new HttpClient(microsoft.Handler());
        var credential = new ClientSecretCredential(
            microsoft.Entra.TenantId,
            EntraSimulator.ConsoleClientId,
            EntraSimulator.ConsoleClientSecret,
            new ClientSecretCredentialOptions
            {
                AuthorityHost = new Uri(microsoft.Entra.Instance),
                DisableInstanceDiscovery = true,
                Transport = new HttpClientTransport(client),
            });

        var token = new JsonWebToken((await credential.GetTokenAsync(new TokenRequestContext([scope]), default)).Token);

        Assert.Equal([audience], token.Audiences);
        Assert.Contains(token.Claims, claim => claim is { Type: "roles", Value: "GroupMember.Read.All" });
    }
}
