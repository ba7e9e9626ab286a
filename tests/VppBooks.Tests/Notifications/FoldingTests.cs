using System.Net;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Notifications;

/// <summary>What notifications lead to, through the real program and the simulated Apple's own deliveries.</summary>
public sealed class FoldingTests
{
    // Takes a second or two; a machine that does much else gets its time. Nothing but a notification would bring these about within it.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_purchase_serves_the_waiting_list_within_seconds()
    {
        await using var house = await NotifiedConsole.StartAsync();
        var (book, waiting) = await WaitingAsync(house);
        var runs = await RunsAsync(house);

        house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", waiting + 3);
        await NotifiedConsole.UntilAsync(async () => (await house.LicensesAsync(book)).All(l => l.State == LicenseState.Assigned), Soon);

        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
        Assert.Equal(3, (await house.ReadAsync(book)).AvailableCount);
        Assert.Equal(runs, await RunsAsync(house));
        Assert.NotNull((await house.RowAsync()).NotificationLastAt);
    }

    [Fact]
    public async Task What_Apple_did_is_known_without_waiting_for_a_poll()
    {
        await using var house = await NotifiedConsole.StartAsync(s => s.EventDelay = TimeSpan.FromMilliseconds(200));
        var book = await house.BookAsync(free: 60);

        await house.AssignAsync(book, "Class 4A");
        await NotifiedConsole.UntilAsync(async () => (await house.LicensesAsync(book)).Any(l => l.State == LicenseState.Assigned), Soon);
        await NotifiedConsole.UntilAsync(() => NothingOpenAsync(house), Soon);

        await using var db = await house.OpenAsync();
        Assert.All(await db.Operations.AsNoTracking().Where(o => o.Kind == OperationKind.Associate).ToListAsync(), o => Assert.Equal((OperationState.Done, 0), (o.State, o.Polls)));
        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F27_Duplicates_with_ids_of_their_own_have_one_effect()
    {
        await using var house = await NotifiedConsole.StartAsync(s => (s.NotificationDuplication, s.DuplicatesHaveNewIds) = (1, true));
        var book = await house.BookAsync(free: 60);

        await AssignAndSettleAsync(house, book);
        house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", 10);
        await NotifiedConsole.UntilAsync(async () => (await house.ReadAsync(book)).TotalCount == book.TotalCount + 10, Soon);

        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
        Assert.True(house.Deliveries.Select(d => d.NotificationId).Distinct().Count() >= 6);
    }

    [Fact]
    public async Task F28_Notifications_in_any_order_end_in_the_same_state()
    {
        await using var house = await NotifiedConsole.StartAsync(s => (s.ReorderNotifications, s.NotificationDelay, s.ShuffleTasks, s.NotificationDuplication) = (true, TimeSpan.FromSeconds(3), true, 0.5));
        var book = await house.BookAsync(free: 60);

        await AssignAndSettleAsync(house, book);
        for (var i = 0; i < 5; i++)
        {
            house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", 4);
            Assert.True(house.Apple.Refund(NotifiedConsole.UId, book.Key.AdamId, "STDQ", 3));
        }

        await NotifiedConsole.UntilAsync(async () => (await house.ReadAsync(book)).TotalCount == book.TotalCount + 5, Soon);
        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F28_A_notification_may_come_before_the_answer_to_its_request()
    {
        await using var house = await NotifiedConsole.StartAsync(s => s.NotifyBeforeAnswer = true);
        var book = await house.BookAsync(free: 60);

        await AssignAndSettleAsync(house, book);

        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts(NotifiedConsole.UId));
    }

    [Fact]
    public async Task F29_When_all_are_lost_polls_and_the_next_sync_find_the_same()
    {
        await using var house = await NotifiedConsole.StartAsync(s => s.NotificationLoss = 1);
        var book = await house.BookAsync(free: 60);

        await AssignAndSettleAsync(house, book, TimeSpan.FromMinutes(3));
        house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", 10);
        Assert.Empty(await house.InboxAsync());
        await house.Get<SyncRequests>().RequestAsync(house.LocationPublicId, SyncReason.Schedule, Actor.System, CancellationToken.None);
        await NotifiedConsole.UntilAsync(async () => (await house.ReadAsync(book)).TotalCount == book.TotalCount + 10, Soon);

        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F29_One_that_was_stored_by_a_process_that_died_is_found_by_looking()
    {
        await using var house = await NotifiedConsole.StartAsync();
        var (book, waiting) = await WaitingAsync(house);
        house.Apple.Switches.NotificationLoss = 1;
        house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", waiting);
        await using (var db = await house.OpenAsync())
        {
            db.InboxNotifications.Add(new InboxNotification
            {
                LocationId = house.LocationId,
                NotificationId = "left-behind",
                Type = NotificationTypes.AssetCount,
                Assets = book.Key.AdamId + ":STDQ",
                ReceivedAt = TimeProvider.System.GetUtcNow(),
            });
            await db.SaveChangesAsync();
        }

        await NotifiedConsole.UntilAsync(async () => (await house.LicensesAsync(book)).All(l => l.State == LicenseState.Assigned), Soon);

        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F33_While_the_database_refuses_Apple_is_asked_to_come_again_and_nothing_is_lost()
    {
        await using var house = await NotifiedConsole.StartAsync(s => s.NotificationRetryDelay = TimeSpan.FromSeconds(3));
        var (book, waiting) = await WaitingAsync(house);
        await using var db = await house.OpenAsync();
        await db.Database.ExecuteSqlRawAsync("""CREATE TRIGGER "Outage" BEFORE INSERT ON "InboxNotifications" BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END""");

        var before = (await house.InboxAsync()).Count;
        using var direct = await house.PostAsync(NotifiedConsole.CountOf(book, 1));
        house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", waiting);
        await NotifiedConsole.UntilAsync(() => Task.FromResult(house.Deliveries.Any(d => d is { Type: NotificationTypes.AssetCount, Status: 503 })), Soon);
        Assert.Equal(before, (await house.InboxAsync()).Count);
        await db.Database.ExecuteSqlRawAsync("""DROP TRIGGER "Outage" """);
        await NotifiedConsole.UntilAsync(async () => (await house.LicensesAsync(book)).All(l => l.State == LicenseState.Assigned), Soon);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, direct.StatusCode);
        Assert.NotNull(direct.Headers.RetryAfter);
        await house.QuietAsync();
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F35_Forged_content_with_the_stolen_secret_leads_to_reads_and_nothing_else()
    {
        await using var house = await NotifiedConsole.StartAsync();
        var (book, waiting) = await WaitingAsync(house);
        await using var db = await house.OpenAsync();
        var holders = await db.VppUsers.AsNoTracking().Where(u => u.PersonId != null && !u.Retired).Select(u => u.ClientUserId).ToListAsync();
        var before = await PictureAsync(house, book);
        var operation = await db.Operations.AsNoTracking().Where(o => o.EventId != null).OrderBy(o => o.Id).LastAsync();
        house.Apple.ClearRequests();

        string[] forged =
        [
            // Success for people who got nothing.
            NotifiedConsole.Envelope(NotificationTypes.AssetManagement, new { assignments = holders.Take(100).Select(h => new { adamId = book.Key.AdamId, clientUserId = h, pricingParam = "STDQ" }), eventId = operation.EventId, result = "SUCCESS", type = "ASSOCIATE" }),
            NotifiedConsole.Envelope(NotificationTypes.AssetManagement, new { assignments = holders.Take(100).Select(h => new { adamId = book.Key.AdamId, clientUserId = h, pricingParam = "STDQ" }), eventId = Guid.NewGuid(), result = "SUCCESS", type = "ASSOCIATE" }),
            // Failure of what succeeded.
            NotifiedConsole.Envelope(NotificationTypes.AssetManagement, new { assignments = holders.Take(100).Select(h => new { adamId = book.Key.AdamId, clientUserId = h, pricingParam = "STDQ" }), error = new { errorNumber = 9709 }, eventId = operation.EventId, result = "FAILURE", type = "ASSOCIATE" }),
            NotifiedConsole.Envelope(NotificationTypes.AssetManagement, new { assignments = holders.Take(100).Select(h => new { adamId = book.Key.AdamId, clientUserId = h, pricingParam = "STDQ" }), eventId = operation.EventId, result = "SUCCESS", type = "REVOKE" }),
            // A purchase that never was, and a refund.
            NotifiedConsole.CountOf(book, 1000),
            NotifiedConsole.CountOf(book, -1000),
            NotifiedConsole.Envelope(NotificationTypes.UserManagement, new { users = holders.Take(100).Select(h => new { clientUserId = h, status = "Retired" }), eventId = Guid.NewGuid(), result = "SUCCESS", type = "RETIRE" }),
            NotifiedConsole.Envelope(NotificationTypes.UserAssociated, new { associatedUsers = holders.Take(100).Select(h => new { clientUserId = h, status = "Associated", idHash = "forged" }) }),
            NotifiedConsole.Envelope(NotificationTypes.UserAssociated, new { associatedUsers = new[] { new { clientUserId = "not-of-this-world", status = "Associated" } } }),
            NotifiedConsole.Envelope(NotificationTypes.UnlimitedAsset, new { adamId = book.Key.AdamId, pricingParam = "STDQ" }),
            NotifiedConsole.Envelope(NotificationTypes.AssetCount, new { adamId = "9999999999", countDelta = 5, pricingParam = "STDQ" }),
            NotifiedConsole.Envelope(NotificationTypes.AssetCount, "nonsense"),
        ];
        foreach (var body in forged)
        {
            Assert.Equal(HttpStatusCode.OK, await house.StatusOfAsync(body));
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        }

        await house.QuietAsync();

        Assert.Equal(before, await PictureAsync(house, book));
        Assert.Equal(waiting, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Waiting));
        Assert.DoesNotContain(house.Apple.RequestCounts(NotifiedConsole.UId), r => r.Key.StartsWith("POST", StringComparison.Ordinal));
        Assert.Contains(house.Apple.RequestCounts(NotifiedConsole.UId), r => r.Key == "GET /assets");
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F35_However_many_are_forged_Apple_is_asked_little_more_than_once_a_second()
    {
        await using var house = await NotifiedConsole.StartAsync();
        var book = await house.BookAsync(free: 5);
        house.Apple.ClearRequests();
        var began = TimeProvider.System.GetTimestamp();

        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => house.StatusOfAsync(NotifiedConsole.CountOf(book, i))));
        }

        await house.QuietAsync();
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var counts = house.Apple.RequestCounts(NotifiedConsole.UId);
        Assert.InRange(counts["GET /assets"], 1, (int)seconds + 2);
        Assert.Equal(500, (await house.InboxAsync()).Count);
        Assert.DoesNotContain(house.Apple.RequestCounts(NotifiedConsole.UId), r => r.Key.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Somebody_who_accepts_the_invitation_is_known_within_seconds()
    {
        await using var house = await NotifiedConsole.StartAsync(s => s.DownloaderHasManagedAccount = false);
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, "Class 4A");
        var invited = default(UserSummary);
        await NotifiedConsole.UntilAsync(
            async () =>
            {
                await using var read = await house.OpenAsync();
                var ours = await read.VppUsers.AsNoTracking().Where(u => u.PersonId != null && u.Status == VppBooks.Apple.VppUserStatus.Registered && !u.Retired).Select(u => u.ClientUserId).ToListAsync();
                return (invited = house.Apple.Users(NotifiedConsole.UId).FirstOrDefault(u => u.InviteCode is not null && ours.Contains(u.ClientUserId))) is not null;
            },
            Soon);
        await house.QuietAsync();

        Assert.Null(house.Apple.AcceptInvitation(invited!.InviteCode!, "somebody@icloud.example"));
        await NotifiedConsole.UntilAsync(
            async () =>
            {
                await using var read = await house.OpenAsync();
                return await read.VppUsers.AnyAsync(u => u.ClientUserId == invited.ClientUserId && u.Status == VppBooks.Apple.VppUserStatus.Associated);
            },
            Soon);
        await house.QuietAsync();

        // What was set aside for that person is sent by the same turn.
        await NotifiedConsole.UntilAsync(async () => (await house.LicensesAsync(book)).Any(l => l.State == LicenseState.Assigned), Soon);
    }

    [Fact]
    public async Task A_book_that_is_not_known_yet_is_read_by_a_sync()
    {
        await using var house = await NotifiedConsole.StartAsync();
        await using var db = await house.OpenAsync();
        const long AdamId = 6999999999;

        house.Apple.Buy(NotifiedConsole.UId, "6999999999", "STDQ", 12);
        await NotifiedConsole.UntilAsync(
            async () =>
            {
                await using var read = await house.OpenAsync();
                return await read.Books.AnyAsync(b => b.LocationId == house.LocationId && b.AdamId == AdamId && b.TotalCount == 12);
            },
            Soon);

        var run = await db.SyncRuns.AsNoTracking().OrderBy(r => r.Id).LastAsync();
        Assert.Equal(SyncReason.Notification, run.Reason);
        // A second one within the minute has to wait.
        await house.QuietAsync();
        await house.StatusOfAsync(NotifiedConsole.Envelope(NotificationTypes.UnlimitedAsset, new { }));
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        Assert.Equal(1, await db.SyncRuns.CountAsync(r => r.Reason == SyncReason.Notification));
        Assert.Single(await house.InboxAsync(), n => n.FoldedAt is null);
    }

    [Fact]
    public async Task While_somebody_else_manages_the_location_notifications_are_kept_not_acted_upon()
    {
        await using var house = await NotifiedConsole.StartAsync();
        var book = await house.BookAsync(free: 5);
        house.Apple.ClaimByOtherMdm(NotifiedConsole.UId);
        await house.Get<SyncRequests>().RequestAsync(house.LocationPublicId, SyncReason.Schedule, Actor.System, CancellationToken.None);
        await NotifiedConsole.UntilAsync(async () => (await house.RowAsync()).State == TokenState.AssignedToExternalMdm, Soon);
        house.Apple.ClearRequests();

        house.Apple.Buy(NotifiedConsole.UId, book.Key.AdamId, "STDQ", 10);
        await NotifiedConsole.UntilAsync(async () => (await house.InboxAsync()).Count > 0, Soon);
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Null((await house.InboxAsync())[^1].FoldedAt);
        Assert.Empty(house.Apple.RequestCounts(NotifiedConsole.UId));

        Assert.IsType<ChangeLocationResult.Changed>(await house.Get<LocationEnrollment>().TakeControlAsync(house.LocationPublicId, Tests.Locations.CoreHouse.Admin, CancellationToken.None));
        await NotifiedConsole.UntilAsync(async () => (await house.InboxAsync())[^1].FoldedAt is not null, Soon);
        Assert.Equal(book.TotalCount + 10, (await house.ReadAsync(book)).TotalCount);
        Assert.Equal(NotificationState.Registered, (await house.RowAsync()).NotificationState);
    }

    /// <summary>A book with fewer licenses than a class has people, given to the class.</summary>
    private static async Task<(Book Book, int Waiting)> WaitingAsync(NotifiedConsole house)
    {
        var book = await house.BookAsync(free: 60);
        var free = house.Apple.Counts(NotifiedConsole.UId, book.Key.AdamId).Available;
        Assert.True(house.Apple.Refund(NotifiedConsole.UId, book.Key.AdamId, "STDQ", free - 5));
        await NotifiedConsole.UntilAsync(async () => (await house.ReadAsync(book)).AvailableCount == 5, Soon);
        await house.AssignAsync(book, "Class 4A");
        await NotifiedConsole.UntilAsync(
            async () => await house.LicensesAsync(book) is var all && all.Count(l => l.State == LicenseState.Assigned) == 5 && all.All(l => l.State is LicenseState.Assigned or LicenseState.Waiting), Soon);
        await house.QuietAsync();
        return (book, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Waiting));
    }

