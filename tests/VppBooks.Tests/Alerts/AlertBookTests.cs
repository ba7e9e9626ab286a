using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Alerts;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

/// <summary>What becomes of a trouble, from look to look.</summary>
public sealed class AlertBookTests(AlertRoom room) : IClassFixture<AlertRoom>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(255)]
    [InlineData(254)]
    public async Task Title_that_is_longer_than_an_alert_keeps_is_cut_between_two_characters(int before)
    {
        var trouble = new AlertCondition(AlertKind.OperationUnknown, before) { Subject = new string('x', before) + "😀" + new string('y', 200) };
        room.Make(trouble);

        Assert.Single(await room.LookAsync(), m => m.Title.Contains("xx", StringComparison.Ordinal));

        var kept = (await room.RowAsync(trouble)).Subject!;
        Assert.Equal(new string('x', Math.Min(before, 255)) + "…", kept);
        Assert.InRange(kept.Length, 1, 256);
        room.End(trouble);
        await room.LookAsync();
    }

    [Fact]
    public async Task What_is_written_is_sent_although_troubles_cannot_be_looked_for()
    {
        room.Broken = true;
        try
        {
            await room.Desk.TestAsync("Test", "Nothing is wrong.", CoreHouse.Admin, Cancel);

            Assert.Single(await room.LookAsync(), m => m.Occasion == AlertOccasion.Test);
        }
        finally
        {
            room.Broken = false;
        }
    }

    [Fact]
    public async Task Failing_sync_is_not_over_while_the_next_one_runs_or_was_stopped()
    {
        await room.House.ChangeAsync(db => db.Locations.Add(room.ALocation("sync")));
        var id = (await room.House.RowAsync("sync")).Id;

        // One that has never failed is not told of because it runs.
        await RunAsync(SyncResult.Failed, SyncStatus.InProgress);
        Assert.Empty(await SyncsAsync());
        await RunAsync(null, SyncStatus.Failed);
        Assert.Equal(AlertOccasion.Raised, Assert.Single(await SyncsAsync()).Occasion);

        await RunAsync(SyncResult.Running, SyncStatus.InProgress);
        Assert.Empty(await SyncsAsync());
        await RunAsync(SyncResult.Canceled, SyncStatus.Completed);
        Assert.Empty(await SyncsAsync());
        await RunAsync(SyncResult.Failed, SyncStatus.InProgress, "Interrupted");
        Assert.Empty(await SyncsAsync());
        await RunAsync(SyncResult.Failed, SyncStatus.Failed);
        Assert.Empty(await SyncsAsync());

        await RunAsync(SyncResult.Succeeded, SyncStatus.InProgress);
        Assert.Equal(AlertOccasion.Cleared, Assert.Single(await SyncsAsync()).Occasion);

        async Task RunAsync(SyncResult? result, SyncStatus status, string code = "AppleUnavailable")
        {
            await room.House.ChangeAsync(db =>
            {
                db.Locations.Single(l => l.Id == id).SyncStatus = status;
                if (result is { } end)
                {
                    db.SyncRuns.Add(new SyncRun { PublicId = Guid.NewGuid(), LocationId = id, Result = end, StartedAt = room.House.Clock.GetUtcNow(), ErrorCode = end == SyncResult.Failed ? code : null });
                }
            });
        }

        async Task<List<AlertMessage>> SyncsAsync() => [.. (await room.LookAsync()).Where(m => m.Kind == AlertKind.SyncFailing)];
    }
}
