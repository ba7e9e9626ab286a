using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;

namespace VppBooks.Tests.Sync;

public sealed class SyncRequestTests
{
    private static readonly Actor Helpdesk = new(ActorKind.Person, "1", "H. Desk", Actor.ForRoles([AppRoles.Helpdesk]));
    private static readonly Actor Auditor = new(ActorKind.Person, "2", "A. Auditor", Actor.ForRoles([AppRoles.Auditor]));

    [Fact]
    public async Task A_wish_is_kept_once_and_written_down()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var requests = fixture.Get<SyncRequests>();
        var id = (await fixture.LocationAsync()).PublicId;

        var first = await requests.RequestAsync(id, SyncReason.Manual, Helpdesk, CancellationToken.None);
        var second = await requests.RequestAsync(id, SyncReason.Manual, Helpdesk, CancellationToken.None);

        Assert.IsType<SyncRequestResult.Queued>(first);
        Assert.IsType<SyncRequestResult.AlreadyUnderWay>(second);
        var location = await fixture.LocationAsync();
        Assert.Equal((SyncReason.Manual, "H. Desk", SyncStatus.InProgress), (location.SyncWanted, location.SyncWantedByName, location.SyncStatus));
        await using var db = fixture.Open();
        Assert.Equal("sync.requested", (await db.AuditEvents.SingleAsync()).Action);
    }

    [Fact]
    public async Task Nobody_syncs_twice_in_a_minute_by_hand()
    {
        await using var fixture = await SyncFixture.StartAsync();
        await fixture.SyncAsync();
        var requests = fixture.Get<SyncRequests>();
        var id = (await fixture.LocationAsync()).PublicId;

        var result = await requests.RequestAsync(id, SyncReason.Manual, Helpdesk, CancellationToken.None);

        Assert.InRange(Assert.IsType<SyncRequestResult.TooSoon>(result).Wait, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Equal(new SyncAllResult(0, 0, 1, 0), await requests.RequestAllAsync(SyncReason.Manual, Helpdesk, CancellationToken.None));
        Assert.IsType<SyncRequestResult.Queued>(await requests.RequestAsync(id, SyncReason.Notification, Actor.System, CancellationToken.None));
    }

    [Theory]
    [InlineData(TokenState.Expired)]
    [InlineData(TokenState.Invalid)]
    [InlineData(TokenState.AssignedToExternalMdm)]
    public async Task A_token_that_cannot_be_used_is_not_synced(TokenState state)
    {
        await using var fixture = await SyncFixture.StartAsync();
        await using (var db = fixture.Open())
        {
            await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.State, state));
        }

        var result = await fixture.Get<SyncRequests>().RequestAsync((await fixture.LocationAsync()).PublicId, SyncReason.Manual, Helpdesk, CancellationToken.None);

        Assert.Equal(new SyncRequestResult.NotPossible(state), result);
    }

    [Fact]
    public async Task Who_may_not_sync_is_refused()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var requests = fixture.Get<SyncRequests>();
        var id = (await fixture.LocationAsync()).PublicId;

        await Assert.ThrowsAsync<NotAllowedException>(() => requests.RequestAsync(id, SyncReason.Manual, Auditor, CancellationToken.None));
        await Assert.ThrowsAsync<NotAllowedException>(() => requests.RequestAllAsync(SyncReason.Manual, Auditor, CancellationToken.None));
        await Assert.ThrowsAsync<NotAllowedException>(() => requests.CancelAsync(id, Auditor, CancellationToken.None));
        Assert.IsType<SyncRequestResult.NotFound>(await requests.RequestAsync(Guid.NewGuid(), SyncReason.Manual, Helpdesk, CancellationToken.None));
    }

    [Fact]
    public async Task A_running_sync_can_be_stopped_and_leaves_the_numbers_as_they_were()
    {
        await using var fixture = await SyncFixture.StartAsync();
        fixture.AddBook(1);
        var requests = fixture.Get<SyncRequests>();
        var id = (await fixture.LocationAsync()).PublicId;
        Assert.False(await requests.CancelAsync(id, Helpdesk, CancellationToken.None));
        fixture.Once("/users", async () => Assert.True(await requests.CancelAsync(id, Helpdesk, CancellationToken.None)));

        var run = await fixture.SyncAsync();

        Assert.Equal(SyncResult.Canceled, run.Result);
        Assert.Equal(SyncStatus.None, (await fixture.LocationAsync()).SyncStatus);
        await using var db = fixture.Open();
        Assert.False(await db.Books.AnyAsync());
    }
}
