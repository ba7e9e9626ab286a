namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Client config and the claim (reference 2.5, 1.6, 10.7).</summary>
public sealed class ConfigRuleTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;
    private NotificationReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _apple = await SimulatedApple.StartAsync();
        _receiver = await NotificationReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _apple.DisposeAsync();
    }

    [Fact]
    public async Task A_claim_is_absent_until_it_is_set_and_then_on_every_answer()
    {
        Assert.False((await _apple.GetAsync("/assets")).Has("mdmInfo"));

        await _apple.PostAsync("/client/config", new { mdmInfo = new { id = "id-1", name = "VppBooks", metadata = "host" } });

        foreach (var path in new[] { "/client/config", "/assets", "/assignments", "/users" })
        {
            Assert.Equal("id-1", (await _apple.GetAsync(path)).Json.GetProperty("mdmInfo").GetProperty("id").GetString());
        }

        Assert.Equal("id-1", (await _apple.AssociateAsync(["a"], "1")).Json.GetProperty("mdmInfo").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Client_config_tells_the_location()
    {
        var education = await _apple.GetAsync("/client/config");
        _apple.Token = System.Text.Encoding.ASCII.GetString(_apple.Apple.IssueToken(SimulatedApple.Business));
        var business = await _apple.GetAsync("/client/config");
        _apple.Token = System.Text.Encoding.ASCII.GetString(_apple.Apple.IssueToken(SimulatedApple.Library));
        var library = await _apple.GetAsync("/client/config");

        Assert.Equal(("NL", "volumestore", "https://school.apple.com"), (education.Text("countryISO2ACode"), education.Text("defaultPlatform"), education.Text("websiteURL")));
        Assert.Equal(("enterprisestore", "https://business.apple.com"), (business.Text("defaultPlatform"), business.Text("websiteURL")));
        Assert.Equal(("DE", "OtherMDM"), (library.Text("countryISO2ACode"), library.Json.GetProperty("mdmInfo").GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("{\"mdmInfo\":{\"id\":\"1\",\"name\":\"n\"}}", 9723)]
    [InlineData("{\"mdmInfo\":null}", 9723)]
    [InlineData("{\"mdmInfo\":\"text\"}", 9602)]
    [InlineData("{\"notificationUrl\":\"https://books.example/n\"}", 9710)]
    [InlineData("{\"notificationAuthToken\":\"secret\"}", 9710)]
    [InlineData("{\"notificationUrl\":\"http://books.example/n\",\"notificationAuthToken\":\"s\"}", 9712)]
    [InlineData("{\"notificationUrl\":\"https://books.example/n?x=1\",\"notificationAuthToken\":\"s\"}", 9712)]
    [InlineData("{\"notificationUrl\":\"https://u:p@books.example/n\",\"notificationAuthToken\":\"s\"}", 9712)]
    [InlineData("{\"notificationTypes\":[\"EVERYTHING\"]}", 9602)]
    public async Task A_bad_configuration_is_refused_with_its_number(string body, int errorNumber)
    {
        var reply = await _apple.PostTextAsync("/client/config", body);

        Assert.Equal((400, errorNumber), (reply.Status, reply.ErrorNumber));
    }

    [Theory]
    [InlineData(101, 1, 1, 9724)]
    [InlineData(1, 101, 1, 9725)]
    [InlineData(1, 1, 256, 9713)]
    public async Task Claim_parts_have_a_length(int id, int name, int metadata, int errorNumber)
    {
        var reply = await _apple.PostAsync("/client/config", new { mdmInfo = new { id = new string('i', id), name = new string('n', name), metadata = new string('m', metadata) } });

        Assert.Equal(errorNumber, reply.ErrorNumber);
    }

    [Fact]
    public async Task The_notification_address_is_tried_before_it_is_stored()
    {
        var reply = await SubscribeAsync("ASSET_COUNT", "USER_MANAGEMENT");

        Assert.Equal(200, reply.Status);
        Assert.Equal(["ASSET_COUNT", "USER_MANAGEMENT"], reply.List("subscribedNotificationTypes").Select(t => t.GetString()));
        var (authorization, body) = Assert.Single(_receiver.Received);
        Assert.Equal("Bearer secret", authorization);
        Assert.Equal("TEST_NOTIFICATION", body.GetProperty("notificationType").GetString());
        Assert.Equal(SimulatedApple.Education, body.GetProperty("uId").GetString());
    }

    [Fact]
    public async Task An_address_that_does_not_answer_is_9728_and_everything_stays_as_it_was()
    {
        await SubscribeAsync("ASSET_COUNT");
        _receiver.Status = 500;

        var reply = await _apple.PostAsync("/client/config", new
        {
            mdmInfo = new { id = "id-1", name = "VppBooks", metadata = "" },
            notificationUrl = _receiver.Url + "/new",
            notificationAuthToken = "secret",
        });

        Assert.Equal((400, 9728), (reply.Status, reply.ErrorNumber));
        var config = await _apple.GetAsync("/client/config");
        Assert.Equal(_receiver.Url, config.Text("notificationUrl"));
        Assert.False(config.Has("mdmInfo"));
    }

    [Fact]
    public async Task No_test_is_sent_when_neither_address_nor_secret_changes()
    {
        await SubscribeAsync("ASSET_COUNT");

        await SubscribeAsync("USER_ASSOCIATED");

        Assert.Single(_receiver.Received);
        Assert.Equal(["USER_ASSOCIATED"], (await _apple.GetAsync("/client/config")).List("subscribedNotificationTypes").Select(t => t.GetString()));
    }

    [Fact]
    public async Task A_change_can_answer_only_in_part()
    {
        _apple.Switches.ConfigChangeAnswersPartly = true;

        var reply = await _apple.PostAsync("/client/config", new { mdmInfo = new { id = "id-1", name = "VppBooks", metadata = "" } });

        Assert.True(reply.Has("mdmInfo"));
        Assert.False(reply.Has("locationName"));
    }

    [Fact]
    public async Task Another_mdm_takes_the_claim_and_acts()
    {
        await _apple.PostAsync("/client/config", new { mdmInfo = new { id = "id-1", name = "VppBooks", metadata = "host" } });

        _apple.Apple.ClaimByOtherMdm(SimulatedApple.Education, "Elsewhere");
        var claimed = (await _apple.GetAsync("/users")).Json.GetProperty("mdmInfo");
        _apple.Apple.ActAsOtherMdm(SimulatedApple.Education, 50);

        Assert.Equal("Elsewhere", claimed.GetProperty("name").GetString());
        Assert.NotEqual("id-1", claimed.GetProperty("id").GetString());
        Assert.NotEmpty(_apple.Apple.Ledger);
        Assert.All(_apple.Apple.Ledger, e => Assert.Null(e.EventId));
    }

    [Fact]
    public async Task Another_mdm_acts_by_itself_as_time_passes()
    {
        _apple.Switches.OtherMdmActsEvery = TimeSpan.FromSeconds(10);
        var before = (await _apple.GetAsync("/users")).Text("versionId");

        _apple.Apple.ClaimByOtherMdm(SimulatedApple.Education);
        _apple.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.NotEqual(before, (await _apple.GetAsync("/users")).Text("versionId"));
    }

    private Task<Reply> SubscribeAsync(params string[] types) =>
        _apple.PostAsync("/client/config", new { notificationUrl = _receiver.Url, notificationAuthToken = "secret", notificationTypes = types });
}
