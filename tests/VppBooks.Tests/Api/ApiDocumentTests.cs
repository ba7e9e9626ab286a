using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Web.Api;

namespace VppBooks.Tests.Api;

/// <summary>The OpenAPI document says what the running program serves.</summary>
[Collection(SyncedApi.Name)]
public sealed class ApiDocumentTests(SyncedHouse house)
{
    // Lists that have nothing to show in this house, and why.
    private static readonly string[] _emptyHere =
    [
        "/api/plans/awaiting-approval", // no plan of the house needs a second person: each test that holds one decides on it, and one of them looks at the list meanwhile
        "/api/books/{bookId}/waiting-list", // the book has copies for everybody; the tests of following pages look at one that has not
        "/api/books/{bookId}/days/{day}", // nobody held the book on that day
        "/api/reports/titles", // one token is here, and no title can be at two
        "/api/reports/unserved", // whoever was given a copy has it, unless another test is at work
        "/api/reports/shopping", // nothing runs short
    ];

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
        var sample = await ApiSample.MakeAsync(api, house.Token.Id!);
        var document = await api.ReadAsync("/openapi/v1.json");
        var empty = new List<string>();
        var paths = document.GetProperty("paths").EnumerateObject().Where(p => ApiRoutes.IsGraph(p.Name) && p.Value.TryGetProperty("get", out _)).Select(p => p.Name).ToList();
        Assert.True(paths.Count > 60, string.Join('\n', paths));
        foreach (var path in paths)
        {
            var media = Assert.Single(document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content").EnumerateObject());
            using var answered = await api.SendAsync(HttpMethod.Get, sample.Fill(path));
            var text = await answered.Content.ReadAsStringAsync();
            Assert.True(answered.IsSuccessStatusCode, $"{path}: {(int)answered.StatusCode} {text}");
            Assert.Equal((path, media.Name), (path, answered.Content.Headers.ContentType!.MediaType));
            if (media.Name != "application/json")
            {
                Assert.True(media.Name == "application/xml" || int.TryParse(text, out _), $"{path}: {text}");
                continue;
            }

            var (schema, answer) = (media.Value.GetProperty("schema"), JsonDocument.Parse(text).RootElement);
            Validate(document, schema, answer, path);
            if (schema.GetProperty("properties").TryGetProperty("value", out var list) && list.TryGetProperty("items", out var items))
            {
                if (answer.GetProperty("value").GetArrayLength() == 0)
                {
                    empty.Add(path);
                    continue;
                }

                (schema, answer) = (items, answer.GetProperty("value")[0]);
            }

            if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("id", out _))
            {
                Compare(path, schema, answer);
            }
        }

