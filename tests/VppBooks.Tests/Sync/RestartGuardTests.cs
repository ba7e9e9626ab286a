using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Licenses;

namespace VppBooks.Tests.Sync;

/// <summary>I14: nothing is written to Apple before one complete read when the database may be older than what was spent.</summary>
public sealed class RestartGuardTests
{
    [Fact]
    public async Task I14_A_process_that_is_new_to_a_location_reads_it_before_it_sends_anything()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        house.Apple.ClearRequests();

        // A second process on the same database; the first one is gone.
        await using var other = house.Core.SecondProcess();
        await TurnAsync(house, other);

        var run = await LastRunAsync(house);
        Assert.Equal((SyncReason.Start, SyncResult.Succeeded, false), (run.Reason, run.Result, run.Full));
        var sent = house.Apple.Requests.Select(r => r.Path).ToList();
        Assert.True(sent.FindIndex(p => p.EndsWith("/assets", StringComparison.Ordinal)) < sent.FindIndex(p => p.EndsWith("/users/create", StringComparison.Ordinal)));
        Assert.Contains("location.read-first", await house.Core.AuditAsync());
        Assert.False((await house.Core.RowAsync(SpendingHouse.UId)).MustReadFirst);

        // Known now: its next turn reads nothing.
        await TurnAsync(house, other);
        Assert.Equal(run.Id, (await LastRunAsync(house)).Id);
    }

    [Fact]
    public async Task F52_A_database_put_back_under_a_running_process_is_noticed_by_its_fence_token()
    {
        await using var house = await SpendingHouse.StartAsync();
        var runs = await RunsAsync(house);
        await house.StepAsync();
        Assert.Equal(runs, await RunsAsync(house));

        await SetTokenBackAsync(house, by: 1);
        await house.StepAsync();

        Assert.Equal(runs + 1, await RunsAsync(house));
        Assert.Equal(SyncReason.Start, (await LastRunAsync(house)).Reason);
    }

    [Fact]
    public async Task F52_A_process_that_only_watched_notices_it_too()
    {
        await using var house = await SpendingHouse.StartAsync();
        await using var other = house.Core.SecondProcess();
        await TurnAsync(house, other);
        await house.StepAsync();
        var runs = await RunsAsync(house);
        await using (var db = await house.Core.OpenAsync())
        {
            var lease = await db.LocationLeases.SingleAsync(l => l.LocationId == house.LocationId);
            other.GetRequiredService<RestartGuard>().Watch(lease.LocationId, lease.FenceToken);
        }

        // To what the other one had itself; the first one's turn is forgotten.
        await SetTokenBackAsync(house, by: 1);
        await TurnAsync(house, other);

        Assert.Equal(runs + 1, await RunsAsync(house));
    }

    [Fact]
    public async Task F52_The_token_of_another_location_that_was_put_back_makes_this_one_read_too()
    {
        await using var house = await SpendingHouse.StartAsync();
        var other = new Location { PublicId = Guid.NewGuid(), UId = "1", Name = "Other", OrganizationName = "O", LocationName = "L", AppleAccount = "", CountryOrRegion = "NL" };
        await house.Core.ChangeAsync(db => db.Locations.Add(other));
        await house.Core.ChangeAsync(db => db.LocationLeases.Add(new LocationLease { LocationId = other.Id, Owner = "another process", FenceToken = 6 }));
        house.Core.Get<RestartGuard>().Watch(other.Id, 6);
        var runs = await RunsAsync(house);
        await house.StepAsync();
        Assert.Equal(runs, await RunsAsync(house));

        await house.Core.ChangeAsync(db => db.LocationLeases.Single(l => l.LocationId == other.Id).FenceToken = 5);
        await house.StepAsync();

        Assert.Equal(runs + 1, await RunsAsync(house));
        Assert.True((await house.Core.RowAsync("1")).MustReadFirst);
        // Known now: it is told once.
        await house.StepAsync();
        Assert.Equal(runs + 1, await RunsAsync(house));
    }

    [Fact]
    public async Task I14_While_the_read_fails_nothing_is_sent_and_it_is_tried_again_and_again_with_longer_pauses()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await SetTokenBackAsync(house, by: 5);
        house.Apple.ClearRequests();
        house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "GET", Path = "*/assets", Times = 1000 });

        foreach (var minutes in (int[])[1, 2, 5, 10, 20, 30, 30])
        {
            var next = await StepAfterPausesAsync(house);
            Assert.Equal(SyncResult.Failed, (await LastRunAsync(house)).Result);
            Assert.InRange(next!.Value - house.Core.Clock.GetUtcNow(), TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(minutes));

            // Too early: not even asked.
            var runs = await RunsAsync(house);
            await house.StepAsync();
            Assert.Equal(runs, await RunsAsync(house));
            house.Core.Clock.Offset += TimeSpan.FromMinutes(minutes);
        }

        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.True((await house.Core.RowAsync(SpendingHouse.UId)).MustReadFirst);

        house.Apple.Faults.Clear();
        await house.WorkAsync();

        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.False((await house.Core.RowAsync(SpendingHouse.UId)).MustReadFirst);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task I14_What_was_sent_before_is_settled_by_reading_while_nothing_new_may_be_sent()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.DropAfter, Method = "POST", Path = "*/assets/associate" });
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        while (house.Apple.CountAssociatePosts(SpendingHouse.UId) == 0)
        {
            var next = await house.StepAsync();
            house.Core.Clock.Offset += TimeSpan.FromSeconds(10);
            Assert.NotNull(next);
        }

        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);
        await SetTokenBackAsync(house, by: 5);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "GET", Path = "*/client/config", Times = 1000 });
        house.Core.Clock.Offset += TimeSpan.FromSeconds(30);

        await StepAfterPausesAsync(house);

        Assert.True((await house.Core.RowAsync(SpendingHouse.UId)).MustReadFirst);
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task A_token_that_does_not_work_is_not_synced_by_the_guard_but_the_doubt_stays()
    {
        await using var house = await SpendingHouse.StartAsync();
        await house.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == house.LocationId).State = TokenState.Expired);
        await SetTokenBackAsync(house, by: 3);
        var runs = await RunsAsync(house);

        Assert.Null(await house.StepAsync());

        Assert.Equal(runs, await RunsAsync(house));
        var row = await house.Core.RowAsync(SpendingHouse.UId);
        Assert.Equal((true, (SyncReason?)null), (row.MustReadFirst, row.SyncWanted));
    }

    /// <summary>Steps through the short pauses that a failing service asks for.</summary>
    private static async Task<DateTimeOffset?> StepAfterPausesAsync(SpendingHouse house)
    {
        DateTimeOffset? next;
        while ((next = await house.StepAsync()) - house.Core.Clock.GetUtcNow() < TimeSpan.FromSeconds(20))
        {
            house.Core.Clock.Offset += TimeSpan.FromSeconds(2);
        }

        return next;
    }

    private static async Task TurnAsync(SpendingHouse house, ServiceProvider process)
    {
        var leases = process.GetRequiredService<LocationLeases>();
        var lease = await leases.TryAcquireAsync(house.LocationId, CancellationToken.None);
        Assert.NotNull(lease);
        await process.GetRequiredService<LocationTurn>().RunAsync(lease, CancellationToken.None);
        await leases.ReleaseAsync(lease, CancellationToken.None);
    }

    private static async Task SetTokenBackAsync(SpendingHouse house, int by)
    {
        await using var db = await house.Core.OpenAsync();
        await db.LocationLeases.Where(l => l.LocationId == house.LocationId).ExecuteUpdateAsync(set => set.SetProperty(l => l.FenceToken, l => l.FenceToken - by));
    }

    private static async Task<int> RunsAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.SyncRuns.CountAsync();
    }

    private static async Task<SyncRun> LastRunAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.SyncRuns.AsNoTracking().OrderByDescending(r => r.Id).FirstAsync();
    }
}
