using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Licenses;

public sealed class UnknownClockTests
{
    [Fact]
    public async Task F48_A_wall_clock_that_jumps_does_not_shorten_the_wait_before_an_absence_is_believed()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "POST", Path = "*/assets/associate" });
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);

        for (var jump = 1; jump <= 3; jump++)
        {
            house.Core.Clock.WallJump += TimeSpan.FromHours(1);
            await house.StepAsync();
        }

        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));

        await house.WorkAsync(TimeSpan.FromMinutes(20));
        Assert.Equal(2, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }
}
