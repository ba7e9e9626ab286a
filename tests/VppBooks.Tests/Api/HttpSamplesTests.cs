using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Tests.Shell;
using VppBooks.Web.Api;

namespace VppBooks.Tests.Api;

/// <summary>The requests in <c>docs/vppbooks.http</c> are ones that the running program serves.</summary>
[Collection(SyncedApi.Name)]
public sealed partial class HttpSamplesTests(SyncedHouse house)
{
    [Fact]
    public void Each_request_goes_to_an_address_that_knows_its_method()
    {
        var served = house.Api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => ApiRoutes.Match("/" + e.RoutePattern.RawText!.TrimStart('/'))).ToList();

        var requests = Requests();

        Assert.True(requests.Count >= 18, $"Only {requests.Count} requests.");
        Assert.All(requests, r => Assert.True(
            served.Any(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains(r.Method)
                && new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(r.Address.Split('?')[0], [])),
            $"Nothing serves {r.Method} {r.Address}."));
    }

    [Fact]
    public async Task What_is_read_is_understood()
    {
        foreach (var (_, address, _) in Requests().Where(r => r.Method == "GET"))
        {
            using var answer = await house.Api.SendAsync(HttpMethod.Get, address);

            // The ids in it are nobody's.
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{address}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public void Each_change_has_a_body_that_can_be_read_or_none()
    {
        var bodies = Requests().Where(r => r.Body.Length > 0).ToList();

        Assert.True(bodies.Count >= 7, $"Only {bodies.Count} bodies.");
        Assert.All(bodies, r => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(r.Body).RootElement.ValueKind));
    }

    private static List<(string Method, string Address, string Body)> Requests()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "vppbooks.http")).ReplaceLineEndings("\n");
        var blocks = text.Split("\n###", StringSplitOptions.None)[1..];
        var requests = blocks.Select(block => Request().Match(block)).ToList();
        Assert.All(requests.Zip(blocks), r => Assert.True(r.First.Success, $"This is no request:{r.Second}"));
        return [.. requests.Select(r => (r.Groups["method"].Value, Filled(r.Groups["address"].Value), Filled(r.Groups["body"].Value).Trim()))];
    }

    private static string Filled(string text) => Variable().Replace(text.Replace("{{host}}", "", StringComparison.Ordinal), _ => Guid.NewGuid().ToString());

    // A blank within the address would end it.
    [GeneratedRegex(@"^(?<method>GET|POST|PATCH|DELETE) \{\{host\}\}(?=/)(?<address>\S+)\n(?<header>[\w-]+: .+(\n|\z))+(?<body>(\n[\s\S]*)?)\z", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Request();

    [GeneratedRegex(@"\{\{[^}]+\}\}")]
    private static partial Regex Variable();
}
