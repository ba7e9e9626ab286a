using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Security;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

public sealed class AlertDeliveryTests
{
    [Fact]
    public async Task Message_is_signed_names_the_page_and_comes_again_with_the_same_id_until_it_is_taken()
    {
        await using var alerts = await AlertHouse.StartAsync();
        alerts.Receiver.Status = 500;
        alerts.House.Apple.RevokeTokens(SpendingHouse.UId);
        await alerts.House.SyncAsync();

        var first = await alerts.OneAsync(AlertKind.TokenRefused, AlertOccasion.Raised);
        Assert.Equal("https://books.example/monitor/alerts", first.Url);
        await alerts.NothingMoreAsync(AlertKind.TokenRefused);
        var waiting = Assert.Single(await alerts.Desk.ListChannelsAsync(CoreHouse.Admin, CancellationToken.None));
        Assert.Equal("status 500", waiting.Failure);
        Assert.Equal("status 500", waiting.LastFailure?.Reason);
        Assert.InRange(waiting.LastFailure!.At, first.At, alerts.House.Core.Clock.GetUtcNow());
        Assert.True(waiting.Waiting > 0);

        alerts.House.Core.Clock.Pass(TimeSpan.FromMinutes(1));
        var again = alerts.House.Core.Clock.GetUtcNow();
        Assert.Equal(first, Assert.Single(await alerts.LookAsync(), m => m.Kind == AlertKind.TokenRefused));
        alerts.Receiver.Status = 204;
        alerts.House.Core.Clock.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(first, Assert.Single(await alerts.LookAsync(), m => m.Kind == AlertKind.TokenRefused));

        alerts.House.Core.Clock.Pass(TimeSpan.FromHours(1));
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Id == first.Id);
        Assert.Equal(0, alerts.Receiver.Forged);
        var done = Assert.Single(await alerts.Desk.ListChannelsAsync(CoreHouse.Admin, CancellationToken.None));
        Assert.Equal((0, null), (done.Waiting, done.Failure));

