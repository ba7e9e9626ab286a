using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Web.Api;

namespace VppBooks.Tests.Api;

/// <summary>The OpenAPI document says what the running program serves.</summary>
[Collection(SyncedApi.Name)]
public sealed class ApiDocumentTests(SyncedHouse house)
{
    [Fact]
    public async Task Every_address_and_method_is_described_and_no_other()
    {
        var document = await house.Api.ReadAsync("/openapi/v1.json");
        var described = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}")).Order(StringComparer.Ordinal);

        var served = house.Api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => ApiRoutes.Match("/" + e.RoutePattern.RawText!.TrimStart('/')))
            .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} /{e.RoutePattern.RawText!.Trim('/')}")).Order(StringComparer.Ordinal).ToList();

        Assert.True(served.Count > 80, $"Only {served.Count} addresses.");
        Assert.Equal(served, described);
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
    }
}
