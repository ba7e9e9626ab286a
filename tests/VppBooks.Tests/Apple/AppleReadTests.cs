using System.Net;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

public sealed class AppleReadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_config_is_read_as_in_the_sample()
    {
        await using var apple = AppleFixture.Answering("""
            {"countryISO2ACode":"NL","defaultPlatform":"enterprisestore","locationName":"Riverside Central",
             "mdmInfo":{"id":"25e1bd89-0efe-4ac4-8e52-ffe93cb0def9","name":"VppBooks","metadata":"books.riverside.example"},
             "notificationAuthToken":"k4Yd0Zx-invented-shared-secret","apnToken":{"unknown":[1]},
             "notificationUrl":"https://books.riverside.example/apple/notify/25e1bd89",
             "subscribedNotificationTypes":["ASSET_COUNT","USER_MANAGEMENT"],
             "tokenExpirationDate":"2027-05-18T10:42:07+0000","uId":3104477120056218,"websiteURL":"https://business.apple.com"}
            """);

        var config = await apple.Client.GetClientConfigAsync(apple.Location, Token);

        Assert.Equal("3104477120056218", config.Envelope.UId);
        Assert.Equal(new DateTimeOffset(2027, 5, 18, 10, 42, 7, TimeSpan.Zero), config.Envelope.TokenExpires);
        Assert.Equal(new MdmInfo("25e1bd89-0efe-4ac4-8e52-ffe93cb0def9", "VppBooks", "books.riverside.example"), config.Envelope.MdmInfo);
        Assert.Equal(("Riverside Central", "NL", "enterprisestore", "https://business.apple.com"), (config.LocationName, config.CountryIso2ACode, config.DefaultPlatform, config.WebsiteUrl));
        Assert.Equal(["ASSET_COUNT", "USER_MANAGEMENT"], config.SubscribedNotificationTypes);
        var sent = Assert.Single(apple.Sent);
        Assert.Equal("GET https://vpp.itunes.apple.com/mdm/v2/client/config", $"{sent.Method} {sent.Address}");
        Assert.Equal(["Bearer " + Tokens.Text], sent.Headers["Authorization"]);
        Assert.Equal(1, apple.Location.Meter!.Requests);
    }

    [Fact]
    public async Task Service_config_is_asked_without_a_token_and_kept_for_five_minutes()
    {
        await using var apple = new AppleFixture((_, _) => Task.FromResult(AppleFixture.Json(AppleFixture.ServiceConfig)), jumps: false);
        apple.Network.RequestsPerSecond = 15;

        var configs = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => apple.Client.GetServiceConfigAsync(Token)));
        apple.Clock.Advance(TimeSpan.FromMinutes(4.9));
        await apple.Client.GetServiceConfigAsync(Token);

        Assert.Equal(15, configs[0].MaxRequestsPerSecond);
        Assert.Equal((25, 1000, 100), (configs[0].MaxAssets, configs[0].MaxClientUserIds, configs[0].MaxUsers));
        Assert.Empty(Assert.Single(apple.Network.Sent).Headers["Authorization"]);

        apple.Clock.Advance(TimeSpan.FromMinutes(0.2));
        await apple.Client.GetServiceConfigAsync(Token);
        apple.Client.ForgetServiceConfig();
        await apple.Client.GetServiceConfigAsync(Token);
        Assert.Equal(3, apple.Network.Sent.Count);
    }

    [Fact]
    public async Task Unreadable_service_config_leaves_the_published_values()
    {
        await using var apple = new AppleFixture((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadGateway)));
        apple.Network.ScriptsServiceConfig = true;

        var config = await apple.Client.GetServiceConfigAsync(Token);

        Assert.Equal((25, 1000, 100, 15), (config.MaxAssets, config.MaxClientUserIds, config.MaxUsers, config.MaxRequestsPerSecond));
        Assert.Contains("%25inviteCode%25", config.InvitationUrlTemplate);
    }

    [Fact]
    public async Task Assets_are_read_as_in_the_sample()
    {
        await using var apple = AppleFixture.Answering($$"""
            {"assets":[
              {"adamId":"6500000011","assignedCount":12,"availableCount":28,"deviceAssignable":false,"pricingParam":"STDQ","productType":"Book","retiredCount":1,"revocable":false,"supportedPlatforms":["iOS","macOS"],"totalCount":40},
              {"adamId":"6500000013","assignedCount":231,"availableCount":2147483416,"deviceAssignable":false,"pricingParam":"STDQ","productType":"Book","totalCount":2147483647},
              {"adamId":"6500000014","assignedCount":5000000000,"pricingParam":"GOLD","productType":"Scroll","totalCount":null}],
             "unlimitedAssets":[{"adamId":"6500000015","assignedCount":3,"pricingParam":"PLUS","productType":"Book"}],
             "currentPageIndex":0,"size":3,"totalPages":1,{{AppleFixture.Common}},"versionId":"v1"}
            """);
        var rows = new List<Asset>();

        var result = await apple.Client.ReadAssetsAsync(apple.Location, new(ProductType.Book), Collect(rows), null, Token);

        Assert.Equal(
            [
                new Asset(new("6500000011", PricingParam.STDQ), ProductType.Book, 40, 12, 28, 1, false, false, false),
                new Asset(new("6500000013", PricingParam.STDQ), ProductType.Book, 2147483647, 231, 2147483416, 0, true, false, false),
                new Asset(new("6500000014", PricingParam.Unknown), ProductType.Unknown, 0, 5000000000, 0, 0, false, false, false),
                new Asset(new("6500000015", PricingParam.PLUS), ProductType.Book, 0, 3, 0, 0, true, false, false),
            ],
            rows);
        Assert.Equal((true, "v1", 1, 4L), (result.Clean, result.FirstVersionId, result.Pages, result.Rows));
        Assert.Equal("Book", Assert.Single(apple.Sent).Parameter("productType"));
    }

    [Fact]
    public async Task Assignments_ask_for_the_state_of_people_and_keep_retired_ones()
    {
        await using var apple = AppleFixture.Answering($$"""
            {"assignments":[
              {"adamId":"6500000011","pricingParam":"STDQ","clientUserId":"rv-0007","userStatus":"Associated","idHash":"GF2mgTS+lwHx4MCrDmGWPkVmxgE="},
              {"adamId":"6500000011","pricingParam":"STDQ","clientUserId":"rv-0003","userStatus":"Retired"},
              {"adamId":"6500000901","pricingParam":"STDQ","serialNumber":"INVENTED0001"},
              {"adamId":6500000011,"clientUserId":"rv-0009","userStatus":"Frozen"}],
             "currentPageIndex":0,"size":4,"totalPages":1,{{AppleFixture.Common}},"versionId":"v2"}
            """);

        var page = await apple.Client.GetFirstAssignmentsPageAsync(apple.Location, new(SinceVersionId: "v+1"), Token);

        Assert.Equal(
            [
                new Assignment("6500000011", PricingParam.STDQ, "rv-0007", null, VppUserStatus.Associated, "GF2mgTS+lwHx4MCrDmGWPkVmxgE="),
                new Assignment("6500000011", PricingParam.STDQ, "rv-0003", null, VppUserStatus.Retired, null),
                new Assignment("6500000901", PricingParam.STDQ, null, "INVENTED0001", null, null),
                new Assignment("6500000011", PricingParam.Unknown, "rv-0009", null, VppUserStatus.Unknown, null),
            ],
            page.Rows);
        Assert.Equal((0, 1, false, "v2"), (page.Index, page.TotalPages, page.HasNext, page.VersionId));
        var sent = Assert.Single(apple.Sent);
        Assert.Equal(("/mdm/v2/assignments", "true", "v+1"), (sent.Path, sent.Parameter("includeUserState"), sent.Parameter("sinceVersionId")));
        Assert.Null(sent.Parameter("excludeInactiveUsers"));
        Assert.Same(page.Rows[0].AdamId, page.Rows[1].AdamId);
    }

    [Fact]
    public async Task Users_are_read_as_in_the_sample()
    {
        await using var apple = AppleFixture.Answering($$"""
            {"users":[
              {"clientUserId":"rv-0007","email":"ada.reader@riverside.example","idHash":"GF2mgTS+lwHx4MCrDmGWPkVmxgE=","status":"Associated"},
              {"clientUserId":"rv-0008","email":"ben.reader@riverside.example","inviteCode":"d3915844cde56f2dccfd24c7d34d12f0","status":"Registered"},
              {"clientUserId":"rv-0003","status":"Deleted"}],
             "currentPageIndex":0,"size":3,"totalPages":1,{{AppleFixture.Common}},"versionId":"v3"}
            """);
        var rows = new List<VppUserRow>();

        await apple.Client.ReadUsersAsync(apple.Location, new(), Collect(rows), null, Token);

        Assert.Equal(
            [
                new VppUserRow("rv-0007", "ada.reader@riverside.example", VppUserStatus.Associated, null, "GF2mgTS+lwHx4MCrDmGWPkVmxgE="),
                new VppUserRow("rv-0008", "ben.reader@riverside.example", VppUserStatus.Registered, "d3915844cde56f2dccfd24c7d34d12f0", null),
                new VppUserRow("rv-0003", null, VppUserStatus.Deleted, null, null),
            ],
            rows);
    }

    [Fact]
    public async Task Event_status_is_read_with_its_failures()
    {
        await using var apple = AppleFixture.Answering($$$"""
            {"eventStatus":"FAILED","eventType":"ASSOCIATE","numRequested":4,"numCompleted":2,
             "failures":[{"errorNumber":9609,"errorMessage":"(text)","errorInfo":{"clientUserIds":["rv-0008"],"assets":[{"adamId":"6500000011","pricingParam":"PLUS"}]}},{"errorNumber":9709}],
             {{{AppleFixture.Common}}} }
            """);

        var status = await apple.Client.GetEventStatusAsync(apple.Location, "1a42 10fa", Token);

        Assert.Equal((EventState.Failed, "ASSOCIATE", 4, 2), (status.State, status.EventType, status.NumRequested, status.NumCompleted));
        Assert.Equal((9609, "(text)"), (status.Failures[0].ErrorNumber, status.Failures[0].ErrorMessage));
        Assert.Equal(["rv-0008"], status.Failures[0].ClientUserIds);
        Assert.Equal([new AssetKey("6500000011", PricingParam.PLUS)], status.Failures[0].Assets);
        Assert.Empty(status.Failures[1].ClientUserIds);
        Assert.Equal("?eventId=1a42%2010fa", Assert.Single(apple.Sent).Query);
    }

    [Fact]
    public async Task The_claim_is_written_with_all_its_parts()
    {
        await using var apple = AppleFixture.Answering("{" + AppleFixture.Common + "}");

        await apple.Client.SetClientConfigAsync(
            apple.Location with { ExpectedClaimId = "ours" },
            new(new("ours", "VppBooks", "here"), "https://books.example/n", "s+cret", ["ASSET_COUNT"]),
            Token);

        var sent = Assert.Single(apple.Sent);
        Assert.Equal(("POST", "/mdm/v2/client/config", "application/json"), (sent.Method, sent.Path, sent.ContentType));
        Assert.Equal(
            """{"mdmInfo":{"id":"ours","name":"VppBooks","metadata":"here"},"notificationUrl":"https://books.example/n","notificationAuthToken":"s+cret","notificationTypes":["ASSET_COUNT"]}""",
            sent.Body);
    }

    [Theory]
    [InlineData("\"mdmInfo\":{\"id\":\"theirs\",\"name\":\"Other\",\"metadata\":\"x\"},", "theirs")]
    [InlineData("\"mdmInfo\":null,", null)]
    [InlineData("", null)]
    public async Task A_read_that_does_not_carry_our_claim_stops_the_location(string claim, string? seen)
    {
        await using var apple = AppleFixture.Answering($$"""{ {{claim}} "users":[],"totalPages":1,"versionId":"v",{{AppleFixture.Common}} }""");
        var location = apple.Location with { ExpectedClaimId = "ours" };

        var lost = await Assert.ThrowsAsync<ClaimLostException>(() => apple.Client.ReadUsersAsync(location, new(), Collect(new List<VppUserRow>()), null, Token));

        Assert.Equal(seen, lost.Seen?.Id);
        Assert.Equal(seen, (await apple.Client.GetClientConfigAsync(location, Token)).Envelope.MdmInfo?.Id);
    }

    [Fact]
    public async Task An_unreadable_expiry_does_not_fail_the_call()
    {
        await using var apple = AppleFixture.Answering("""{"users":[],"totalPages":0,"size":0,"versionId":"v","tokenExpirationDate":"soon","uId":"1"}""");

        var result = await apple.Client.ReadUsersAsync(apple.Location, new(), Collect(new List<VppUserRow>()), null, Token);

        Assert.Null(result.Envelope.TokenExpires);
        Assert.Contains(apple.Log.Lines, line => line.Id.Id == 1005);
    }

    internal static Func<IReadOnlyList<T>, CancellationToken, ValueTask> Collect<T>(List<T> rows) => (page, _) =>
    {
        rows.AddRange(page);
        return ValueTask.CompletedTask;
    };
}
