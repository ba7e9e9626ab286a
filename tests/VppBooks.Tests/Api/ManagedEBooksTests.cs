using System.Net;
using System.Text.Json;
using Microsoft.Graph;
using Microsoft.Graph.DeviceAppManagement.ManagedEBooks.Item.Assign;
using Microsoft.Graph.Models;
using Microsoft.Graph.Models.ODataErrors;

namespace VppBooks.Tests.Api;

/// <summary><c>/deviceAppManagement/managedEBooks</c> as Microsoft's own client sees it.</summary>
[Collection(SyncedApi.Name)]
public sealed class ManagedEBooksTests(SyncedHouse house)
{
    private const string Path = "/v1.0/deviceAppManagement/managedEBooks";
    private readonly ApiHouse _api = house.Api;
    private readonly GraphServiceClient _graph = house.Api.Graph();

    [Fact]
    public async Task Every_book_is_an_iosVppEBook_with_the_counts_of_Apple()
    {
        var books = await AllAsync();

        var atApple = _api.Cloud.Apple.Assets(ApiHouse.Education).ToDictionary(a => (a.AdamId, a.PricingParam));
        Assert.Equal(atApple.Count, books.Count);
        Assert.All(books, book =>
        {
            Assert.Equal(house.Token.Id, book.VppTokenId.ToString());
            Assert.Equal("Noordrand Education", house.Token.AdditionalData["displayName"]);
            Assert.Equal("books@noordrand.example", book.AppleId);
            Assert.NotEmpty(book.DisplayName!);
            Assert.Null(book.LargeCover);
        });
        foreach (var book in (await _api.ReadAsync("/beta/deviceAppManagement/managedEBooks?$top=999")).GetProperty("value").EnumerateArray())
        {
            var ours = book.GetProperty("vppBooks");
            var counts = atApple[(ours.GetProperty("adamId").GetString()!, ours.GetProperty("pricingParam").GetString()!)].Counts;
            Assert.Equal(counts.Assigned, book.GetProperty("usedLicenseCount").GetInt32());
            var unlimited = ours.GetProperty("unlimited").GetBoolean();
            Assert.Equal(unlimited ? counts.Assigned : counts.Total, book.GetProperty("totalLicenseCount").GetInt32());
        }
    }

