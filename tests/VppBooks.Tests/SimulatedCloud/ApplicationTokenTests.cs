using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.Graph;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Kiota.Authentication.Azure;
using VppBooks.SimulatedCloud.Entra;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Tokens for applications, and the switches over HTTP.</summary>
public sealed class ApplicationTokenTests
{
    [Theory]
    [InlineData("https://graph.microsoft.com/.default", "https://graph.microsoft.com")]
    [InlineData("http://localhost:5081/.default", "http://localhost:5081")]
    public async Task The_official_credential_gets_a_graph_token(string scope, string audience)
    {
        await using var microsoft = await SimulatedMicrosoft.StartAsync();
        using var client = new HttpClient(microsoft.Handler());
        var credential = Credential(microsoft, client);

        var token = new JsonWebToken((await credential.GetTokenAsync(new TokenRequestContext([scope]), default)).Token);

        Assert.Equal([audience], token.Audiences);
        Assert.Contains(token.Claims, claim => claim is { Type: "roles", Value: "GroupMember.Read.All" });
    }

    [Fact]
    public async Task Token_lifetime_and_disabled_people_can_be_set_over_http()
    {
        await using var microsoft = await SimulatedMicrosoft.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(microsoft.BaseUrl) };

        using var lifetime = await client.PostAsync("/_sim/entra/token-lifetime?seconds=30", null);
        using var disabled = await client.PostAsync("/_sim/entra/people/reader@noordrand.example/disable", null);
        using var unknown = await client.PostAsync("/_sim/entra/people/nobody@noordrand.example/disable", null);
        var token = new JsonWebToken(microsoft.GraphToken());

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.NotFound), (lifetime.StatusCode, disabled.StatusCode, unknown.StatusCode));
        Assert.Equal(TimeSpan.FromSeconds(30), token.ValidTo - token.ValidFrom);
        Assert.False(microsoft.Entra.FindPerson("reader@noordrand.example")!.AccountEnabled);
    }

    [Fact]
    public async Task Credential_and_graph_client_work_together_as_in_the_console()
    {
        await using var microsoft = await SimulatedMicrosoft.StartAsync();
        using var client = new HttpClient(microsoft.Handler());
        var provider = new AzureIdentityAuthenticationProvider(
            Credential(microsoft, client), allowedHosts: ["localhost"], scopes: ["https://graph.microsoft.com/.default"]);
        using var graph = new GraphServiceClient(new HttpClient(), provider, microsoft.BaseUrl + "/graph/v1.0");

        var groups = await graph.Groups.GetAsync(request => request.QueryParameters.Filter = "displayName eq 'Class 4A'");

        Assert.Single(groups!.Value!);
    }

    private static ClientSecretCredential Credential(SimulatedMicrosoft microsoft, HttpClient client) => new(
        microsoft.Entra.TenantId,
        EntraSimulator.ConsoleClientId,
        EntraSimulator.ConsoleClientSecret,
        new ClientSecretCredentialOptions
        {
            AuthorityHost = new Uri(microsoft.Entra.Instance),
            DisableInstanceDiscovery = true,
            Transport = new HttpClientTransport(client),
        });
}
