using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Graph.DeviceAppManagement.ManagedEBooks.Item.Assign;
using Microsoft.Graph.Models;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Api;

/// <summary>What public samples and scripts for Intune do (parity paper §4.11), from an empty console to a class that has its book.</summary>
public sealed class SampleFlowTests : IAsyncLifetime
{
    private const string Manage = "/beta/deviceAppManagement";
    private readonly ApiHouse _api = new();

    public ValueTask InitializeAsync() => _api.InitializeAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Samples_run_over_plain_HTTP()
    {
        Assert.Empty(Rows(await _api.ReadAsync($"{Manage}/vppTokens")));
        var made = await PostAsync($"{Manage}/vppTokens", HttpStatusCode.Created, new JsonObject
        {
            ["displayName"] = "Noordrand Education",
            ["claimTokenManagementFromExternalMdm"] = false,
            ["dataSharingConsentGranted"] = true,
            ["roleScopeTagIds"] = new JsonArray("0"),
            ["appleId"] = "books@noordrand.example",
            ["automaticallyUpdateApps"] = false,
            ["countryOrRegion"] = "nl",
            ["token"] = Encoding.ASCII.GetString(_api.Cloud.Apple.IssueToken(ApiHouse.Education)),
            ["vppTokenAccountType"] = "education",
        });
        var token = made!.Value.GetProperty("id").GetString()!;

        // The sync sample asks only for tokens that have been synced before, and sends no body.
        await ApiHouse.UntilAsync(() => _api.ReadAsync($"{Manage}/vppTokens/{token}"), t => t.GetProperty("lastSyncStatus").GetString() == "completed");
        var synced = await PostAsync($"{Manage}/vppTokens/{token}/syncLicenses", HttpStatusCode.OK);
        Assert.Equal(token, synced!.Value.GetProperty("id").GetString());

        // Alerts about expiring tokens, and a monitor that calls each service as the token is called.
        var told = Assert.Single(Rows(await _api.ReadAsync($"{Manage}/vppTokens")));
        Assert.All(
            ["state", "expirationDateTime", "organizationName", "appleId", "vppTokenAccountType", "displayName", "lastSyncDateTime", "lastSyncStatus"],
            p => Assert.NotEqual("", told.GetProperty(p).GetString()));
        Assert.Equal(("valid", "Noordrand Education"), (told.GetProperty("state").GetString(), told.GetProperty("displayName").GetString()));
        Assert.True(told.GetProperty("expirationDateTime").GetDateTimeOffset() > TimeProvider.System.GetUtcNow());
        Assert.Equal(1, (await _api.ReadAsync("/beta/deviceManagement/depOnboardingSettings/getExpiringVppTokenCount(expiringBeforeDateTime='2099-01-01T00:00:00Z')")).GetProperty("value").GetInt32());

        var books = new List<JsonElement>();
        for (string? next = $"{Manage}/managedEBooks?$top=7&$count=true&$orderBy="; next is not null;)
        {
            var page = await _api.ReadAsync(next);
            books.AddRange(Rows(page));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
        }

        var counted = books.Where(b => b.TryGetProperty("totalLicenseCount", out _)).ToList();
        Assert.Equal(_api.Cloud.Apple.Assets(ApiHouse.Education).Count, counted.Count);
        var book = counted.Where(b => Free(b) >= 60 && b.GetProperty("vppBooks").GetProperty("pricingParam").GetString() == "STDQ").MaxBy(b => b.GetProperty("totalLicenseCount").GetInt32());
        var (id, before) = (book.GetProperty("id").GetString()!, CountsAtApple(book));
        Assert.Equal(before.Assigned, book.GetProperty("usedLicenseCount").GetInt32());

        await PostAsync($"{Manage}/managedEBooks/{id}/assign", HttpStatusCode.NoContent, new JsonObject
        {
            ["managedEBookAssignments"] = new JsonArray(new JsonObject
            {
                ["@odata.type"] = "#microsoft.graph.managedEBookAssignment",
                ["installIntent"] = "required",
                ["target"] = new JsonObject { ["@odata.type"] = "#microsoft.graph.groupAssignmentTarget", ["groupId"] = _api.GroupId("Class 5B").ToString() },
            }),
        });
        var summary = await ApiHouse.UntilAsync(() => _api.ReadAsync($"{Manage}/managedEBooks/{id}/installSummary"), Settled);
        var readers = summary.GetProperty("installedUserCount").GetInt32();
        Assert.InRange(readers, 20, 28);
        Assert.Equal(before.Assigned + readers, CountsAtApple(book).Assigned);

        var shelf = await PostAsync($"{Manage}/managedEBookCategories", HttpStatusCode.Created, new JsonObject { ["displayName"] = "Class reading" });
        var shelfAddress = $"https://graph.microsoft.com/beta/deviceAppManagement/managedEBookCategories/{shelf!.Value.GetProperty("id").GetString()}";
        await PostAsync($"{Manage}/managedEBooks/{id}/categories/$ref", HttpStatusCode.NoContent, new JsonObject { ["@odata.id"] = shelfAddress });

        // As the documentation writes it: a slash before the question mark.
        var whole = await _api.ReadAsync($"{Manage}/managedEBooks/{id}/?$expand=assignments,installSummary,categories,userStateSummary($select=userName),deviceStates");
        Assert.Equal(before.Assigned + readers, whole.GetProperty("usedLicenseCount").GetInt32());
        Assert.Equal("required", Assert.Single(whole.GetProperty("assignments").EnumerateArray()).GetProperty("installIntent").GetString());
        Assert.Equal(readers, whole.GetProperty("installSummary").GetProperty("installedUserCount").GetInt32());
        Assert.Equal("Class reading", Assert.Single(whole.GetProperty("categories").EnumerateArray()).GetProperty("displayName").GetString());
        Assert.All(whole.GetProperty("userStateSummary").EnumerateArray(), u => Assert.Equal(["userName"], u.EnumerateObject().Select(p => p.Name).Where(n => n[0] != '@')));
        Assert.Equal(Rows(await _api.ReadAsync($"{Manage}/managedEBooks/{id}/deviceStates")).Count, whole.GetProperty("deviceStates").GetArrayLength());
        Assert.True(Rows(await _api.ReadAsync($"{Manage}/managedEBooks/{id}/userStateSummary?$expand=deviceStates")).Count >= readers);

        var batch = await PostAsync("/beta/$batch", HttpStatusCode.OK, new JsonObject
        {
            ["requests"] = new JsonArray(Step("1", "/deviceAppManagement/vppTokens"), Step("2", $"/deviceAppManagement/managedEBooks/{id}"), Step("3", "/deviceAppManagement/managedEBooks/none")),
        });
        Assert.Equal(
            [("1", 200), ("2", 200), ("3", 404)],
            batch!.Value.GetProperty("responses").EnumerateArray().Select(r => (r.GetProperty("id").GetString()!, r.GetProperty("status").GetInt32())).Order());

        var since = TimeProvider.System.GetUtcNow().AddDays(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var audit = Rows(await _api.ReadAsync($"/beta/deviceManagement/auditEvents?$filter=category eq 'plan' and activityDateTime gt {since}&$orderby=activityDateTime desc&$top=10"));
        Assert.Contains(audit, e => e.GetProperty("activityType").GetString() == "plan.committed"
            && e.GetProperty("resources").EnumerateArray().Any(r => r.GetProperty("resourceId").GetString() == id));

        await AnswerAsync(HttpMethod.Post, $"{Manage}/vppTokens/{token}/revokeLicenses", HttpStatusCode.Conflict, "{\"notifyManagedDevices\":false}");
        await AnswerAsync(HttpMethod.Patch, $"{Manage}/vppTokens/{token}", HttpStatusCode.OK, "{\"displayName\":\"North campus\"}");
        await AnswerAsync(HttpMethod.Delete, $"{Manage}/vppTokens/{token}", HttpStatusCode.NoContent);
        Assert.Empty(Rows(await _api.ReadAsync($"{Manage}/vppTokens")));
    }

    [Fact]
    public async Task Samples_run_with_the_SDK_for_Graph()
    {
        var graph = _api.Graph();
        var manage = graph.DeviceAppManagement;
        var token = await _api.UploadAsync(ApiHouse.Education, "Noordrand Education");
        Assert.Equal(VppTokenState.Valid, Assert.Single((await manage.VppTokens.GetAsync())!.Value!).State);
        Assert.NotNull((await manage.VppTokens[token.Id].SyncLicenses.PostAsync())!.LastSyncStatus);
        await _api.SyncedAsync(token.Id!);

        var books = await manage.ManagedEBooks.GetAsync(r =>
        {
            r.QueryParameters.Filter = $"vppTokenId eq {token.Id} and totalLicenseCount ge 100";
            r.QueryParameters.Orderby = ["totalLicenseCount desc"];
        });
        var book = books!.Value!.Cast<IosVppEBook>().First(b => b.TotalLicenseCount - b.UsedLicenseCount >= 60);
        await manage.ManagedEBooks[book.Id].Assign.PostAsync(new AssignPostRequestBody
        {
            ManagedEBookAssignments = [new ManagedEBookAssignment { InstallIntent = InstallIntent.Required, Target = new GroupAssignmentTarget { GroupId = _api.GroupId("Class 5B").ToString() } }],
        });
        var summary = await ApiHouse.UntilAsync(async () => (await manage.ManagedEBooks[book.Id].InstallSummary.GetAsync())!, s => s is { InstalledUserCount: > 0, NotInstalledUserCount: 0 });

        var after = (IosVppEBook)(await manage.ManagedEBooks[book.Id].GetAsync(r => r.QueryParameters.Expand = ["assignments", "installSummary"]))!;
        Assert.Equal(summary.InstalledUserCount, after.UsedLicenseCount - book.UsedLicenseCount);
        Assert.Equal(summary.InstalledUserCount, after.InstallSummary!.InstalledUserCount);
        Assert.Equal(InstallIntent.Required, Assert.Single(after.Assignments!).InstallIntent);
        var users = (await manage.ManagedEBooks[book.Id].UserStateSummary.GetAsync(r => r.QueryParameters.Expand = ["deviceStates"]))!.Value!;
        Assert.True(users.Count >= summary.InstalledUserCount);
        Assert.All(users, u => Assert.NotNull(u.DeviceStates));
        Assert.NotNull((await manage.ManagedEBooks[book.Id].DeviceStates.GetAsync())!.Value);

        var container = (await manage.GetAsync(r => r.QueryParameters.Expand = ["vppTokens", "managedEBooks($select=displayName)"]))!;
        Assert.Equal(token.Id, Assert.Single(container.VppTokens!).Id);
        Assert.Equal(_api.Cloud.Apple.Assets(ApiHouse.Education).Count, container.ManagedEBooks!.Count);
        Assert.All(container.ManagedEBooks, b => Assert.True(b is IosVppEBook { DisplayName: not null, Publisher: null }));

        var management = graph.DeviceManagement.AuditEvents;
        var categories = (await management.GetAuditCategories.GetAsGetAuditCategoriesGetResponseAsync())!.Value!;
        Assert.Contains("plan", categories);
        var types = (await management.GetAuditActivityTypesWithCategory("plan").GetAsGetAuditActivityTypesWithCategoryGetResponseAsync())!.Value!;
        Assert.Contains("plan.committed", types);
        var events = (await management.GetAsync(r => (r.QueryParameters.Filter, r.QueryParameters.Top) = ("activityType eq 'plan.committed'", 5)))!.Value!;
        var committed = Assert.Single(events);
        Assert.Equal(("plan", "ItPro"), (committed.Category, committed.Actor!.AuditActorType));
        Assert.Equal(committed.ActivityDateTime, (await management[committed.Id].GetAsync())!.ActivityDateTime);
    }

    private static List<JsonElement> Rows(JsonElement page) => [.. page.GetProperty("value").EnumerateArray()];

    private static int Free(JsonElement book) => book.GetProperty("totalLicenseCount").GetInt32() - book.GetProperty("usedLicenseCount").GetInt32();

    private static bool Settled(JsonElement summary) => summary.GetProperty("installedUserCount").GetInt32() > 0 && summary.GetProperty("notInstalledUserCount").GetInt32() == 0;

    private static JsonObject Step(string id, string url) => new() { ["id"] = id, ["method"] = "GET", ["url"] = url };

    private AssetCounts CountsAtApple(JsonElement book) => _api.Cloud.Apple.Counts(ApiHouse.Education, book.GetProperty("vppBooks").GetProperty("adamId").GetString()!);

    private async Task<JsonElement?> PostAsync(string path, HttpStatusCode expected, JsonObject? body = null) => await AnswerAsync(HttpMethod.Post, path, expected, body?.ToJsonString());

    private async Task<JsonElement?> AnswerAsync(HttpMethod method, string path, HttpStatusCode expected, string? body = null)
    {
        using var answer = await _api.SendAsync(method, path, body is null ? null : ApiHouse.Json(body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, $"{path}: {answer.StatusCode} {text}");
        return text.Length == 0 ? null : JsonDocument.Parse(text).RootElement;
    }
}
