using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Locations;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Requests that must be refused: always with the error envelope, never with a 500.</summary>
[Collection(SyncedApi.Name)]
public sealed class RefusalTests(SyncedHouse house)
{
    private const string Tokens = "/v1.0/deviceAppManagement/vppTokens";
    private const string Books = "/v1.0/deviceAppManagement/managedEBooks";

    public static TheoryData<string, string> LongFilter => new() { { "$filter=usedLicenseCount in (" + string.Join(',', Enumerable.Range(1, 300)) + ")", "more than 200" } };
    private readonly ApiHouse _api = house.Api;

    [Theory]
    [InlineData("$top=-1", "$top")]
    [InlineData("$top=ten", "$top")]
    [InlineData("$top=1&$top=2", "$top")]
    [InlineData("$skip=-3", "$skip")]
    [InlineData("$skip=1.5", "$skip")]
    [InlineData("$count=perhaps", "$count")]
    [InlineData("$search=\"dune\"", "$search")]
    [InlineData("$apply=groupby((displayName))", "$apply")]
    [InlineData("$expand=vppTokens", "vppTokens")]
    [InlineData("$expand=assignments(", "parenthesis")]
    [InlineData("$select=id,colour", "colour")]
    [InlineData("$orderby=colour", "colour")]
    [InlineData("$orderby=displayName sideways", "sideways")]
    [InlineData("$filter=displayName", "position 11")]
    [InlineData("$filter=displayName eq", "position 14")]
    [InlineData("$filter=displayName eq 'open", "position 20")]
    [InlineData("$filter=displayName is 'x'", "position 18")]
    [InlineData("$filter=colour eq 'red'", "position 0")]
    [InlineData("$filter=displayName eq dune", "position 15")]
    [InlineData("$filter=(displayName eq 'x'", "position 19")]
    [InlineData("$filter=displayName eq 'x' 'y'", "position 19")]
    [InlineData("$filter=length(displayName) gt 3", "position 0")]
    [InlineData("$filter=genres/any(g:g eq 'x')", "position 6")]
    [InlineData("$filter=((((((((((((((((((((((((((((((((((displayName eq 'x'))))))))))))))))))))))))))))))))))", "nested")]
    [MemberData(nameof(LongFilter))]
    public async Task Option_that_cannot_be_understood(string query, string says)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, Books + "?" + Uri.EscapeDataString(query).Replace("%3D", "=", StringComparison.Ordinal).Replace("%26", "&", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await ApiHouse.ErrorAsync(answer);
        Assert.Equal("BadRequest", error.GetProperty("code").GetString());
        Assert.Contains(says, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$top=999999999999999999999", 200)]
    [InlineData("$skip=999999999999999999999", 200)]
    [InlineData("$top=0", 200)]
    [InlineData("$top=&$skip=&$filter=&$orderBy=&$select=&$expand=&$count=", 200)]
    [InlineData("$filter=displayName eq '%ED%A0%80%00'", 200)]
    [InlineData("$filter=totalLicenseCount eq 'ten' or contains(usedLicenseCount,'1')", 200)]
    [InlineData("$orderby=genres,largeCover,vppBooks", 400)]
    [InlineData("colour=red", 200)]
    public async Task Option_that_is_odd_but_harmless(string query, int status)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, Books + "?" + query.Replace(" ", "%20", StringComparison.Ordinal));

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("{", "line 1")]
    [InlineData("[]", "object")]
    [InlineData("null", "object")]
    [InlineData("\"token\"", "object")]
    [InlineData("{\"displayName\":\"a\"} x", "line 1")]
    [InlineData("{\"displayName\":\"a\",}", "line 1")]
    [InlineData("{\"displayName\":\"a\",\"displayName\":\"b\"}", "twice")]
    [InlineData("{\"displayName\":\"a\",\"DisplayName\":\"b\"}", "twice")]
    [InlineData("{\"colour\":\"red\"}", "colour")]
    [InlineData("{\"displayName\":7}", "displayName")]
    [InlineData("{\"displayName\":{\"a\":1}}", "displayName")]
    [InlineData("{\"token\":[\"x\"]}", "token")]
    [InlineData("{\"automaticallyUpdateApps\":\"no\"}", "automaticallyUpdateApps")]
    [InlineData("{\"dataSharingConsentGranted\":1}", "dataSharingConsentGranted")]
    [InlineData("{\"vppTokenAccountType\":\"personal\"}", "vppTokenAccountType")]
    [InlineData("{\"displayName\":\"\\ud800\"}", "Unicode")]
    [InlineData("{\"\\udfff\":\"x\"}", "Unicode")]
    [InlineData("{\"displayName\":\"\\u0007\"}", "characters")]
    [InlineData("{\"displayName\":\"  \"}", "name")]
    [InlineData("{\"countryOrRegion\":\"zz\"}", "country")]
    [InlineData("{\"dataSharingConsentGranted\":false}", "Send dataSharingConsentGranted")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}", "line 1")]
    public async Task Body_that_cannot_be_used(string body, string says)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Patch, $"{Tokens}/{house.Token.Id}"), (HttpMethod.Post, Tokens) })
        {
            using var answer = await _api.SendAsync(method, path, ApiHouse.Json(body));

            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            var message = (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString();
            if (method == HttpMethod.Patch)
            {
                Assert.Contains(says, message, StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.Equal("Noordrand Education", (await _api.ReadAsync($"{Tokens}/{house.Token.Id}")).GetProperty("displayName").GetString());
    }

    [Theory]
    [InlineData("displayName", 257)]
    [InlineData("appleId", 321)]
    public async Task Text_over_its_limit(string property, int length)
    {
        using var answer = await _api.SendAsync(HttpMethod.Patch, $"{Tokens}/{house.Token.Id}", ApiHouse.Json($$"""{"{{property}}":"{{new string('x', length)}}"}"""));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(property, (await ApiHouse.ErrorAsync(answer)).GetProperty("target").GetString());
    }

    [Fact]
    public async Task Bytes_that_are_no_text()
    {
        using var body = new ByteArrayContent([.. "{\"displayName\":\""u8, 0xFF, 0xFE, .. "\"}"u8]) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        using var answer = await _api.SendAsync(HttpMethod.Patch, $"{Tokens}/{house.Token.Id}", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await ApiHouse.ErrorAsync(answer);
    }

    [Theory]
    [InlineData(1024 * 1024 + 1)]
    [InlineData(21 * 1024 * 1024)]
    public async Task Body_over_a_megabyte(int length)
    {
        using var body = new ByteArrayContent(new byte[length]) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        using var answer = await _api.SendAsync(HttpMethod.Post, Tokens, body, headers: ("Expect", "100-continue"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("RequestTooLarge", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/jsonp")]
    [InlineData("multipart/form-data")]
    [InlineData(null)]
    public async Task Media_type_other_than_JSON(string? type)
    {
        using var body = new StringContent("{}");
        body.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        using var answer = await _api.SendAsync(HttpMethod.Post, Tokens, body);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        await ApiHouse.ErrorAsync(answer);
    }

    [Theory]
    [InlineData("PUT", Tokens)]
    [InlineData("DELETE", Tokens)]
    [InlineData("POST", Tokens + "/{id}")]
    [InlineData("PATCH", Tokens + "/{id}/syncLicenses")]
    [InlineData("PUT", Books + "/{id}/assign")]
    [InlineData("PUT", Books + "/{id}")]
    [InlineData("TRACE", Books)]
    [InlineData("POST", Books + "/{id}/installSummary")]
    [InlineData("PATCH", Books + "/{id}/installSummary")]
    [InlineData("DELETE", Books + "/{id}/installSummary")]
    [InlineData("POST", Books + "/{id}/deviceStates")]
    [InlineData("POST", Books + "/{id}/deviceStates/$count")]
    [InlineData("PATCH", Books + "/{id}/deviceStates/{id}")]
    [InlineData("DELETE", Books + "/{id}/deviceStates/{id}")]
    [InlineData("POST", Books + "/{id}/userStateSummary")]
    [InlineData("PATCH", Books + "/{id}/userStateSummary/{id}")]
    [InlineData("DELETE", Books + "/{id}/userStateSummary/{id}")]
    [InlineData("POST", Books + "/{id}/userStateSummary/{id}/deviceStates")]
    [InlineData("PATCH", Books + "/{id}/userStateSummary/{id}/deviceStates/{id}")]
    [InlineData("DELETE", Books + "/{id}/userStateSummary/{id}/deviceStates/{id}")]
    public async Task Method_that_the_address_does_not_know(string method, string path)
    {
        using var answer = await _api.SendAsync(new HttpMethod(method), path.Replace("{id}", house.Token.Id, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal("MethodNotAllowed", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
        Assert.NotEmpty(answer.Content.Headers.Allow);
        Assert.DoesNotContain(method, answer.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("/v1.0", "")]
    [InlineData("/v1.0/users", "users")]
    [InlineData("/beta/deviceAppManagement/mobileApps/1", "1")]
    [InlineData("/v1.0/deviceAppManagement/managedEBook", "managedEBook")]
    public async Task Segment_that_nothing_serves(string path, string segment)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, path);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal($"Resource not found for the segment '{segment}'.", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("GET", Tokens + "/{id}", null)]
    [InlineData("PATCH", Tokens + "/{id}", "{}")]
    [InlineData("DELETE", Tokens + "/{id}", null)]
    [InlineData("POST", Tokens + "/{id}/syncLicenses", null)]
    [InlineData("GET", Books + "/{id}", null)]
    [InlineData("GET", Books + "/{id}/assignments", null)]
    [InlineData("DELETE", Books + "/{id}", null)]
    [InlineData("POST", Books + "/{id}/assign", "{\"managedEBookAssignments\":[]}")]
    public async Task Thing_that_is_not_here(string method, string path, string? body)
    {
        var messages = new List<string>();
        foreach (var id in new[] { Guid.NewGuid().ToString(), "not-a-guid", "a%2Fb%20c", "%F0%9F%93%9A" })
        {
            using var answer = await _api.SendAsync(new HttpMethod(method), path.Replace("{id}", id, StringComparison.Ordinal), body is null ? null : ApiHouse.Json(body));

            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            var error = await ApiHouse.ErrorAsync(answer);
            Assert.Equal("ResourceNotFound", error.GetProperty("code").GetString());
            messages.Add(error.GetProperty("message").GetString()!.Split('\'')[0]);
        }

        Assert.Single(messages.Distinct());
    }

    [Fact]
    public async Task Answer_carries_the_ids_of_the_request()
    {
        var asked = Guid.NewGuid().ToString();
        foreach (var path in new[] { Tokens, Tokens + "/x", "/v1.0/x", Tokens + "?$top=x" })
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, path, headers: ("client-request-id", asked));

            Assert.Equal(asked, Assert.Single(answer.Headers.GetValues("client-request-id")));
            Assert.NotEmpty(Assert.Single(answer.Headers.GetValues("request-id")));
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.NotNull(answer.Headers.Date);
        }

        using var broken = await _api.SendAsync(HttpMethod.Get, Tokens, headers: ("client-request-id", "<script>"));
        Assert.False(broken.Headers.Contains("client-request-id"));
    }

    [Fact]
    public async Task Token_must_be_there_and_for_us()
    {
        foreach (var token in new[] { null, "nonsense", _api.TokenForGraph(), Tampered(_api.TokenOf(Roles.Administrator)) })
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, Tokens, token: token, role: null);

            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
            Assert.Equal("InvalidAuthenticationToken", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
        }
    }

    [Theory]
    [InlineData("GET", Tokens, "Administrator Assigner Helpdesk Auditor")]
    [InlineData("GET", Tokens + "/$count", "Administrator Assigner Helpdesk Auditor")]
    [InlineData("GET", Tokens + "/{token}", "Administrator Assigner Helpdesk Auditor")]
    [InlineData("POST", Tokens, "Administrator")]
    [InlineData("PATCH", Tokens + "/{token}", "Administrator")]
    [InlineData("DELETE", Tokens + "/x", "Administrator")]
    [InlineData("POST", Tokens + "/{token}/syncLicenses", "Administrator Assigner Helpdesk")]
    [InlineData("GET", Books, "Administrator Assigner Helpdesk Auditor")]
    [InlineData("GET", Books + "/$count", "Administrator Assigner Helpdesk Auditor")]
    [InlineData("GET", Books + "/x", "Administrator Assigner Helpdesk Auditor")]
    [InlineData("GET", Books + "/x/assignments", "Administrator Assigner Helpdesk Auditor")]
    [InlineData("POST", Books + "/x/assign", "Administrator Assigner")]
    [InlineData("POST", Books, "Administrator")]
    [InlineData("DELETE", Books + "/x", "Administrator")]
    public async Task Role_decides(string method, string path, string allowed)
    {
        foreach (var root in new[] { "/v1.0", "/beta" })
        {
            foreach (var role in Roles.All.Append("VppBooks.Nothing"))
            {
                var may = allowed.Split(' ').Contains(role["VppBooks.".Length..]);
                using var answer = await _api.SendAsync(
                    new HttpMethod(method), path.Replace("/v1.0", root, StringComparison.Ordinal).Replace("{token}", house.Token.Id, StringComparison.Ordinal), role: role);

                Assert.True(may == (answer.StatusCode != HttpStatusCode.Forbidden), $"{role} {method} {path}: {(int)answer.StatusCode}");
                Assert.True((int)answer.StatusCode < 500);
                if (!may)
                {
                    Assert.Equal("Forbidden", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
                }
            }
        }
    }

    [Fact]
    public async Task Bad_token_file_changes_nothing()
    {
        var before = await CountAsync();

        foreach (var (name, file, code, status) in BadTokenFiles.All)
        {
            // The property is the file's text; a file that is no text arrives as whatever its reader made of it.
            var text = Encoding.Latin1.GetString(file);
            var body = System.Text.Json.JsonSerializer.Serialize(new { displayName = "Bad", token = text, dataSharingConsentGranted = true });
            foreach (var (method, path) in new[] { (HttpMethod.Post, Tokens), (HttpMethod.Patch, $"{Tokens}/{house.Token.Id}") })
            {
                // An empty text in a change means that the token stays.
                if (method == HttpMethod.Patch && file.Length == 0)
                {
                    continue;
                }

                using var answer = await _api.SendAsync(method, path, ApiHouse.Json(body));

                var error = await ApiHouse.ErrorAsync(answer);
                Assert.True(status == (int)answer.StatusCode, $"{name}: {(int)answer.StatusCode} {error}");
                Assert.True(Expected(code) == error.GetProperty("code").GetString(), $"{name}: {error}");
                Assert.Equal("token", error.GetProperty("target").GetString());
            }
        }

        Assert.Equal(before, await CountAsync());
        Assert.Equal("Noordrand Education", (await _api.ReadAsync($"{Tokens}/{house.Token.Id}")).GetProperty("displayName").GetString());

        // JSON knows one encoding only.
        static string Expected(string code) => code == "TokenFileWrongEncoding" ? "TokenFileNotBase64" : code;
    }

    private static string Tampered(string token) => token[..^8] + "AAAAAAAA";

    private async Task<IReadOnlyDictionary<string, int>> CountAsync()
    {
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        return await RowCounts.ReadAsync(db);
    }
}
