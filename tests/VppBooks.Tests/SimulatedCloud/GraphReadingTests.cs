using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Graph;
using Microsoft.Graph.Models.ODataErrors;
using GraphUser = Microsoft.Graph.Models.User;
using UserPage = Microsoft.Graph.Models.UserCollectionResponse;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reading groups, people and devices with the official client.</summary>
public sealed class GraphReadingTests(GraphReadingTests.Shared shared) : IClassFixture<GraphReadingTests.Shared>
{
    private readonly SimulatedMicrosoft _microsoft = shared.Microsoft;
    private readonly GraphServiceClient _graph = shared.Graph;

    [Fact]
    public async Task Groups_are_found_by_the_beginning_of_their_words()
    {
        var found = await _graph.Groups.GetAsync(request =>
        {
            request.QueryParameters.Search = "\"displayName:class 4\"";
            request.QueryParameters.Filter = "securityEnabled eq true";
            request.QueryParameters.Select = ["id", "displayName", "groupTypes", "securityEnabled", "membershipRule", "onPremisesSyncEnabled", "visibility"];
            request.QueryParameters.Orderby = ["displayName"];
            request.QueryParameters.Count = true;
            request.QueryParameters.Top = 3;
            request.Headers.Add("ConsistencyLevel", "eventual");
        });

        Assert.Equal(["Class 4A", "Class 4B", "Class 4C"], found!.Value!.Select(group => group.DisplayName));
        Assert.Equal(4, found.OdataCount);
        Assert.StartsWith(_microsoft.BaseUrl + "/graph/v1.0/groups?", found.OdataNextLink, StringComparison.Ordinal);
        var rest = await _graph.Groups.WithUrl(found.OdataNextLink!).GetAsync(request => request.Headers.Add("ConsistencyLevel", "eventual"));
        Assert.Equal("Class 4D", Assert.Single(rest!.Value!).DisplayName);
        Assert.Null(rest.OdataNextLink);
    }

    [Fact]
    public async Task Search_without_the_consistency_header_is_refused_by_name()
    {
        var error = await Assert.ThrowsAsync<ODataError>(() => _graph.Groups.GetAsync(request => request.QueryParameters.Search = "\"displayName:class\""));

        Assert.Equal(400, error.ResponseStatusCode);
        Assert.Equal("Request_UnsupportedQuery", error.Error!.Code);
        Assert.NotNull(error.Error.InnerError!.RequestId);
        Assert.NotNull(error.Error.InnerError.Date);
    }

    [Theory]
    [InlineData("startswith(displayName,'Class 5')", 4)]
    [InlineData("securityEnabled eq false", 1)]
    [InlineData("groupTypes/any(c:c eq 'DynamicMembership')", 2)]
    [InlineData("displayName eq 'all pupils' or displayName eq 'STAFF'", 2)]
    [InlineData("displayName in ('Year 3','Year 4') and not (description eq null)", 2)]
    [InlineData("(mailEnabled eq true or membershipRule ne null) and securityEnabled eq true", 2)]
    public async Task Filters_mean_what_they_say(string filter, int expected)
    {
        var found = await _graph.Groups.GetAsync(request =>
        {
            request.QueryParameters.Filter = filter;
            request.QueryParameters.Count = true;
            request.Headers.Add("ConsistencyLevel", "eventual");
        });

        Assert.Equal(expected, found!.Value!.Count);
    }

