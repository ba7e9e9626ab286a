using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 10.5, the part that polling sees.</summary>
public sealed class EventRuleTests : IAsyncLifetime
{
    private static readonly string[] People = [.. Enumerable.Range(1, 100).Select(i => $"p{i}")];

    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync()
    {
        _apple = await SimulatedApple.StartAsync();
        _apple.Stock(1_000);
        await _apple.CreateAsync(People);
    }

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task Work_is_pending_then_grows_then_is_complete_by_the_clock_alone()
    {
        _apple.Switches.EventTimePerTask = TimeSpan.FromMilliseconds(100);
        var id = (await _apple.AssociateAsync(People, SimulatedApple.NewBook)).Text("eventId");

        var accepted = await StatusAsync(id);
        _apple.Clock.Advance(TimeSpan.FromSeconds(6));
        var halfWay = await StatusAsync(id);
        _apple.Clock.Advance(TimeSpan.FromSeconds(6));
        var done = await StatusAsync(id);

        Assert.Equal(("PENDING", 0, 100), (accepted.Text("eventStatus"), accepted.Number("numCompleted"), accepted.Number("numRequested")));
        Assert.Equal(("PENDING", 40), (halfWay.Text("eventStatus"), halfWay.Number("numCompleted")));
        Assert.Equal(("COMPLETE", 100, "ASSOCIATE"), (done.Text("eventStatus"), done.Number("numCompleted"), done.Text("eventType")));
        Assert.False(done.Has("failures"));
    }

    [Fact]
    public async Task Frozen_work_stays_pending()
    {
        _apple.Switches.FreezeEvents = true;
        var id = (await _apple.AssociateAsync(People, SimulatedApple.NewBook)).Text("eventId");

        _apple.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal("PENDING", (await StatusAsync(id)).Text("eventStatus"));
        Assert.Equal(0, _apple.Counts().Assigned);
        _apple.Switches.FreezeEvents = false;
        Assert.Equal("COMPLETE", (await StatusAsync(id)).Text("eventStatus"));
    }

    [Theory]
    [InlineData(FailureShape.Grouped, 1)]
    [InlineData(FailureShape.OnePerTask, 3)]
    [InlineData(FailureShape.WithoutIds, 1)]
    public async Task Failures_come_in_the_shape_the_switch_says(FailureShape shape, int entries)
    {
        _apple.Switches.FailureShape = shape;

        var status = await _apple.FinishAsync(_apple.AssociateAsync(["p1", "x1", "x2", "x3"], SimulatedApple.NewBook));

        Assert.Equal("FAILED", status.Text("eventStatus"));
        Assert.Equal(entries, status.List("failures").Count);
        Assert.Equal(shape == FailureShape.WithoutIds, !status.List("failures")[0].GetProperty("errorInfo").TryGetProperty("clientUserIds", out _));
    }

    [Fact]
    public async Task A_forgotten_event_is_9708()
    {
        var id = (await _apple.AssociateAsync(["p1"], SimulatedApple.NewBook)).Text("eventId");
        _apple.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("COMPLETE", (await StatusAsync(id)).Text("eventStatus"));

        _apple.Clock.Advance(TimeSpan.FromDays(8));

        Assert.Equal((400, 9708), ((await StatusAsync(id)).Status, (await StatusAsync(id)).ErrorNumber));
        Assert.Equal(9708, (await _apple.GetAsync("/status?eventId=nonsense")).ErrorNumber);
        Assert.Equal(9708, (await _apple.GetAsync("/status")).ErrorNumber);
    }

    [Fact]
    public async Task Events_can_be_forgotten_at_once()
    {
        var id = (await _apple.FinishAsync(_apple.AssociateAsync(["p1"], SimulatedApple.NewBook))).Text("eventStatus");
        var accepted = (await _apple.AssociateAsync(["p2"], SimulatedApple.NewBook)).Text("eventId");
        _apple.Apple.FinishEvents();

        _apple.Apple.ForgetEvents();

        Assert.Equal("COMPLETE", id);
        Assert.Equal(9708, (await StatusAsync(accepted)).ErrorNumber);
    }

    [Fact]
    public async Task An_event_belongs_to_its_location()
    {
        var id = (await _apple.AssociateAsync(["p1"], SimulatedApple.NewBook)).Text("eventId");
        _apple.Token = System.Text.Encoding.ASCII.GetString(_apple.Apple.IssueToken(SimulatedApple.Business));

        Assert.Equal(9708, (await StatusAsync(id)).ErrorNumber);
    }

    private Task<Reply> StatusAsync(string? id) => _apple.GetAsync("/status?eventId=" + id);
}
