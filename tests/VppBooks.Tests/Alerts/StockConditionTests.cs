using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Alerts;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;

namespace VppBooks.Tests.Alerts;

/// <summary>More books run short than the list of alerts holds.</summary>
public sealed class StockConditionTests(AlertRoom room) : IClassFixture<AlertRoom>, IAsyncLifetime
{
    private const int Most = StockConditions.MostBooks;

    public async ValueTask InitializeAsync()
    {
        // Each test begins with one book more than there are places: all empty but the last one, of which one license is left.
        await using var db = await room.House.OpenAsync();
        await db.Licenses.ExecuteDeleteAsync();
        await db.Books.ExecuteDeleteAsync();
        await room.LookAsync();
        db.AddRange(Enumerable.Range(1, Most + 1).Select(i => new Book
        {
            PublicId = Guid.NewGuid(),
            LocationId = room.LocationId,
            AdamId = i,
            PricingParam = PricingParam.STDQ,
            TotalCount = 10,
            AssignedCount = 10,
            AvailableCount = i > Most ? 1 : 0,
        }));
        await db.SaveChangesAsync();
        if (!await db.StockThresholds.AnyAsync())
        {
            db.StockThresholds.Add(new StockThreshold { Scope = StockScope.Location, SubjectId = room.LocationId, LowCount = 5, ChangedByName = "A. Admin" });
            db.People.Add(new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = "P", UserPrincipalName = "p@noordrand.example" });
            await db.SaveChangesAsync();
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Low_book_that_loses_its_place_is_not_told_as_over()
    {
        Assert.Equal(Enumerable.Range(1, Most).Select(i => (long)i), Subjects(await room.LookAsync(), AlertKind.StockLow, AlertOccasion.Raised));

        await StockAsync(1, 4);
        await StockAsync(Most + 1, 0);
        Assert.Empty(await room.LookAsync());

        // What is over is told, and its place goes to the one that waited for it.
        await StockAsync(1, 6);
        var messages = await room.LookAsync();
        Assert.Equal([1L], Subjects(messages, AlertKind.StockLow, AlertOccasion.Cleared));
        Assert.Equal([Most + 1L], Subjects(messages, AlertKind.StockLow, AlertOccasion.Raised));
    }

    [Fact]
    public async Task Low_book_is_told_although_people_wait_for_as_many_others_as_there_are_places()
    {
        await WaitAsync(Enumerable.Range(1, Most));

        var messages = await room.LookAsync();

        Assert.Equal(Enumerable.Range(1, Most).Select(i => (long)i), Subjects(messages, AlertKind.StockShort, AlertOccasion.Raised));
        Assert.Equal([Most + 1L], Subjects(messages, AlertKind.StockLow, AlertOccasion.Raised));
    }

    [Fact]
    public async Task Low_book_that_people_begin_to_wait_for_is_told_as_short_although_every_place_is_taken()
    {
        await WaitAsync(Enumerable.Range(1, Most));
        await room.LookAsync();

        await WaitAsync([Most + 1]);

        Assert.Equal([Most + 1L], Subjects(await room.LookAsync(), AlertKind.StockShort, AlertOccasion.Raised));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Waiting_people_are_told_of_until_nobody_waits_whatever_becomes_of_their_book(bool unlimited)
    {
        await WaitAsync([1]);
        Assert.Equal([1L], Subjects(await room.LookAsync(), AlertKind.StockShort, AlertOccasion.Raised));

        await BookAsync(1, b => (b.Unlimited, b.NoLongerReported) = (unlimited, !unlimited));
        Assert.Empty(Subjects(await room.LookAsync(), AlertKind.StockShort, AlertOccasion.Cleared));

        await using (var db = await room.House.OpenAsync())
        {
            await db.Licenses.ExecuteDeleteAsync();
        }

        Assert.Equal([1L], Subjects(await room.LookAsync(), AlertKind.StockShort, AlertOccasion.Cleared));
    }

    [Fact]
    public async Task Who_begins_to_wait_for_a_book_that_Apple_no_longer_lists_is_told_of_and_who_waits_for_an_unlimited_one_is_not()
    {
        await BookAsync(1, b => b.NoLongerReported = true);
        await BookAsync(2, b => b.Unlimited = true);

        await WaitAsync([1, 2]);

        Assert.Equal([1L], Subjects(await room.LookAsync(), AlertKind.StockShort, AlertOccasion.Raised));
    }

    [Fact]
    public async Task Low_book_that_is_removed_is_told_as_over_although_it_has_a_threshold_of_its_own()
    {
        await BookAsync(1, b => (b.TotalCount, b.AssignedCount) = (0, 0));
        await room.House.ChangeAsync(db => db.StockThresholds.Add(
            new StockThreshold { Scope = StockScope.Book, SubjectId = db.Books.Single(b => b.AdamId == 1).Id, LowCount = 0, ChangedByName = "A. Admin" }));
        Assert.Contains(1L, Subjects(await room.LookAsync(), AlertKind.StockLow, AlertOccasion.Raised));

        await BookAsync(1, b => b.RemovedAt = room.House.Clock.GetUtcNow());

        Assert.Equal([1L], Subjects(await room.LookAsync(), AlertKind.StockLow, AlertOccasion.Cleared));
    }

    private static List<long> Subjects(IEnumerable<AlertMessage> messages, AlertKind kind, AlertOccasion occasion) =>
        [.. messages.Where(m => m.Kind == kind && m.Occasion == occasion).Select(m => long.Parse(m.Title.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).Order()];

    private async Task StockAsync(long adamId, long available)
    {
        await using var db = await room.House.OpenAsync();
        await db.Books.Where(b => b.AdamId == adamId).ExecuteUpdateAsync(set => set.SetProperty(b => b.AvailableCount, available));
    }

    private Task BookAsync(long adamId, Action<Book> change) => room.House.ChangeAsync(db => change(db.Books.Single(b => b.AdamId == adamId)));

    private async Task WaitAsync(IEnumerable<int> adamIds) => await room.House.ChangeAsync(db =>
    {
        var books = db.Books.ToDictionary(b => b.AdamId, b => b.Id);
        var person = db.People.First().Id;
        db.Licenses.AddRange(adamIds.Select(i => new License { BookId = books[i], PersonId = person, AdamId = i, State = LicenseState.Waiting }));
    });
}
