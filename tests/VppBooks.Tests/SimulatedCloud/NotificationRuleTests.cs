using System.Text.Json;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 4.4 and the notifications of 10.5.</summary>
public sealed class NotificationRuleTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;
    private NotificationReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _apple = await SimulatedApple.StartAsync();
        _receiver = await NotificationReceiver.StartAsync();
        _apple.Stock(1_000);
        await _apple.PostAsync("/client/config", new
        {
            notificationUrl = _receiver.Url,
            notificationAuthToken = "secret",
            notificationTypes = new[] { "ASSET_MANAGEMENT", "USER_MANAGEMENT", "USER_ASSOCIATED", "ASSET_COUNT" },
        });
        _receiver.Received.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _apple.DisposeAsync();
    }

    [Fact]
    public async Task A_notification_names_at_most_a_hundred_and_one_asset()
    {
        _apple.Switches.Limits.MaxUsers = 300;
        _apple.Stock(1_000, "9000000002");
        string[] people = [.. Enumerable.Range(1, 230).Select(i => $"p{i}")];
        await _apple.CreateAsync(people);

        await _apple.FinishAsync(_apple.AssociateAsync(people, SimulatedApple.NewBook, "9000000002"));
        await QuietAsync();

        var notes = _receiver.OfType("ASSET_MANAGEMENT").Select(n => n.GetProperty("notification")).ToArray();
        Assert.Equal(6, notes.Length);
        Assert.All(notes, n => Assert.True(n.GetProperty("assignments").GetArrayLength() <= 100));
        Assert.All(notes, n => Assert.Single(n.GetProperty("assignments").EnumerateArray().Select(a => a.GetProperty("adamId").GetString()).Distinct()));
        Assert.Equal(460, notes.Sum(n => n.GetProperty("assignments").GetArrayLength()));
        Assert.All(notes, n => Assert.Equal(("SUCCESS", "ASSOCIATE"), (n.GetProperty("result").GetString(), n.GetProperty("type").GetString())));
    }

    [Fact]
    public async Task Failures_come_apart_with_their_error()
    {
        await _apple.CreateAsync("a");

        var accepted = await _apple.AssociateAsync(["a", "nobody"], SimulatedApple.NewBook);
        _apple.Clock.Advance(TimeSpan.FromSeconds(5));
        await QuietAsync();

        var failed = _receiver.OfType("ASSET_MANAGEMENT").Select(n => n.GetProperty("notification")).Single(n => n.GetProperty("result").GetString() == "FAILURE");
        Assert.Equal(9609, failed.GetProperty("error").GetProperty("errorNumber").GetInt32());
        Assert.Equal(accepted.Text("eventId"), failed.GetProperty("eventId").GetString());
        Assert.Equal("nobody", failed.GetProperty("assignments")[0].GetProperty("clientUserId").GetString());
    }

    [Fact]
    public async Task Purchases_users_and_acceptances_are_told()
    {
        _apple.Stock(7);
        await _apple.CreateAsync("a");
        _apple.Apple.AcceptInvitation(_apple.Apple.Users(SimulatedApple.Education, "a")[0].InviteCode!, "anna@icloud.example");
        await _apple.FinishAsync(_apple.PostAsync("/users/retire", new { users = new[] { new { clientUserId = "a" } } }));
        await QuietAsync();

        Assert.Equal(7, Assert.Single(_receiver.OfType("ASSET_COUNT")).GetProperty("notification").GetProperty("countDelta").GetInt32());
        var associated = Assert.Single(_receiver.OfType("USER_ASSOCIATED")).GetProperty("notification");
        Assert.Equal("Associated", associated.GetProperty("associatedUsers")[0].GetProperty("status").GetString());
        Assert.False(associated.TryGetProperty("eventId", out _));
        Assert.Equal(["CREATE", "RETIRE"], _receiver.OfType("USER_MANAGEMENT").Select(n => n.GetProperty("notification").GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Only_subscribed_types_are_sent()
    {
        await _apple.PostAsync("/client/config", new { notificationTypes = new[] { "ASSET_COUNT" } });

        await _apple.CreateAsync("a");
        _apple.Stock(1);
        await QuietAsync();

        Assert.Equal("ASSET_COUNT", Assert.Single(Types()));
    }

    [Fact]
    public async Task A_delivery_is_tried_three_times_with_the_same_id_and_then_lost()
    {
        _receiver.Status = 503;
        _apple.Stock(1);
        await QuietAsync();
        for (var i = 0; i < 5; i++)
        {
            _apple.Clock.Advance(TimeSpan.FromSeconds(91));
            await Task.Delay(20, TestContext.Current.CancellationToken);
            await QuietAsync();
        }

        Assert.Equal(3, _receiver.Received.Count);
        Assert.Single(Ids().Distinct());
        Assert.Equal([1, 2, 3], _apple.Apple.Deliveries.Where(d => d.Type == "ASSET_COUNT").Select(d => d.Attempt));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task Duplicates_have_the_same_id_or_by_switch_a_new_one(bool newIds, int ids)
    {
        _apple.Switches.NotificationDuplication = 1;
        _apple.Switches.DuplicatesHaveNewIds = newIds;

        _apple.Stock(1);
        await QuietAsync();

        Assert.Equal(2, _receiver.Received.Count);
        Assert.Equal(ids, Ids().Distinct().Count());
    }

    [Fact]
    public async Task Notifications_can_be_lost()
    {
        _apple.Switches.NotificationLoss = 1;

        _apple.Stock(1);
        await QuietAsync();

        Assert.Empty(_receiver.Received);
        Assert.Equal(-1, _apple.Apple.Deliveries[^1].Status);
    }

    [Fact]
    public async Task Notifications_can_be_late()
    {
        _apple.Switches.NotificationDelay = TimeSpan.FromMinutes(5);

        _apple.Stock(1);
        await QuietAsync();
        Assert.Empty(_receiver.Received);
        _apple.Clock.Advance(TimeSpan.FromMinutes(5));
        await UntilAsync(() => _receiver.Received.Count == 1);
    }

    [Fact]
    public async Task Notifications_can_come_before_the_answer()
    {
        _apple.Switches.NotifyBeforeAnswer = true;

        var accepted = await _apple.PostAsync("/users/create", new { users = new[] { new { clientUserId = "a" } } });

        var told = Assert.Single(_receiver.OfType("USER_MANAGEMENT")).GetProperty("notification");
        Assert.Equal(accepted.Text("eventId"), told.GetProperty("eventId").GetString());
        Assert.Equal("Registered", told.GetProperty("users")[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Notifications_leave_by_themselves_when_the_clock_reaches_the_end_of_the_work()
    {
        await _apple.PostAsync("/users/create", new { users = new[] { new { clientUserId = "a" } } });

        _apple.Clock.Advance(TimeSpan.FromSeconds(3));

        await UntilAsync(() => _receiver.OfType("USER_MANAGEMENT").Count == 1);
    }

    private Task QuietAsync() => _apple.Apple.WhenQuietAsync(TestContext.Current.CancellationToken);

    private IEnumerable<string?> Types() => _receiver.Received.Select(r => r.Body.GetProperty("notificationType").GetString());

    private IEnumerable<string?> Ids() => _receiver.Received.Select(r => r.Body).Select((JsonElement b) => b.GetProperty("notificationId").GetString());

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 500 && !condition(); i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(condition());
    }
}