    private static async Task AssignAndSettleAsync(NotifiedConsole house, Book book, TimeSpan? patience = null)
    {
        await house.AssignAsync(book, "Class 4A");
        await NotifiedConsole.UntilAsync(
            async () => await house.LicensesAsync(book) is var all && all.Any(l => l.State == LicenseState.Assigned) && all.All(l => l.State is LicenseState.Assigned or LicenseState.Failed or LicenseState.Reserved) && await NothingOpenAsync(house),
            patience ?? Soon);
    }

    private static async Task<bool> NothingOpenAsync(NotifiedConsole house)
    {
        await using var db = await house.OpenAsync();
        return !await db.Operations.AnyAsync(o => o.NextCheckAt != null || o.State == OperationState.Intended);
    }

    private static async Task<int> RunsAsync(NotifiedConsole house)
    {
        await using var db = await house.OpenAsync();
        return await db.SyncRuns.CountAsync();
    }

    /// <summary>Everything that a notification could change if it were believed.</summary>
    private static async Task<string> PictureAsync(NotifiedConsole house, Book book)
    {
        await using var db = await house.OpenAsync();
        var licenses = await db.Licenses.AsNoTracking().OrderBy(l => l.Id).Select(l => new { l.Id, l.State, l.PersonId, l.ErrorNumber, l.OperationId }).ToListAsync();
        var users = await db.VppUsers.AsNoTracking().OrderBy(u => u.Id).Select(u => new { u.Id, u.Status, u.Retired, u.IdHash }).ToListAsync();
        var operations = await db.Operations.AsNoTracking().OrderBy(o => o.Id).Select(o => new { o.Id, o.State, o.TasksDone, o.ErrorNumber }).ToListAsync();
        var now = await house.ReadAsync(book);
        return System.Text.Json.JsonSerializer.Serialize(new { licenses, users, operations, now.TotalCount, now.AssignedCount, now.AvailableCount, holdings = await db.ForeignHoldings.CountAsync(), spent = house.Apple.Ledger.Count });
    }
}