        // Only books are managed here: of no app is there ever a license.
        Assert.All(empty, path => Assert.Contains("getLicensesForApp", path, StringComparison.Ordinal));
        Assert.Equal(4, empty.Count);
    }

    [Theory]
    [InlineData("managedEBookAssignment", "target", "@odata.type groupId")]
    [InlineData("iosVppEBook", "largeCover", "type value")]
    [InlineData("iosVppEBook", "vppBooks", "adamId pricingParam unlimited availableLicenseCount reservedLicenseCount waitingCount notOursLicenseCount")]
    public async Task Objects_within_an_entity_are_described_to_their_last_property(string type, string property, string inside)
    {
        var entities = (await house.Api.ReadAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject()).SelectMany(o => o.Value.GetProperty("responses").EnumerateObject())
            .Select(r => r.Value.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json) ? json.GetProperty("schema") : default)
            .Where(s => s.ValueKind == JsonValueKind.Object && s.TryGetProperty("title", out var title) && title.GetString() == type).ToList();

        Assert.NotEmpty(entities);
        Assert.All(entities, e => Assert.Equal(inside.Split(' '), e.GetProperty("properties").GetProperty(property).GetProperty("properties").EnumerateObject().Select(p => p.Name)));
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

    [Fact]
    public async Task Own_addresses_answer_as_their_schemas_say()
    {
        var api = house.Api;
        var document = await api.ReadAsync("/openapi/v1.json");
        var book = (await api.ReadAsync("/v1.0/deviceAppManagement/managedEBooks?$filter=totalLicenseCount gt 30")).GetProperty("value")[0].GetProperty("id").GetString()!;
        using var made = await api.SendAsync(HttpMethod.Post, $"/api/books/{book}/plans", ApiHouse.Json(
            $$"""{"managedEBookAssignments":[{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{api.GroupId("Class 6A")}}"} }]}"""));
        var plan = JsonDocument.Parse(await made.Content.ReadAsStringAsync()).RootElement;
        Validate(document, SchemaOf(document, "/api/books/{bookId}/plans", "post", "201"), plan, "POST plans");
        var person = (await api.ReadAsync($"/api/plans/{plan.GetProperty("id").GetString()}/people")).GetProperty("value")[0].GetProperty("personId").GetString();

        var paths = document.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/api/", StringComparison.Ordinal) && p.Value.TryGetProperty("get", out _)).Select(p => p.Name).ToList();
        Assert.True(paths.Count >= 14, string.Join('\n', paths));
        var empty = new List<string>();
        foreach (var path in paths)
        {
            var address = path.Replace("{planId}", plan.GetProperty("id").GetString(), StringComparison.Ordinal).Replace("{bookId}", book, StringComparison.Ordinal).Replace("{id}", person, StringComparison.Ordinal).Replace("{day}", "2026-01-01", StringComparison.Ordinal);
            Assert.DoesNotContain('{', address);
            var answer = await api.ReadAsync(address);
            Validate(document, SchemaOf(document, path, "get", "200"), answer, path);
            if ((answer.TryGetProperty("value", out var rows) || answer.TryGetProperty("rows", out rows)) && rows.GetArrayLength() == 0)
            {
                empty.Add(path);
            }
        }

        Assert.Empty(empty.Except(_emptyHere));
    }

    [Fact]
    public async Task An_error_is_sent_as_it_is_described()
    {
        var api = house.Api;
        var document = await api.ReadAsync("/openapi/v1.json");
        var book = (await api.ReadAsync("/v1.0/deviceAppManagement/managedEBooks?$top=1")).GetProperty("value")[0].GetProperty("id").GetString();
        var asked = Guid.NewGuid().ToString();
        using var answer = await api.SendAsync(
            HttpMethod.Post, $"/v1.0/deviceAppManagement/managedEBooks/{book}/assign", ApiHouse.Json("""{"managedEBookAssignments":[{},{"installIntent":"uninstall"}]}"""), headers: ("client-request-id", asked));
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal((2, asked), (error.GetProperty("error").GetProperty("details").GetArrayLength(), error.GetProperty("error").GetProperty("innerError").GetProperty("client-request-id").GetString()));
        Validate(document, SchemaOf(document, "/v1.0/deviceAppManagement/managedEBooks/{id}/assign", "post", "400"), error, "error");
    }

    [Fact]
    public async Task Every_address_has_a_chapter_a_sentence_and_the_options_it_knows()
    {
        var paths = (await house.Api.ReadAsync("/openapi/v1.json")).GetProperty("paths");

        foreach (var (path, operation) in paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => (p.Name, o.Value))))
        {
            Assert.True(operation.GetProperty("summary").GetString()!.Length > 5, path);
            Assert.NotEmpty(Assert.Single(operation.GetProperty("tags").EnumerateArray()).GetString()!);
        }

        var options = paths.GetProperty("/v1.0/deviceAppManagement/vppTokens").GetProperty("get").GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString());
        Assert.Equal(["$top", "$skip", "$count", "$filter", "$orderby", "$select", "$expand"], options);
        Assert.Contains("cursor", paths.GetProperty("/api/activity").GetProperty("get").GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
        Assert.True(paths.GetProperty("/api/plans/{planId}/commit").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema")
            .GetProperty("properties").TryGetProperty("typedNumber", out _));
    }

    [Fact]
    public async Task Reference_page_is_served_whole_and_asks_nobody_else()
    {
        var session = ("Cookie", await house.Api.SignInAsync("auditor"));
        using var page = await house.Api.SendAsync(HttpMethod.Get, "/api-reference/v1", role: null, headers: session);
        var html = await page.Content.ReadAsStringAsync();

        Assert.True(page.IsSuccessStatusCode, html);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Matches("script-src 'self' 'nonce-[A-Za-z0-9+/=]{20,}'", policy);
        Assert.DoesNotContain("unsafe-inline'; script", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html.Replace("https://github.com", "", StringComparison.Ordinal), StringComparison.Ordinal);
        using var again = await house.Api.SendAsync(HttpMethod.Get, "/api-reference/v1", role: null, headers: session);
        Assert.NotEqual(policy, Assert.Single(again.Headers.GetValues("Content-Security-Policy")));
    }

    internal static JsonElement SchemaOf(JsonElement document, string path, string method, string status) =>
        document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty("application/json").GetProperty("schema");

    /// <summary>Everything sent is described, and everything required is sent.</summary>
    internal static void Validate(JsonElement document, JsonElement schema, JsonElement sent, string path)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        }

        if (schema.TryGetProperty("oneOf", out var choices))
        {
            schema = choices.EnumerateArray().Single(c => sent.ValueKind == JsonValueKind.Null == (c.TryGetProperty("type", out var none) && none.ValueKind == JsonValueKind.String && none.GetString() == "null"));
            Validate(document, schema, sent, path);
            return;
        }

        if (schema.TryGetProperty("enum", out var words))
        {
            Assert.True(words.EnumerateArray().Any(w => w.ToString() == sent.ToString()), $"{path}: {sent} is none of {words}.");
        }

        if (schema.TryGetProperty("type", out var type))
        {
            string[] allowed = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(t => t.GetString()!)] : [type.GetString()!];
            string[] actual = sent.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => ["boolean"],
                JsonValueKind.Number => sent.TryGetInt64(out _) ? ["integer", "number"] : ["number"],
                var kind => [kind.ToString().ToLowerInvariant()],
            };
            Assert.True(allowed.Intersect(actual).Any(), $"{path} is {actual[0]}, not {string.Join(" or ", allowed)}.");
        }

        if (sent.ValueKind == JsonValueKind.Array)
        {
            foreach (var (index, item) in sent.EnumerateArray().Index())
            {
                Validate(document, schema.GetProperty("items"), item, $"{path}[{index}]");
            }
        }

        if (sent.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in sent.EnumerateObject())
            {
                var isKnown = schema.TryGetProperty("properties", out var known) && known.TryGetProperty(property.Name, out _);
                if (property.Name.Contains('@', StringComparison.Ordinal) && !isKnown)
                {
                    // Annotations are no properties: OData puts them beside any.
                    continue;
                }

                Assert.True(isKnown, $"{path}.{property.Name} is not described.");
                Validate(document, known.GetProperty(property.Name), property.Value, $"{path}.{property.Name}");
            }

            foreach (var required in schema.TryGetProperty("required", out var names) ? names.EnumerateArray() : default)
            {
                Assert.True(sent.TryGetProperty(required.GetString()!, out _), $"{path}.{required} is required and not sent.");
            }
        }
    }
}
