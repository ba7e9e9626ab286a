using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Core;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Tests.Licenses;

namespace VppBooks.Tests.Sync;

/// <summary>The worker in the background, on a clock that the test moves.</summary>
public sealed class LocationWorkerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task F47_A_dead_owners_work_is_taken_over_within_two_lease_periods()
    {
        await using var house = await SpendingHouse.StartAsync();
        await house.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == house.LocationId).SyncWanted = SyncReason.Manual);
        await HoldAsync(house, "a server that died a moment ago");
        var clock = new FakeTimeProvider(house.Core.Clock.GetUtcNow());
        await using var process = house.Core.SecondProcess(services => services.AddSingleton<TimeProvider>(clock).AddLocationWorker());
        var began = clock.GetUtcNow();
        var worker = Assert.Single(process.GetServices<IHostedService>().OfType<LocationWorker>());
        await worker.StartAsync(CancellationToken.None);

        await UntilAsync(clock, TimeSpan.FromMilliseconds(500), async () =>
        {
            await using var db = await house.Core.OpenAsync();
            return (await db.LocationLeases.SingleAsync(l => l.LocationId == house.LocationId)).Owner != "a server that died a moment ago";
        });

        Assert.InRange(clock.GetUtcNow() - began, LocationLeases.Period, 2 * LocationLeases.Period);
        await worker.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Licenses_of_people_who_have_yet_to_accept_an_invitation_bring_nobody_to_work()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync(TimeSpan.FromMinutes(20));
        await house.Core.ChangeAsync(db =>
        {
            foreach (var license in db.Licenses.Where(l => l.BookId == book.Id).Take(3))
            {
                license.State = LicenseState.Reserved;
                db.VppUsers.Single(u => u.PersonId == license.PersonId).Status = VppBooks.Apple.VppUserStatus.Registered;
            }
        });
        var worker = new LocationWorker(
            house.Core.Get<IDbContextFactory<VppBooksDbContext>>(), house.Core.Get<LocationLeases>(), house.Core.Get<LocationTurn>(), house.Core.Get<RestartGuard>(),
            house.Core.Get<LicenseOptions>(), house.Core.Get<WorkSignal>(), house.Core.Clock, NullLogger<LocationWorker>.Instance);
        Assert.Empty(await worker.FindWorkAsync(CancellationToken.None));

        // One of them accepted.
        await house.Core.ChangeAsync(db => db.VppUsers.First(u => u.Status == VppBooks.Apple.VppUserStatus.Registered && db.Licenses.Any(l => l.PersonId == u.PersonId && l.State == LicenseState.Reserved)).Status = VppBooks.Apple.VppUserStatus.Associated);
        Assert.Equal([house.LocationId], await worker.FindWorkAsync(CancellationToken.None));
    }

    private static async Task HoldAsync(SpendingHouse house, string owner)
    {
        var until = house.Core.Clock.GetUtcNow() + LocationLeases.Period;
        await using var db = await house.Core.OpenAsync();
        await db.LocationLeases.Where(l => l.LocationId == house.LocationId).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.Owner, owner).SetProperty(l => l.FenceToken, l => l.FenceToken + 1).SetProperty(l => l.ExpiresAt, until));
    }

    /// <summary>Moves the clock in steps, leaving real time for what each step sets off.</summary>
    private static async Task UntilAsync(FakeTimeProvider clock, TimeSpan step, Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            await Task.Delay(20, patience.Token);
            clock.Advance(step);
        }
    }
}
