using System.Net;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>What a change of one assignment must not do to others, nor keep from its caller.</summary>
[Collection(SyncedApi.Name)]
public sealed class AssignmentFaultTests(SyncedHouse house)
{
    private const string Books = "/v1.0/deviceAppManagement/managedEBooks";
    private const string Everybody = """{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}}""";
    private readonly ApiHouse _api = house.Api;

    [Fact]
    public async Task A_change_of_the_target_is_refused_because_the_id_would_name_nothing_any_more()
    {
        var path = $"{Books}/{await BookAsync(3)}/assignments";
        using var made = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(Everybody));
        var one = made.Headers.Location!.ToString();

        using var moved = await _api.SendAsync(HttpMethod.Patch, one, ApiHouse.Json(GroupBody("Class 3A")));

        Assert.Equal(HttpStatusCode.BadRequest, moved.StatusCode);
        var error = await ApiHouse.ErrorAsync(moved);
        Assert.Equal(("TargetFixed", "target"), (error.GetProperty("code").GetString(), error.GetProperty("target").GetString()));
        Assert.Equal("#microsoft.graph.allLicensedUsersAssignmentTarget", (await _api.ReadAsync(one)).GetProperty("target").GetProperty("@odata.type").GetString());
        using var gone = await _api.SendAsync(HttpMethod.Delete, one);
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
    }

    [Fact]
    public async Task A_directory_that_asks_to_wait_is_passed_on_in_whole_seconds()
    {
        var book = await BookAsync(4);
        var gate = _api.Services.GetRequiredService<DirectoryGate>();
        _api.Cloud.Graph.FailNext(1, "/groups", 429, 2.5);

        using var made = await _api.SendAsync(HttpMethod.Post, $"{Books}/{book}/assignments", ApiHouse.Json(GroupBody("Class 6B")));
        using var planned = await _api.SendAsync(HttpMethod.Post, $"/api/books/{book}/plans", ApiHouse.Json($$"""{"managedEBookAssignments":[{{GroupBody("Class 6B")}}]}"""));

        // The others of the house read the directory again.
        await ApiHouse.UntilAsync(() => Task.FromResult(gate.ClosedUntil), until => until is null);
        foreach (var answer in new[] { made, planned })
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.InRange(int.Parse(Assert.Single(answer.Headers.GetValues("Retry-After")), null), 1, 3);
            await ApiHouse.ErrorAsync(answer);
        }
    }

    [Fact]
    public async Task Deleted_groups_keep_nobody_from_changing_the_other_assignments_of_a_book()
    {
        var path = $"{Books}/{await BookAsync(5)}/assignments";
        var (dead, made) = (new[] { "Class 7A", "Class 7B" }, new List<string>());
        foreach (var body in dead.Select(GroupBody).ToList())
        {
            using var one = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(body));
            made.Add(one.Headers.Location!.ToString());
        }

        foreach (var id in dead.Select(_api.GroupId).ToList())
        {
            _api.Cloud.Graph.DeleteGroup(id);
            Assert.NotEqual(GroupState.Active, (await _api.Services.GetRequiredService<GroupReader>().EnsureGroupAsync(id, TestContext.Current.CancellationToken)).State);
        }

        using var good = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(GroupBody("Class 7C")));
        Assert.Equal(HttpStatusCode.Created, good.StatusCode);
        foreach (var one in made.Append(good.Headers.Location!.ToString()))
        {
            using var gone = await _api.SendAsync(HttpMethod.Delete, one);
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        }

        Assert.Empty((await _api.ReadAsync(path)).GetProperty("value").EnumerateArray());
    }

    [Fact]
    public async Task A_directory_that_is_silent_for_long_keeps_no_assignment_in_place()
    {
        var path = $"{Books}/{await BookAsync(6)}/assignments";
        using var made = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(Everybody));
        using var other = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(GroupBody("Class 5A")));
        var health = _api.Services.GetRequiredService<DirectoryHealth>();
        await health.ChangeAsync(s => s.FailingSince = TimeProvider.System.GetUtcNow().AddDays(-2), TestContext.Current.CancellationToken);
        try
        {
            using var more = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(GroupBody("Class 5B")));
            using var less = await _api.SendAsync(HttpMethod.Delete, made.Headers.Location!.ToString());
            Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.NoContent], [more.StatusCode, less.StatusCode]);
        }
        finally
        {
            await health.SucceededAsync(DirectoryKind.Groups, CancellationToken.None);
        }

        using var last = await _api.SendAsync(HttpMethod.Delete, other.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.NoContent, last.StatusCode);
    }

    [Fact]
    public async Task Held_licenses_are_202_with_their_plan_and_neither_their_author_nor_a_program_is_the_second_person()
    {
        var path = $"{Books}/{await BookAsync(7)}/assign";
        var (options, author) = (_api.Services.GetRequiredService<LicenseOptions>(), _api.TokenOf(Roles.Assigner));
        options.ApprovalThreshold = 0;
        try
        {
            using var held = await _api.SendAsync(HttpMethod.Post, path, ApiHouse.Json($$"""{"managedEBookAssignments":[{{GroupBody("Class 5C").Replace("available", "required", StringComparison.Ordinal)}}]}"""), author);
            Assert.Equal(HttpStatusCode.Accepted, held.StatusCode);
            var told = System.Text.Json.JsonDocument.Parse(await held.Content.ReadAsStringAsync()).RootElement.GetProperty("vppBooks");
            var plan = Assert.Single(held.Headers.GetValues("VppBooks-Plan"));
            Assert.Equal((plan, "awaitingApproval"), (told.GetProperty("planId").GetString(), told.GetProperty("planState").GetString()));
            Assert.True(told.GetProperty("licenseCount").GetInt32() > 0);

            var (document, waiting) = (await _api.ReadAsync("/openapi/v1.json"), await _api.ReadAsync("/api/plans/awaiting-approval"));
            Assert.Contains(waiting.GetProperty("value").EnumerateArray(), p => p.GetProperty("planId").GetString() == plan);
            ApiDocumentTests.Validate(document, ApiDocumentTests.SchemaOf(document, "/api/plans/awaiting-approval", "get", "200"), waiting, "awaiting-approval");

            using var own = await _api.SendAsync(HttpMethod.Post, $"/api/plans/{plan}/approve", token: author);
            using var program = await _api.SendAsync(HttpMethod.Post, $"/api/plans/{plan}/approve", token: await _api.ProgramTokenAsync());
            using var rejected = await _api.SendAsync(HttpMethod.Post, $"/api/plans/{plan}/reject");
            Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.OK], [own.StatusCode, program.StatusCode, rejected.StatusCode]);
            Assert.Equal("OwnPlan", (await ApiHouse.ErrorAsync(own)).GetProperty("code").GetString());
            Assert.Equal("PersonNeeded", (await ApiHouse.ErrorAsync(program)).GetProperty("code").GetString());
        }
        finally
        {
            options.ApprovalThreshold = null;
        }
    }

    private string GroupBody(string name) =>
        $$"""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{_api.GroupId(name)}}"} }""";

    private async Task<string> BookAsync(int skip) =>
        (await _api.ReadAsync($"{Books}?$filter=totalLicenseCount gt 30&$orderby=id&$skip={skip}&$top=1")).GetProperty("value")[0].GetProperty("id").GetString()!;
}
