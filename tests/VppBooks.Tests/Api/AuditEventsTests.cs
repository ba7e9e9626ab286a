using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary><c>/deviceManagement</c>, the container of books and tokens, and addresses that know other methods only.</summary>
[Collection(SyncedApi.Name)]
public sealed class AuditEventsTests(SyncedHouse house)
{
    private const string Events = "/v1.0/deviceManagement/auditEvents";
    private const string Manage = "/v1.0/deviceAppManagement";
    private readonly ApiHouse _api = house.Api;

    [Fact]
    public async Task Pages_of_audit_events_follow_each_other_newest_first()
    {
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var until = await db.AuditEvents.MaxAsync(a => a.At);
        var all = await db.AuditEvents.Where(a => a.At <= until).OrderByDescending(a => a.At).ThenByDescending(a => a.Id).Select(a => a.Id).ToListAsync();
        var filter = $"activityDateTime le {until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}";

        var walked = new List<string>();
        for (string? next = $"{Events}?$top=2&$count=true&$filter={filter}"; next is not null;)
        {
            var page = await _api.ReadAsync(next);
            Assert.Equal(all.Count, page.GetProperty("@odata.count").GetInt32());
            walked.AddRange(page.GetProperty("value").EnumerateArray().Select(e => e.GetProperty("id").GetString()!));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
        }

        Assert.Equal(all.Select(id => id.ToString(CultureInfo.InvariantCulture)), walked);
        using var count = await _api.SendAsync(HttpMethod.Get, $"{Events}/$count?$filter={filter}");
        Assert.Equal(all.Count.ToString(CultureInfo.InvariantCulture), await count.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_was_before_and_what_is_after_is_told_with_the_thing_that_changed()
    {
        using var renamed = await _api.SendAsync(HttpMethod.Patch, $"{Manage}/vppTokens/{house.Token.Id}", ApiHouse.Json("""{"countryOrRegion":"be"}"""));
        Assert.Equal(HttpStatusCode.OK, renamed.StatusCode);
        using var back = await _api.SendAsync(HttpMethod.Patch, $"{Manage}/vppTokens/{house.Token.Id}", ApiHouse.Json("""{"countryOrRegion":"nl"}"""));

        var told = (await _api.ReadAsync($"{Events}?$filter=category eq 'location'&$top=1")).GetProperty("value")[0];

        Assert.Equal(("location", "Success", "Patch"), (told.GetProperty("category").GetString(), told.GetProperty("activityResult").GetString(), told.GetProperty("activityOperationType").GetString()));
        var resource = Assert.Single(told.GetProperty("resources").EnumerateArray());
        Assert.Equal(house.Token.Id, resource.GetProperty("resourceId").GetString());
        var changed = Assert.Single(resource.GetProperty("modifiedProperties").EnumerateArray());
        Assert.Equal(("countryOrRegion", "\"BE\"", "\"NL\""), (changed.GetProperty("displayName").GetString(), changed.GetProperty("oldValue").GetString(), changed.GetProperty("newValue").GetString()));
    }

    [Theory]
    [InlineData("$filter=actor eq 'x'")]
    [InlineData("$filter=category eq 'a' or category eq 'b'")]
    [InlineData("$filter=category ne 'a'")]
    [InlineData("$orderby=activityDateTime")]
    [InlineData("$skip=5")]
    public async Task Audit_events_say_what_they_cannot_be_asked(string options)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, $"{Events}?{options}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Audit events", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_events_are_for_those_who_may_read_the_activity()
    {
        foreach (var (role, status) in new[] { (Roles.Auditor, HttpStatusCode.OK), (Roles.Helpdesk, HttpStatusCode.Forbidden) })
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, Events, role: role);
            Assert.Equal(status, answer.StatusCode);
        }

        using var missing = await _api.SendAsync(HttpMethod.Get, $"{Events}/987654321");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Counts_of_all_tokens_are_read_again_at_one_request()
    {
        await using (var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync())
        {
            // By hand, a token is synced once a minute at most.
            foreach (var run in await db.SyncRuns.ToListAsync())
            {
                db.Entry(run).Property(r => r.StartedAt).CurrentValue = run.StartedAt.AddHours(-1);
            }

            await db.SaveChangesAsync();
        }

        var before = (await _api.ReadAsync($"{Manage}/vppTokens/{house.Token.Id}")).GetProperty("lastSyncDateTime").GetString();
        using var answer = await _api.SendAsync(HttpMethod.Post, "/beta/deviceAppManagement/vppTokens/syncLicenseCounts", role: Roles.Helpdesk);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await ApiHouse.UntilAsync(
            () => _api.ReadAsync($"{Manage}/vppTokens/{house.Token.Id}"),
            t => t.GetProperty("lastSyncStatus").GetString() == "completed" && t.GetProperty("lastSyncDateTime").GetString() != before);
        await _api.QuietAsync();
    }

    [Fact]
    public async Task Tokens_that_expire_before_a_moment_are_counted_and_a_moment_that_is_none_is_refused()
    {
        const string Count = "/beta/deviceManagement/depOnboardingSettings/getExpiringVppTokenCount(expiringBeforeDateTime='{0}')";
        Assert.Equal(0, (await _api.ReadAsync(Count.Replace("{0}", "2020-01-01T00:00:00Z", StringComparison.Ordinal))).GetProperty("value").GetInt32());
        Assert.Equal(1, (await _api.ReadAsync(Count.Replace("{0}", "2099-01-01", StringComparison.Ordinal))).GetProperty("value").GetInt32());
        using var answer = await _api.SendAsync(HttpMethod.Get, Count.Replace("{0}", "soon", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty((await _api.ReadAsync("/beta/deviceAppManagement/vppTokens/getLicensesForApp(bundleId='com.example.app')")).GetProperty("value").EnumerateArray());
    }

    [Theory]
    [InlineData("GET", "/v1.0/$batch", "POST")]
    [InlineData("GET", Manage + "/vppTokens/{token}/syncLicenses", "POST")]
    [InlineData("DELETE", Manage + "/vppTokens", "GET, HEAD, POST")]
    [InlineData("POST", Manage + "/managedEBooks/{token}/installSummary", "GET, HEAD")]
    [InlineData("PATCH", Manage + "/managedEBooks/{token}/deviceStates/x", "GET, HEAD")]
    [InlineData("DELETE", Manage + "/managedEBooks/{token}/userStateSummary/x", "GET, HEAD")]
    [InlineData("POST", Events, "GET, HEAD")]
    public async Task Address_that_knows_other_methods_names_them(string method, string path, string allowed)
    {
        using var answer = await _api.SendAsync(HttpMethod.Parse(method), path.Replace("{token}", house.Token.Id, StringComparison.Ordinal), method == "GET" ? null : ApiHouse.Json("{}"));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(allowed, string.Join(", ", answer.Content.Headers.Allow));
        Assert.Equal("MethodNotAllowed", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Parts_that_come_with_a_list_of_books_are_those_of_their_own_addresses()
    {
        var page = (await _api.ReadAsync($"{Manage}/managedEBooks?$top=999&$select=id&$expand=installSummary,categories,userStateSummary,deviceStates,assignments")).GetProperty("value").EnumerateArray().ToList();

        Assert.Equal(20, page.Count);
        foreach (var book in page.Take(3))
        {
            var path = $"{Manage}/managedEBooks/{book.GetProperty("id").GetString()}";
            Assert.Equal(await ReadAsync($"{path}/installSummary"), Told(book.GetProperty("installSummary")));
            foreach (var part in new[] { "categories", "userStateSummary", "deviceStates", "assignments" })
            {
                Assert.Equal(
                    (await _api.ReadAsync($"{path}/{part}")).GetProperty("value").EnumerateArray().Select(Told),
                    book.GetProperty(part).EnumerateArray().Select(Told));
            }
        }

        async Task<string> ReadAsync(string path) => Told(await _api.ReadAsync(path));

        static string Told(System.Text.Json.JsonElement entity) => string.Join('\n', entity.EnumerateObject().Where(p => p.Name != "@odata.context").Select(p => $"{p.Name}: {p.Value}"));
    }
}
