using System.Text.Json;
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

    [Fact]
    public async Task What_is_read_has_exactly_the_properties_and_types_that_are_described()
    {
        var api = house.Api;
        var book = await FirstAsync("managedEBooks?$filter=genres ne ''");
        var category = await FirstAsync($"managedEBooks/{book}/categories");
        var document = await api.ReadAsync("/openapi/v1.json");
        var compared = new List<string>();
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/v1.0/", StringComparison.Ordinal) && p.Value.TryGetProperty("get", out _)))
        {
            var response = path.Value.GetProperty("get").GetProperty("responses").GetProperty("200");
            var address = path.Name.Replace("vppTokens/{id}", $"vppTokens/{house.Token.Id}", StringComparison.Ordinal).Replace("managedEBooks/{id}", $"managedEBooks/{book}", StringComparison.Ordinal);
            address = address.Replace("{categoryId}", category, StringComparison.Ordinal);
            if (!response.TryGetProperty("content", out var content) || address.Contains('{', StringComparison.Ordinal))
            {
                continue;
            }

            var (schema, answer) = (content.GetProperty("application/json").GetProperty("schema"), await api.ReadAsync(address));
            if (schema.GetProperty("properties").TryGetProperty("value", out var list))
            {
                if (answer.GetProperty("value").GetArrayLength() == 0)
                {
                    continue;
                }

                (schema, answer) = (list.GetProperty("items"), answer.GetProperty("value")[0]);
            }

            Compare(path.Name, schema, answer);
            compared.Add(path.Name);
        }

        Assert.True(compared.Count >= 10, string.Join('\n', compared));

        async Task<string> FirstAsync(string list) => (await api.ReadAsync("/v1.0/deviceAppManagement/" + list)).GetProperty("value")[0].GetProperty("id").GetString()!;
    }

    private static void Compare(string path, JsonElement schema, JsonElement answer)
    {
        var properties = schema.GetProperty("properties").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetProperty("type"));
        var sent = answer.EnumerateObject().Where(p => p.Name[0] != '@').ToList();
        Assert.Equal(properties.Keys.Except(["assignments", "installSummary", "categories", "deviceStates", "userStateSummary", "vppTokens", "managedEBooks"]).Order(StringComparer.Ordinal), sent.Select(p => p.Name).Order(StringComparer.Ordinal));
        foreach (var property in sent)
        {
            var type = properties[property.Name];
            string[] allowed = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(t => t.GetString()!)] : [type.GetString()!];
            var actual = property.Value.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => "boolean",
                JsonValueKind.Number => "integer",
                var kind => kind.ToString().ToLowerInvariant(),
            };
            Assert.True(allowed.Contains(actual), $"{path}: {property.Name} is {actual}, not {string.Join(" or ", allowed)}.");
        }
    }
}
