using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Alerts;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Settings;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

/// <summary>Alerts, the overview and the list of books mean the same books when they say that books run short.</summary>
public sealed class RunningShortTests(AlertRoom room) : IClassFixture<AlertRoom>
{
    [Fact]
    public async Task Alerts_overview_and_list_have_the_same_books_whatever_the_thresholds_are()
    {
        var other = room.ALocation("2");
        await room.House.ChangeAsync(db => db.Locations.Add(other));
        var otherId = (await room.House.RowAsync("2")).Id;
        await room.House.ChangeAsync(db =>
        {
            db.Books.AddRange(
                ABook(1, room.LocationId, total: 100, free: 0),
                ABook(2, room.LocationId, total: 100, free: 5),
                ABook(3, room.LocationId, total: 100, free: 30),
                ABook(4, room.LocationId, total: 100, free: 90),
                ABook(5, room.LocationId, total: 1, free: 0),
                ABook(6, room.LocationId, total: 100, free: 0, b => b.NoLongerReported = true),
                ABook(7, room.LocationId, total: 100, free: 0, b => (b.NoLongerReported, b.RemovedAt) = (true, DateTimeOffset.UnixEpoch)),
                ABook(8, room.LocationId, total: 0, free: 0, b => b.Unlimited = true),
                ABook(9, room.LocationId, total: 100, free: 80),
                ABook(10, otherId, total: 100, free: 60),
                ABook(11, otherId, total: 100, free: 40),
                ABook(12, otherId, total: 100, free: 0),
                ABook(13, room.LocationId, total: 20, free: 20));
            db.People.Add(new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = "P", UserPrincipalName = "p@noordrand.example" });
        });
        await room.House.ChangeAsync(db =>
        {
            // People wait for one that Apple no longer lists, and for one that has enough for all others.
            var person = db.People.Single().Id;
            db.Licenses.AddRange(db.Books.Where(b => b.AdamId == 6 || b.AdamId == 9).ToList().ConvertAll(b => new License { BookId = b.Id, PersonId = person, AdamId = b.AdamId, State = LicenseState.Waiting }));
        });

        // As configured: only a book without a free license is low.
        await AgreeAsync(1, 6, 9, 12);

        // The console says a share and a number for all.
        var desk = room.House.Get<SettingsDesk>();
        await SetAsync(AlertRules.StockLowShare.Key, "0.05");
        await AgreeAsync(1, 2, 6, 9, 12);
        await SetAsync(AlertRules.StockLowCount.Key, "30");
        await AgreeAsync(1, 2, 3, 6, 9, 12);

        // A location and a book have their own.
        await ThresholdAsync(StockScope.Location, otherId, new StockLimit(null, 0.5));
        await AgreeAsync(1, 2, 3, 6, 9, 11, 12);
        await ThresholdAsync(StockScope.Book, await NumberAsync(10), new StockLimit(60, null));
        await ThresholdAsync(StockScope.Book, await NumberAsync(12), new StockLimit(0, null));
        await ThresholdAsync(StockScope.Book, await NumberAsync(13), new StockLimit(null, 1));
        await ThresholdAsync(StockScope.Book, await NumberAsync(3), new StockLimit(29, null));
        await AgreeAsync(1, 2, 6, 9, 10, 11, 12, 13);

        async Task SetAsync(string key, string value) =>
            Assert.Equal(new ChangeSettingsResult.Saved(1), await desk.ChangeAsync([new(key, value, 0)], CoreHouse.Admin, CancellationToken.None));
    }

    private static Book ABook(long adamId, int locationId, int total, int free, Action<Book>? change = null)
    {
        var book = new Book { PublicId = Guid.NewGuid(), LocationId = locationId, AdamId = adamId, PricingParam = PricingParam.STDQ, TotalCount = total, AssignedCount = total - free, AvailableCount = free };
        change?.Invoke(book);
        return book;
    }

    private async Task AgreeAsync(params long[] expected)
    {
        await room.LookAsync();
        await using var db = await room.House.OpenAsync();
        var alerts = await db.Alerts.Where(a => a.ClearedAt == null && (a.Kind == AlertKind.StockShort || a.Kind == AlertKind.StockLow))
            .Join(db.Books, a => a.BookId, b => b.Id, (a, b) => b.AdamId).ToListAsync(TestContext.Current.CancellationToken);
        var list = await room.House.Get<BookCatalog>().ListAsync(new BookQuery { State = BookFilter.RunningShort, Take = 99 }, CoreHouse.Admin, CancellationToken.None);
        var overview = await room.House.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, CancellationToken.None);

        Assert.Equal(expected, alerts.Order());
        Assert.Equal(expected, list.Rows.Select(b => b.AdamId).Order());
        Assert.Equal((expected.Length, expected.Length), (list.Total, overview.Licenses.ShortBooks));
    }

    private async Task ThresholdAsync(StockScope scope, int subject, StockLimit limit)
    {
        await using var db = await room.House.OpenAsync();
        var id = scope == StockScope.Location
            ? await db.Locations.Where(l => l.Id == subject).Select(l => l.PublicId).SingleAsync(TestContext.Current.CancellationToken)
            : await db.Books.Where(b => b.Id == subject).Select(b => b.PublicId).SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ThresholdAnswer.Done, await room.House.Get<StockThresholds>().ChangeAsync(scope, id, limit, 0, CoreHouse.Admin, CancellationToken.None));
    }

    private async Task<int> NumberAsync(long adamId)
    {
        await using var db = await room.House.OpenAsync();
        return await db.Books.Where(b => b.AdamId == adamId).Select(b => b.Id).SingleAsync(TestContext.Current.CancellationToken);
    }
}
