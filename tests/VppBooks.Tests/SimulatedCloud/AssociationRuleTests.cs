using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 10.3.</summary>
public sealed class AssociationRuleTests : IAsyncLifetime
{
    private const string Book = SimulatedApple.NewBook;

    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync()
    {
        _apple = await SimulatedApple.StartAsync();
        _apple.Stock(3);
        await _apple.CreateAsync("a", "b", "c", "d", "e");
    }

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task A_license_goes_from_the_stock_to_the_person_and_into_the_ledger()
    {
        var accepted = await _apple.AssociateAsync(["a"], Book);
        Assert.Equal(3, _apple.Counts().Available);

        _apple.Clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((1, 2), (_apple.Counts().Assigned, _apple.Counts().Available));
        var entry = Assert.Single(_apple.Apple.Ledger);
        Assert.Equal((Book, "STDQ", "a", accepted.Text("eventId"), SpendResult.Spent), (entry.AdamId, entry.PricingParam, entry.Target, entry.EventId, entry.Result));
        Assert.Equal(1, _apple.Apple.CountAssociatePosts());
    }

    [Fact]
    public async Task A_registered_person_can_be_refused_by_switch()
    {
        _apple.Switches.AssociateRegisteredUsers = false;

        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        Assert.Equal("FAILED", status.Text("eventStatus"));
        Assert.Equal(9609, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
    }

    [Fact]
    public async Task Every_task_of_an_unknown_user_fails_and_the_others_succeed()
    {
        _apple.Stock(5, "9000000002");
        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a", "nobody"], Book, "9000000002"));

        Assert.Equal((4, 2), (status.Number("numRequested"), status.Number("numCompleted")));
        var failure = Assert.Single(status.List("failures"));
        Assert.Equal("nobody", failure.GetProperty("errorInfo").GetProperty("clientUserIds")[0].GetString());
    }

    [Fact]
    public async Task An_unknown_user_can_refuse_the_whole_request_by_switch()
    {
        _apple.Switches.UnknownUserRefusesAtOnce = true;

        var reply = await _apple.AssociateAsync(["a", "nobody"], Book);

        Assert.Equal((400, 9609), (reply.Status, reply.ErrorNumber));
        Assert.Empty(_apple.Apple.Ledger);
    }

    [Fact]
    public async Task A_retired_user_gets_nothing()
    {
        await _apple.FinishAsync(_apple.PostAsync("/users/retire", new { users = new[] { new { clientUserId = "a" } } }));

        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        Assert.Equal(9609, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
    }

    [Fact]
    public async Task An_asset_that_is_not_owned_fails_its_tasks_or_by_switch_the_request()
    {
        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a"], "9000000099"));
        _apple.Switches.UnownedAssetRefusesAtOnce = true;
        var refused = await _apple.AssociateAsync(["a"], "9000000099");

        Assert.Equal(9709, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
        Assert.Equal(9602, refused.ErrorNumber);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exactly_as_many_succeed_as_licenses_exist(bool shuffled)
    {
        _apple.Switches.ShuffleTasks = shuffled;

        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a", "b", "c", "d", "e"], Book));

        Assert.Equal(("FAILED", 5, 3), (status.Text("eventStatus"), status.Number("numRequested"), status.Number("numCompleted")));
        var failure = Assert.Single(status.List("failures"));
        Assert.Equal(9709, failure.GetProperty("errorNumber").GetInt32());
        Assert.Equal(2, failure.GetProperty("errorInfo").GetProperty("clientUserIds").GetArrayLength());
        Assert.Equal(3, _apple.Apple.Holders(SimulatedApple.Education, Book).Count);
        Assert.Equal(0, _apple.Counts().Available);
    }

    [Fact]
    public async Task Giving_a_book_again_uses_no_license()
    {
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        Assert.Equal("COMPLETE", status.Text("eventStatus"));
        Assert.Equal(1, _apple.Counts().Assigned);
        Assert.Equal([SpendResult.Spent, SpendResult.AlreadyHeld], _apple.Apple.Ledger.Select(e => e.Result));
    }

    [Fact]
    public async Task Giving_a_book_again_can_fail_with_9616_by_switch()
    {
        _apple.Switches.RepeatedAssociationFails = true;
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        var status = await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        Assert.Equal(9616, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
    }

    [Fact]
    public async Task The_other_quality_uses_a_license_of_its_own()
    {
        _apple.Stock(1, pricingParam: "PLUS");
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        await _apple.FinishAsync(_apple.PostAsync("/assets/associate", new { assets = new[] { new { adamId = Book, pricingParam = "PLUS" } }, clientUserIds = new[] { "a" } }));

        Assert.Equal(1, _apple.Counts(pricingParam: "PLUS").Assigned);
    }

    [Fact]
    public async Task A_book_for_a_device_is_refused_and_nothing_is_done()
    {
        var reply = await _apple.PostAsync("/assets/associate", new { assets = new[] { new { adamId = Book, pricingParam = "STDQ" } }, clientUserIds = new[] { "a" }, serialNumbers = new[] { "S1" } });
        _apple.Apple.FinishEvents();

        Assert.Equal((400, 9707), (reply.Status, reply.ErrorNumber));
        Assert.Empty(_apple.Apple.Ledger);
    }

    [Fact]
    public async Task A_book_cannot_be_taken_back()
    {
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], Book));

        var disassociated = await _apple.PostAsync("/assets/disassociate", new { assets = new[] { new { adamId = Book, pricingParam = "STDQ" } }, clientUserIds = new[] { "a" } });
        var revoked = await _apple.FinishAsync(_apple.PostAsync("/assets/revoke", new { clientUserIds = new[] { "a" } }));

        Assert.Equal((400, 9706), (disassociated.Status, disassociated.ErrorNumber));
        Assert.Equal("COMPLETE", revoked.Text("eventStatus"));
        Assert.Equal(1, _apple.Counts().Assigned);
    }

    [Fact]
    public async Task An_app_comes_back_from_a_device()
    {
        var app = (await _apple.GetAsync("/assets?productType=App&unlimited=false")).List("assets")[0].GetProperty("adamId").GetString()!;
        var before = _apple.Counts(app).Assigned;
        var body = new { assets = new[] { new { adamId = app, pricingParam = "STDQ" } }, serialNumbers = new[] { "TESTSERIAL1" } };

        await _apple.FinishAsync(_apple.PostAsync("/assets/associate", body));
        Assert.Equal(before + 1, _apple.Counts(app).Assigned);
        await _apple.FinishAsync(_apple.PostAsync("/assets/disassociate", body));
        var again = await _apple.FinishAsync(_apple.PostAsync("/assets/disassociate", body));

        Assert.Equal(before, _apple.Counts(app).Assigned);
        Assert.Equal("COMPLETE", again.Text("eventStatus"));
    }
}
