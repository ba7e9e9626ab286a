using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>What a forecast learns from weeks in which copies were really taken, given to people who joined, and spent by another device management.</summary>
public sealed class ClaimedWeeksTests
{
    private static readonly TimeSpan _week = TimeSpan.FromDays(7);

    // What happens in each week: readers who take the book, people who join its class, and whether others spend too.
    private static readonly (int Taken, int Joined, bool Others)[] _weeks = [(3, 1, false), (1, 0, true), (0, 2, false), (2, 0, false), (4, 1, true), (1, 0, false)];

    [Fact]
    public async Task Forecast_counts_what_each_past_week_claimed_and_not_what_a_plan_gave()
    {
        await using var house = await SpendingHouse.StartAsync();
        var clock = house.Core.Clock;
        var book = await house.BookAsync(free: 100);
        var (taught, readers) = (Group(house, "Class 4A"), Group(house, "Class 5A"));
        await house.AssignAsync(book, new WishedAssignment(taught.Id, Intent.Required), new WishedAssignment(readers.Id, Intent.Available));
        await house.WorkAsync();
        var given = Counts(house, book);
        Assert.True(given > 10);
        var people = new Queue<Guid>(readers.People.Except(taught.People).Where(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }));
        var start = clock.GetUtcNow();
        var expected = new List<ClaimedWeek>();

        for (var week = 0; week < _weeks.Length; week++)
        {
            clock.Pass(start + (week * _week) + TimeSpan.FromDays(3) - clock.GetUtcNow());
            var (taken, joined, others) = _weeks[week];
            for (var i = 0; i < taken; i++)
            {
                var reader = new Actor(ActorKind.Person, people.Dequeue().ToString("D"), "R. Reader", Permissions.None);
                Assert.IsType<TakeResult.Taken>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, CancellationToken.None));
            }

            house.Core.Cloud.Graph.Edit(() =>
            {
                for (var i = 0; i < joined; i++)
                {
                    taught.People.Add(people.Dequeue());
                }
            });
            var before = Counts(house, book);
            for (var act = 0; others && Counts(house, book) == before; act++)
            {
                Assert.InRange(act, 0, 5000);
                house.Apple.ActAsOtherMdm(SpendingHouse.UId, 1);
            }

            expected.Add(new ClaimedWeek(taken, joined + Counts(house, book) - before));
            await house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
            await house.SyncAsync();
        }

        clock.Pass(start + (_weeks.Length * _week) + TimeSpan.FromHours(1) - clock.GetUtcNow());
        var forecast = (await ReadAsync(house, new ForecastQuery { Book = book.PublicId })).Forecast;
        Assert.Equal(expected, forecast.Facts.Weeks);
        Assert.Equal(given + expected.Sum(w => w.Taken + w.Other), Counts(house, book));
        Assert.Equal(ForecastBasis.Weeks, forecast.Basis);
        Assert.Equal(expected.Average(w => (decimal)w.Taken) + expected.Average(w => (decimal)w.Other), forecast.Likely.PerWeek, 6);

        // Asked for three weeks only, it learns from the last three.
        var recent = (await ReadAsync(house, new ForecastQuery { Book = book.PublicId, WeeksBack = 3 })).Forecast;
        Assert.Equal(expected.TakeLast(3), recent.Facts.Weeks);
        Assert.Equal(ForecastBasis.LittleHistory, recent.Basis);
    }

    [Fact]
    public async Task What_was_given_of_a_book_that_its_holders_lost_is_no_claim_of_others_although_they_have_another_one_of_the_title_now()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.RefundTakesAssigned = true);
        var (clock, group) = (house.Core.Clock, Group(house, "Class 4A").Id);
        var first = await house.BookAsync(free: 100);
        house.Apple.Buy(SpendingHouse.UId, first.Key.AdamId, "PLUS", 60);
        await house.SyncAsync();
        var start = clock.GetUtcNow();
        clock.Pass(TimeSpan.FromDays(2));
        await house.AssignAsync(first, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        Assert.Contains(await house.LicensesAsync(first), l => l.State == LicenseState.Assigned);

        clock.Pass(_week);
        Assert.True(house.Apple.Refund(SpendingHouse.UId, first.Key.AdamId, first.PricingParam.ToString(), (int)(await house.ReadAsync(first)).TotalCount));
        await house.AssignAsync(first);
        for (var i = 0; i < 3; i++)
        {
            await house.SyncAsync();
        }

        await using var db = await house.Core.OpenAsync();
        var second = db.Books.Single(b => b.LocationId == first.LocationId && b.AdamId == first.AdamId && b.Id != first.Id);
        await house.AssignAsync(second, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        Assert.Contains(await house.LicensesAsync(second), l => l.State == LicenseState.Assigned);
        Assert.Empty(await house.LicensesAsync(first));

        clock.Pass(start + (2 * _week) + TimeSpan.FromHours(1) - clock.GetUtcNow());
        ClaimedWeek[] quiet = [new(0, 0), new(0, 0)];
        Assert.Equal(quiet, await WeeksAsync(first));
        Assert.Equal(quiet, await WeeksAsync(second));

        async Task<IEnumerable<ClaimedWeek>> WeeksAsync(VppBooks.Core.Catalog.Book book) =>
            (await ReadAsync(house, new ForecastQuery { Book = book.PublicId, WeeksBack = 2 })).Forecast.Facts.Weeks;
    }

    private static async Task<BookForecast> ReadAsync(SpendingHouse house, ForecastQuery query) =>
        Assert.Single(await house.Core.Get<ForecastReader>().ListAsync(query, CoreHouse.Admin, CancellationToken.None));

    private static int Counts(SpendingHouse house, VppBooks.Core.Catalog.Book book) => house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString()).Assigned;

    private static SimulatedGroup Group(SpendingHouse house, string name) => house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);
}
