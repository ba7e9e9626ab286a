using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Persistence;
using VppBooks.Tests.Sync;

namespace VppBooks.Tests.Locations;

/// <summary>Two processes with clocks of their own want one location.</summary>
public abstract class LeaseTests(ITestDatabase database)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Renewal = LocationLeases.Period / 3;

    [Fact]
    public async Task F46_One_of_two_gets_it_and_the_other_keeps_away_while_it_is_renewed()
    {
        await using var house = await HouseAsync();
        var (one, other) = (house.Process(), house.Process());
        var held = await one.TryAsync();

        for (var i = 0; i < 20; i++)
        {
            Assert.Null(await other.TryAsync());
            one.Clock.Advance(Renewal);
            other.Clock.Advance(Renewal);
            await one.Leases.RenewAsync(held!, CancellationToken.None);
        }

        Assert.Null(await other.TryAsync());
    }

    [Fact]
    public async Task F46_Only_one_of_many_that_try_at_once_gets_a_free_one()
    {
        await using var house = await HouseAsync();
        var processes = Enumerable.Range(0, 8).Select(_ => house.Process()).ToList();

        var taken = await Task.WhenAll(processes.Select(p => Task.Run(p.TryAsync)));

        Assert.Single(taken, lease => lease is not null);
    }

    [Fact]
    public async Task F47_A_dead_owner_is_replaced_after_a_period_with_a_higher_token_and_its_writes_change_nothing()
    {
        await using var house = await HouseAsync();
        var (dead, heir) = (house.Process(), house.Process());
        var lost = (await dead.TryAsync())!;

        Assert.Null(await heir.TryAsync());
        heir.Clock.Advance(LocationLeases.Period - Moment);
        Assert.Null(await heir.TryAsync());
        heir.Clock.Advance(Moment);
        var taken = await heir.TryAsync();

        Assert.True(taken!.FenceToken > lost.FenceToken);
        await Assert.ThrowsAsync<LeaseLostException>(() => dead.Leases.RenewAsync(lost, CancellationToken.None));
        await Assert.ThrowsAsync<LeaseLostException>(() => house.Fixture.Get<LeasedWriter>().WriteAsync(
            lost, db => db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.Name, "written by the dead")), CancellationToken.None));
        Assert.NotEqual("written by the dead", (await house.Fixture.LocationAsync()).Name);
        await dead.Leases.ReleaseAsync(lost, CancellationToken.None);
        await heir.Leases.RenewAsync(taken, CancellationToken.None);
    }

    [Theory]
    [InlineData(-4)]
    [InlineData(4)]
    [InlineData(600)]
    public async Task F48_An_owner_whose_clock_is_wrong_keeps_the_lease_while_it_lives_and_loses_it_when_it_is_dead(int minutes)
    {
        await using var house = await HouseAsync();
        var (wrong, right) = (house.Process(TimeSpan.FromMinutes(minutes)), house.Process());
        var held = (await wrong.TryAsync())!;

        for (var i = 0; i < 8; i++)
        {
            Assert.Null(await right.TryAsync());
            wrong.Clock.Advance(Renewal);
            right.Clock.Advance(Renewal);
            await wrong.Leases.RenewAsync(held, CancellationToken.None);
        }

        Assert.Null(await right.TryAsync());
        right.Clock.Advance(LocationLeases.Period);
        Assert.NotNull(await right.TryAsync());
    }

    [Fact]
    public async Task F48_A_clock_that_jumps_does_not_make_an_owner_dead()
    {
        await using var house = await HouseAsync();
        var clock = new MovableClock();
        var (owner, candidate) = (house.Process(), new LocationLeases(house.Contexts, ProcessIdentity.New(), clock));
        owner.Clock.SetUtcNow(clock.GetUtcNow());
        Assert.NotNull(await owner.TryAsync());
        Assert.Null(await candidate.TryAcquireAsync(house.Fixture.LocationId, CancellationToken.None));

        clock.WallJump = TimeSpan.FromMinutes(4);
        Assert.Null(await candidate.TryAcquireAsync(house.Fixture.LocationId, CancellationToken.None));
        clock.WallJump = TimeSpan.FromMinutes(-4);
        Assert.Null(await candidate.TryAcquireAsync(house.Fixture.LocationId, CancellationToken.None));

        clock.Offset += LocationLeases.Period;
        Assert.NotNull(await candidate.TryAcquireAsync(house.Fixture.LocationId, CancellationToken.None));
    }

    [Fact]
    public async Task A_lease_of_long_ago_is_not_watched_first()
    {
        await using var house = await HouseAsync();
        var (dead, fresh) = (house.Process(), house.Process(LocationLeases.Period + LocationLeases.ClockTolerance + Moment));
        Assert.NotNull(await dead.TryAsync());

        Assert.NotNull(await fresh.TryAsync());
    }

    [Fact]
    public async Task Every_turn_has_a_token_of_its_own_so_that_an_earlier_one_of_the_same_process_cannot_write()
    {
        await using var house = await HouseAsync();
        var process = house.Process();
        var first = (await process.TryAsync())!;

        var second = (await process.TryAsync())!;

        Assert.True(second.FenceToken > first.FenceToken);
        await Assert.ThrowsAsync<LeaseLostException>(() => process.Leases.RenewAsync(first, CancellationToken.None));
    }

    private async Task<House> HouseAsync()
    {
        var house = new House(await database.StartAsync());
        await house.Fixture.Get<LocationLeases>().ReleaseAsync(house.Fixture.Lease, CancellationToken.None);
        return house;
    }

    private sealed class House(SyncFixture fixture) : IAsyncDisposable
    {
        private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

        public SyncFixture Fixture => fixture;

        public IDbContextFactory<VppBooksDbContext> Contexts => fixture.Get<IDbContextFactory<VppBooksDbContext>>();

        public Candidate Process(TimeSpan wrongBy = default) => new(fixture.LocationId, Contexts, new FakeTimeProvider(Noon + wrongBy));

        public ValueTask DisposeAsync() => fixture.DisposeAsync();
    }

    private sealed class Candidate(int locationId, IDbContextFactory<VppBooksDbContext> contexts, FakeTimeProvider clock)
    {
        public FakeTimeProvider Clock => clock;

        public LocationLeases Leases { get; } = new(contexts, ProcessIdentity.New(), clock);

        public Task<Lease?> TryAsync() => Leases.TryAcquireAsync(locationId, CancellationToken.None);
    }

    public sealed class OnSqlite() : LeaseTests(new SqliteTestDatabase());

    public sealed class OnSqlServer() : LeaseTests(new SqlServerTestDatabase());
}
