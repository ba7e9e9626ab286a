using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>A school year in virtual time: people join and leave, copies are bought and refunded, others spend too, the token is renewed. On every day the books add up.</summary>
public sealed class SchoolYearTests
{
    private const int Steps = 12;
    private static readonly TimeSpan Step = TimeSpan.FromDays(30);

    [Fact]
    public async Task Ledger_counts_at_Apple_and_every_report_agree_on_every_day_of_a_school_year()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (required, offered) = (await house.BookAsync(free: 60), await house.BookAsync(free: 100));
        var (taught, readers) = (Group(house, "Class 4A"), Group(house, "Class 5A"));
        await house.AssignAsync(required, new WishedAssignment(taught.Id, Intent.Required));
        await house.AssignAsync(offered, new WishedAssignment(readers.Id, Intent.Available));
        // Mornings: what a step does ends on the day on which it began.
        var first = new DateTimeOffset(house.Core.Clock.GetUtcNow().UtcDateTime.Date.AddDays(1).AddHours(8), TimeSpan.Zero);
        var days = new List<Day>();

        for (var step = 0; step < Steps; step++)
        {
            house.Core.Clock.Pass(first + (step * Step) - house.Core.Clock.GetUtcNow());
            await LiveAsync(house, step, required, offered, taught, readers);
            await house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
            await house.SyncAsync();
            days.Add(await SampleAsync(house, required));
        }

