using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>What Graph's own permissions open here: each one at one door of every kind, as a program's role and as a client's scope.</summary>
public sealed class GraphPermissionTests(ApiHouse house) : IClassFixture<ApiHouse>
{
    private const string Below = "/deviceAppManagement";
    private const string Gone = "6f9619ff-8b86-4011-b42d-00cf4fc964ff";

    private static readonly string[] _tokenReaders =
        [GraphPermissions.AppsRead, GraphPermissions.AppsReadWrite, GraphPermissions.ServiceConfigRead, GraphPermissions.ServiceConfigReadWrite];

    private static readonly string[] _tokenWriters = [GraphPermissions.AppsReadWrite, GraphPermissions.ServiceConfigReadWrite];
    private static readonly string[] _bookReaders = [GraphPermissions.AppsRead, GraphPermissions.AppsReadWrite];
    private static readonly string[] _bookWriters = [GraphPermissions.AppsReadWrite];
    private static readonly string[] _none = [];

    /// <summary>Doors of every kind, and whom they let in (parity paper §4.2); written by hand, not taken from the code.</summary>
    private static readonly (string Method, string Path, string[] LetIn)[] _doors =
    [
        ("GET", $"/v1.0{Below}/vppTokens", _tokenReaders),
        ("GET", $"/beta{Below}/vppTokens/$count", _tokenReaders),
        ("GET", $"/v1.0{Below}", _tokenReaders),
        ("GET", $"/v1.0{Below}?$expand=managedEBooks", _bookReaders),
        ("GET", "/v1.0/deviceManagement/depOnboardingSettings/getExpiringVppTokenCount(expiringBeforeDateTime='2030-01-01')", _tokenReaders),
        ("GET", "/v1.0/$metadata", _tokenReaders),
        ("POST", "/v1.0/$batch", _tokenReaders),
        ("POST", $"/v1.0{Below}/vppTokens", _tokenWriters),
        ("PATCH", $"/beta{Below}/vppTokens/{Gone}", _tokenWriters),
        ("DELETE", $"/v1.0{Below}/vppTokens/{Gone}", _tokenWriters),
        ("POST", $"/v1.0{Below}/vppTokens/{Gone}/syncLicenses", _tokenWriters),
        ("POST", $"/beta{Below}/vppTokens/{Gone}/revokeLicenses", _tokenWriters),
        ("GET", $"/v1.0{Below}/managedEBooks", _bookReaders),
        ("GET", $"/beta{Below}/managedEBooks/{Gone}/deviceStates", _bookReaders),
        ("GET", $"/beta{Below}/managedEBooks/{Gone}/assignments", _bookReaders),
        ("GET", $"/beta{Below}/managedEBookCategories", _bookReaders),
        ("GET", "/beta/deviceManagement/auditEvents", _bookReaders),
        ("POST", $"/v1.0{Below}/managedEBooks", _bookWriters),
        ("DELETE", $"/v1.0{Below}/managedEBooks/{Gone}", _bookWriters),
        ("POST", $"/v1.0{Below}/managedEBooks/{Gone}/assign", _bookWriters),
        ("DELETE", $"/v1.0{Below}/managedEBooks/{Gone}/assignments/{Gone}", _bookWriters),
        ("POST", $"/beta{Below}/managedEBookCategories", _bookWriters),
        ("DELETE", $"/beta{Below}/managedEBooks/{Gone}/categories/{Gone}", _bookWriters),
        ("GET", "/api/reports/licenses", _none),
        ("GET", "/api/activity", _none),
        ("GET", "/exports/books", _none),
        ("GET", "/openapi/v1.json", _none),
        ("POST", $"/api/books/{Gone}/plans", _none),
    ];

