using System.Net;
using System.Text.Json;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>What Graph has no word for: plans before they are committed, waiting lists, activity, totals.</summary>
[Collection(SyncedApi.Name)]
public sealed class OwnApiTests(SyncedHouse house)
{
    private readonly ApiHouse _api = house.Api;

    [Fact]
    public async Task Plan_is_shown_and_committed_once()
    {
        var book = await BookAsync();
        using var planned = await PostAsync($"/api/books/{book}/plans", """{"managedEBookAssignments":[{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}}]}""");
        Assert.Equal(HttpStatusCode.Created, planned.StatusCode);
        var plan = await _api.ReadAsync(planned.Headers.Location!.ToString());
        Assert.Equal(("draft", 0), (plan.GetProperty("state").GetString(), plan.GetProperty("licenseCount").GetInt32()));
        Assert.Empty((await _api.ReadAsync($"/v1.0/deviceAppManagement/managedEBooks/{book}/assignments")).GetProperty("value").EnumerateArray());

        var id = plan.GetProperty("id").GetString();
        foreach (var _ in new[] { 1, 2 })
        {
            using var committed = await PostAsync($"/api/plans/{id}/commit", null);
            Assert.True(committed.IsSuccessStatusCode, await committed.Content.ReadAsStringAsync());
        }

        Assert.Single((await _api.ReadAsync($"/v1.0/deviceAppManagement/managedEBooks/{book}/assignments")).GetProperty("value").EnumerateArray());
        Assert.True((await _api.ReadAsync($"/api/plans/{id}")).TryGetProperty("progress", out _));
        await _api.ReadAsync($"/api/plans/{id}/people?outcome=getsNow&top=5");
        await _api.ReadAsync("/api/plans/awaiting-approval");
        using var approved = await PostAsync($"/api/plans/{id}/approve", null);
        Assert.True(approved.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict or HttpStatusCode.Forbidden);
        using var emptied = await PostAsync($"/v1.0/deviceAppManagement/managedEBooks/{book}/assign", """{"managedEBookAssignments":[]}""");
        Assert.True(emptied.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Activity_is_read_page_by_page()
    {
        var until = Uri.EscapeDataString(TimeProvider.System.GetUtcNow().ToString("O"));
        var whole = (await _api.ReadAsync($"/api/activity?until={until}&top=5")).GetProperty("value").EnumerateArray().Select(Key).ToList();
        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null && seen.Count < whole.Count;)
        {
            var page = await _api.ReadAsync($"/api/activity?until={until}&top=1{cursor}");
            seen.AddRange(page.GetProperty("value").EnumerateArray().Select(Key));
            cursor = page.TryGetProperty("next", out var next) ? $"&cursor={next.GetString()}" : null;
        }

        Assert.NotEmpty(whole);
        Assert.Equal(whole, seen);

        static string Key(JsonElement entry) => $"{entry.GetProperty("chain")} {entry.GetProperty("id")}";
    }

    [Fact]
    public async Task What_a_group_is_given_is_found_by_the_group_here_and_over_Graph()
    {
        const string Last = "/beta/deviceManagement/auditEvents?$filter=category eq 'assignment'&$top=1";
        var (book, group) = (await BookAsync(), _api.GroupId("Class 4B"));
        var list = $$"""{"managedEBookAssignments":[{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{group}}"} }]}""";
        (string Body, string Action, string Operation, string? Before, string? After)[] changes =
            [(list, "assignment.added", "Create", null, "\"Available\""), ("""{"managedEBookAssignments":[]}""", "assignment.removed", "Delete", "\"Available\"", null)];

        foreach (var (body, action, operation, before, after) in changes)
        {
            using var answer = await PostAsync($"/v1.0/deviceAppManagement/managedEBooks/{book}/assign", body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

            var entry = (await _api.ReadAsync($"/api/activity?group={group}&top=1")).GetProperty("value")[0];
            Assert.Equal((action, book), (entry.GetProperty("action").GetString(), entry.GetProperty("book").GetProperty("id").GetString()));
            var told = (await _api.ReadAsync(Last)).GetProperty("value")[0];
            Assert.Equal((action, operation), (told.GetProperty("activityType").GetString(), told.GetProperty("activityOperationType").GetString()));
            var resource = told.GetProperty("resources").EnumerateArray().Single(r => r.GetProperty("auditResourceType").GetString() == "group");
            Assert.Equal(group.ToString(), resource.GetProperty("resourceId").GetString());
            var intent = resource.GetProperty("modifiedProperties").EnumerateArray().Single(p => p.GetProperty("displayName").GetString() == "intent");
            Assert.Equal((before, after), (intent.GetProperty("oldValue").GetString(), intent.GetProperty("newValue").GetString()));
        }
    }

    [Fact]
    public async Task Waiting_list_and_totals_are_read()
    {
        var list = await _api.ReadAsync($"/api/books/{await BookAsync()}/waiting-list");
        Assert.Equal(list.GetProperty("total").GetInt32(), list.GetProperty("rows").GetArrayLength());
        var totals = (await _api.ReadAsync("/api/reports/licenses")).GetProperty("licenses");
        Assert.Equal((await _api.ReadAsync("/v1.0/deviceAppManagement/managedEBooks?$count=true&$top=1")).GetProperty("@odata.count").GetInt32(), totals.GetProperty("books").GetInt32());
    }

    [Theory]
    [InlineData("GET", "/api/activity?cursor=x", 400, Roles.Administrator)]
    [InlineData("GET", "/api/activity?top=0", 400, Roles.Administrator)]
    [InlineData("GET", "/api/activity?kinds=7", 400, Roles.Administrator)]
    [InlineData("GET", "/api/activity?from=yesterday", 400, Roles.Administrator)]
    [InlineData("GET", "/api/activity", 403, Roles.Assigner)]
    [InlineData("GET", "/api/plans/x", 404, Roles.Auditor)]
    [InlineData("GET", "/api/books/x/waiting-list", 404, Roles.Auditor)]
    [InlineData("POST", "/api/plans/11111111-2222-4333-8444-555555555555/commit", 404, Roles.Assigner)]
    [InlineData("POST", "/api/plans/11111111-2222-4333-8444-555555555555/undo", 404, Roles.Assigner)]
    [InlineData("POST", "/api/plans/11111111-2222-4333-8444-555555555555/approve", 403, Roles.Auditor)]
    [InlineData("DELETE", "/api/activity", 405, Roles.Administrator)]
    [InlineData("GET", "/api/nothing", 404, Roles.Administrator)]
    public async Task Request_is_refused(string method, string path, int status, string role)
    {
        using var answer = await _api.SendAsync(new HttpMethod(method), path, role: role);

        Assert.Equal(status, (int)answer.StatusCode);
        await ApiHouse.ErrorAsync(answer);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string? body) => _api.SendAsync(HttpMethod.Post, path, body is null ? null : ApiHouse.Json(body));

    private async Task<string> BookAsync() =>
        (await _api.ReadAsync("/v1.0/deviceAppManagement/managedEBooks?$filter=totalLicenseCount gt 30&$skip=2&$top=1")).GetProperty("value")[0].GetProperty("id").GetString()!;
}
