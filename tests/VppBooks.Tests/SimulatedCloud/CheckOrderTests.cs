using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 10.2 and the documented refusals of section 5.</summary>
public sealed class CheckOrderTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync();

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task An_unknown_path_is_404_and_a_wrong_method_9726()
    {
        Assert.Equal(404, (await _apple.GetAsync("/books")).Status);
        var wrong = await _apple.GetAsync("/assets/associate");
        Assert.Equal((405, 9726), (wrong.Status, wrong.ErrorNumber));
    }

    [Fact]
    public async Task Service_config_needs_no_token()
    {
        _apple.Token = null;

        var config = await _apple.GetAsync("/service/config");

        Assert.Equal(25, config.Json.GetProperty("limits").GetProperty("maxAssets").GetInt32());
        var urls = config.Json.GetProperty("urls");
        Assert.Contains("%25inviteCode%25", urls.GetProperty("invitationEmail").GetString(), StringComparison.Ordinal);
        Assert.Equal(_apple.Host.AppleBaseUrl + "/assets", urls.GetProperty("getAssets").GetString());
        Assert.Contains(config.List("errorCodes"), e => e.GetProperty("errorNumber").GetInt32() == 9709);
    }

    [Fact]
    public async Task No_header_a_malformed_one_and_an_unknown_token_differ()
    {
        _apple.Token = null;
        var none = await _apple.GetAsync("/assets");
        using var malformed = new HttpRequestMessage(HttpMethod.Get, _apple.Host.AppleBaseUrl + "/assets");
        malformed.Headers.TryAddWithoutValidation("Authorization", "Token abc");
        var wrong = await _apple.SendAsync(malformed);
        _apple.Token = "bm90IGEgdG9rZW4=";
        var unknown = await _apple.GetAsync("/assets");
        _apple.Switches.UnknownTokenAnswersOk = false;
        var strict = await _apple.GetAsync("/assets");

        Assert.Equal((401, 9601), (none.Status, none.ErrorNumber));
        Assert.Equal((401, 9722), (wrong.Status, wrong.ErrorNumber));
        Assert.Equal((200, 9622), (unknown.Status, unknown.ErrorNumber));
        Assert.Equal((401, 9622), (strict.Status, strict.ErrorNumber));
    }

    [Fact]
    public async Task A_token_of_a_reader_may_not_change_anything()
    {
        _apple.Token = System.Text.Encoding.ASCII.GetString(_apple.Apple.IssueToken(SimulatedApple.Education, readOnly: true));

        var change = await _apple.PostAsync("/users/create", new { users = new[] { new { clientUserId = "a" } } });

        Assert.Equal((403, 9637), (change.Status, change.ErrorNumber));
        Assert.Equal(0, (await _apple.GetAsync("/users")).ErrorNumber);
    }

    [Fact]
    public async Task More_requests_than_allowed_in_a_second_get_9646_until_time_passes()
    {
        _apple.Switches.MaxRequestsPerSecond = 15;
        _apple.Switches.ThrottleRetryAfter = 4;
        for (var i = 0; i < 15; i++)
        {
            Assert.Equal(200, (await _apple.GetAsync("/client/config")).Status);
        }

        var refused = await _apple.GetAsync("/client/config");
        _apple.Clock.Advance(TimeSpan.FromMilliseconds(70));
        var allowed = await _apple.GetAsync("/client/config");

        Assert.Equal((429, 9646), (refused.Status, refused.ErrorNumber));
        Assert.Equal(TimeSpan.FromSeconds(4), refused.RetryAfter?.Delta);
        Assert.Equal(200, allowed.Status);
        Assert.Equal(1, _apple.Apple.RequestCounts(SimulatedApple.Education)["9646"]);
    }

    [Theory]
    [InlineData(AppleOutage.Unavailable, 503, 9729)]
    [InlineData(AppleOutage.InternalError, 500, 9603)]
    [InlineData(AppleOutage.HtmlBadGateway, 502, 0)]
    public async Task An_outage_answers_everything_alike(AppleOutage outage, int status, int errorNumber)
    {
        _apple.Switches.Outage = outage;
        _apple.Switches.OutageRetryAfter = 7;

        var reply = await _apple.GetAsync("/service/config");

        Assert.Equal((status, errorNumber), (reply.Status, reply.ErrorNumber));
    }

    [Theory]
    [InlineData("text/plain", "{}", 9727)]
    [InlineData("application/json", "{\"assets\":", 9602)]
    [InlineData("application/json", "[]", 9602)]
    [InlineData("application/json", "{}", 9718)]
    [InlineData("application/json", "{\"assets\":[]}", 9718)]
    [InlineData("application/json", "{\"assets\":[{\"adamId\":\"1\"}]}", 9719)]
    [InlineData("application/json", "{\"assets\":[{\"adamId\":1}],\"clientUserIds\":[\"a\"]}", 9602)]
    [InlineData("application/json", "{\"assets\":[{\"adamId\":\"1\",\"pricingParam\":\"BEST\"}],\"clientUserIds\":[\"a\"]}", 9602)]
    [InlineData("application/json", "{\"assets\":[{\"adamId\":\"1\"},{\"adamId\":\"1\"}],\"clientUserIds\":[\"a\"]}", 9703)]
    [InlineData("application/json", "{\"assets\":[{\"adamId\":\"1\"}],\"clientUserIds\":[\"a\",\"a\"]}", 9704)]
    [InlineData("application/json", "{\"assets\":[{\"adamId\":\"1\"}],\"serialNumbers\":[\"s\",\"s\"]}", 9705)]
    public async Task A_bad_association_is_refused_with_its_number(string contentType, string body, int errorNumber)
    {
        var reply = await _apple.PostTextAsync("/assets/associate", body, contentType);

        Assert.Equal((errorNumber == 9727 ? 415 : 400, errorNumber), (reply.Status, reply.ErrorNumber));
        Assert.Empty(_apple.Apple.Ledger);
    }

    [Theory]
    [InlineData("{}", 9720)]
    [InlineData("{\"users\":[]}", 9720)]
    [InlineData("{\"users\":[{\"email\":\"a@b.nl\"}]}", 9602)]
    [InlineData("{\"users\":[{\"clientUserId\":\"a\"},{\"clientUserId\":\"a\"}]}", 9715)]
    [InlineData("{\"users\":[{\"clientUserId\":\"a\"},{\"clientUserId\":\"b\",\"email\":\"nonsense\"}]}", 9717)]
    public async Task Bad_users_are_refused_with_their_number(string body, int errorNumber)
    {
        var reply = await _apple.PostTextAsync("/users/create", body);

        Assert.Equal((400, errorNumber), (reply.Status, reply.ErrorNumber));
        Assert.Empty(_apple.Apple.Users(SimulatedApple.Education, "a"));
    }

    [Fact]
    public async Task Sizes_are_held_to_todays_limits()
    {
        var limits = _apple.Switches.Limits;
        (limits.MaxAssets, limits.MaxClientUserIds, limits.MaxSerialNumbers, limits.MaxUsers) = (2, 2, 2, 2);
        string[] three = ["1", "2", "3"];
        object Assets(int count) => three.Take(count).Select(id => new { adamId = id, pricingParam = "STDQ" });

        Assert.Equal(9700, (await _apple.PostAsync("/assets/associate", new { assets = Assets(3), clientUserIds = three })).ErrorNumber);
        Assert.Equal(9701, (await _apple.PostAsync("/assets/associate", new { assets = Assets(1), clientUserIds = three })).ErrorNumber);
        Assert.Equal(9702, (await _apple.PostAsync("/assets/associate", new { assets = Assets(1), serialNumbers = three })).ErrorNumber);
        Assert.Equal(9714, (await _apple.PostAsync("/users/create", new { users = three.Select(id => new { clientUserId = id }) })).ErrorNumber);
        Assert.Equal(9701, (await _apple.PostAsync("/assets/revoke", new { clientUserIds = Enumerable.Range(0, 101).Select(i => $"u{i}") })).ErrorNumber);
        Assert.Equal(2, (await _apple.GetAsync("/service/config")).Json.GetProperty("limits").GetProperty("maxAssets").GetInt32());
    }

    [Fact]
    public async Task Requests_are_logged_and_counted()
    {
        await _apple.GetAsync("/assets?pageIndex=0");
        await _apple.GetAsync("/assets?pageIndex=99");

        var last = _apple.Apple.Requests[^1];

        Assert.Equal(("GET", "/mdm/v2/assets", "?pageIndex=99", SimulatedApple.Education, 400, 9650), (last.Method, last.Path, last.Query, last.Location, last.Status, last.ErrorNumber));
        Assert.Equal(2, _apple.Apple.RequestCounts(SimulatedApple.Education)["GET /assets"]);
    }
}
