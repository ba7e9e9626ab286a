using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Activities;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;
using VppBooks.Web.Api.Graph;

namespace VppBooks.Tests.Api;

/// <summary>Small promises of the parity paper about what is read and how it is asked for.</summary>
[Collection(SyncedApi.Name)]
public sealed class GraphReadingTests(SyncedHouse house)
{
    private const string Manage = "/v1.0/deviceAppManagement";
    private readonly ApiHouse _api = house.Api;

    [Theory]
    [InlineData("vppTokens?$select=id,colour", "colour", "microsoft.graph.vppToken")]
    [InlineData("managedEBooks?$select=weight", "weight", "microsoft.graph.iosVppEBook")]
    [InlineData("managedEBooks?$expand=assignments($select=who)", "who", "microsoft.graph.managedEBookAssignment")]
    [InlineData("managedEBookCategories?$select=size", "size", "microsoft.graph.managedEBookCategory")]
    [InlineData("?$select=size", "size", "microsoft.graph.deviceAppManagement")]
    public async Task Refused_select_names_the_property_and_the_type(string query, string property, string type)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, $"{Manage}{(query[0] == '?' ? "" : "/")}{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await ApiHouse.ErrorAsync(answer);
        Assert.Equal(("BadRequest", $"Could not find a property named '{property}' on type '{type}'."), (error.GetProperty("code").GetString(), error.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task Quote_in_a_text_is_written_twice()
    {
        var token = $"{Manage}/vppTokens/{house.Token.Id}";
        using var renamed = await _api.SendAsync(HttpMethod.Patch, token, ApiHouse.Json("""{"displayName":"O'Reilly & Co"}"""));
        try
        {
            foreach (var filter in new[] { "displayName eq 'O''Reilly & Co'", "startswith(displayName,'O''')", "displayName in ('x','O''Reilly & Co')" })
            {
                Assert.Single((await _api.ReadAsync($"{Manage}/vppTokens?$filter={Uri.EscapeDataString(filter)}")).GetProperty("value").EnumerateArray());
            }

            using var open = await _api.SendAsync(HttpMethod.Get, $"{Manage}/vppTokens?$filter={Uri.EscapeDataString("displayName eq 'O'Reilly'")}");
            Assert.Equal(HttpStatusCode.BadRequest, open.StatusCode);
        }
        finally
        {
            using var back = await _api.SendAsync(HttpMethod.Patch, token, ApiHouse.Json("""{"displayName":"Noordrand Education"}"""));
        }
    }

    [Fact]
    public async Task One_book_can_be_read_as_what_it_is_and_as_nothing_else()
    {
        var book = (await _api.ReadAsync($"{Manage}/managedEBooks?$top=1&$select=id")).GetProperty("value")[0].GetProperty("id").GetString();

        var plain = await _api.ReadAsync($"{Manage}/managedEBooks/{book}?$select=displayName");
        foreach (var cast in new[] { "microsoft.graph.iosVppEBook", "graph.iosVppEBook" })
        {
            Assert.Equal(plain.ToString(), (await _api.ReadAsync($"{Manage}/managedEBooks/{book}/{cast}?$select=displayName")).ToString());
        }

        using var other = await _api.SendAsync(HttpMethod.Get, $"{Manage}/managedEBooks/{book}/microsoft.graph.androidBook");
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Fact]
    public async Task Links_carry_the_port_that_the_caller_wrote()
    {
        var page = await _api.ReadAsync($"{Manage}/managedEBooks?$top=1", ("Host", "localhost:443"));

        Assert.StartsWith("http://localhost:443/v1.0/", page.GetProperty("@odata.nextLink").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Size_that_was_wished_for_is_told_only_where_it_holds()
    {
        using var wished = await _api.SendAsync(HttpMethod.Get, $"{Manage}/managedEBooks", headers: ("Prefer", "odata.maxpagesize=3"));
        using var overruled = await _api.SendAsync(HttpMethod.Get, $"{Manage}/managedEBooks?$top=5", headers: ("Prefer", "odata.maxpagesize=3"));

        Assert.Equal("odata.maxpagesize=3", Assert.Single(wished.Headers.GetValues("Preference-Applied")));
        Assert.False(overruled.Headers.Contains("Preference-Applied"));
        Assert.Equal(5, JsonDocument.Parse(await overruled.Content.ReadAsStringAsync()).RootElement.GetProperty("value").GetArrayLength());
    }

    [Fact]
    public async Task Assignments_that_are_sent_again_keep_their_ids_whatever_ids_are_sent()
    {
        var book = (await _api.ReadAsync($"{Manage}/managedEBooks?$filter=totalLicenseCount gt 30&$orderby=id desc&$top=1")).GetProperty("value")[0].GetProperty("id").GetString();
        var path = $"{Manage}/managedEBooks/{book}";
        var (first, second) = (_api.GroupId("Class 6A"), _api.GroupId("Class 5A"));
        await AssignAsync([(null, first, "available")]);
        var id = Assert.Single(await IdsAsync()).Key;

        await AssignAsync([(id, first, "required"), (Guid.NewGuid().ToString(), second, "available")]);

        var ids = await IdsAsync();
        Assert.Equal((first, 2), (ids[id], ids.Count));
        await AssignAsync([]);

        async Task AssignAsync((string? Id, Guid Group, string Intent)[] wishes)
        {
            var list = string.Join(',', wishes.Select(w =>
                $$"""{ {{(w.Id is null ? "" : $"\"id\":\"{w.Id}\",")}}"installIntent":"{{w.Intent}}","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{w.Group}}"} }"""));
            using var answer = await _api.SendAsync(HttpMethod.Post, $"{path}/assign", ApiHouse.Json($$"""{"managedEBookAssignments":[{{list}}]}"""));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        async Task<Dictionary<string, Guid>> IdsAsync() => (await _api.ReadAsync($"{path}/assignments")).GetProperty("value").EnumerateArray()
            .ToDictionary(a => a.GetProperty("id").GetString()!, a => a.GetProperty("target").GetProperty("groupId").GetGuid());
    }

    [Fact]
    public async Task Audit_events_tell_a_person_with_a_token_from_a_program()
    {
        var began = Uri.EscapeDataString(TimeProvider.System.GetUtcNow().ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        using var made = await _api.SendAsync(HttpMethod.Post, $"{Manage}/managedEBookCategories", ApiHouse.Json("""{"displayName":"By a person"}"""));
        using var again = await _api.SendAsync(HttpMethod.Post, $"{Manage}/managedEBookCategories", ApiHouse.Json("""{"displayName":"By a program"}"""), await _api.ProgramTokenAsync(GraphPermissions.AppsReadWrite));
        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Created], [made.StatusCode, again.StatusCode]);

        var told = (await _api.ReadAsync($"/beta/deviceManagement/auditEvents?$filter=activityType eq 'category.created' and activityDateTime ge {began}")).GetProperty("value").EnumerateArray()
            .Select(e => e.GetProperty("actor")).ToList();

        Assert.Equal([("Program", "Application"), ("Api", "ItPro")], told.Select(a => (a.GetProperty("type").GetString(), a.GetProperty("auditActorType").GetString())));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.String), (told[0].GetProperty("userId").ValueKind, told[1].GetProperty("userId").ValueKind));
        // Of this person only a display name is known, which is no sign-in name.
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (told[1].GetProperty("userPrincipalName").ValueKind, told[1].GetProperty("applicationId").ValueKind));
    }

    [Theory]
    [InlineData("operation.refused", "Failure")]
    [InlineData("operation.not-sent", "Failure")]
    [InlineData("operation.unknown", "Unknown")]
    [InlineData("operation.accepted", "Success")]
    public void Audit_event_says_how_it_ended(string action, string result) => Assert.Equal(
        result, (string?)AuditEventWire.From(new ActivityEntry { Chain = AuditChain.Events, Id = 1, At = DateTimeOffset.UnixEpoch, Action = action })["activityResult"]);

    [Fact]
    public async Task Actions_and_categories_found_from_name_to_name_are_all_there_are()
    {
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var all = await db.AuditEvents.Select(a => a.Action).ToListAsync();
        var activity = _api.Services.GetRequiredService<ActivityReader>();

        var actions = await activity.ListActionsAsync(CoreHouse.Admin, TestContext.Current.CancellationToken);
        Assert.Equal(all.Distinct().Order(StringComparer.Ordinal), actions);
        foreach (var category in actions.Select(AuditEventWire.CategoryOf).Distinct().Append("loc"))
        {
            var found = await activity.CountEventsAsync(new ActivityQuery { Categories = [category] }, CoreHouse.Admin, TestContext.Current.CancellationToken);
            Assert.Equal(await db.AuditEvents.CountAsync(a => EF.Functions.Like(a.Action, category + ".%")), found);
        }
    }
}
