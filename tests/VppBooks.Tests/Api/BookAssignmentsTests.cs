using System.Net;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Graph.Models.ODataErrors;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Assignments one by one, and what is reported of a book's people.</summary>
[Collection(SyncedApi.Name)]
public sealed class BookAssignmentsTests(SyncedHouse house)
{
    private const string Path = "/v1.0/deviceAppManagement/managedEBooks";
    private readonly ApiHouse _api = house.Api;
    private readonly GraphServiceClient _graph = house.Api.Graph();

    [Fact]
    public async Task Assignment_is_made_read_changed_and_removed()
    {
        var book = await BookAsync();
        var assignments = _graph.DeviceAppManagement.ManagedEBooks[book].Assignments;
        var group = _api.GroupId("Class 3A").ToString();

        var made = await assignments.PostAsync(new ManagedEBookAssignment { InstallIntent = InstallIntent.Available, Target = new GroupAssignmentTarget { GroupId = group } });
        var other = await assignments.PostAsync(new ManagedEBookAssignment { InstallIntent = InstallIntent.Available, Target = new AllLicensedUsersAssignmentTarget() });
        Assert.Equal(group, Assert.IsType<GroupAssignmentTarget>(made!.Target).GroupId);
        var twice = await Assert.ThrowsAsync<ODataError>(() => assignments.PostAsync(new ManagedEBookAssignment { InstallIntent = InstallIntent.Required, Target = new GroupAssignmentTarget { GroupId = group } }));
        Assert.Equal((409, "SameGroupTwice"), (twice.ResponseStatusCode, twice.Error!.Code));

        var excluded = await assignments[made.Id].PatchAsync(new ManagedEBookAssignment { Target = new ExclusionGroupAssignmentTarget { GroupId = group } });
        Assert.Equal(made.Id, excluded!.Id);
        Assert.IsType<ExclusionGroupAssignmentTarget>(excluded.Target);
        var back = await assignments[made.Id].PatchAsync(new ManagedEBookAssignment { InstallIntent = InstallIntent.Available, Target = new GroupAssignmentTarget { GroupId = group } });
        Assert.IsNotType<ExclusionGroupAssignmentTarget>(back!.Target);
        Assert.Equal(2, (await assignments.GetAsync())!.Value!.Count);
        Assert.Equal(2, await assignments.Count.GetAsync());
        Assert.Equal(1, await assignments.Count.GetAsync(r => r.QueryParameters.Filter = $"id ne '{made.Id}'"));
        Assert.Equal(404, (await Assert.ThrowsAsync<ODataError>(() => _graph.DeviceAppManagement.ManagedEBooks[Guid.NewGuid().ToString()].Assignments.Count.GetAsync())).ResponseStatusCode);

        await assignments[made.Id].DeleteAsync();
        Assert.Equal(other!.Id, Assert.Single((await assignments.GetAsync())!.Value!).Id);
        await assignments[other.Id].DeleteAsync();
        Assert.Empty((await assignments.GetAsync())!.Value!);
        Assert.Equal(404, (await Assert.ThrowsAsync<ODataError>(() => assignments[other.Id].DeleteAsync())).ResponseStatusCode);
    }

    /// <summary>An assignment has no other properties than Graph's three: what somebody else's copy says of its source would be lost in silence.</summary>
    [Theory]
    [InlineData("source", "direct")]
    [InlineData("sourceId", "")]
    public async Task A_property_that_an_assignment_has_not_is_named_in_the_refusal(string property, string value)
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, $"{Path}/{await BookAsync()}/assignments", ApiHouse.Json(
            $$"""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"},"{{property}}":"{{value}}"}"""));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"'{property}'", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_was_seen_is_changed()
    {
        var book = await BookAsync();
        using var made = await _api.SendAsync(HttpMethod.Post, $"{Path}/{book}/assignments", ApiHouse.Json("""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}}"""));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var (one, seen) = (made.Headers.Location!.ToString(), made.Headers.ETag!.ToString());

        using var same = await _api.SendAsync(HttpMethod.Get, one, headers: ("If-None-Match", seen));
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        using var stale = await _api.SendAsync(HttpMethod.Delete, one, headers: ("If-Match", "W/\"7\""));
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        await ApiHouse.ErrorAsync(stale);
        using var reader = await _api.SendAsync(HttpMethod.Delete, one, role: Roles.Auditor);
        Assert.Equal(HttpStatusCode.Forbidden, reader.StatusCode);
        using var gone = await _api.SendAsync(HttpMethod.Delete, one, headers: ("If-Match", seen));
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
    }

    [Fact]
    public async Task Book_read_before_is_not_sent_again()
    {
        var path = $"{Path}/{await BookAsync()}";

        // Work in the background may change the book between the two.
        var body = await ApiHouse.UntilAsync(
            async () =>
            {
                using var first = await _api.SendAsync(HttpMethod.Get, path);
                using var again = await _api.SendAsync(HttpMethod.Get, path, headers: ("If-None-Match", first.Headers.ETag!.ToString()));
                return again.StatusCode == HttpStatusCode.NotModified ? await again.Content.ReadAsByteArrayAsync() : null;
            },
            answer => answer is not null);

        Assert.Empty(body!);
    }

    [Fact]
    public async Task Every_fault_of_a_list_is_told()
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, $"{Path}/{await BookAsync()}/assign", ApiHouse.Json("""
            {"managedEBookAssignments":[7,{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}},{"installIntent":"uninstall"}]}
            """));

        var details = (await ApiHouse.ErrorAsync(answer)).GetProperty("details").EnumerateArray().Select(d => d.GetProperty("target").GetString());
        Assert.Equal(["managedEBookAssignments[0]", "managedEBookAssignments[2]"], details);
    }

    [Fact]
    public async Task States_tell_of_people_who_were_given_the_book()
    {
        var book = (await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r => r.QueryParameters.Orderby = ["usedLicenseCount desc"]))!.Value![0].Id!;
        var one = _graph.DeviceAppManagement.ManagedEBooks[book];

        var users = (await one.UserStateSummary.GetAsync(r => r.QueryParameters.Expand = ["deviceStates"]))!.Value!;
        var summary = await one.InstallSummary.GetAsync();
        var devices = (await one.DeviceStates.GetAsync())!.Value!;

        Assert.Equal(users.Count, summary!.InstalledUserCount + summary.FailedUserCount + summary.NotInstalledUserCount);
        Assert.Equal(users.Sum(u => u.DeviceStates!.Count), devices.Count);
        Assert.Equal(users.Count, await one.UserStateSummary.Count.GetAsync());
        if (users.FirstOrDefault() is { } user)
        {
            Assert.Equal(user.UserName, (await one.UserStateSummary[user.Id].GetAsync())!.UserName);
        }

        using var written = await _api.SendAsync(HttpMethod.Patch, $"{Path}/{book}/installSummary", ApiHouse.Json("{}"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, written.StatusCode);
        await ApiHouse.ErrorAsync(written);
    }

    [Fact]
    public async Task Licenses_of_books_cannot_be_revoked()
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, $"/beta/deviceAppManagement/vppTokens/{house.Token.Id}/revokeLicenses", ApiHouse.Json("""{"notifyManagedDevices":true}"""));

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("cannot be taken back", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task<string> BookAsync() =>
        (await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r => r.QueryParameters.Filter = "totalLicenseCount gt 30"))!.Value![1].Id!;
}