    [Fact]
    public async Task Each_permission_opens_its_doors_and_no_others_to_a_program_and_to_a_client()
    {
        var faults = new List<string>();
        foreach (var permission in _tokenReaders)
        {
            var program = await house.ProgramTokenAsync(permission);
            var client = house.ScopedToken(Roles.Administrator, permission);
            foreach (var (method, path, letIn) in _doors)
            {
                faults.AddRange((await Task.WhenAll(Judge(program, "a program's role"), Judge(client, "a client's scope"))).OfType<string>());

                async Task<string?> Judge(string token, string what)
                {
                    var refused = await AskAsync(method, path, token) == HttpStatusCode.Forbidden;
                    return refused == letIn.Contains(permission) ? $"{method} {path} with {permission} as {what}: {(refused ? "refused" : "opens")}" : null;
                }
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public async Task A_scope_lets_a_client_do_no_more_than_the_person_may()
    {
        var auditor = house.ScopedToken(Roles.Auditor, GraphPermissions.AppsReadWrite);
        var helpdesk = house.ScopedToken(Roles.Helpdesk, GraphPermissions.AppsRead, GraphPermissions.ServiceConfigReadWrite);
        var assigner = house.ScopedToken(Roles.Assigner, GraphPermissions.AppsRead);
        var nobody = house.ScopedToken("VppBooks.Nothing", GraphPermissions.AppsReadWrite);

        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", $"/v1.0{Below}/managedEBooks", auditor));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("POST", $"/v1.0{Below}/vppTokens", auditor));
        Assert.Equal(HttpStatusCode.NoContent, await AskAsync("POST", $"/v1.0{Below}/vppTokens/syncLicenseCounts", helpdesk));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("POST", $"/v1.0{Below}/vppTokens", helpdesk));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "/v1.0/deviceManagement/auditEvents", assigner));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", $"/v1.0{Below}/vppTokens", nobody));
    }

    [Fact]
    public async Task A_client_that_was_allowed_the_console_itself_is_not_narrowed()
    {
        var both = house.ScopedToken(Roles.Administrator, "access_as_user", GraphPermissions.ServiceConfigRead);

        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/api/reports/licenses", both));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", $"/v1.0{Below}/managedEBooks", both));
    }

    [Fact]
    public async Task Inside_a_batch_each_request_is_judged_by_itself()
    {
        var token = await house.ProgramTokenAsync(GraphPermissions.ServiceConfigRead);
        using var body = JsonContent.Create(new
        {
            requests = new[]
            {
                new { id = "1", method = "GET", url = $"{Below}/vppTokens" },
                new { id = "2", method = "GET", url = $"{Below}/managedEBooks" },
                new { id = "3", method = "DELETE", url = $"{Below}/vppTokens/{Gone}" },
            },
        });

        using var answer = await house.SendAsync(HttpMethod.Post, "/beta/$batch", body, token);

        var responses = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("responses").EnumerateArray();
        Assert.Equal([200, 403, 403], responses.Select(r => r.GetProperty("status").GetInt32()));
    }

    [Theory]
    [InlineData("scp", "DeviceManagementApps.Read.All openid profile", Permissions.None)]
    [InlineData("scp", "openid profile", Permissions.None)]
    [InlineData("scp", "Files.Read", Permissions.None)]
    [InlineData("scp", "", Permissions.None)]
    [InlineData("scp", "openid access_as_user", Permissions.Read | Permissions.ReadTokens | Permissions.Assign | Permissions.SyncNow | Permissions.Export)]
    [InlineData("scp", "access_as_user", Permissions.Read | Permissions.ReadTokens | Permissions.Assign | Permissions.SyncNow | Permissions.Export)]
    [InlineData("roles", "DeviceManagementApps.Read.All", Permissions.Read | Permissions.ReadTokens | Permissions.Assign | Permissions.SyncNow | Permissions.Export)]
    [InlineData("vppbooks_on_graph", "true", Permissions.Read | Permissions.ReadTokens | Permissions.Assign | Permissions.SyncNow | Permissions.Export)]
    public void Away_from_Graphs_addresses_the_roles_of_the_console_count_and_scopes_without_its_own_end_them(string claim, string value, Permissions expected)
    {
        var token = new ClaimsPrincipal(new ClaimsIdentity([new Claim("roles", Roles.Assigner), new Claim(claim, value, null, "https://login.example")], "test"));

        Assert.Equal(expected, CoreActor.From(token).Permissions);
    }

    [Fact]
    public void A_token_cannot_say_itself_where_it_is_shown()
    {
        var token = new ClaimsPrincipal(new ClaimsIdentity([new Claim("roles", GraphPermissions.AppsReadWrite), new Claim("vppbooks_on_graph", "true", null, "https://login.example")], "test"));

        Assert.Equal(Permissions.None, CoreActor.From(token).Permissions);
        Assert.True(CoreActor.From(BearerClaims.ShownOnGraph(token)).May(Permissions.Assign));
    }

    private async Task<HttpStatusCode> AskAsync(string method, string path, string token)
    {
        using var body = method is "POST" or "PATCH" ? ApiHouse.Json("{}") : null;
        using var answer = await house.SendAsync(HttpMethod.Parse(method), path, body, token);
        Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError && answer.StatusCode != HttpStatusCode.Unauthorized, $"{method} {path}: {answer.StatusCode}");
        return answer.StatusCode;
    }
}
