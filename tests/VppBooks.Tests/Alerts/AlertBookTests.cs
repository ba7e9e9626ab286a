using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using VppBooks.Core.Alerts;
using VppBooks.Core.Locations;
using VppBooks.Core.Settings;
using VppBooks.Core.Sync;
using VppBooks.Tests.Locations;
using VppBooks.Web.Hosting;

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

    [Fact]
    public async Task Kind_that_cannot_be_looked_for_keeps_its_alerts_and_keeps_no_other_from_being_told()
    {
        await room.House.ChangeAsync(db =>
        {
            var location = room.ALocation("unread");
            location.SyncStatus = SyncStatus.Failed;
            db.Locations.Add(location);
        });
        Assert.Equal((AlertKind.SyncFailing, AlertOccasion.Raised), Assert.Single(await HeardAsync()));
        room.Commands.Unreadable = "SyncRuns";
        try
        {
            await room.House.ChangeAsync(db =>
            {
                var location = db.Locations.Single(l => l.UId == "unread");
                var now = room.House.Clock.GetUtcNow();
                (location.SyncStatus, location.LastSyncedAt, location.TokenExpires) = (SyncStatus.Completed, now - TimeSpan.FromDays(2), now + TimeSpan.FromDays(5));
            });

            Assert.Equal([(AlertKind.TokenExpiring, AlertOccasion.Raised), (AlertKind.SyncStale, AlertOccasion.Raised)], await HeardAsync());
        }
        finally
        {
            room.Commands.Unreadable = null;
        }

        Assert.Equal((AlertKind.SyncFailing, AlertOccasion.Cleared), Assert.Single(await HeardAsync()));

        async Task<List<(AlertKind Kind, AlertOccasion Occasion)>> HeardAsync() =>
            [.. (await room.LookAsync()).Where(m => m.Title.Contains("Token unread", StringComparison.Ordinal)).Select(m => (m.Kind!.Value, m.Occasion)).Order()];
    }

    [Fact]
    public async Task Stored_threshold_that_cannot_be_used_silences_nothing_and_configuration_holds_in_its_place()
    {
        await room.House.ChangeAsync(db => db.StoredSettings.AddRange(
            new StoredSetting { Key = AlertRules.OperationUnknownAfter.Key, Value = "soon", ChangedById = "x", ChangedByName = "X" },
            new StoredSetting { Key = AlertRules.PeopleStuckAfter.Key, Value = "3.00:00:00", ChangedById = "x", ChangedByName = "X" }));
        var trouble = new AlertCondition(AlertKind.OperationUnknown, 9_000_030) { Subject = "unusable" };
        room.Make(trouble);
        try
        {
            Assert.Single(await room.LookAsync(), m => m.Title.Contains("unusable", StringComparison.Ordinal));

            var options = await room.House.Get<AlertRules>().ReadAsync(Cancel);
            Assert.Equal((new AlertOptions().OperationUnknownAfter, TimeSpan.FromDays(3)), (options.OperationUnknownAfter, options.PeopleStuckAfter));
        }
        finally
        {
            await room.House.ChangeAsync(db => db.StoredSettings.RemoveRange(db.StoredSettings));
            room.End(trouble);
        }

        await room.LookAsync();
    }

    [Fact]
    public async Task Watch_that_has_failed_for_minutes_shows_in_the_health_check_until_it_has_looked_again()
    {
        var check = new AlertWatchCheck(room.House.Get<AlertPulse>());
        await room.LookAsync();
        room.Broken = true;
        try
        {
            room.House.Clock.Pass(AlertPulse.Patience);
            await room.LookAsync();
            Assert.Equal(HealthStatus.Degraded, (await check.CheckHealthAsync(new HealthCheckContext(), Cancel)).Status);
        }
        finally
        {
            room.Broken = false;
        }

        await room.LookAsync();
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext(), Cancel)).Status);
    }

    [Fact]
    public async Task Numbers_may_be_wrong_when_every_sync_publishes_and_none_is_complete_and_are_old_when_none_publishes()
    {
        var now = room.House.Clock.GetUtcNow();
        var due = LocationSync.FullReadEvery + new AlertOptions().SyncStaleAfter;
        await room.House.ChangeAsync(db =>
        {
            var location = room.ALocation("partial");
            location.LastFullSyncAt = now - due + TimeSpan.FromMinutes(5);
            db.Locations.Add(location);
        });
        Assert.Empty(await StaleAsync());

        await CompleteAsync(now - due);
        var raised = Assert.Single(await StaleAsync());
        Assert.Equal((AlertOccasion.Raised, now - due), (raised.Occasion, (await room.RowAsync(new AlertCondition(AlertKind.SyncIncomplete, (await room.House.RowAsync("partial")).Id))).About));

        // Nothing is published either: worse, and one alert about it is enough.
        var last = now - new AlertOptions().SyncStaleAfter;
        await room.House.ChangeAsync(db => db.Locations.Single(l => l.UId == "partial").LastSyncedAt = last);
        var (worse, over) = (await StaleAsync()).OrderBy(m => m.Occasion).ToList() is [var first, var second] ? (first, second) : default;
        Assert.Equal((AlertKind.SyncStale, AlertOccasion.Raised, last), (worse!.Kind, worse.Occasion, (await room.RowAsync(new AlertCondition(AlertKind.SyncStale, (await room.House.RowAsync("partial")).Id))).About));
        Assert.Equal((AlertKind.SyncIncomplete, AlertOccasion.Cleared, worse.AlertId), (over!.Kind, over.Occasion, over.SupersededBy));

        await room.House.ChangeAsync(db => db.Locations.Single(l => l.UId == "partial").LastSyncedAt = now);
        await CompleteAsync(now);
        Assert.Equal((AlertKind.SyncStale, AlertOccasion.Cleared), Assert.Single((await StaleAsync()).Select(m => (m.Kind, m.Occasion))));

        Task CompleteAsync(DateTimeOffset at) => room.House.ChangeAsync(db => db.Locations.Single(l => l.UId == "partial").LastFullSyncAt = at);
        async Task<List<AlertMessage>> StaleAsync() => [.. (await room.LookAsync()).Where(m => m.Kind is AlertKind.SyncStale or AlertKind.SyncIncomplete && m.Title.Contains("Token partial", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task Token_that_was_never_synced_is_told_without_a_moment()
    {
        await room.House.ChangeAsync(db => db.Locations.Add(room.ALocation("never")));
        await room.House.ChangeAsync(db => db.Locations.Single(l => l.UId == "never").LastSyncedAt = null);
        Assert.DoesNotContain(await room.LookAsync(), m => m.Kind == AlertKind.SyncStale);
        room.House.Clock.Pass(new AlertOptions().SyncStaleAfter);
        try
        {
            Assert.Contains(await room.LookAsync(), m => m.Kind == AlertKind.SyncStale && m.Title.Contains("Token never", StringComparison.Ordinal));
            Assert.Null((await room.RowAsync(new AlertCondition(AlertKind.SyncStale, (await room.House.RowAsync("never")).Id))).About);
        }
        finally
        {
            room.House.Clock.Pass(-new AlertOptions().SyncStaleAfter);
            await room.LookAsync();
        }
    }

    [Theory]
    [InlineData(AlertKind.TokenExpiring, AlertKind.TokenExpired)]
    [InlineData(AlertKind.TokenExpired, AlertKind.TokenRefused)]
    [InlineData(AlertKind.TokenReadOnly, AlertKind.TokenClaimedElsewhere)]
    [InlineData(AlertKind.SyncFailing, AlertKind.TokenUnreadable)]
    [InlineData(AlertKind.StockLow, AlertKind.StockShort)]
    public async Task Trouble_that_a_worse_one_follows_is_closed_at_programs_by_the_name_of_the_other_and_not_told_to_people_as_over(AlertKind first, AlertKind then)
    {
        var (before, after) = (ATrouble(first), ATrouble(then));
        room.Make(before);
        var raised = Assert.Single(await room.LookAsync(), m => m.Kind == first);
        Assert.Equal((AlertOccasion.Raised, (Guid?)null), (raised.Occasion, raised.SupersededBy));
        var mails = room.Mails.List().Count;

        room.End(before);
        room.Make(after);
        var messages = await room.LookAsync();
        var next = (await room.RowAsync(after)).PublicId;

        // The one that is open comes before the one that is closed: in between nobody believes that all is well.
        Assert.Equal(
            [(then, AlertOccasion.Raised, (Guid?)next, (Guid?)null), (first, AlertOccasion.Cleared, raised.AlertId, next)],
            messages.Where(m => m.Kind == first || m.Kind == then).Select(m => (m.Kind!.Value, m.Occasion, m.AlertId, m.SupersededBy)));
        Assert.Equal([$"Raised: {then}"], room.Mails.List().SkipLast(mails).Select(m => m.Subject.Trim()).Where(s => s.EndsWith($": {first}", StringComparison.Ordinal) || s.EndsWith($": {then}", StringComparison.Ordinal)));
        Assert.NotNull((await room.RowAsync(before)).ClearedAt);

        mails = room.Mails.List().Count;
        room.End(after);
        Assert.Equal(
            (then, AlertOccasion.Cleared, (Guid?)null),
            Assert.Single((await room.LookAsync()).Where(m => m.Kind == first || m.Kind == then).Select(m => (m.Kind!.Value, m.Occasion, m.SupersededBy))));
        Assert.Single(room.Mails.List().SkipLast(mails), m => m.Subject.Trim() == $"Cleared: {then}");

        static AlertCondition ATrouble(AlertKind kind) => kind is AlertKind.StockLow or AlertKind.StockShort
            ? new AlertCondition(kind, 9_000_001) { BookId = 9_000_001, LocationId = 9_000_000 }
            : new AlertCondition(kind, 9_000_000) { LocationId = 9_000_000 };
    }

    [Fact]
    public async Task Many_that_others_follow_are_closed_in_one_message_that_names_the_other_of_each()
    {
        var troubles = Enumerable.Range(0, AlertLetters.MostApart + 1).Select(i => 9_000_200 + i).ToList();
        troubles.ForEach(i => room.Make(new AlertCondition(AlertKind.TokenExpiring, i) { LocationId = i }));
        var over = new AlertCondition(AlertKind.TokenExpiring, 9_000_199) { LocationId = 9_000_199 };
        room.Make(over);
        await room.LookAsync();

        room.End(over);
        troubles.ForEach(i => room.End(new AlertCondition(AlertKind.TokenExpiring, i)));
        troubles.ForEach(i => room.Make(new AlertCondition(AlertKind.TokenExpired, i) { LocationId = i }));
        var messages = await room.LookTogetherAsync();

        var raised = Assert.Single(messages, m => m.Kind == AlertKind.TokenExpired);
        var closed = Assert.Single(messages, m => m is { Kind: AlertKind.TokenExpiring, Alerts: not null });
        Assert.Equal((AlertOccasion.Cleared, (Guid?)null, (Guid?)null), (closed.Occasion, closed.AlertId, closed.SupersededBy));
        Assert.Equal(raised.Alerts!.Select(a => (Guid?)a.AlertId).Order(), closed.Alerts!.Select(a => a.SupersededBy).Order());

        // One that nothing follows is none of them: it is over.
        Assert.Equal((AlertOccasion.Cleared, (Guid?)null), Assert.Single(messages.Where(m => m is { Kind: AlertKind.TokenExpiring, Alerts: null }).Select(m => (m.Occasion, m.SupersededBy))));
        troubles.ForEach(i => room.End(new AlertCondition(AlertKind.TokenExpired, i)));
        await room.LookAsync();
    }

    [Fact]
    public async Task Settings_that_cannot_be_read_are_thrown_and_tables_that_cannot_come_back_as_unread()
    {
        var conditions = room.House.Get<AlertConditions>();
        try
        {
            room.Commands.Unreadable = "Settings";
            await Assert.ThrowsAnyAsync<DbException>(() => conditions.ListAsync(Cancel));

            room.Commands.Unreadable = "Locations";
            var found = await conditions.ListAsync(Cancel);
            Assert.Superset(new HashSet<AlertKind> { AlertKind.TokenExpired, AlertKind.SyncFailing, AlertKind.StockShort, AlertKind.PeopleStuck, AlertKind.OperationUnknown }, found.Unread.ToHashSet());
            Assert.DoesNotContain(AlertKind.DirectoryFailing, found.Unread);
        }
        finally
        {
            room.Commands.Unreadable = null;
        }
    }

    [Fact]
    public async Task What_was_told_to_nobody_is_told_to_whoever_is_added()
    {
        var (open, known) = (new AlertCondition(AlertKind.OperationUnknown, 9_000_010) { Subject = "open" }, new AlertCondition(AlertKind.OperationUnknown, 9_000_011) { Subject = "known" });
        // Other tests of the room may have raised theirs a moment ago.
        long before;
        await using (var db = await room.House.OpenAsync())
        {
            before = await db.AuditEvents.MaxAsync(a => (long?)a.Id, Cancel) ?? 0;
        }

        room.Make(open);
        room.Make(known);
        await using (var alone = room.Process(new AlertOptions()))
        {
            await AlertHouse.LookAsync(alone);
            await AlertHouse.LookAsync(alone);
        }

        Assert.True(await room.Desk.AcknowledgeAsync((await room.RowAsync(known)).PublicId, CoreHouse.Admin, Cancel));

        var told = Assert.Single(await room.LookAsync(), m => m.Kind == AlertKind.OperationUnknown);
        Assert.Equal((AlertOccasion.Raised, (await room.RowAsync(open)).PublicId), (told.Occasion, told.AlertId));
        Assert.DoesNotContain(await room.LookAsync(), m => m.Kind == AlertKind.OperationUnknown);
        await using (var db = await room.House.OpenAsync())
        {
            Assert.Equal(2, await db.AuditEvents.CountAsync(a => a.Action == "alert.raised" && a.Id > before && a.Details!.Contains("OperationUnknown"), Cancel));
        }

        // What nobody was told of is not told as over either.
        room.End(open);
        room.End(known);
        Assert.Equal([told.AlertId], (await room.LookAsync()).Where(m => m.Kind == AlertKind.OperationUnknown).Select(m => m.AlertId));
    }

    [Fact]
    public async Task Worse_at_the_end_of_a_snooze_is_told_once()
    {
        var trouble = new AlertCondition(AlertKind.PeopleStuck, 9_000_020);
        room.Make(trouble);
        var raised = Assert.Single(await room.LookAsync(), m => m.Kind == AlertKind.PeopleStuck);
        Assert.True(await room.Desk.SnoozeAsync(raised.AlertId!.Value, TimeSpan.FromHours(1), CoreHouse.Admin, Cancel));
        room.House.Clock.Pass(TimeSpan.FromMinutes(61));

        room.Make(trouble with { Level = 2 });

        Assert.Equal(AlertOccasion.Worse, Assert.Single(await room.LookAsync(), m => m.Kind == AlertKind.PeopleStuck).Occasion);
        Assert.DoesNotContain(await room.LookAsync(), m => m.Kind == AlertKind.PeopleStuck);
        room.End(trouble);
        await room.LookAsync();
    }

    [Fact]
    public async Task Many_of_one_kind_at_once_are_one_message_that_lists_them_and_each_goes_on_by_itself()
    {
        var troubles = Enumerable.Range(0, AlertLetters.MostApart + 1).Select(i => new AlertCondition(AlertKind.OperationUnknown, 9_000_100 + i) { Subject = $"Token {i}", Count = i, Level = i }).ToList();
        troubles.ForEach(room.Make);
        var mails = room.Mails.List().Count;

        var together = Assert.Single(await room.LookTogetherAsync(), m => m.Kind == AlertKind.OperationUnknown);
        Assert.Equal((AlertOccasion.Raised, null, troubles.Count, "https://books.example/monitor/alerts"), (together.Occasion, together.AlertId, together.Count, together.Url));
        Assert.Equal(troubles.Select(t => t.Count).Reverse(), together.Alerts!.Select(a => a.Count));
        var mail = Assert.Single(room.Mails.List().SkipLast(mails), m => m.Subject == $"Raised: {together.Title}");
        Assert.All(together.Alerts!, a => Assert.Contains("- " + a.Title, mail.Text, StringComparison.Ordinal));
        Assert.DoesNotContain(await room.LookTogetherAsync(), m => m.Kind == AlertKind.OperationUnknown);

        room.Make(troubles[3] with { Level = 20 });
        var worse = Assert.Single(await room.LookTogetherAsync(), m => m.Kind == AlertKind.OperationUnknown);
        Assert.Equal((AlertOccasion.Worse, (Guid?)together.Alerts!.Single(a => a.Count == 3).AlertId, null), (worse.Occasion, worse.AlertId, worse.Alerts));

        // The screen asks as often for many as for one.
        var before = room.Commands.Count;
        await room.Desk.ListAsync(CoreHouse.Admin, Cancel);
        Assert.InRange(room.Commands.Count - before, 1, 4);

        troubles.ForEach(room.End);
        var over = Assert.Single(await room.LookTogetherAsync(), m => m.Kind == AlertKind.OperationUnknown);
        Assert.Equal((AlertOccasion.Cleared, troubles.Count), (over.Occasion, over.Alerts!.Count));
    }
}
