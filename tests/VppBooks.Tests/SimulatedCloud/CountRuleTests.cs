namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 10.1.</summary>
public sealed class CountRuleTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync();

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task Total_is_assigned_plus_available_for_every_limited_asset()
    {
        var assets = await _apple.GetAsync("/assets");

        var limited = assets.List("assets").Where(a => a.GetProperty("totalCount").GetInt32() != int.MaxValue).ToArray();
        Assert.NotEmpty(limited);
        Assert.All(limited, a => Assert.Equal(a.GetProperty("totalCount").GetInt32(), a.GetProperty("assignedCount").GetInt32() + a.GetProperty("availableCount").GetInt32()));
    }

    [Fact]
    public async Task Assigned_is_the_number_of_assignment_rows_of_retired_users_too()
    {
        _apple.Switches.PageSize = 100_000;
        var rows = (await _apple.GetAsync("/assignments?includeUserState=true")).List("assignments");
        var assets = (await _apple.GetAsync("/assets")).List("assets");

        Assert.Contains(rows, r => r.TryGetProperty("userStatus", out var status) && status.GetString() == "Retired");
        Assert.All(assets, a => Assert.Equal(a.GetProperty("assignedCount").GetInt32(), rows.Count(r => Key(r) == Key(a))));

        static (string?, string?) Key(System.Text.Json.JsonElement row) => (row.GetProperty("adamId").GetString(), row.GetProperty("pricingParam").GetString());
    }

    [Fact]
    public async Task A_purchase_raises_total_and_available()
    {
        _apple.Stock(10);
        _apple.Stock(15);

        var asset = Assert.Single((await _apple.GetAsync($"/assets?adamId={SimulatedApple.NewBook}")).List("assets"));

        Assert.Equal((25, 25), (asset.GetProperty("totalCount").GetInt32(), asset.GetProperty("availableCount").GetInt32()));
        Assert.False(asset.GetProperty("revocable").GetBoolean());
        Assert.False(asset.GetProperty("deviceAssignable").GetBoolean());
    }

    [Fact]
    public async Task A_refund_takes_only_what_is_free()
    {
        _apple.Stock(3);
        await _apple.CreateAsync("a", "b");
        await _apple.FinishAsync(_apple.AssociateAsync(["a", "b"], SimulatedApple.NewBook));

        Assert.False(_apple.Apple.Refund(SimulatedApple.Education, SimulatedApple.NewBook, "STDQ", 2));
        Assert.True(_apple.Apple.Refund(SimulatedApple.Education, SimulatedApple.NewBook, "STDQ", 1));
        Assert.Equal((2, 2, 0), (_apple.Counts().Total, _apple.Counts().Assigned, _apple.Counts().Available));
    }

    [Fact]
    public async Task A_refund_can_be_made_to_take_assigned_licenses()
    {
        _apple.Switches.RefundTakesAssigned = true;
        _apple.Stock(2);
        await _apple.CreateAsync("a", "b");
        await _apple.FinishAsync(_apple.AssociateAsync(["a", "b"], SimulatedApple.NewBook));

        Assert.True(_apple.Apple.Refund(SimulatedApple.Education, SimulatedApple.NewBook, "STDQ", 1));
        Assert.Equal(1, _apple.Counts().Assigned);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unlimited_book_never_runs_out(bool countsDown)
    {
        _apple.Switches.UnlimitedCountsDown = countsDown;
        var asset = (await _apple.GetAsync("/assets?productType=Book")).List("assets").Single(a => a.GetProperty("totalCount").GetInt32() == int.MaxValue);
        var assigned = asset.GetProperty("assignedCount").GetInt32();
        Assert.Equal(countsDown ? int.MaxValue - assigned : int.MaxValue, asset.GetProperty("availableCount").GetInt32());

        await _apple.CreateAsync("a");
        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a"], asset.GetProperty("adamId").GetString()!));

        Assert.Equal("COMPLETE", status.Text("eventStatus"));
    }

    [Fact]
    public async Task Unlimited_assets_come_apart_when_asked_for()
    {
        var apart = await _apple.GetAsync("/assets?productType=Book&unlimited=true");
        var limited = await _apple.GetAsync("/assets?productType=Book&unlimited=false");

        var free = Assert.Single(apart.List("unlimitedAssets"));
        Assert.False(free.TryGetProperty("totalCount", out _));
        Assert.False(limited.Has("unlimitedAssets"));
        Assert.DoesNotContain(limited.List("assets"), a => a.GetProperty("totalCount").GetInt32() == int.MaxValue);
    }

    [Fact]
    public async Task The_two_qualities_of_a_book_are_separate_stocks()
    {
        _apple.Stock(1);
        _apple.Stock(1, pricingParam: "PLUS");
        await _apple.CreateAsync("a");

        await _apple.FinishAsync(_apple.AssociateAsync(["a"], SimulatedApple.NewBook));

        Assert.Equal(0, _apple.Counts().Available);
        Assert.Equal(1, _apple.Counts(pricingParam: "PLUS").Available);
    }

    [Fact]
    public async Task Assets_can_be_filtered_by_kind_and_counts()
    {
        _apple.Stock(7);

        var books = (await _apple.GetAsync("/assets?productType=Book&revocable=false&deviceAssignable=false")).List("assets");
        var apps = (await _apple.GetAsync("/assets?productType=App")).List("assets");
        var unused = (await _apple.GetAsync("/assets?maxAssignedCount=0&minAvailableCount=7&maxAvailableCount=7")).List("assets");

        Assert.All(books, b => Assert.Equal("Book", b.GetProperty("productType").GetString()));
        Assert.NotEmpty(apps);
        Assert.Contains(unused, a => a.GetProperty("adamId").GetString() == SimulatedApple.NewBook);
        Assert.Equal(9602, (await _apple.GetAsync("/assets?productType=Song")).ErrorNumber);
    }

    [Fact]
    public void The_count_of_retired_licenses_stands_outside_the_sum()
    {
        _apple.Stock(4);
        _apple.Apple.SetRetiredCount(SimulatedApple.Education, SimulatedApple.NewBook, "STDQ", 10);

        Assert.Equal((4, 0, 4, 10), (_apple.Counts().Total, _apple.Counts().Assigned, _apple.Counts().Available, _apple.Counts().Retired));
    }
}