    [Fact]
    public async Task One_book_comes_with_its_cover()
    {
        var listed = (await AllAsync()).First(b => b.Genres?.Count > 0);

        var book = Assert.IsType<IosVppEBook>(await _graph.DeviceAppManagement.ManagedEBooks[listed.Id].GetAsync());

        Assert.Equal(listed.DisplayName, book.DisplayName);
        Assert.Equal(listed.TotalLicenseCount, book.TotalLicenseCount);
        Assert.StartsWith("image/", book.LargeCover!.Type, StringComparison.Ordinal);
        Assert.NotEmpty(book.LargeCover.Value!);
        Assert.NotEmpty(book.Publisher!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_follow_each_other_without_gap_or_repeat(bool byHeader)
    {
        var all = await AllAsync();
        var requests = 0;
        var first = await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r =>
        {
            r.QueryParameters.Count = true;
            if (byHeader)
            {
                r.Headers.Add("Prefer", "odata.maxpagesize=3");
            }
            else
            {
                r.QueryParameters.Top = 3;
            }
        });
        Assert.Equal(3, first!.Value!.Count);
        Assert.Equal(all.Count, first.OdataCount);
        Assert.StartsWith(_api.Address.ToString(), first.OdataNextLink, StringComparison.Ordinal);

        var walked = new List<string?>();
        var iterator = PageIterator<ManagedEBook, ManagedEBookCollectionResponse>.CreatePageIterator(
            _graph,
            first,
            book =>
            {
                walked.Add(book.Id);
                return true;
            },
            request =>
            {
                requests++;
                if (byHeader)
                {
                    request.Headers.Add("Prefer", "odata.maxpagesize=3");
                }

                return request;
            });
        await iterator.IterateAsync(TestContext.Current.CancellationToken);

        Assert.Equal(all.Select(b => b.Id), walked);
        Assert.InRange(requests, (all.Count / 3) - 1, (all.Count / 3) + 1);
    }

    [Theory]
    [InlineData("displayName,publisher desc")]
    [InlineData("publishedDateTime desc")]
    [InlineData("lastModifiedDateTime,usedLicenseCount desc")]
    [InlineData("vppTokenId,language,genres desc")]
    [InlineData("id desc")]
    [InlineData("totalLicenseCount desc,privacyInformationUrl")]
    public async Task Ordered_pages_follow_each_other_too(string order)
    {
        var whole = await _api.ReadAsync($"{Path}?$top=999&$orderby={order}");
        var walked = new List<string?>();
        for (var next = $"{Path}?$top=4&$skip=2&$orderby={order}"; ;)
        {
            var page = await _api.ReadAsync(next);
            walked.AddRange(page.GetProperty("value").EnumerateArray().Select(b => b.GetProperty("id").GetString()));
            if (!page.TryGetProperty("@odata.nextLink", out var link))
            {
                break;
            }

            next = link.GetString()!;
            Assert.DoesNotContain("$skip=", next, StringComparison.Ordinal);
        }

        Assert.Equal(whole.GetProperty("value").EnumerateArray().Skip(2).Select(b => b.GetProperty("id").GetString()), walked);
    }

    [Fact]
    public async Task Place_in_a_list_is_good_for_that_list_alone()
    {
        var link = (await _api.ReadAsync($"{Path}?$top=1")).GetProperty("@odata.nextLink").GetString()!;
        foreach (var other in new[] { link + "&$orderby=displayName", link + "&$filter=usedLicenseCount ge 0", link[..^4], $"{Path}?$skiptoken=7", $"{Path}/{(await AllAsync())[0].Id}/assignments?$skiptoken=7" })
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, other);

            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("$skiptoken", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("usedLicenseCount lt 0.5", "usedLicenseCount eq 0")]
    [InlineData("usedLicenseCount ge 0.5", "usedLicenseCount gt 0")]
    [InlineData("description eq null", "not (description ne null)")]
    [InlineData("contains(displayName,'%')", "contains(displayName,'_')")]
    [InlineData("privacyInformationUrl eq null", "isof('microsoft.graph.iosVppEBook')")]
    [InlineData("privacyInformationUrl ne null", "isof('microsoft.graph.managedDevice')")]
    [InlineData("publishedDateTime ge 2000-01-01T12:00:00Z", "publishedDateTime gt 2000-01-01T00:00:00Z")]
    [InlineData("totalLicenseCount eq 'ten'", "usedLicenseCount eq 0.5")]
    [InlineData("language gt 'a' or not (language gt 'a')", "id ne null")]
    public async Task Filters_that_say_the_same(string one, string other)
    {
        var counts = new List<int>();
        foreach (var filter in new[] { one, other })
        {
            counts.Add((await _api.ReadAsync($"{Path}?$top=999&$filter={Uri.EscapeDataString(filter)}")).GetProperty("value").GetArrayLength());
        }

        Assert.Equal(counts[0], counts[1]);
    }

    [Theory]
    [InlineData("vppBooks", "$orderby=vppBooks")]
    [InlineData("roleScopeTagIds", "$orderby=displayName,roleScopeTagIds desc")]
    [InlineData("largeCover", "$orderby=largeCover")]
    [InlineData("vppBooks", "$filter=vppBooks eq null")]
    [InlineData("roleScopeTagIds", "$filter=not (roleScopeTagIds eq '0')")]
    [InlineData("largeCover", "$filter=displayName ne null and largeCover ne null")]
    [InlineData("vppBooks", "$filter=contains(vppBooks,'STDQ')")]
    public async Task What_lists_cannot_be_filtered_or_ordered_by_is_refused_and_not_ignored(string property, string option)
    {
        foreach (var path in option[1] == 'f' ? new[] { Path, Path + "/$count" } : [Path])
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, $"{path}?{option}");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal($"{option.Split('=')[0]} cannot use \"{property}\".", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString()!.Replace(" desc", "", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Page_size_of_a_header_is_said_to_be_applied()
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, Path, headers: ("Prefer", "return=minimal, odata.maxpagesize=2000"));

        Assert.Equal("odata.maxpagesize=999", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
    }

    [Theory]
    [InlineData("usedLicenseCount ge 10 and not (totalLicenseCount eq 2147483647)")]
    [InlineData("contains(displayName,'e') or startswith(displayName,'D')")]
    [InlineData("isof('microsoft.graph.iosVppEBook') and publisher ne null")]
    [InlineData("displayName in ('Dune','Book 6478991234')")]
    [InlineData("publishedDateTime lt 2030-12-31T00:00:00Z")]
    public async Task Filter_gives_some_books(string filter)
    {
        var all = await AllAsync();

        var found = await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r =>
        {
            r.QueryParameters.Filter = filter;
            r.QueryParameters.Top = 999;
            r.QueryParameters.Orderby = ["usedLicenseCount desc", "displayName"];
        });
        var rest = await _graph.DeviceAppManagement.ManagedEBooks.Count.GetAsync(r => r.QueryParameters.Filter = $"not ({filter})");

        Assert.NotEmpty(found!.Value!);
        Assert.Equal(all.Count, found.Value!.Count + rest);
        var used = found.Value.Cast<IosVppEBook>().Select(b => b.UsedLicenseCount).ToList();
        Assert.Equal(used.OrderDescending(), used);
    }

    [Fact]
    public async Task Filter_by_token_takes_its_id_with_and_without_quotes()
    {
        foreach (var id in new[] { house.Token.Id, $"'{house.Token.Id}'" })
        {
            Assert.NotEmpty((await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r => r.QueryParameters.Filter = "vppTokenId eq " + id))!.Value!);
            Assert.Empty((await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r => r.QueryParameters.Filter = "vppTokenId ne " + id))!.Value!);
        }
    }

    [Theory]
    [InlineData("/managedEBooks/microsoft.graph.iosVppEBook")]
    [InlineData("/managedEBooks/graph.iosVppEBook")]
    public async Task Cast_gives_the_same_books(string path)
    {
        var cast = await _api.ReadAsync("/beta/deviceAppManagement" + path + "?$select=id,displayName");

        Assert.Equal((await AllAsync()).Count, cast.GetProperty("value").GetArrayLength());
        Assert.Equal(["@odata.type", "id", "displayName"], cast.GetProperty("value")[0].EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Assignments_are_replaced_as_a_whole()
    {
        var book = await LimitedAsync();
        var graph = _graph.DeviceAppManagement.ManagedEBooks[book.Id];
        var offered = new AssignPostRequestBody
        {
            ManagedEBookAssignments =
            [
                new ManagedEBookAssignment { InstallIntent = InstallIntent.Available, Target = new AllLicensedUsersAssignmentTarget() },
                new IosVppEBookAssignment { InstallIntent = InstallIntent.Available, Target = new ExclusionGroupAssignmentTarget { GroupId = _api.GroupId("Class 3A").ToString() } },
                new ManagedEBookAssignment { InstallIntent = InstallIntent.Available, Target = new GroupAssignmentTarget { GroupId = _api.GroupId("Class 3B").ToString() } },
            ],
        };

        await graph.Assign.PostAsync(offered);

        var assignments = (await graph.Assignments.GetAsync())!.Value!;
        Assert.Equal(3, assignments.Count);
        Assert.Single(assignments, a => a.Target is AllLicensedUsersAssignmentTarget);
        Assert.Equal(_api.GroupId("Class 3A").ToString(), Assert.Single(assignments.Select(a => a.Target).OfType<ExclusionGroupAssignmentTarget>()).GroupId);
        var plain = Assert.Single(assignments, a => a.Target is GroupAssignmentTarget and not ExclusionGroupAssignmentTarget);
        Assert.Equal(InstallIntent.Available, plain.InstallIntent);
        Assert.Equal(plain.Id, (await graph.Assignments[plain.Id].GetAsync())!.Id);

        var expanded = await graph.GetAsync(r => r.QueryParameters.Expand = ["assignments($select=id,installIntent)"]);
        Assert.Equal(assignments.Select(a => a.Id), expanded!.Assignments!.Select(a => a.Id));
        Assert.All(expanded.Assignments!, a => Assert.Null(a.Target));
        var listed = await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r =>
        {
            r.QueryParameters.Expand = ["assignments"];
            r.QueryParameters.Filter = $"id eq '{book.Id}'";
        });
        Assert.Equal(3, Assert.Single(listed!.Value!).Assignments!.Count);

        // The long name of the action; nothing left.
        using var emptied = await _api.SendAsync(HttpMethod.Post, $"{Path}/{book.Id}/microsoft.graph.assign", ApiHouse.Json("""{"managedEBookAssignments":[]}"""));
        Assert.Equal(HttpStatusCode.NoContent, emptied.StatusCode);
        Assert.Empty((await graph.Assignments.GetAsync())!.Value!);
        Assert.Equal(book.UsedLicenseCount, ((IosVppEBook)(await graph.GetAsync())!).UsedLicenseCount);
    }

    [Theory]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.deviceAndAppManagementAssignmentTarget"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.allDevicesAssignmentTarget"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.configurationManagerCollectionAssignmentTarget","collectionId":"x"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"uninstall","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{Class 3C}"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"availableWithoutEnrollment","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{Class 3C}"}}""", "BadRequest")]
    [InlineData("""{"target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{Class 3C}"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required"}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":null}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"groupId":"{Class 3C}"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"Class 3C"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":7}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{Class 3C}","deviceAndAppManagementAssignmentFilterId":"1"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","colour":"red","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{Class 3C}"}}""", "BadRequest")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"11111111-2222-4333-8444-555555555555"}}""", "GroupNotFound")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{School iPads}"}}""", "DeviceGroup")]
    [InlineData("""{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{Staff room}"}}""", "GroupNotSecurityEnabled")]
    [InlineData("""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.exclusionGroupAssignmentTarget","groupId":"{Class 3D}"}}""", "SameGroupTwice")]
    [InlineData("7", "BadRequest")]
    public async Task Wrong_assignment_is_named_by_its_place(string assignment, string code)
    {
        var book = await LimitedAsync();
        var given = assignment;
        foreach (var name in new[] { "Class 3C", "Class 3D", "School iPads", "Staff room" })
        {
            given = given.Replace($"{{{name}}}", _api.GroupId(name).ToString(), StringComparison.Ordinal);
        }

        using var answer = await _api.SendAsync(HttpMethod.Post, $"{Path}/{book.Id}/assign", ApiHouse.Json($$$"""
            {"managedEBookAssignments":[{"installIntent":"available","target":{"@odata.type":"microsoft.graph.groupAssignmentTarget","groupId":"{{{_api.GroupId("Class 3D")}}}"}},{{{given}}}]}
            """));

        var error = await ApiHouse.ErrorAsync(answer);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("managedEBookAssignments[1]", error.GetProperty("target").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.DoesNotContain((await _graph.DeviceAppManagement.ManagedEBooks[book.Id].Assignments.GetAsync())!.Value!, a => (a.Target as GroupAssignmentTarget)?.GroupId == _api.GroupId("Class 3D").ToString());
    }

    [Fact]
    public async Task Books_cannot_be_made_changed_or_removed()
    {
        var book = await LimitedAsync();
        var books = _graph.DeviceAppManagement.ManagedEBooks;

        Assert.Equal(400, (await Assert.ThrowsAsync<ODataError>(() => books.PostAsync(new IosVppEBook { DisplayName = "Mine" }))).ResponseStatusCode);
        Assert.Equal(400, (await Assert.ThrowsAsync<ODataError>(() => books[book.Id].PatchAsync(new IosVppEBook { DisplayName = "Mine" }))).ResponseStatusCode);
        Assert.Equal(409, (await Assert.ThrowsAsync<ODataError>(() => books[book.Id].DeleteAsync())).ResponseStatusCode);
    }

    [Fact]
    public async Task Directory_that_cannot_be_read_is_not_the_callers_fault()
    {
        var book = await LimitedAsync();
        _api.Cloud.Graph.ConsentWithdrawn = true;
        try
        {
            using var answer = await _api.SendAsync(HttpMethod.Post, $"{Path}/{book.Id}/assign", ApiHouse.Json($$$"""
                {"managedEBookAssignments":[{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{{_api.GroupId("Year 8")}}}"}}]}
                """));

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal("ServiceUnavailable", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
        }
        finally
        {
            _api.Cloud.Graph.ConsentWithdrawn = false;
        }
    }

    private async Task<List<IosVppEBook>> AllAsync()
    {
        var page = await _graph.DeviceAppManagement.ManagedEBooks.GetAsync(r => r.QueryParameters.Top = 999);
        Assert.Null(page!.OdataNextLink);
        return page.Value!.ConvertAll(Assert.IsType<IosVppEBook>);
    }

    private async Task<IosVppEBook> LimitedAsync() => (await AllAsync()).First(b => b.TotalLicenseCount - b.UsedLicenseCount > 30);
}
