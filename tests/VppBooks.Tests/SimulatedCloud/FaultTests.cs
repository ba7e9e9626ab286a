using System.Diagnostics;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>The fault scripts.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private const string Associate = "/mdm/v2/assets/associate";

    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync()
    {
        _apple = await SimulatedApple.StartAsync();
        _apple.Stock(100);
        await _apple.CreateAsync("a", "b", "c", "d");
    }

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task The_third_post_is_accepted_and_then_the_connection_breaks()
    {
        _apple.Apple.Faults.Add(new Fault { Action = FaultAction.DropAfter, Method = "POST", Path = Associate, Nth = 3 });

        await _apple.AssociateAsync(["a"], SimulatedApple.NewBook);
        await _apple.AssociateAsync(["b"], SimulatedApple.NewBook);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _apple.AssociateAsync(["c"], SimulatedApple.NewBook));
        await _apple.AssociateAsync(["d"], SimulatedApple.NewBook);
        _apple.Apple.FinishEvents();

        Assert.Equal(["a", "b", "c", "d"], _apple.Apple.Holders(SimulatedApple.Education, SimulatedApple.NewBook));
        Assert.Equal(4, _apple.Apple.CountAssociatePosts());
        Assert.Equal((0, FaultAction.DropAfter), (_apple.Apple.Requests[^2].Status, _apple.Apple.Requests[^2].Fault));
    }

    [Fact]
    public async Task A_drop_before_has_no_effect()
    {
        _apple.Apple.Faults.Add(new Fault { Action = FaultAction.Drop, Path = Associate });

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _apple.AssociateAsync(["a"], SimulatedApple.NewBook));
        _apple.Apple.FinishEvents();

        Assert.Empty(_apple.Apple.Holders(SimulatedApple.Education, SimulatedApple.NewBook));
    }

    [Theory]
    [InlineData(FaultAction.Unavailable, 503, 9729)]
    [InlineData(FaultAction.TooManyRequests, 429, 9646)]
    [InlineData(FaultAction.HtmlBadGateway, 502, 0)]
    [InlineData(FaultAction.Error, 500, 9603)]
    [InlineData(FaultAction.ErrorInOk, 200, 9603)]
    public async Task A_refusal_has_no_effect(FaultAction action, int status, int errorNumber)
    {
        _apple.Apple.Faults.Add(new Fault { Action = action, Path = Associate, RetryAfter = "7" });

        var reply = await _apple.AssociateAsync(["a"], SimulatedApple.NewBook);
        _apple.Apple.FinishEvents();

        Assert.Equal((status, errorNumber), (reply.Status, reply.ErrorNumber));
        Assert.Equal(TimeSpan.FromSeconds(7), reply.RetryAfter?.Delta);
        Assert.Empty(_apple.Apple.Ledger);
    }

    [Theory]
    [InlineData(FaultAction.ErrorAfter, 500)]
    [InlineData(FaultAction.HtmlBadGatewayAfter, 502)]
    [InlineData(FaultAction.EmptyBody, 200)]
    [InlineData(FaultAction.TruncatedBody, 200)]
    [InlineData(FaultAction.WrongTypes, 200)]
    [InlineData(FaultAction.WithoutEventId, 200)]
    public async Task An_answer_that_is_spoiled_took_effect(FaultAction action, int status)
    {
        _apple.Apple.Faults.Add(new Fault { Action = action, Path = Associate });

        var reply = await _apple.AssociateAsync(["a"], SimulatedApple.NewBook);
        _apple.Apple.FinishEvents();

        Assert.Equal(status, reply.Status);
        Assert.DoesNotContain("\"eventId\":\"", action == FaultAction.TruncatedBody ? "" : reply.Body, StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single(_apple.Apple.Ledger).Target);
    }

    [Fact]
    public async Task A_huge_body_is_larger_than_ten_megabytes_and_still_json()
    {
        _apple.Apple.Faults.Add(new Fault { Action = FaultAction.HugeBody, Path = "/mdm/v2/assets" });

        var reply = await _apple.GetAsync("/assets");

        Assert.True(reply.Body.Length > 10 * 1024 * 1024);
        Assert.NotEmpty(reply.List("assets"));
    }

    [Theory]
    [InlineData(FaultAction.NeverAnswer, 0)]
    [InlineData(FaultAction.NeverAnswerAfter, 1)]
    public async Task A_request_can_stay_without_an_answer(FaultAction action, int holders)
    {
        _apple.Apple.Faults.Add(new Fault { Action = action, Path = Associate });
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        using var request = new HttpRequestMessage(HttpMethod.Post, _apple.Host.AppleBaseUrl + "/assets/associate")
        {
            Content = new StringContent($$"""{"assets":[{"adamId":"{{SimulatedApple.NewBook}}","pricingParam":"STDQ"}],"clientUserIds":["a"]}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + _apple.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _apple.Http.SendAsync(request, patience.Token));
        _apple.Apple.FinishEvents();

        Assert.Equal(holders, _apple.Apple.Holders(SimulatedApple.Education, SimulatedApple.NewBook).Count);
    }

    [Fact]
    public async Task A_request_can_take_long_by_the_clock()
    {
        _apple.Apple.Faults.Add(new Fault { Action = FaultAction.Delay, Delay = TimeSpan.FromSeconds(30), Path = "/mdm/v2/users" });

        var slow = _apple.GetAsync("/users");
        var watch = Stopwatch.StartNew();
        while (_apple.Apple.Faults.List()[0].Fired == 0 && watch.Elapsed < TimeSpan.FromSeconds(5))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(slow.IsCompleted);
        _apple.Clock.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(200, (await slow).Status);
    }

    [Fact]
    public async Task A_fault_can_be_meant_for_one_page_of_one_location_and_last()
    {
        _apple.Switches.PageSize = 100;
        _apple.Apple.Faults.Add(new Fault { Action = FaultAction.Error, ErrorNumber = 9603, Path = "*/assignments", Query = "pageIndex=2", Location = SimulatedApple.Education, Times = 0 });

        Assert.Equal(200, (await _apple.GetAsync("/assignments?pageIndex=1")).Status);
        Assert.Equal(500, (await _apple.GetAsync("/assignments?pageIndex=2")).Status);
        Assert.Equal(500, (await _apple.GetAsync("/assignments?pageIndex=2")).Status);
        _apple.Apple.Faults.Clear();
        Assert.Equal(200, (await _apple.GetAsync("/assignments?pageIndex=2")).Status);
    }

    [Fact]
    public async Task Data_can_move_between_two_pages()
    {
        _apple.Switches.PageSize = 100;
        _apple.Apple.Faults.Add(new Fault { Action = FaultAction.DataMoves, Path = "*/assignments", Query = "pageIndex=1" });

        var first = await _apple.GetAsync("/assignments?pageIndex=1");
        var second = await _apple.GetAsync("/assignments?pageIndex=2");

        Assert.Equal(200, first.Status);
        Assert.NotEqual(first.Text("versionId"), second.Text("versionId"));
    }
}