        // A year happened: copies were bought, given, and held by people who left.
        Assert.True(days[^1].Bought > days[0].Bought);
        Assert.True(days[^1].Assigned > days[0].Assigned + 10);
        Assert.True(UsageReader.Sum(await house.Core.Get<UsageReader>().ListAsync(UsageBy.Book, CoreHouse.Admin, CancellationToken.None)).Leavers > 0);
        Assert.Equal(days.Count, days.Select(d => d.Date).Distinct().Count());
        await CompareHistoryAsync(house, days, required);
    }

    private static async Task LiveAsync(SpendingHouse house, int step, Book required, Book offered, SimulatedGroup taught, SimulatedGroup readers)
    {
        var graph = house.Core.Cloud.Graph;
        if (Ready(house, readers).FirstOrDefault(p => !taught.People.Contains(p)) is var joiner && joiner != Guid.Empty)
        {
            graph.Edit(() => taught.People.Add(joiner));
        }

        if (step % 4 == 1)
        {
            graph.Edit(() => taught.People.Remove(taught.People.First()));
        }

        if (step % 6 == 2)
        {
            graph.DeletePerson(Ready(house, taught).First());
        }

        foreach (var reader in Ready(house, readers).Skip(step).Take(2))
        {
            await house.Core.Get<BookTaking>().TakeAsync(offered.PublicId, new Actor(ActorKind.Person, reader.ToString("D"), "R. Reader", Permissions.None), CancellationToken.None);
        }

        switch (step % 5)
        {
            case 0:
                house.Apple.Buy(SpendingHouse.UId, required.Key.AdamId, "STDQ", 15);
                break;
            case 2:
                house.Apple.Refund(SpendingHouse.UId, offered.Key.AdamId, "STDQ", 3);
                break;
            case 3:
                house.Apple.ActAsOtherMdm(SpendingHouse.UId, 4);
                break;
            case 4 when step > 5:
                var row = await house.Core.RowAsync(SpendingHouse.UId);
                var renewed = await house.Core.Enrollment.RenewAsync(row.PublicId, new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId)), CoreHouse.Admin, CancellationToken.None);
                Assert.IsType<ChangeLocationResult.Changed>(renewed);
                break;
        }
    }

    /// <summary>What Apple counts now, after every report was found to say the same.</summary>
    private static async Task<Day> SampleAsync(SpendingHouse house, Book watched)
    {
        var assets = house.Apple.Assets(SpendingHouse.UId).ToDictionary(a => (a.AdamId, a.PricingParam), a => a.Counts);
        var stop = CancellationToken.None;
        await using var db = await house.Core.OpenAsync();
        var ours = await db.Licenses.Where(l => l.State == LicenseState.Assigned).GroupBy(l => l.BookId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count);
        var foreign = await db.ForeignHoldings.GroupBy(h => h.BookId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count);
        var books = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId).ToListAsync();
        var rows = (await house.Core.Get<UsageReader>().ListAsync(UsageBy.Book, CoreHouse.Admin, stop)).ToDictionary(r => r.Id!.Value);
        var forecasts = (await house.Core.Get<ForecastReader>().ListAsync(new ForecastQuery(), CoreHouse.Admin, stop)).ToDictionary(f => f.BookId);
        Assert.Equal(assets.Count, books.Count);
        Assert.Equal(books.Count, rows.Count);
        foreach (var book in books)
        {
            var (atApple, row) = (assets[(book.Key.AdamId, book.PricingParam.ToString())], rows[book.PublicId]);
            Assert.Equal(atApple.Assigned, ours.GetValueOrDefault(book.Id) + foreign.GetValueOrDefault(book.Id));
            Assert.Equal(atApple.Assigned, row.Assigned);
            Assert.InRange(row.Used, 0, row.Assigned);
            Assert.InRange(row.Leavers, 0, row.Assigned);
            if (!book.Unlimited)
            {
                Assert.Equal((atApple.Total, atApple.Available), (row.Bought!.Value, row.Available!.Value));
                Assert.Equal(atApple.Available, forecasts[book.PublicId].Forecast.Facts.Available);
            }
        }

        var sum = UsageReader.Sum([.. rows.Values]);
        Assert.Equal(sum, UsageReader.Sum(await house.Core.Get<UsageReader>().ListAsync(UsageBy.Location, CoreHouse.Admin, stop)));
        Assert.Equal(sum, UsageReader.Sum(await house.Core.Get<UsageReader>().ListAsync(UsageBy.Genre, CoreHouse.Admin, stop)));
        var group = (await house.Core.Get<UsageReader>().ListAsync(UsageBy.Group, CoreHouse.Admin, stop)).Single(r => r.Name == "Class 4A");
        Assert.Equal(await db.Licenses.CountAsync(l => l.BookId == watched.Id && l.State == LicenseState.Assigned && db.GroupMemberships.Any(m => m.PersonId == l.PersonId && db.Groups.Any(g => g.Id == m.GroupId && g.DisplayName == "Class 4A"))), group.Assigned);
        var open = await db.Licenses.Where(l => l.State == LicenseState.Waiting || l.State == LicenseState.Failed).CountAsync();
        var unserved = await house.Core.Get<ServingReports>().UnservedAsync(CoreHouse.Admin, stop);
        Assert.Equal(open, unserved.Sum(b => b.ForStock + b.Failed));
        Assert.Equal(sum.Waiting, unserved.Sum(b => b.ForStock));

        return new Day(
            DateOnly.FromDateTime(house.Core.Clock.GetUtcNow().UtcDateTime),
            sum.Bought!.Value,
            sum.Assigned - sum.AssignedUnlimited,
            sum.Available!.Value,
            sum.AssignedUnlimited,
            ours.GetValueOrDefault(watched.Id),
            assets[(watched.Key.AdamId, watched.PricingParam.ToString())]);
    }

    /// <summary>Looked at from the end of the year, every day is what it was; days between are as the day before them.</summary>
    private static async Task CompareHistoryAsync(SpendingHouse house, List<Day> days, Book watched)
    {
        var (history, machine) = (house.Core.Get<HistoryReader>(), house.Core.Get<TimeMachine>());
        var points = await history.ListAsync(new HistoryScope(), days[0].Date, days[^1].Date, TimeZoneInfo.Utc, CoreHouse.Admin, CancellationToken.None);
        var ofBook = await history.ListAsync(new HistoryScope(Book: watched.PublicId), days[0].Date, days[^1].Date, TimeZoneInfo.Utc, CoreHouse.Admin, CancellationToken.None);
        Assert.Equal(days[^1].Date.DayNumber - days[0].Date.DayNumber + 1, points.Count);
        for (var i = 0; i < points.Count; i++)
        {
            var then = days.Last(d => d.Date <= points[i].Day);
            Assert.Equal(new HistoryPoint(points[i].Day, true, then.Bought, then.Assigned, then.Available, then.AssignedUnlimited), points[i]);
            Assert.Equal((then.Watched.Total, then.Watched.Assigned, then.Watched.Available), (ofBook[i].Bought, ofBook[i].Assigned, ofBook[i].Available));
        }

        foreach (var day in days)
        {
            Assert.Equal(day.Ours, (await machine.HoldersAsync(watched.PublicId, day.Date, TimeZoneInfo.Utc, 0, 1, CoreHouse.Admin, CancellationToken.None)).Total);
            Assert.Equal(day.Watched.Assigned, (await machine.CountsAsync(watched.PublicId, day.Date, TimeZoneInfo.Utc, CoreHouse.Admin, CancellationToken.None))!.Assigned);
        }
    }

    private static List<Guid> Ready(SpendingHouse house, SimulatedGroup group) =>
        [.. group.People.Where(p => house.Core.Cloud.Directory.People.TryGetValue(p, out var person) && person is { AccountEnabled: true, ManagedAppleAccount: not null })];

    private static SimulatedGroup Group(SpendingHouse house, string name) => house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    private sealed record Day(DateOnly Date, long Bought, long Assigned, long Available, long AssignedUnlimited, int Ours, AssetCounts Watched);
}
