using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>The statuses in the OpenAPI document are those with which the running program answers, no more and no fewer.</summary>
public sealed class ApiStatusTests : IAsyncLifetime
{
    private const string Manage = "/deviceAppManagement";

    // Said of many addresses and made to happen at a few of them, by the tests named.
    private static readonly string[] _elsewhere =
    [
        "409", // two requests under one key at the same moment: IdempotencyTests
        "429", // BrowserSecurityTests
        "500", // FailureOverHttpTests
        "503", // AssignmentFaultTests, ManagedEBooksTests
    ];

    private readonly ApiHouse _api = new();
    private readonly SortedDictionary<string, SortedSet<string>> _observed = new(StringComparer.Ordinal);
    private readonly string _usedKey = Guid.NewGuid().ToString();
    private string _token = null!;
    private string _caller = null!;

    public async ValueTask InitializeAsync()
    {
        await _api.InitializeAsync();
        _token = (await _api.UploadAsync(ApiHouse.Education, "Noordrand Education")).Id!;
        await _api.QuietAsync();
        _caller = _api.TokenOf(Roles.Administrator);
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task What_is_answered_is_described_and_what_is_described_is_answered()
    {
        var paths = (await _api.ReadAsync("/openapi/v1.json")).GetProperty("paths");
        var described = paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => (Method: o.Name.ToUpperInvariant(), Route: p.Name, Statuses: o.Value.GetProperty("responses").EnumerateObject().Select(r => r.Name).ToHashSet())))
            .ToDictionary(o => $"{o.Method} {o.Route}");
        var sample = await ApiSample.MakeAsync(_api, _token);

        // A key that was used for something else: the query is part of a request.
        using (await _api.SendAsync(HttpMethod.Post, $"/v1.0{Manage}/managedEBooks?other", token: _caller, headers: ("Idempotency-Key", _usedKey)))
        {
        }

        foreach (var (method, route, statuses) in described.Values)
        {
            await RefuseAsync(method, route, statuses, sample);
            if (method == "GET")
            {
                await ReadAsync(route, statuses, sample);
            }
        }

        foreach (var (root, nth) in new[] { ("/v1.0", 1), ("/beta", 2) })
        {
            var other = await ApiSample.MakeAsync(_api, _token, nth);
            await ChangeTokensAsync(root, other);
            await ChangeAssignmentsAsync(root, other);
            await ChangeCategoriesAsync(root, other);
            await ChangeBooksAsync(root, other);
            await AskAsync("POST", root + "/$batch", other, """{"requests":[{"id":"1","method":"GET","url":"/deviceAppManagement/vppTokens"}]}""");
        }

        await DecideAsync(await ApiSample.MakeAsync(_api, _token, 3));

        foreach (var (key, (method, _, statuses)) in described)
        {
            var seen = _observed.GetValueOrDefault(key, []);
            Assert.True(seen.IsSubsetOf(statuses), $"{key} answered {string.Join(", ", seen.Except(statuses))}, which is not described.");
            // A reading address without any option of its own has nothing that could be misunderstood.
            var missing = statuses.Except(seen).Except(_elsewhere).Where(s => s != "400" || method != "GET").ToList();
            Assert.True(missing.Count == 0, $"{key} never answered {string.Join(", ", missing)}, which is described.");
        }