    [Fact]
    public async Task Transitive_members_come_in_pages_each_person_once()
    {
        var pages = 0;
        var people = new List<GraphUser>();
        var first = await TransitiveUsersAsync("Noordrand Schools", 200);
        Assert.Equal(1190, first!.OdataCount);
        var iterator = PageIterator<GraphUser, UserPage>.CreatePageIterator(
            _graph,
            first,
            person =>
            {
                people.Add(person);
                return true;
            },
            request =>
            {
                // The client forgets the header from page to page, and Graph insists on it.
                request.Headers.Add("ConsistencyLevel", "eventual");
                pages++;
                return request;
            });
        await iterator.IterateAsync();

        // 900 pupils and 290 others; the ten guests are in no school group.
        Assert.Equal(1190, people.Select(person => person.Id).Distinct().Count());
        Assert.Equal(1190, people.Count);
        Assert.Equal(5, pages);
        Assert.Contains(people, person => person.AccountEnabled == false);
        Assert.Contains(people, person => person.OnPremisesExtensionAttributes?.ExtensionAttribute1?.EndsWith("@appleid.noordrand.example", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Groups_that_contain_each_other_end()
    {
        var members = await TransitiveUsersAsync("Book club", 999);
        var all = await _graph.Groups[_microsoft.GroupId("Book club").ToString()].TransitiveMembers.GetAsync();

        Assert.Equal(24, members!.Value!.Count);
        Assert.Equal(25, all!.Value!.Count);
        Assert.Equal("Book club committee", Assert.Single(all.Value.OfType<Microsoft.Graph.Models.Group>()).DisplayName);
    }

    [Fact]
    public async Task A_page_goes_on_where_it_stopped_although_people_left_meanwhile()
    {
        var group = _microsoft.GroupId("All pupils");
        var first = await TransitiveUsersAsync("All pupils", 500);
        _microsoft.Graph.RemoveMember(group, Guid.Parse(first!.Value![0].Id!));

        var second = await _graph.Groups[group.ToString()].TransitiveMembers.GraphUser.WithUrl(first.OdataNextLink!)
            .GetAsync(request => request.Headers.Add("ConsistencyLevel", "eventual"));

        _microsoft.Graph.AddMember(group, Guid.Parse(first.Value[0].Id!));
        Assert.Equal(400, second!.Value!.Count);
    }

    [Fact]
    public async Task A_cast_without_header_or_count_and_a_page_too_large_are_refused()
    {
        var id = _microsoft.GroupId("Class 4A").ToString();

        var cast = await Assert.ThrowsAsync<ODataError>(() => _graph.Groups[id].TransitiveMembers.GraphUser.GetAsync());
        var page = await Assert.ThrowsAsync<ODataError>(() => _graph.Groups[id].Members.GetAsync(request => request.QueryParameters.Top = 1000));
        var gone = await Assert.ThrowsAsync<ODataError>(() => _graph.Groups[Guid.NewGuid().ToString()].GetAsync());
        var segment = await Assert.ThrowsAsync<ODataError>(() => _graph.Sites.GetAsync());

        Assert.Equal("Request_UnsupportedQuery", cast.Error!.Code);
        Assert.Equal("Request_BadRequest", page.Error!.Code);
        Assert.Equal((404, "Request_ResourceNotFound"), (gone.ResponseStatusCode, gone.Error!.Code));
        Assert.Equal((400, "BadRequest"), (segment.ResponseStatusCode, segment.Error!.Code));
    }

    [Fact]
    public async Task A_person_has_few_properties_unless_more_are_selected()
    {
        var plain = await _graph.Users["reader@noordrand.example"].GetAsync();
        var asked = await _graph.Users[plain!.Id].GetAsync(request => request.QueryParameters.Select = ["id", "accountEnabled", "userType", "onPremisesExtensionAttributes"]);

        Assert.Equal("Emma van 't Hof", plain.DisplayName);
        Assert.Null(plain.AccountEnabled);
        Assert.True(asked!.AccountEnabled);
        Assert.Null(asked.DisplayName);
        Assert.Equal("emma.vanthof@appleid.noordrand.example", asked.OnPremisesExtensionAttributes!.ExtensionAttribute1);
    }

    [Fact]
    public async Task Devices_say_whose_they_are_and_which_have_the_books_app()
    {
        var devices = await _graph.DeviceManagement.ManagedDevices.GetAsync(request =>
        {
            request.QueryParameters.Filter = "operatingSystem eq 'iOS' or operatingSystem eq 'iPadOS'";
            request.QueryParameters.Select = ["id", "userId", "deviceEnrollmentType", "managedDeviceOwnerType", "isSupervised", "lastSyncDateTime"];
        });
        var books = await _graph.DeviceManagement.DetectedApps.GetAsync(request => request.QueryParameters.Filter = "displayName eq 'Books'");
        var holders = await _graph.DeviceManagement.DetectedApps[books!.Value![0].Id].ManagedDevices.GetAsync();
        var owned = devices!.Value!.First(device => device.UserId!.Length > 0);
        var own = await _graph.Users[owned.UserId].ManagedDevices.GetAsync();

        Assert.Contains(devices.Value!, device => device is { UserId: "", DeviceEnrollmentType: Microsoft.Graph.Models.DeviceEnrollmentType.AppleBulkWithoutUser });
        Assert.Contains(devices.Value!, device => device is { ManagedDeviceOwnerType: Microsoft.Graph.Models.ManagedDeviceOwnerType.Personal, IsSupervised: false });
        Assert.All(books.Value, app => Assert.True(app.DeviceCount > 0));
        Assert.Equal(books.Value[0].DeviceCount, holders!.Value!.Count);
        Assert.Contains(own!.Value!, device => device.Id == owned.Id);
    }

    [Fact]
    public async Task A_request_needs_a_token_of_the_right_kind()
    {
        using var client = new HttpClient();
        var address = _microsoft.BaseUrl + "/graph/beta/groups";

        using var without = await client.GetAsync(address);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "nonsense");
        using var nonsense = await client.GetAsync(address);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _microsoft.GraphToken());
        using var good = await client.GetAsync(address);

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal("Bearer", without.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal("InvalidAuthenticationToken", (await nonsense.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    private Task<UserPage?> TransitiveUsersAsync(string group, int top) =>
        _graph.Groups[_microsoft.GroupId(group).ToString()].TransitiveMembers.GraphUser.GetAsync(request =>
        {
            request.QueryParameters.Select = ["id", "userPrincipalName", "mail", "displayName", "accountEnabled", "userType", "employeeId", "onPremisesExtensionAttributes"];
            request.QueryParameters.Top = top;
            request.QueryParameters.Count = true;
            request.Headers.Add("ConsistencyLevel", "eventual");
        });

    public sealed class Shared : IAsyncLifetime
    {
        internal SimulatedMicrosoft Microsoft { get; private set; } = null!;

        internal GraphServiceClient Graph { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Microsoft = await SimulatedMicrosoft.StartAsync();
            Graph = Microsoft.GraphClient();
        }

        public async ValueTask DisposeAsync()
        {
            Graph.Dispose();
            await Microsoft.DisposeAsync();
        }
    }
}
