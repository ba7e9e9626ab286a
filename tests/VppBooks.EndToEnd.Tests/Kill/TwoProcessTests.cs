using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.EndToEnd.Tests.Kill;

/// <summary>Two programs on one database file.</summary>
[Collection("Two processes")]
public sealed class TwoProcessesOnSqliteTests() : TwoProcessTests(DatabaseProvider.Sqlite);

/// <summary>Two programs on one SQL Server database.</summary>
[Collection("Two processes")]
public sealed class TwoProcessesOnSqlServerTests() : TwoProcessTests(DatabaseProvider.SqlServer);

/// <summary>Two programs on one database. Whatever happens to one of them, every license is bought once.</summary>
public abstract class TwoProcessTests(DatabaseProvider provider)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(300);

    // A busy machine wakes timers late.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task F46_Both_alive_one_works_and_the_other_keeps_out_of_the_way()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync(provider: provider);
        await using var disposing = house;
        await house.ParkAsync(parked: true);
        using var one = await StartAsync(house);
        using var other = await StartAsync(house);

        await house.ParkAsync(parked: false);
        await house.WaitAsync(one, house.IsSettled(book));

        foreach (var program in (StartedProgram[])[one, other])
        {
            Assert.False(program.ExitAsync().IsCompleted);
            Assert.DoesNotContain("failed", program.Output, StringComparison.OrdinalIgnoreCase);
        }

        await AssertSpentOnceAsync(house, book);
    }

    [Fact]
    public async Task F47_One_killed_after_Apple_accepted_the_other_takes_over_within_two_lease_periods_and_sends_nothing_again()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync(provider: provider);
        await using var disposing = house;
        await house.ParkAsync(parked: true);
        using var heir = await StartAsync(house);
        await house.PauseAsync(heir);
        await house.ParkAsync(parked: false);
        using var dead = house.Start("post.after-accept");
        await KillHouse.AssertKilledAsync(dead);

        var lost = await LeaseAsync(house);
        await heir.ContinueAsync();
        await AssertTakenOverAsync(house, heir, lost);

        await house.WaitAsync(heir, house.IsSettled(book));
        Assert.Equal(OperationState.Done, Assert.Single(await house.OperationsAsync(OperationKind.Associate)).State);
        await AssertSpentOnceAsync(house, book);
    }

    [Fact]
    public async Task F47_One_paused_after_its_intent_and_continued_after_the_take_over_changes_no_row_and_sends_nothing()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync(provider: provider);
        await using var disposing = house;
        await house.ParkAsync(parked: true);
        using var heir = await StartAsync(house);
        await house.PauseAsync(heir);
        await house.ParkAsync(parked: false);
        using var paused = house.Start($"intent.after-commit:1:{house.Gate}");
        await house.WaitAsync(paused, db => db.Operations.AnyAsync(o => o.Kind == OperationKind.Associate && o.State == OperationState.Intended));
        await house.PauseAsync(paused);

        var lost = await LeaseAsync(house);
        await heir.ContinueAsync();
        await AssertTakenOverAsync(house, heir, lost);
        await house.WaitAsync(heir, house.IsSettled(book));
        await AssertSpentOnceAsync(house, book);

        var before = await RowsAsync(house);
        await File.WriteAllTextAsync(house.Gate, "");
        await paused.ContinueAsync();
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);

        Assert.False(paused.ExitAsync().IsCompleted);
        Assert.Equal(before, await RowsAsync(house));
        await AssertSpentOnceAsync(house, book);
    }

    /// <summary>The owner renews while its request waits to be sent, and is killed then.</summary>
    [Theory]
    [InlineData(4)]
    public async Task F48_A_wrong_clock_takes_no_lease_from_a_living_owner_and_that_of_a_dead_one_within_two_periods(int minutes)
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync(provider: provider);
        await using var disposing = house;
        await house.ParkAsync(parked: true);
        using var heir = await StartAsync(house, TimeSpan.FromMinutes(minutes));
        await house.PauseAsync(heir);
        await house.ParkAsync(parked: false);
        using var owner = house.Start($"intent.after-commit:1:{house.Gate}");
        await house.WaitAsync(owner, db => db.Operations.AnyAsync(o => o.Kind == OperationKind.Associate && o.State == OperationState.Intended));
        var held = await LeaseAsync(house);

        await heir.ContinueAsync();
        // Long enough to see the lease, and to look again a period later.
        await Task.Delay(LocationLeases.Period + TimeSpan.FromSeconds(11), TimeProvider.System);
        Assert.Equal((held.Owner, held.FenceToken), (await LeaseAsync(house) is var now ? (now.Owner, now.FenceToken) : default));
        Assert.Equal(0, house.Apple.CountAssociatePosts());

        owner.Kill();
        await AssertTakenOverAsync(house, heir, held);
        await house.WaitAsync(heir, house.IsSettled(book));
        Assert.Equal([OperationState.Failed, OperationState.Done], (await house.OperationsAsync(OperationKind.Associate)).Select(o => o.State));
        await AssertSpentOnceAsync(house, book);
    }

    /// <summary>What the dead owner noted as due comes later for a clock that is behind: it waits longer than it must, and sends nothing too early.</summary>
    [Fact]
    public async Task F48_A_clock_that_is_behind_takes_over_in_time_sends_nothing_early_and_the_next_program_finishes()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync(provider: provider);
        await using var disposing = house;
        await house.ParkAsync(parked: true);
        using var heir = await StartAsync(house, TimeSpan.FromMinutes(-10));
        await house.PauseAsync(heir);
        await house.ParkAsync(parked: false);
        using var dead = house.Start("intent.after-commit");
        await KillHouse.AssertKilledAsync(dead);

        var lost = await LeaseAsync(house);
        await heir.ContinueAsync();
        await AssertTakenOverAsync(house, heir, lost);
        await house.WaitAsync(heir, db => db.Operations.AnyAsync(o => o.State == OperationState.Unknown));
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        Assert.Equal(0, house.Apple.CountAssociatePosts());
        Assert.Equal(plan.Takes, (await house.CountAsync(book))[LicenseState.Unknown]);

        heir.Kill();
        using var next = await StartAsync(house);
        await house.WaitAsync(next, house.IsSettled(book));
        await AssertSpentOnceAsync(house, book);
    }

    /// <summary>A clock that is ahead by more than is believed of clocks takes even a living owner's lease: then the fence keeps the two apart.</summary>
    [Fact]
    public async Task F48_A_clock_beyond_all_tolerance_takes_a_living_owners_lease_and_nothing_is_sent_twice()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync(provider: provider);
        await using var disposing = house;
        await house.ParkAsync(parked: true);
        using var heir = await StartAsync(house, TimeSpan.FromMinutes(10));
        await house.PauseAsync(heir);
        await house.ParkAsync(parked: false);
        using var owner = house.Start($"post.after-accept:1:{house.Gate}");
        await house.WaitAsync(owner, _ => Task.FromResult(house.Apple.CountAssociatePosts() == 1));

        var held = await LeaseAsync(house);
        await heir.ContinueAsync();
        await AssertTakenOverAsync(house, heir, held);
        await house.WaitAsync(heir, house.IsSettled(book));
        await AssertSpentOnceAsync(house, book);

        var before = await RowsAsync(house);
        await File.WriteAllTextAsync(house.Gate, "");
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);
        Assert.False(owner.ExitAsync().IsCompleted);
        Assert.Equal(before, await RowsAsync(house));
        await AssertSpentOnceAsync(house, book);
    }

    private static async Task<StartedProgram> StartAsync(KillHouse house, TimeSpan? ahead = null)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var program = ahead is { } by ? house.StartSkewed(by, null, $"--urls={address}") : house.Start(null, $"--urls={address}");
        // One answer that does not come is no reason to wait for it for ever.
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri(address + "/health/ready"), patience.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return program;
                }
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !patience.IsCancellationRequested))
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Task<LocationLease> LeaseAsync(KillHouse house) => house.ReadAsync(db => db.LocationLeases.AsNoTracking().SingleAsync());

    private static async Task AssertTakenOverAsync(KillHouse house, StartedProgram heir, LocationLease lost)
    {
        var began = TimeProvider.System.GetTimestamp();
        await house.WaitAsync(heir, db => db.LocationLeases.AnyAsync(l => l.Owner != lost.Owner));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, (2 * LocationLeases.Period) + Slack);
        Assert.True((await LeaseAsync(house)).FenceToken > lost.FenceToken);
    }

    private static async Task AssertSpentOnceAsync(KillHouse house, Book book)
    {
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        await house.AssertLedgerIsTrueAsync(book);
        Assert.Equal((await house.CountAsync(book))[LicenseState.Assigned], house.Spent(book).Count);
    }

    private static Task<string> RowsAsync(KillHouse house) => house.ReadAsync(async db => string.Join(
        '\n',
        [
            .. await db.Operations.OrderBy(o => o.Id).Select(o => $"{o.Id} {o.State} {o.EventId} {o.Detail} {o.SettledAt}").ToListAsync(),
            .. await db.Licenses.OrderBy(l => l.Id).Select(l => $"{l.Id} {l.State} {l.OperationId} {l.ChangedAt}").ToListAsync(),
        ]));
}
