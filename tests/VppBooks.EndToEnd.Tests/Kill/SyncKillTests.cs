using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;

namespace VppBooks.EndToEnd.Tests.Kill;

/// <summary>F23: the program dies while it reads Apple. What was known stays known, whole, until the next run replaces it.</summary>
[Collection("Kill")]
public sealed class SyncKillTests
{
    // The books' page, three of people, then some of assignments.
    [Theory]
    [InlineData("sync.page-n:1", SyncReason.Manual)]
    [InlineData("sync.page-n:9", SyncReason.Manual)]
    [InlineData("sync.before-publish", SyncReason.Manual)]
    [InlineData("sync.before-publish", SyncReason.Schedule)]
    [InlineData("sync.before-publish", SyncReason.Notification)]
    [InlineData("sync.page-n:2", SyncReason.Upload)]
    [InlineData("sync.page-n:9", SyncReason.Start)]
    [InlineData("lease.before-renew", SyncReason.Manual)]
    public async Task F23_Killed_while_syncing_the_old_picture_stands_and_the_next_run_finishes(string point, SyncReason reason)
    {
        await using var house = await KillHouse.StartAsync();
        var before = await PictureAsync(house);
        await ChangeAppleAsync(house, reason);
        // Long enough for a renewal to come due.
        house.Apple.Switches.Latency = point == "lease.before-renew" ? TimeSpan.FromSeconds(3) : TimeSpan.Zero;

        await house.KillAtAsync(point);
        house.Apple.Switches.Latency = TimeSpan.Zero;
        Assert.Equal(before, await PictureAsync(house));
        Assert.Equal(SyncResult.Running, (await RunsAsync(house))[^1].Result);

        await RunUntilSyncedAsync(house);
        var runs = await RunsAsync(house);
        Assert.Equal((SyncResult.Failed, "Interrupted"), (runs[^2].Result, runs[^2].ErrorCode));
        Assert.Equal((SyncResult.Succeeded, reason), (runs[^1].Result, runs[^1].Reason));
        await AssertPictureIsApplesAsync(house);
    }

    [Fact]
    public async Task F23_Killed_right_after_publishing_the_new_picture_stands()
    {
        await using var house = await KillHouse.StartAsync();
        await ChangeAppleAsync(house, SyncReason.Manual);

        await house.KillAtAsync("sync.after-publish");
        Assert.Equal(SyncResult.Succeeded, (await RunsAsync(house))[^1].Result);
        await AssertPictureIsApplesAsync(house);
    }

    private static async Task ChangeAppleAsync(KillHouse house, SyncReason reason)
    {
        var apple = house.Apple;
        apple.Switches.PageSize = 100;
        var book = apple.Assets(KillHouse.UId)[3];
        apple.Buy(KillHouse.UId, book.AdamId, book.PricingParam, 17);
        apple.ActAsOtherMdm(KillHouse.UId, 40);

        // Everything is read, as it is once a day.
        await using var db = await house.OpenAsync();
        DateTimeOffset? longAgo = TimeProvider.System.GetUtcNow().AddDays(-2);
        SyncReason? wanted = reason;
        await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.SyncWanted, wanted).SetProperty(l => l.LastFullSyncAt, longAgo));
    }

    private static Task<List<SyncRun>> RunsAsync(KillHouse house) => house.ReadAsync(db => db.SyncRuns.AsNoTracking().OrderBy(r => r.Id).ToListAsync());

    private static Task RunUntilSyncedAsync(KillHouse house) => house.RunUntilAsync(async db =>
        !await db.Locations.AnyAsync(l => l.SyncWanted != null || l.SyncStatus != SyncStatus.Completed)
        && !await db.SyncRuns.AnyAsync(r => r.Result == SyncResult.Running)
        && !await db.StagedBooks.AnyAsync() && !await db.StagedUsers.AnyAsync() && !await db.StagedAssignments.AnyAsync());

    /// <summary>What screens show: every book with its counts and holders, every person's standing, and how old it says it is.</summary>
    private static async Task<string> PictureAsync(KillHouse house)
    {
        await using var db = await house.OpenAsync();
        var location = await house.LocationAsync();
        var books = await db.Books.OrderBy(b => b.Id)
            .Select(b => $"{b.AdamId}/{b.PricingParam} {b.TotalCount} {b.AssignedCount} {b.AvailableCount} {db.ForeignHoldings.Count(h => h.BookId == b.Id)}").ToListAsync();
        var users = await db.VppUsers.OrderBy(u => u.Id).Select(u => $"{u.ClientUserId} {u.Status}").ToListAsync();
        return string.Join('\n', [location.LastSyncedAt?.ToString("O"), location.UsersVersionId, location.AssignmentsVersionId, .. books, .. users]);
    }

    private static async Task AssertPictureIsApplesAsync(KillHouse house)
    {
        await using var db = await house.OpenAsync();
        var books = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId).ToListAsync();
        var holdings = await db.ForeignHoldings.GroupBy(h => h.BookId).ToDictionaryAsync(g => g.Key, g => g.Count());
        Assert.NotEmpty(books);
        foreach (var book in books)
        {
            var counts = house.Apple.Counts(KillHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString());
            Assert.Equal((counts.Total, counts.Assigned, counts.Assigned), (book.TotalCount, book.AssignedCount, holdings.GetValueOrDefault(book.Id)));
        }
    }
}