        Assert.Empty(_observed.Keys.Except(described.Keys));
    }

    /// <summary>Everything that is refused alike at every address.</summary>
    private async Task RefuseAsync(string method, string route, HashSet<string> statuses, ApiSample sample)
    {
        var address = sample.Fill(route);
        await AskAsync(method, route, address, BodyFor(method, route, sample), role: null);
        await AskAsync(method, route, address, BodyFor(method, route, sample), role: "VppBooks.Nothing");
        if (ApiSample.FillWithUnknown(route) is { } unknown)
        {
            await AskAsync(method, route, unknown.Contains('{', StringComparison.Ordinal) ? sample.Fill(unknown) : unknown, BodyFor(method, route, sample));
        }

        if (method == "GET")
        {
            return;
        }

        await AskAsync(method, route, address, BodyFor(method, route, sample), headers: ("Idempotency-Key", _usedKey));
        await AskAsync(method, route, address, route.EndsWith("$batch", StringComparison.Ordinal) ? "{}" : BodyFor(method, route, sample), headers: ("Idempotency-Key", "two words"));
        await AskAsync(method, route, address, new string(' ', 1024 * 1024 + 1), headers: [("Expect", "100-continue"), ("Idempotency-Key", Guid.NewGuid().ToString())]);
        if (statuses.Contains("412"))
        {
            await AskAsync(method, route, address, BodyFor(method, route, sample), headers: ("If-Match", "W/\"never\""));
        }

        if (statuses.Contains("415"))
        {
            await AskAsync(method, route, address, "x", media: "text/plain");
        }
    }

    private async Task ReadAsync(string route, HashSet<string> statuses, ApiSample sample)
    {
        // What is read may change between two requests; then the second is answered whole.
        await ApiHouse.UntilAsync(
            async () =>
            {
                using var first = await SendAsync("GET", route, sample.Fill(route));
                if (first.Headers.ETag is not { } tag)
                {
                    return !statuses.Contains("304");
                }

                using var again = await SendAsync("GET", route, sample.Fill(route), headers: ("If-None-Match", tag.ToString()));
                return again.StatusCode == System.Net.HttpStatusCode.NotModified;
            },
            done => done);
    }

    private async Task ChangeTokensAsync(string root, ApiSample sample)
    {
        const string Tokens = Manage + "/vppTokens";
        var file = Encoding.ASCII.GetString(_api.Cloud.Apple.IssueToken(root == "/beta" ? ApiHouse.Library : ApiHouse.Business));
        var made = await AskAsync("POST", root + Tokens, sample, JsonSerializer.Serialize(new { displayName = "Other", token = file, vppTokenAccountType = root == "/beta" ? "education" : "business", dataSharingConsentGranted = true, claimTokenManagementFromExternalMdm = root == "/beta", appleId = "books@noordrand.example", countryOrRegion = "nl" }));
        var id = IdOf(made);
        await _api.SyncedAsync(id);
        await _api.QuietAsync();
        await AskAsync("DELETE", root + Tokens + "/{id}", $"{root}{Tokens}/{id}");
        await AskAsync("PATCH", root + Tokens + "/{id}", sample, "{}");
        foreach (var qualifier in new[] { "", "microsoft.graph." })
        {
            await AskAsync("POST", $"{root}{Tokens}/{{id}}/{qualifier}syncLicenses", sample);
            await AskAsync("POST", $"{root}{Tokens}/{qualifier}syncLicenseCounts", sample);
            await AskAsync("POST", $"{root}{Tokens}/{{id}}/{qualifier}revokeLicenses", sample, """{"notifyManagedDevices":false}""");
        }
    }

    private async Task ChangeAssignmentsAsync(string root, ApiSample sample)
    {
        const string Book = Manage + "/managedEBooks/{id}";
        var options = _api.Services.GetRequiredService<LicenseOptions>();
        var made = await AskAsync("POST", root + Book + "/assignments", sample, ApiSample.Wish(_api, "Class 6A", "available"));
        var one = root + Book.Replace("{id}", sample.Book, StringComparison.Ordinal) + "/assignments/" + IdOf(made);
        await AskAsync("PATCH", root + Book + "/assignments/{assignmentId}", one, """{"installIntent":"available"}""");
        var names = new[] { "", "microsoft.graph." };
        var classes = new List<string> { "Class 5B" };
        foreach (var qualifier in names)
        {
            await AskAsync("POST", $"{root}{Book}/{qualifier}assign", sample, Whole(classes, ApiSample.Wish(_api, "Class 6A", "available")));
        }

        options.UndoWindow = TimeSpan.FromMinutes(30);
        try
        {
            one = root + Book.Replace("{id}", sample.Book, StringComparison.Ordinal) + "/assignments";
            var rows = (await _api.ReadAsync(one)).GetProperty("value").EnumerateArray();
            var id = rows.First(r => r.GetProperty("target").GetProperty("groupId").GetString() == _api.GroupId("Class 6A").ToString()).GetProperty("id").GetString();
            await AskAsync("PATCH", root + Book + "/assignments/{assignmentId}", $"{one}/{id}", """{"installIntent":"required"}""");
            await AskAsync("POST", root + Book + "/assignments", sample, ApiSample.Wish(_api, "Class 6B", "required"));
            classes.AddRange(["Class 6A", "Class 6B"]);
            foreach (var (qualifier, more) in names.Zip(["Class 4A", "Class 4B"]))
            {
                classes.Add(more);
                await AskAsync("POST", $"{root}{Book}/{qualifier}assign", sample, Whole(classes));
            }

            await AskAsync("DELETE", root + Book + "/assignments/{assignmentId}", $"{one}/{id}");
        }
        finally
        {
            options.UndoWindow = TimeSpan.Zero;
        }

        string Whole(IEnumerable<string> groups, params string[] more) => $$"""{"managedEBookAssignments":[{{string.Join(',', groups.Select(g => ApiSample.Wish(_api, g, "required")).Concat(more))}}]}""";
    }

    private async Task ChangeCategoriesAsync(string root, ApiSample sample)
    {
        const string Categories = Manage + "/managedEBookCategories";
        const string OfBook = Manage + "/managedEBooks/{id}/categories";
        var made = await AskAsync("POST", root + Categories, sample, $$"""{"displayName":"{{Guid.NewGuid():N}}"}""");
        var id = IdOf(made);
        var (one, linked) = ($"{root}{Categories}/{id}", sample.Fill(root + OfBook) + "/" + id);
        await AskAsync("PATCH", root + Categories + "/{categoryId}", one, $$"""{"displayName":"{{Guid.NewGuid():N}}"}""");
        await AskAsync("POST", root + OfBook, sample, $$"""{"id":"{{id}}"}""");
        await AskAsync("DELETE", root + OfBook + "/{categoryId}", linked);
        await AskAsync("POST", root + OfBook + "/$ref", sample, $$"""{"@odata.id":"{{one}}"}""");
        await AskAsync("DELETE", root + OfBook + "/{categoryId}/$ref", linked + "/$ref");
        await AskAsync("DELETE", root + Categories + "/{categoryId}", one);
    }

    private async Task ChangeBooksAsync(string root, ApiSample sample)
    {
        const string Books = Manage + "/managedEBooks";
        await AskAsync("POST", root + Books, sample, """{"displayName":"Mine"}""");
        await AskAsync("PATCH", root + Books + "/{id}", sample, """{"displayName":"Mine"}""");
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var location = (await db.Locations.SingleAsync(l => l.UId == ApiHouse.Education)).Id;
        var empty = new Book { PublicId = Guid.NewGuid(), LocationId = location, AdamId = root == "/beta" ? 999_000_112 : 999_000_111, PricingParam = PricingParam.STDQ, NoLongerReported = true };
        db.Books.Add(empty);
        await db.SaveChangesAsync();
        await AskAsync("DELETE", root + Books + "/{id}", $"{root}{Books}/{empty.PublicId}");
    }

    private async Task DecideAsync(ApiSample sample)
    {
        var options = _api.Services.GetRequiredService<LicenseOptions>();
        await AskAsync("POST", "/api/plans/{planId}/commit", sample, """{"undoMinutes":30}""");
        await AskAsync("POST", "/api/plans/{planId}/undo", sample);
        options.ApprovalThreshold = 0;
        try
        {
            foreach (var (decision, group) in new[] { ("approve", "Class 6A"), ("reject", "Class 6B") })
            {
                var plan = await PlanAsync(group);
                using var held = await _api.SendAsync(HttpMethod.Post, $"/api/plans/{plan}/commit", token: _api.TokenOf(Roles.Assigner));
                Assert.Equal(System.Net.HttpStatusCode.Accepted, held.StatusCode);
                await AskAsync("POST", "/api/plans/{planId}/" + decision, $"/api/plans/{plan}/{decision}");
            }
        }
        finally
        {
            options.ApprovalThreshold = null;
        }

        await AskAsync("POST", "/api/plans/{planId}/commit", $"/api/plans/{await PlanAsync("Class 4A")}/commit");

        async Task<string> PlanAsync(string group)
        {
            var body = $$"""{"managedEBookAssignments":[{{ApiSample.Wish(_api, "Class 5B", "required")}},{{ApiSample.Wish(_api, group, "required")}}]}""";
            return IdOf(await AskAsync("POST", "/api/books/{bookId}/plans", sample, body));
        }
    }

    private static string IdOf(JsonElement? made) =>
        made is { } thing && thing.TryGetProperty("id", out var id) ? id.GetString()! : throw new InvalidOperationException($"Nothing was made: {made}");

    /// <summary>A body that an address understands; null for one that reads none.</summary>
    private string? BodyFor(string method, string route, ApiSample sample) => (method, route.Split('/')[^1].Replace("microsoft.graph.", "", StringComparison.Ordinal)) switch
    {
        ("POST", "assign" or "plans") => $$"""{"managedEBookAssignments":[{{ApiSample.Wish(_api, "Class 5B", "required")}}]}""",
        ("POST", "assignments") => ApiSample.Wish(_api, "Class 5B", "required"),
        ("PATCH", "{assignmentId}") => """{"installIntent":"required"}""",
        ("POST", "categories" or "$ref") => $$"""{"id":"{{sample.Category}}"}""",
        ("POST", "managedEBookCategories" or "vppTokens" or "$batch") or ("PATCH", _) => "{}",
        _ => null,
    };

    private Task<JsonElement?> AskAsync(string method, string route, ApiSample sample, string? body = null) => AskAsync(method, route, sample.Fill(route), body);

    private async Task<JsonElement?> AskAsync(
        string method, string route, string address, string? body = null, string? role = Roles.Administrator, string media = "application/json", params (string Name, string Value)[] headers)
    {
        using var answer = await SendAsync(method, route, address, body, role, media, headers);
        var text = await answer.Content.ReadAsStringAsync();
        return text.StartsWith('{') ? JsonDocument.Parse(text).RootElement : null;
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string route, string address, string? body = null, string? role = Roles.Administrator, string media = "application/json", params (string Name, string Value)[] headers)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse(media));
        var answer = await _api.SendAsync(new HttpMethod(method), address, content, role == Roles.Administrator ? _caller : null, role, headers);
        var key = $"{method} {route}";
        if (!_observed.TryGetValue(key, out var seen))
        {
            _observed[key] = seen = new SortedSet<string>(StringComparer.Ordinal);
        }

        seen.Add(((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture));
        return answer;
    }
}
