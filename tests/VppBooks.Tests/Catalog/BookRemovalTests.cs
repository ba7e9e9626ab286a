using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Overview;
using VppBooks.Core.Reports;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Catalog;

/// <summary>A book that was deleted is out of every list and out of every plan, until Apple has copies of it again.</summary>
public sealed class BookRemovalTests : IAsyncLifetime
{
    private SpendingHouse _house = null!;
    private Book _book = null!;
    private WishedAssignment _wish = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _house = await SpendingHouse.StartAsync();
        _house.Apple.Buy(SpendingHouse.UId, "999000111", "STDQ", 3);
        await _house.SyncAsync();
        _house.Core.Clock.Pass(TimeSpan.FromDays(1));
        Assert.True(_house.Apple.Refund(SpendingHouse.UId, "999000111", "STDQ", 3));
        await _house.SyncAsync();
        await using (var db = await _house.Core.OpenAsync())
        {
            _book = await db.Books.AsNoTracking().SingleAsync(b => b.AdamId == 999_000_111, Cancel);
        }

        _wish = new WishedAssignment(await _house.GroupAsync("Class 4A"), Intent.Required);
    }

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task A_plan_that_was_shown_before_the_book_was_deleted_is_not_committed()
    {
        var desk = _house.Core.Get<AssignmentDesk>();
        var shown = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(new PlanRequest(_book.PublicId, [_wish]), CoreHouse.Admin, Cancel)).Plan;
        Assert.Equal(BookRemovalAnswer.Done, await RemoveAsync());

        var refused = Assert.IsType<CommitResult.Refused>(await desk.CommitAsync(shown.Id, new CommitOptions(TypedNumber: shown.NumberToType), CoreHouse.Admin, Cancel));

        Assert.Equal("BookNotFound", refused.Refusal.Code);
        Assert.Empty(await _house.LicensesAsync(_book));
        Assert.Equal("BookNotFound", Assert.IsType<CommitResult.Refused>(await _house.AssignAsync(_book, _wish)).Refusal.Code);

        // What is bought later is for nobody, and the book is back where everybody sees it.
        _house.Apple.ClearRequests();
        await BuyAsync(60);
        Assert.Equal(0, _house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.Empty(await _house.LicensesAsync(_book));
        Assert.True(await IsListedAsync());
    }

    [Fact]
    public async Task A_book_that_came_back_with_copies_stays_when_they_go_again()
    {
        Assert.Equal(BookRemovalAnswer.Done, await RemoveAsync());
        Assert.False(await IsListedAsync());
        await _house.SyncAsync();
        Assert.False(await IsListedAsync());

        Assert.Empty(await _house.AuditAsync("book.restored"));
        await BuyAsync(5);
        Assert.True(await IsListedAsync());
        Assert.Equal(_book.Id, Assert.Single(await _house.AuditAsync("book.restored")).BookId);
        await _house.AssignAsync(_book, _wish);
        Assert.True(_house.Apple.Refund(SpendingHouse.UId, _book.Key.AdamId, _book.PricingParam.ToString(), 5));
        await _house.SyncAsync();

        Assert.True(await IsListedAsync());
        Assert.Equal(BookRemovalAnswer.HasLicenses, await RemoveAsync());
    }

    [Fact]
    public async Task A_reading_between_syncs_that_finds_copies_of_a_deleted_book_writes_down_that_it_is_back()
    {
        Assert.Equal(BookRemovalAnswer.Done, await RemoveAsync());
        var location = await _house.Core.RowAsync(SpendingHouse.UId);
        await ReadCountsAsync();
        Assert.False(await IsListedAsync());
        Assert.Empty(await _house.AuditAsync("book.restored"));

        _house.Apple.Buy(SpendingHouse.UId, _book.Key.AdamId, _book.PricingParam.ToString(), 5);
        await ReadCountsAsync();
        await ReadCountsAsync();

        Assert.True(await IsListedAsync());
        Assert.Equal(_book.Id, Assert.Single(await _house.AuditAsync("book.restored")).BookId);

        async Task ReadCountsAsync()
        {
            var lease = (await _house.Core.Get<LocationLeases>().TryAcquireAsync(location.Id, Cancel))!;
            await _house.Core.Get<BookCounts>().RefreshAsync(lease, _house.Core.Get<LocationConnections>().Connect(location), _book.Id, Cancel);
            await _house.Core.Get<LocationLeases>().ReleaseAsync(lease, Cancel);
        }
    }

    [Fact]
    public async Task A_deleted_book_is_in_no_count_and_the_past_stays_as_it_was()
    {
        var (overview, token, past) = await ReadAsync();
        Assert.Contains(3, past.Select(p => p.Bought - past[^1].Bought));

        Assert.Equal(BookRemovalAnswer.Done, await RemoveAsync());

        var after = await ReadAsync();
        Assert.Equal((overview with { Books = overview.Books - 1 }, token - 1), (after.Overview, after.Token));
        Assert.Equal(past, after.Past);

        async Task<(LicenseTotals Overview, int Token, IReadOnlyList<HistoryPoint> Past)> ReadAsync()
        {
            var today = DateOnly.FromDateTime(_house.Core.Clock.GetUtcNow().UtcDateTime);
            return (
                (await _house.Core.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, Cancel)).Licenses,
                (await _house.SummaryAsync()).Books,
                await _house.Core.Get<HistoryReader>().ListAsync(new HistoryScope(), today.AddDays(-1), today, TimeZoneInfo.Utc, CoreHouse.Admin, Cancel));
        }
    }

    private Task<BookRemovalAnswer> RemoveAsync() => _house.Core.Get<BookRemoval>().RemoveAsync(_book.PublicId, CoreHouse.Admin, Cancel);

    private async Task BuyAsync(int copies)
    {
        _house.Apple.Buy(SpendingHouse.UId, _book.Key.AdamId, _book.PricingParam.ToString(), copies);
        await _house.SyncAsync();
    }

    private async Task<bool> IsListedAsync()
    {
        await using var db = await _house.Core.OpenAsync();
        return await db.ListedBooks().AnyAsync(b => b.Book.Id == _book.Id, Cancel);
    }
}
