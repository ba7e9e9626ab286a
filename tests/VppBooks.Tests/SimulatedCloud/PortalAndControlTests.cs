using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>The page for people and the API for scripts.</summary>
public sealed class PortalAndControlTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync();

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task The_demo_is_as_large_as_it_says()
    {
        var locations = _apple.Apple.Locations;
        var books = locations.SelectMany(l => _apple.Apple.Assets(l.UId).Select(b => (l.UId, Book: b))).ToArray();

        Assert.Equal(["Noordrand Education", "Noordrand Business", "Noordrand Library"], locations.Select(l => l.Name));
        Assert.InRange(books.Select(b => b.Book.AdamId).Distinct().Count(), 55, 65);
        Assert.Single(books, b => b.Book.Counts.Total == int.MaxValue);
        Assert.Single(books.GroupBy(b => b.Book.AdamId), g => g.Select(b => b.UId).Distinct().Count() == 2);
        Assert.Single(books.GroupBy(b => (b.UId, b.Book.AdamId)), g => g.Count() == 2);
        Assert.Contains(books, b => long.Parse(b.Book.AdamId, System.Globalization.CultureInfo.InvariantCulture) > int.MaxValue);
        Assert.InRange(books.Sum(b => b.Book.Counts.Assigned), 3_000, 6_000);
        Assert.NotEmpty((await _apple.GetAsync("/assets?productType=App")).List("assets"));
        Assert.Empty(_apple.Apple.Ledger);
    }

    [Fact]
    public async Task Two_starts_with_one_seed_are_alike()
    {
        await using var twin = await SimulatedApple.StartAsync();
        twin.Token = _apple.Token;

        Assert.Equal((await _apple.GetAsync("/assignments")).Body, (await twin.GetAsync("/assignments")).Body);
        Assert.Equal((await _apple.GetAsync("/users")).Body, (await twin.GetAsync("/users")).Body);
    }

    [Fact]
    public async Task The_page_offers_tokens_and_names_the_manager()
    {
        var page = await _apple.Http.GetStringAsync(_apple.Host.BaseUrl + "/", TestContext.Current.CancellationToken);
        using var token = await _apple.Http.GetAsync($"{_apple.Host.BaseUrl}/portal/locations/{SimulatedApple.Business}/token", TestContext.Current.CancellationToken);

        Assert.Contains("Noordrand Library", page, StringComparison.Ordinal);
        Assert.Contains("OtherMDM", page, StringComparison.Ordinal);
        Assert.Contains("Max Havelaar", page, StringComparison.Ordinal);
        Assert.Equal("sToken_for_Noordrand Business.vpptoken", token.Content.Headers.ContentDisposition?.FileNameStar);
        _apple.Token = await token.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(SimulatedApple.Business, (await _apple.GetAsync("/client/config")).Text("uId"));
    }

    [Fact]
    public async Task Licenses_are_bought_on_the_page()
    {
        var before = _apple.Counts("6478120000").Total;

        await SubmitAsync($"/portal/locations/{SimulatedApple.Education}/buy", ("adamId", "6478120000"), ("pricingParam", "STDQ"), ("licenses", "25"));

        Assert.Equal(before + 25, _apple.Counts("6478120000").Total);
    }

    [Fact]
    public async Task Another_page_may_not_press_the_buttons()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_apple.Host.BaseUrl}/portal/locations/{SimulatedApple.Education}/revoke") { Content = new FormUrlEncodedContent([]) };
        request.Headers.Add("Sec-Fetch-Site", "cross-site");

        using var response = await _apple.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(0, (await _apple.GetAsync("/assets")).ErrorNumber);
    }

    [Fact]
    public async Task An_invitation_is_accepted_on_the_page_behind_its_link()
    {
        await _apple.FinishAsync(_apple.PostAsync("/users/create", new { users = new[] { new { clientUserId = "a", email = "anna@noordrand.example" } } }));
        var code = _apple.Apple.Users(SimulatedApple.Education, "a")[0].InviteCode!;
        var link = (await _apple.GetAsync("/service/config")).Json.GetProperty("urls").GetProperty("invitationEmail").GetString()!.Replace("%25inviteCode%25", code, StringComparison.Ordinal);

        var page = await _apple.Http.GetStringAsync(link, TestContext.Current.CancellationToken);
        var accepted = await SubmitAsync("/invite", ("inviteCode", code), ("account", "anna@icloud.example"));
        var again = await SubmitAsync("/invite", ("inviteCode", code), ("account", "<b>@icloud.example"));

        Assert.Contains("anna@noordrand.example", page, StringComparison.Ordinal);
        Assert.Contains("You are ready", accepted, StringComparison.Ordinal);
        Assert.Contains("not valid any more", again, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>@", again, StringComparison.Ordinal);
        Assert.Equal("Associated", _apple.Apple.Users(SimulatedApple.Education, "a")[0].Status);
    }

    [Fact]
    public async Task Faults_and_switches_are_set_on_the_page()
    {
        await SubmitAsync("/portal/faults", ("fault", "Next request: a gateway's HTML page"));
        Assert.Equal(502, (await _apple.GetAsync("/assets")).Status);

        await SubmitAsync("/portal/switches", ("FreezeEvents", "on"), ("Outage", "Unavailable"));
        Assert.True(_apple.Switches.FreezeEvents);
        Assert.False(_apple.Switches.AssociateRegisteredUsers);
        Assert.Equal(503, (await _apple.GetAsync("/assets")).Status);
    }

    [Fact]
    public async Task A_script_can_do_over_http_what_a_test_does_in_process()
    {
        await ControlAsync("switches", new { eventDelay = "00:00:00", eventTimePerTask = "00:00:00", pageSize = 7 });
        await ControlAsync("buy", new { location = SimulatedApple.Education, adamId = SimulatedApple.NewBook, licenses = 3 });
        await ControlAsync("faults", new { action = "DropAfter", path = "/mdm/v2/assets/associate" });
        await _apple.CreateAsync("a");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _apple.AssociateAsync(["a"], SimulatedApple.NewBook));
        await ControlAsync("refund", new { location = SimulatedApple.Education, adamId = SimulatedApple.NewBook, licenses = 2 });

        var ledger = await ReadAsync("ledger?location=" + SimulatedApple.Education);
        Assert.Equal("Spent", ledger[0].GetProperty("result").GetString());
        Assert.Equal(1, (await ReadAsync($"counts?location={SimulatedApple.Education}&adamId={SimulatedApple.NewBook}")).GetProperty("total").GetInt32());
        Assert.Equal("a", (await ReadAsync($"holders?location={SimulatedApple.Education}&adamId={SimulatedApple.NewBook}"))[0].GetString());
        Assert.Equal(7, (await ReadAsync("state")).GetProperty("switches").GetProperty("pageSize").GetInt32());

        await ControlAsync("claim", new { location = SimulatedApple.Education, name = "Elsewhere" });
        Assert.Equal("Elsewhere", (await _apple.GetAsync("/assets")).Json.GetProperty("mdmInfo").GetProperty("name").GetString());
        await ControlAsync("revoke", new { location = SimulatedApple.Education });
        Assert.Equal(9625, (await _apple.GetAsync("/assets")).ErrorNumber);
        await ControlAsync("clear", new { });
        Assert.Equal(0, (await ReadAsync("requests")).GetArrayLength());
    }

    [Fact]
    public async Task A_misspelled_switch_changes_nothing()
    {
        using var response = await _apple.Http.PostAsJsonAsync(_apple.Host.BaseUrl + "/_sim/switches", new { pageSize = 3, pagesize2 = 4 }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(500, _apple.Switches.PageSize);
    }

    [Fact]
    public async Task The_clock_can_be_moved_over_http()
    {
        var id = (await _apple.PostAsync("/users/create", new { users = new[] { new { clientUserId = "a" } } })).Text("eventId");

        await ControlAsync("clock", new { advance = "00:00:10" });

        Assert.Equal("COMPLETE", (await _apple.GetAsync("/status?eventId=" + id)).Text("eventStatus"));
    }

    private async Task<string> SubmitAsync(string path, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var response = await _apple.Http.PostAsync(_apple.Host.BaseUrl + path, form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task ControlAsync(string path, object body)
    {
        using var response = await _apple.Http.PostAsJsonAsync($"{_apple.Host.BaseUrl}/_sim/{path}", body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private Task<JsonElement> ReadAsync(string path) => _apple.Http.GetFromJsonAsync<JsonElement>($"{_apple.Host.BaseUrl}/_sim/{path}", TestContext.Current.CancellationToken);
}
