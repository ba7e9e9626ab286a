using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Alerts;
using VppBooks.Core.Catalog;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

/// <summary>A threshold of a book goes before that of its location, and that before the one for all.</summary>
public sealed class StockThresholdTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Threshold_of_a_book_or_location_raises_and_clears_its_alerts()
    {
        await using var alerts = await AlertHouse.StartAsync();
        var house = alerts.House;
        var thresholds = house.Core.Get<StockThresholds>();
        await alerts.LookAsync();
        var location = (await house.Core.RowAsync(SpendingHouse.UId)).PublicId;
        var used = await BooksAsync(house);
        var book = used.First(b => b.AvailableCount > 2);
        var view = (await thresholds.FindAsync(StockScope.Book, book.PublicId, CoreHouse.Helpdesk, Cancel))!;
        Assert.Equal((null, new StockLimit(null, 0), false, 0), (view.Own, view.Inherited, view.FromLocation, view.Version));

        // The book's own.
        Assert.Equal(ThresholdAnswer.Done, await ChangeAsync(StockScope.Book, book.PublicId, new StockLimit((int)book.AvailableCount, null), 0));
        Assert.Equal((int)book.AvailableCount, (await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Raised)).Count);
        Assert.Equal(ThresholdAnswer.Conflict, await ChangeAsync(StockScope.Book, book.PublicId, new StockLimit(1, null), 0));
        Assert.Equal(ThresholdAnswer.Done, await ChangeAsync(StockScope.Book, book.PublicId, new StockLimit((int)book.AvailableCount - 1, null), 1));
        await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Cleared);

        // That of the location holds for all its books but this one.
        Assert.Equal(ThresholdAnswer.Done, await ChangeAsync(StockScope.Location, location, new StockLimit(null, 1), 0));
        var raised = (await alerts.LookAsync()).Where(m => m is { Kind: AlertKind.StockLow, Occasion: AlertOccasion.Raised }).ToList();
        Assert.Equal(used.Count(b => b.AvailableCount > 0) - 1, raised.Count);
        view = (await thresholds.FindAsync(StockScope.Book, book.PublicId, CoreHouse.Helpdesk, Cancel))!;
        Assert.Equal((new StockLimit((int)book.AvailableCount - 1, null), new StockLimit(null, 1), true, 2), (view.Own, view.Inherited, view.FromLocation, view.Version));

        // Without one of its own the book follows its location; without that, what holds for all.
        Assert.Equal(ThresholdAnswer.Done, await ChangeAsync(StockScope.Book, book.PublicId, null, 2));
        await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Raised);
        Assert.Equal(ThresholdAnswer.Done, await ChangeAsync(StockScope.Location, location, null, 1));
        Assert.Equal(raised.Count + 1, (await alerts.LookAsync()).Count(m => m is { Kind: AlertKind.StockLow, Occasion: AlertOccasion.Cleared }));

        Assert.Equal(ThresholdAnswer.Invalid, await ChangeAsync(StockScope.Location, location, new StockLimit(-1, null), 2));
        Assert.Equal(ThresholdAnswer.Invalid, await ChangeAsync(StockScope.Location, location, new StockLimit(null, 1.5), 2));
        Assert.Equal(ThresholdAnswer.NotFound, await ChangeAsync(StockScope.Book, Guid.NewGuid(), null, 0));
        await using var db = await house.Core.OpenAsync();
        Assert.Equal(5, await db.AuditEvents.CountAsync(a => a.Action == "threshold.changed" && a.LocationId == house.LocationId, Cancel));

        Task<ThresholdAnswer> ChangeAsync(StockScope scope, Guid id, StockLimit? limit, int version) => thresholds.ChangeAsync(scope, id, limit, version, CoreHouse.Admin, Cancel);
    }

    [Fact]
    public async Task Refund_below_a_threshold_of_a_book_is_told_and_a_purchase_above_it_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var book = (await BooksAsync(house)).Where(b => b.PricingParam == PricingParam.STDQ).MaxBy(b => b.AvailableCount)!;
        var limit = (int)book.AvailableCount - 2;
        Assert.True(limit > 0);
        Assert.Equal(ThresholdAnswer.Done, await house.Core.Get<StockThresholds>().ChangeAsync(StockScope.Book, book.PublicId, new StockLimit(limit, null), 0, CoreHouse.Admin, Cancel));
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.StockLow && m.Count > 0);

        // One above the threshold is not yet low, at the threshold it is.
        await RefundAsync(1);
        await alerts.NothingMoreAsync(AlertKind.StockLow);
        await RefundAsync(1);
        var raised = await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Raised);
        Assert.Equal(limit, raised.Count);
        await alerts.NothingMoreAsync(AlertKind.StockLow);

        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), 1);
        await house.SyncAsync();
        Assert.Equal(raised.AlertId, (await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Cleared)).AlertId);

        async Task RefundAsync(int licenses)
        {
            Assert.True(house.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), licenses));
            await house.SyncAsync();
        }
    }

    /// <summary>Books of the location that may be low: bought, limited and used.</summary>
    private static async Task<List<Book>> BooksAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Books.AsNoTracking()
            .Where(b => b.LocationId == house.LocationId && !b.Unlimited && !b.NoLongerReported && b.TotalCount > 1 && b.AvailableCount < b.TotalCount)
            .OrderBy(b => b.Id).ToListAsync(Cancel);
    }
}
