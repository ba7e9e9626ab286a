using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.Tests.Persistence;

namespace VppBooks.Tests.Sync;

public abstract class FirstSyncTests(ITestDatabase database)
{
    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Reads_everything_and_shows_it_at_once(int pageSize)
    {
        await using var fixture = await database.StartAsync(pageSize);
        var books = Enumerable.Range(1, 7).Select(i => fixture.AddBook(i)).ToList();
        fixture.AddApp(900);
        foreach (var user in Enumerable.Range(1, 11))
        {
            fixture.AddUser($"rv-{user:D4}");
            fixture.Give(books[user % 3], $"rv-{user:D4}");
            fixture.Give(SyncFixture.AdamId(900), $"rv-{user:D4}");
        }

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Succeeded, SyncPhase.Done, true), (run.Result, run.Phase, run.Full));
        await using var db = fixture.Open();
        Assert.Equal(7, await db.Books.CountAsync());
        Assert.Equal(11, await db.VppUsers.CountAsync(u => u.PersonId == null));
        Assert.Equal(11, await db.ForeignHoldings.CountAsync());
        foreach (var book in await db.Books.ToListAsync())
        {
            var counts = fixture.Apple.Counts(SyncFixture.UId, book.Key.AdamId);
            Assert.Equal((counts.Total, counts.Assigned, counts.Available), ((int)book.TotalCount, (int)book.AssignedCount, (int)book.AvailableCount));
            Assert.Equal(book.AssignedCount, await db.ForeignHoldings.CountAsync(h => h.BookId == book.Id));
            Assert.NotNull(book.TitleId);
        }

        var location = await fixture.LocationAsync();
        Assert.False(location.MustReadFirst);
        Assert.Equal((SyncStatus.Completed, "Riverside Central"), (location.SyncStatus, location.LocationName));
        Assert.NotNull(location.UsersVersionId);
        Assert.NotNull(location.AssignmentsVersionId);
        Assert.Equal((0, 0, 0, 0), await fixture.StagedAsync());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task A_second_sync_with_nothing_changed_asks_little_and_writes_nothing(int pageSize)
    {
        await using var fixture = await database.StartAsync(pageSize);
        var books = Enumerable.Range(1, 7).Select(i => fixture.AddBook(i)).ToList();
        foreach (var user in Enumerable.Range(1, 11))
        {
            fixture.AddUser($"rv-{user:D4}");
            fixture.Give(books[user % 3], $"rv-{user:D4}");
        }

        var (_, ours) = await fixture.AddPersonAsync("Anna");
        fixture.Give(books[0], ours);
        var first = await fixture.SyncAsync();
        Assert.Equal(SyncResult.Succeeded, first.Result);
        var before = await fixture.DumpAsync();

        var second = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Succeeded, false, 0), (second.Result, second.Full, second.RowsChanged));
        Assert.Equal(before, await fixture.DumpAsync());
        Assert.InRange(second.Requests, 1, 4 + ((7 + pageSize - 1) / pageSize));
    }

    public sealed class OnSqlite() : FirstSyncTests(new SqliteTestDatabase());

    public sealed class OnSqlServer() : FirstSyncTests(new SqlServerTestDatabase());
}