        // What went wrong before it was taken is still told, with its time.
        Assert.Equal("status 500", done.LastFailure?.Reason);
        Assert.InRange(done.LastFailure!.At, again, again + TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Receiver_that_never_takes_a_message_is_given_up_after_about_three_days_and_the_console_says_so()
    {
        await using var alerts = await AlertHouse.StartAsync();
        alerts.Receiver.Status = 503;
        Assert.Equal(1, await alerts.Desk.TestAsync("Test", "Nothing is wrong.", CoreHouse.Admin, CancellationToken.None));

        for (var hour = 0; hour < 24 * 4; hour++)
        {
            await alerts.House.Core.Get<AlertChannels>().SendDueAsync(CancellationToken.None);
            alerts.House.Core.Clock.Pass(TimeSpan.FromHours(1));
        }

        var state = Assert.Single(await alerts.Desk.ListChannelsAsync(CoreHouse.Admin, CancellationToken.None));
        Assert.Equal((0, 1, "status 503"), (state.Waiting, state.GivenUp, state.Failure));
        Assert.InRange(alerts.Receiver.Messages.Count, 10, 20);
    }

    [Fact]
    public async Task Alert_that_somebody_took_notice_of_is_no_news_until_it_gets_worse()
    {
        await using var alerts = await AlertHouse.StartAsync();
        var expires = (await alerts.House.Core.RowAsync(SpendingHouse.UId)).TokenExpires;
        alerts.House.Core.Clock.Pass(expires - TimeSpan.FromDays(59) - alerts.House.Core.Clock.GetUtcNow());
        await alerts.OneAsync(AlertKind.TokenExpiring, AlertOccasion.Raised);
        var id = await IdAsync(alerts, AlertKind.TokenExpiring);
        var before = await alerts.Desk.CountNewsAsync(CoreHouse.Helpdesk, CancellationToken.None);

        Assert.True(await alerts.Desk.AcknowledgeAsync(id, CoreHouse.Helpdesk, CancellationToken.None));

        Assert.Equal(before - 1, await alerts.Desk.CountNewsAsync(CoreHouse.Helpdesk, CancellationToken.None));
        alerts.House.Core.Clock.Pass(TimeSpan.FromDays(30));
        await alerts.OneAsync(AlertKind.TokenExpiring, AlertOccasion.Worse);
        Assert.Contains(await alerts.Desk.ListAsync(CoreHouse.Helpdesk, CancellationToken.None), a => a.PublicId == id && a.AcknowledgedAt is null);
        Assert.Contains("alert.acknowledged", await alerts.House.Core.AuditAsync());
        Assert.Contains("alert.worse", await alerts.House.Core.AuditAsync());
    }

    [Fact]
    public async Task Alert_that_is_put_off_comes_back_when_the_time_is_over_and_not_before()
    {
        await using var alerts = await AlertHouse.StartAsync();
        alerts.House.Apple.RevokeTokens(SpendingHouse.UId);
        await alerts.House.SyncAsync();
        await alerts.OneAsync(AlertKind.TokenRefused, AlertOccasion.Raised);
        var id = await IdAsync(alerts, AlertKind.TokenRefused);

        Assert.True(await alerts.Desk.SnoozeAsync(id, TimeSpan.FromDays(1), CoreHouse.Helpdesk, CancellationToken.None));
        alerts.House.Core.Clock.Pass(TimeSpan.FromHours(23));
        await alerts.NothingMoreAsync(AlertKind.TokenRefused);
        alerts.House.Core.Clock.Pass(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(1));
        await alerts.OneAsync(AlertKind.TokenRefused, AlertOccasion.Reminder);
        await alerts.NothingMoreAsync(AlertKind.TokenRefused);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => alerts.Desk.SnoozeAsync(id, TimeSpan.FromDays(31), CoreHouse.Helpdesk, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => alerts.Desk.SnoozeAsync(id, TimeSpan.Zero, CoreHouse.Helpdesk, CancellationToken.None));
        Assert.False(await alerts.Desk.SnoozeAsync(Guid.NewGuid(), TimeSpan.FromDays(1), CoreHouse.Helpdesk, CancellationToken.None));
    }

    [Fact]
    public async Task Trouble_that_comes_back_is_the_same_alert_and_told_again()
    {
        await using var alerts = await AlertHouse.StartAsync();
        var group = await alerts.House.GroupAsync("Class 4A");
        var ids = new List<Guid?>();
        for (var round = 0; round < 2; round++)
        {
            alerts.House.Core.Cloud.Graph.ConsentWithdrawn = true;
            await Assert.ThrowsAnyAsync<Exception>(() => alerts.House.Core.Groups.EnsureMembersAsync([group], TimeSpan.Zero, CancellationToken.None));
            ids.Add((await alerts.OneAsync(AlertKind.DirectoryFailing, AlertOccasion.Raised)).AlertId);
            alerts.House.Core.Cloud.Graph.ConsentWithdrawn = false;
            await alerts.House.Core.Groups.EnsureMembersAsync([group], TimeSpan.Zero, CancellationToken.None);
            ids.Add((await alerts.OneAsync(AlertKind.DirectoryFailing, AlertOccasion.Cleared)).AlertId);
        }

        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task Two_servers_that_look_at_once_tell_once()
    {
        await using var alerts = await AlertHouse.StartAsync();
        alerts.House.Apple.RevokeTokens(SpendingHouse.UId);
        await alerts.House.SyncAsync();
        await using var second = alerts.House.Core.SecondProcess();

        await Task.WhenAll(alerts.House.Core.Get<AlertWatch>().LookAsync(CancellationToken.None), second.GetRequiredService<AlertWatch>().LookAsync(CancellationToken.None));
        await alerts.LookAsync();

        Assert.Single(alerts.Receiver.Messages, m => m.Kind == AlertKind.TokenRefused);
    }

    [Fact]
    public async Task Nobody_handles_or_tests_alerts_without_the_right_to()
    {
        await using var alerts = await AlertHouse.StartAsync();
        var auditor = new Actor(ActorKind.Person, "5b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7717", "A. Auditor", Actor.ForRoles([AppRoles.Auditor]));

        await Assert.ThrowsAsync<NotAllowedException>(() => alerts.Desk.AcknowledgeAsync(Guid.NewGuid(), auditor, CancellationToken.None));
        await Assert.ThrowsAsync<NotAllowedException>(() => alerts.Desk.SnoozeAsync(Guid.NewGuid(), TimeSpan.FromDays(1), auditor, CancellationToken.None));
        await Assert.ThrowsAsync<NotAllowedException>(() => alerts.Desk.TestAsync("Test", "", CoreHouse.Helpdesk, CancellationToken.None));
        await Assert.ThrowsAsync<NotAllowedException>(() => alerts.Desk.ListAsync(CoreHouse.Nobody, CancellationToken.None));
    }

    private static async Task<Guid> IdAsync(AlertHouse alerts, AlertKind kind) =>
        Assert.Single(await alerts.Desk.ListAsync(CoreHouse.Admin, CancellationToken.None), a => a.Facts.Kind == kind && a.ClearedAt is null).PublicId;
}
