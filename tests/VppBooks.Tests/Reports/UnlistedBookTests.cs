using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Core.Reports;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>A book that was refunded or transferred away may vanish from Apple's list: then no report counts copies of it any more.</summary>
public sealed class UnlistedBookTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copies_of_a_book_that_Apple_no_longer_lists_are_in_no_report_and_back_when_they_are_bought_again()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.EmptyAssetsVanish = true);
        var before = await TotalsAsync(house);
        await BuyAsync(house, 7);
        Assert.Equal((before.Bought + 7, before.Available + 7), await TotalsAsync(house));

        house.Core.Clock.Pass(TimeSpan.FromDays(1));
        Assert.True(house.Apple.Refund(SpendingHouse.UId, "999000111", "STDQ", 7));
        await house.SyncAsync();

        var book = await BookAsync(house);
        Assert.True(book is { NoLongerReported: true, TotalCount: 0, AssignedCount: 0, AvailableCount: 0 });
        Assert.Equal(before, await TotalsAsync(house));
        var today = DateOnly.FromDateTime(house.Core.Clock.GetUtcNow().UtcDateTime);
        var points = await house.Core.Get<HistoryReader>().ListAsync(new HistoryScope(), today.AddDays(-1), today, TimeZoneInfo.Utc, CoreHouse.Admin, Cancel);
        Assert.Equal([before.Bought + 7, before.Bought], points.Select(p => p.Bought));
        Assert.Equal("""{"licenses":0}""", Assert.Single(await house.AuditAsync("book.unlisted"), a => a.BookId == book.Id).Details);
        Assert.Equal(0, (await house.Core.Get<TimeMachine>().CountsAsync(book.PublicId, today, TimeZoneInfo.Utc, CoreHouse.Admin, Cancel))!.Total);

        var version = book.Version;
        await house.SyncAsync();
        Assert.Equal(version, (await BookAsync(house)).Version);
        Assert.Empty(await house.AuditAsync("book.listed"));
        await BuyAsync(house, 3);
        Assert.True(await BookAsync(house) is { NoLongerReported: false, TotalCount: 3, AvailableCount: 3 });
        Assert.Equal((before.Bought + 3, before.Available + 3), await TotalsAsync(house));
        Assert.Equal(book.Id, Assert.Single(await house.AuditAsync("book.listed")).BookId);
        Assert.Single(await house.AuditAsync("book.unlisted"));
    }

    [Fact]
    public async Task Nothing_is_asked_of_Apple_for_a_book_that_it_no_longer_lists_and_who_was_given_a_copy_waits()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.EmptyAssetsVanish = true);
        await BuyAsync(house, 60);
        Assert.True(house.Apple.Refund(SpendingHouse.UId, "999000111", "STDQ", 60));
        await house.SyncAsync();
        house.Apple.ClearRequests();

        await house.AssignAsync(await BookAsync(house), new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();

        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All((await house.LicensesAsync(await BookAsync(house))), l => Assert.Equal(LicenseState.Waiting, l.State));
    }

    [Fact]
    public async Task Copies_that_were_under_way_when_Apple_stopped_listing_the_book_are_counted_once_they_arrived()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.EventDelay = TimeSpan.FromMinutes(5));
        var group = await house.GroupAsync("Class 4A");
        await BuyAsync(house, 60);
        await house.AssignAsync(await BookAsync(house), new WishedAssignment(group, Intent.Required));
        await house.WorkUntilAsync(async () => (await house.LicensesAsync(await BookAsync(house))).Any(l => l.State == LicenseState.Submitted));

        house.Apple.Unlist(SpendingHouse.UId, "999000111", "STDQ");
        house.Apple.FinishEvents();
        await house.SyncAsync();
        await house.WorkAsync(TimeSpan.FromMinutes(20));
        await house.SyncAsync();

        var held = house.Apple.Holders(SpendingHouse.UId, "999000111", "STDQ").Count;
        Assert.True(held > 20);
        var book = await BookAsync(house);
        Assert.Equal((true, held, held, 0), (book.NoLongerReported, book.TotalCount, book.AssignedCount, book.AvailableCount));

        // What people have of it counts everywhere, or nowhere: the token's own numbers are those of the first page and of the reports.
        var overview = (await house.Core.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, Cancel)).Licenses;
        var use = Assert.Single(await house.Core.Get<UsageReader>().ListAsync(UsageBy.Location, CoreHouse.Admin, Cancel));
        var token = await house.SummaryAsync();
        Assert.Equal((overview.Books, overview.Total, overview.Used, overview.Free), (token.Books, token.LicensesTotal, token.LicensesUsed, token.LicensesFree));
        Assert.Equal((use.Books, use.Bought!.Value, use.Assigned, use.Available!.Value), (token.Books, token.LicensesTotal, token.LicensesUsed + token.UnlimitedUsed, token.LicensesFree));
        Assert.Equal(token.Books, (await house.Core.Enrollment.PreviewDeletionAsync(token.PublicId, CoreHouse.Admin, Cancel))!.Books);
    }

    [Fact]
    public async Task Who_waits_for_a_free_title_that_Apple_no_longer_lists_is_not_sent_for()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A");
        await using var db = await house.Core.OpenAsync();
        var free = await db.Books.AsNoTracking().FirstAsync(b => b.LocationId == house.LocationId && b.Unlimited && !db.Licenses.Any(l => l.BookId == b.Id), Cancel);
        await house.AssignAsync(free, new WishedAssignment(group.Id, Intent.Required));
        Assert.Contains(await house.LicensesAsync(free), l => l.State == LicenseState.Reserved);

        house.Apple.Unlist(SpendingHouse.UId, free.Key.AdamId, free.Key.PricingParam.ToString());
        await house.SyncAsync();
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(free), l => Assert.Equal(LicenseState.Waiting, l.State));
    }

    private static async Task<(long Bought, long Available)> TotalsAsync(SpendingHouse house)
    {
        var sum = UsageReader.Sum(await house.Core.Get<UsageReader>().ListAsync(UsageBy.Location, CoreHouse.Admin, Cancel));
        var atApple = house.Apple.Assets(SpendingHouse.UId).Where(a => a.IsBook && a.Counts.Total < int.MaxValue).ToList();
        Assert.Equal(atApple.Sum(a => (long)a.Counts.Total), sum.Bought);
        var overview = await house.Core.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, Cancel);
        Assert.Equal((sum.Bought!.Value, sum.Available!.Value), (overview.Licenses.Total, overview.Licenses.Free));
        return (sum.Bought.Value, sum.Available.Value);
    }

    private static async Task BuyAsync(SpendingHouse house, int copies)
    {
        house.Apple.Buy(SpendingHouse.UId, "999000111", "STDQ", copies);
        await house.SyncAsync();
    }

    private static async Task<Book> BookAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Books.AsNoTracking().SingleAsync(b => b.AdamId == 999_000_111, Cancel);
    }
}
