using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
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

    [Theory]
    [InlineData("activityDateTime", false, 0)]
    [InlineData("activityDateTime asc", false, 3)]
    [InlineData("activityDateTime desc", true, 0)]
    [InlineData("activityDateTime desc", true, 3)]
    public async Task Events_that_come_in_between_two_pages_make_none_come_twice_or_get_lost(string order, bool descending, int skip)
    {
        await ChangeAsync();
        await ChangeAsync();
        var walked = new List<string>();
        string? late = null;
        for (string? next = $"{Events}?$top=2&$skip={skip}&$orderby={order}"; next is not null;)
        {
            var page = await _api.ReadAsync(next);
            walked.AddRange(IdsOf(page));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
            late ??= await ChangeAsync();
        }

        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var oldestFirst = (await db.AuditEvents.OrderBy(a => a.At).ThenBy(a => a.Id).Select(a => a.Id).ToListAsync()).ConvertAll(id => id.ToString(CultureInfo.InvariantCulture));
        var expected = descending ? oldestFirst.AsEnumerable().Reverse().SkipWhile(id => id != walked[0]) : oldestFirst.Skip(skip).TakeWhile(id => id != walked[^1]).Append(walked[^1]);
        Assert.Equal(expected, walked);
        Assert.True(walked.Count > 4, $"{walked.Count} events are no three pages.");
        Assert.Equal(!descending, walked.Contains(late!));

        async Task<string> ChangeAsync()
        {
            foreach (var country in new[] { "be", "nl" })
            {
                using var renamed = await _api.SendAsync(HttpMethod.Patch, $"{Manage}/vppTokens/{house.Token.Id}", ApiHouse.Json($$"""{"countryOrRegion":"{{country}}"}"""));
                Assert.Equal(HttpStatusCode.OK, renamed.StatusCode);
            }

            return IdsOf(await _api.ReadAsync($"{Events}?$top=1&$filter=category eq 'location'"))[0];
        }
    }

    [Fact]
    public async Task Rows_are_passed_over_in_the_order_that_was_asked_for()
    {
        await using (var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync())
        {
            // Perhaps nothing but the upload has happened yet.
            for (var i = 0; i < 6; i++)
            {
                db.Audit(Actor.System, TimeProvider.System.GetUtcNow(), "sync.requested", new AuditSubject());
            }

            await db.SaveChangesAsync();
        }

        // What has happened cannot change, so the beginning of the list stands still.
        var first = IdsOf(await _api.ReadAsync($"{Events}?$top=6&$orderby=activityDateTime"));

        Assert.Equal(first[4..], IdsOf(await _api.ReadAsync($"{Events}?$top=2&$skip=4&$orderby=activityDateTime")));
        var behind = await _api.ReadAsync($"{Events}?$skip=10000&$count=true");
        Assert.Empty(IdsOf(behind));
        Assert.True(behind.GetProperty("@odata.count").GetInt32() >= 6);
        Assert.False(behind.TryGetProperty("@odata.nextLink", out _));
    }

    [Fact]
    public async Task Events_of_one_of_several_categories_or_activities_are_those_of_each_together()
    {
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var until = await db.AuditEvents.MaxAsync(a => a.At);
        var actions = (await db.AuditEvents.Select(a => a.Action).ToListAsync()).Distinct().ToList();
        var (one, other) = (actions[0], actions.First(a => a.Split('.')[0] != actions[0].Split('.')[0]));
        var (category, another) = (one.Split('.')[0], other.Split('.')[0]);
        var (ofCategory, ofAnother) = (await CountAsync($"category eq '{category}'"), await CountAsync($"category eq '{another}'"));
        Assert.True(ofCategory > 0 && ofAnother > 0);

        Assert.Equal(ofCategory + ofAnother, await CountAsync($"(category eq '{category}' or category eq '{another}')"));
        Assert.Equal(ofCategory + ofAnother, await CountAsync($"category in ('{category}', '{another}', 'nothing')"));
        Assert.Equal(await CountAsync($"activityType eq '{one}'") + await CountAsync($"activityType eq '{other}'"), await CountAsync($"(activityType eq '{one}' or activity eq '{other}')"));
        Assert.Equal(ofCategory, await CountAsync($"(category eq '{category}' or category eq '{another}') and category eq '{category}'"));

        async Task<int> CountAsync(string filter)
        {
            using var count = await _api.SendAsync(HttpMethod.Get, $"{Events}/$count?$filter={filter} and activityDateTime le {until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}");
            return int.Parse(await count.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture);
        }
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
    [InlineData("$filter=category eq 'a' and category eq 'b'")]
    [InlineData("$filter=category eq 'a' or activityType eq 'b.c'")]
    [InlineData("$filter=category eq 'a' or activityDateTime gt 2026-09-01")]
    [InlineData("$filter=not (category eq 'a' or category eq 'b')")]
    [InlineData("$filter=category ne 'a'")]
    [InlineData("$orderby=category")]
    [InlineData("$orderby=activityDateTime,id")]
    [InlineData("$skip=10001")]
    public async Task Audit_events_say_what_they_cannot_be_asked(string options)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, $"{Events}?{options}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Audit events", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_events_are_for_those_who_may_read_the_activity()
    {
        foreach (var (role, status) in new[] { (Roles.Auditor, HttpStatusCode.OK), (Roles.Helpdesk, HttpStatusCode.OK), (Roles.Assigner, HttpStatusCode.Forbidden) })
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, Events, role: role);
            Assert.Equal(status, answer.StatusCode);
        }

        using var missing = await _api.SendAsync(HttpMethod.Get, $"{Events}/987654321");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    private static List<string> IdsOf(System.Text.Json.JsonElement page) => [.. page.GetProperty("value").EnumerateArray().Select(e => e.GetProperty("id").GetString()!)];

    [Fact]
    public async Task Counts_of_all_tokens_are_read_again_at_one_request()
    {
        // A run that is under way would be written back as it began.
        await _api.QuietAsync();
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        // By hand, a token is synced once a minute at most.
        foreach (var run in await db.SyncRuns.ToListAsync())
        {
            db.Entry(run).Property(r => r.StartedAt).CurrentValue = run.StartedAt.AddHours(-1);
        }

        await db.SaveChangesAsync();
        var before = await db.SyncRuns.MaxAsync(r => r.Id);
        using var answer = await _api.SendAsync(HttpMethod.Post, "/beta/deviceAppManagement/vppTokens/syncLicenseCounts", role: Roles.Helpdesk);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await _api.QuietAsync();
        var made = await db.SyncRuns.AsNoTracking().SingleAsync(r => r.Id > before);
        Assert.Equal((SyncReason.Manual, SyncResult.Succeeded), (made.Reason, made.Result));
        var token = await _api.ReadAsync($"{Manage}/vppTokens/{house.Token.Id}");
        Assert.Equal(("completed", made.StartedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)), (token.GetProperty("lastSyncStatus").GetString(), token.GetProperty("lastSyncDateTime").GetString()));
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
