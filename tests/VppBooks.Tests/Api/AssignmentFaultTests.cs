using System.Net;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Directory;

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

    private string GroupBody(string name) =>
        $$"""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{_api.GroupId(name)}}"} }""";

    private async Task<string> BookAsync(int skip) =>
        (await _api.ReadAsync($"{Books}?$filter=totalLicenseCount gt 30&$orderby=id&$skip={skip}&$top=1")).GetProperty("value")[0].GetProperty("id").GetString()!;
}
