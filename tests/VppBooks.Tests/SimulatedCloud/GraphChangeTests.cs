using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Graph;
using Microsoft.Kiota.Abstractions.Serialization;
using GroupDelta = Microsoft.Graph.Groups.Delta.DeltaGetResponse;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Following changes with the official client.</summary>
public sealed class GraphChangeTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero));
    private SimulatedMicrosoft _microsoft = null!;
    private GraphServiceClient _graph = null!;

    public async ValueTask InitializeAsync()
    {
        _microsoft = await SimulatedMicrosoft.StartAsync(_clock);
        _microsoft.Entra.TokenLifetime = TimeSpan.FromDays(30);
        _graph = _microsoft.GraphClient();
    }

    public async ValueTask DisposeAsync()
    {
        _graph.Dispose();
        await _microsoft.DisposeAsync();
    }

    [Fact]
    public async Task A_first_round_brings_all_direct_members_and_a_second_only_what_changed()
    {
        var (allPupils, year, class4A, newArrivals) = (Id("All pupils"), Id("Year 4"), Id("Class 4A"), Id("New arrivals"));
        var first = await RoundAsync(await StartAsync(allPupils, year, class4A, newArrivals));
        var leaver = first.Members[class4A][0].Id;
        var deleted = first.Members[class4A][1].Id;
        var joiner = _microsoft.Graph.AddPerson("Zoë", "d'Hondt", "zoe.new");

        _microsoft.Graph.RemoveMember(class4A, leaver);
        _microsoft.Graph.AddMember(class4A, joiner.Id);
        _microsoft.Graph.DeletePerson(deleted);
        _microsoft.Graph.RenameGroup(newArrivals, "Newest arrivals");
        var second = await RoundAsync(await _graph.Groups.Delta.WithUrl(first.DeltaLink).GetAsDeltaGetResponseAsync());
        var third = await RoundAsync(await _graph.Groups.Delta.WithUrl(second.DeltaLink).GetAsDeltaGetResponseAsync());

        Assert.Equal(900, first.Members[allPupils].Count);
        Assert.Equal(4, first.Members[year].Count);
        Assert.All(first.Members[year], member => Assert.Equal("#microsoft.graph.group", member.Type));
        Assert.Empty(first.Members[newArrivals]);
        // The year contains the class; nothing happened to it itself.
        Assert.Equal(new[] { allPupils, class4A, newArrivals }.Order(), second.Members.Keys.Order());
        Assert.Equal((joiner.Id, null), second.Members[class4A].Where(member => member.Removed is null).Select(member => (member.Id, member.Removed)).Single());
        Assert.Contains(second.Members[class4A], member => member.Id == leaver && member.Removed == "deleted");
        Assert.Contains(second.Members[class4A], member => member.Id == deleted && member.Removed == "changed");
        Assert.Equal("Newest arrivals", second.Names[newArrivals]);
        Assert.Null(second.Names[class4A]);
        Assert.Empty(third.Members);
    }

    [Fact]
    public async Task A_large_group_comes_in_pieces_over_several_pages()
    {
        var first = await StartAsync(Id("All pupils"), Id("Staff"));
        Assert.NotNull(first!.OdataNextLink);
        Assert.Null(first.OdataDeltaLink);

        // A change between two pages belongs to the next round, whether or not this one shows it already.
        var leaver = _microsoft.Directory.Groups[Id("Staff")].People.First();
        _microsoft.Graph.RemoveMember(Id("Staff"), leaver);
        var whole = await RoundAsync(first);
        var next = await RoundAsync(await _graph.Groups.Delta.WithUrl(whole.DeltaLink).GetAsDeltaGetResponseAsync());

        Assert.Equal(900, whole.Members[Id("All pupils")].DistinctBy(member => member.Id).Count());
        Assert.Equal(leaver, Assert.Single(next.Members[Id("Staff")]).Id);
    }

    [Fact]
    public async Task A_deleted_group_is_reported_and_only_a_restorable_one_is_in_the_bin()
    {
        var (security, unified) = (Id("New arrivals"), Id("Staff room"));
        var first = await RoundAsync(await StartAsync(security, unified));

        _microsoft.Graph.DeleteGroup(security);
        _microsoft.Graph.DeleteGroup(unified);
        var second = await RoundAsync(await _graph.Groups.Delta.WithUrl(first.DeltaLink).GetAsDeltaGetResponseAsync());

        Assert.Equal("deleted", second.Removed[security]);
        Assert.Equal("changed", second.Removed[unified]);
        Assert.IsType<Microsoft.Graph.Models.Group>(await _graph.Directory.DeletedItems[unified.ToString()].GetAsync());
        await Assert.ThrowsAsync<Microsoft.Graph.Models.ODataErrors.ODataError>(() => _graph.Directory.DeletedItems[security.ToString()].GetAsync());
        _clock.Advance(TimeSpan.FromDays(31));
        using var expired = await GetAsync($"{_microsoft.BaseUrl}/graph/v1.0/directory/deletedItems/{unified}", _microsoft.GraphToken());
        Assert.Equal(HttpStatusCode.NotFound, expired.StatusCode);
    }

    [Fact]
    public async Task A_delta_link_is_good_for_seven_days_and_then_says_where_to_start_over()
    {
        var first = await RoundAsync(await StartAsync(Id("Class 4A")));
        _clock.Advance(TimeSpan.FromDays(6.9));
        var renewed = await RoundAsync(await _graph.Groups.Delta.WithUrl(first.DeltaLink).GetAsDeltaGetResponseAsync());
        _clock.Advance(TimeSpan.FromDays(0.2));

        using var old = await GetAsync(first.DeltaLink, _microsoft.GraphToken());
        using var young = await GetAsync(renewed.DeltaLink, _microsoft.GraphToken());
        using var again = await GetAsync(old.Headers.Location!.AbsoluteUri, _microsoft.GraphToken());
        _microsoft.Graph.ExpireDeltaTokens();
        using var ordered = await GetAsync(renewed.DeltaLink, _microsoft.GraphToken());

        Assert.Equal(HttpStatusCode.Gone, old.StatusCode);
        Assert.Equal(HttpStatusCode.OK, young.StatusCode);
        Assert.Contains("members@delta", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Gone, ordered.StatusCode);
    }

    [Theory]
    [InlineData("delta")]
    [InlineData("delta()")]
    [InlineData("microsoft.graph.delta()")]
    public async Task Every_spelling_of_delta_is_understood_and_fifty_ids_are_enough(string spelling)
    {
        var address = $"{_microsoft.BaseUrl}/graph/v1.0/groups/{spelling}?$select=id&$filter=";
        var ids = Enumerable.Repeat($"id eq '{Id("Class 4A")}'", 51).ToArray();

        using var fifty = await GetAsync(address + string.Join(" or ", ids[..50]), _microsoft.GraphToken());
        using var more = await GetAsync(address + string.Join(" or ", ids), _microsoft.GraphToken());

        Assert.Equal(HttpStatusCode.OK, fifty.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, more.StatusCode);
    }

    [Fact]
    public async Task People_who_are_renamed_disabled_or_deleted_are_reported()
    {
        var people = _microsoft.Directory.People.Keys.Take(3).ToArray();
        var start = await _graph.Users.Delta.GetAsDeltaGetResponseAsync(request => request.QueryParameters.Select = ["id", "displayName", "accountEnabled"]);
        var count = start!.Value!.Count;
        while (start!.OdataNextLink is { } next)
        {
            start = await _graph.Users.Delta.WithUrl(next).GetAsDeltaGetResponseAsync();
            count += start!.Value!.Count;
        }

        _microsoft.Graph.RenamePerson(people[0], "Anouk", "Öztürk");
        _microsoft.Graph.DisablePerson(people[1]);
        _microsoft.Graph.DeletePerson(people[2]);
        var changed = await _graph.Users.Delta.WithUrl(start.OdataDeltaLink!).GetAsDeltaGetResponseAsync();
        var byId = changed!.Value!.ToDictionary(person => Guid.Parse(person.Id!));

        Assert.Equal(1200, count);
        Assert.Equal(3, byId.Count);
        Assert.Equal("Anouk Öztürk", byId[people[0]].DisplayName);
        Assert.False(byId[people[1]].AccountEnabled);
        Assert.True(byId[people[2]].AdditionalData.ContainsKey("@removed"));
    }

    private Guid Id(string name) => _microsoft.GroupId(name);

    private Task<GroupDelta?> StartAsync(params Guid[] groups) => _graph.Groups.Delta.GetAsDeltaGetResponseAsync(request =>
    {
        request.QueryParameters.Select = ["id", "displayName", "members"];
        request.QueryParameters.Filter = string.Join(" or ", groups.Select(id => $"id eq '{id}'"));
    });

    private async Task<Round> RoundAsync(GroupDelta? page)
    {
        var round = new Round();
        while (true)
        {
            foreach (var group in page!.Value!)
            {
                var id = Guid.Parse(group.Id!);
                round.Names.TryAdd(id, group.DisplayName);
                var members = round.Members.TryGetValue(id, out var known) ? known : round.Members[id] = [];
                if (Reason(group.AdditionalData) is { } reason)
                {
                    round.Removed[id] = reason;
                }

                if (group.AdditionalData.TryGetValue("members@delta", out var value))
                {
                    members.AddRange(((UntypedArray)value).GetValue().Cast<UntypedObject>().Select(Read));
                }
            }

            if (page.OdataNextLink is not { } next)
            {
                round.DeltaLink = page.OdataDeltaLink!;
                return round;
            }

            page = await _graph.Groups.Delta.WithUrl(next).GetAsDeltaGetResponseAsync();
        }
    }

    private static Member Read(UntypedObject member)
    {
        var fields = member.GetValue().ToDictionary(pair => pair.Key, object (pair) => pair.Value);
        return new(Guid.Parse(Text(fields["id"])), Text(fields["@odata.type"]), Reason(fields));
    }

    private static string? Reason(IDictionary<string, object> fields) =>
        fields.TryGetValue("@removed", out var removed) ? Text(((UntypedObject)removed).GetValue()["reason"]) : null;

    private static string Text(object value) => ((UntypedString)value).GetValue()!;

    private static async Task<HttpResponseMessage> GetAsync(string address, string token)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.GetAsync(address);
    }

    private sealed record Member(Guid Id, string Type, string? Removed);

    private sealed class Round
    {
        public Dictionary<Guid, List<Member>> Members { get; } = [];

        public Dictionary<Guid, string?> Names { get; } = [];

        public Dictionary<Guid, string> Removed { get; } = [];

        public string DeltaLink { get; set; } = "";
    }
}
