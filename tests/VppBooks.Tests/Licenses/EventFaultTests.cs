using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>What can go wrong after Apple has accepted a request: its event, and what becomes of each license.</summary>
public sealed class EventFaultTests
{
    private const string Status = "/mdm/v2/status";

    [Theory]
    [InlineData(FailureShape.Grouped)]
    [InlineData(FailureShape.OnePerTask)]
    [InlineData(FailureShape.WithoutIds)]
    public async Task F10_An_event_that_failed_in_part_is_settled_pair_by_pair_and_only_what_failed_is_tried_again(FailureShape shape)
    {
        await using var house = await SpendingHouse.StartAsync(s => s.FailureShape = shape);
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        var first = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(group, Intent.Required))).Plan;
        var refused = (await house.HoldersAsync(LicenseState.Reserved, book)).Take(2).ToList();
        refused.ForEach(r => house.Apple.RefuseTarget(r, 9605));

        await house.WorkAsync();

        var after = await house.LicensesAsync(book);
        Assert.Equal(first.Takes - 2, after.Count(l => l.State == LicenseState.Assigned));
        Assert.Equal(refused, await house.HoldersAsync(LicenseState.Failed, book));
        Assert.All(after.Where(l => l.State != LicenseState.Assigned), l => Assert.Equal((LicenseState.Failed, LicenseCause.EventFailed, 9605), (l.State, l.Cause, l.ErrorNumber)));
        var operation = (await house.OperationsAsync(OperationKind.Associate))[^1];
        Assert.Equal((OperationState.Failed, 9605, first.Takes - 2), (operation.State, operation.ErrorNumber, operation.TasksDone));
        var shown = (await house.Core.Get<BookPeople>().ListAsync(book.PublicId, new BookPeopleQuery { State = LicenseState.Failed }, CoreHouse.Admin, CancellationToken.None))!.Rows;
        Assert.Equal([9605, 9605], shown.Select(r => r.ErrorNumber));
        Assert.Contains("another country", VppBooks.Apple.AppleErrors.For(9605).Meaning, StringComparison.Ordinal);
        await house.AssertLedgerIsTrueAsync(book);

        // By itself nothing is tried again; a new commit takes the two and nobody else.
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await house.SyncAsync();
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        refused.ForEach(r => house.Apple.RefuseTarget(r, 0));
        var second = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(group, Intent.Required))).Plan;
        await house.WorkAsync();

        Assert.Equal((2, first.Takes - 2), (second.Takes, second.AlreadyHave));
        Assert.Equal(2, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId && e.Result == SpendResult.AlreadyHeld);
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F10_Where_Apple_names_nobody_and_several_reasons_nobody_is_blamed_for_the_wrong_one()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.FailureShape = FailureShape.WithoutIds);
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var refused = (await house.HoldersAsync(LicenseState.Reserved, book)).Take(2).ToList();
        house.Apple.RefuseTarget(refused[0], 9605);
        house.Apple.RefuseTarget(refused[1], 9624);

        await house.WorkAsync();
        Assert.Equal(refused, await house.HoldersAsync(LicenseState.Unknown, book));
        await house.WorkAsync(TimeSpan.FromHours(3));

        Assert.Equal(refused, await house.HoldersAsync(LicenseState.Failed, book));
        Assert.All((await house.LicensesAsync(book)).Where(l => l.State == LicenseState.Failed), l => Assert.Contains(l.ErrorNumber, (int?[])[0, 9605, 9624]));
        Assert.Equal(3, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F10_A_single_reason_that_names_nobody_blames_nobody_before_the_book_was_read_completely()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.FailureShape = FailureShape.WithoutIds);
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var refused = (await house.HoldersAsync(LicenseState.Reserved, book))[0];
        house.Apple.RefuseTarget(refused, 9605);

        await house.WorkUntilAsync(async () => (await house.HoldersAsync(LicenseState.Failed, book)).Count > 0);

        var sent = house.Apple.Requests.Last(r => r.Method == "POST").Seq;
        Assert.Contains(
            house.Apple.Requests,
            r => r.Seq > sent && r.Path.EndsWith("/assignments", StringComparison.Ordinal) && !r.Query.Contains("sinceVersionId", StringComparison.Ordinal) && r.Query.Contains(book.Key.AdamId, StringComparison.Ordinal));
        Assert.Equal([refused], await house.HoldersAsync(LicenseState.Failed, book));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failure_that_says_already_assigned_is_ended_by_reading(bool trulyHeld)
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var person = (await house.HoldersAsync(LicenseState.Reserved, book))[3];
        house.Apple.RefuseTarget(person, 9616);
        if (trulyHeld)
        {
            Give(house, book, person);
        }

        await house.WorkAsync();

        Assert.Empty(await house.HoldersAsync(LicenseState.Failed, book));
        Assert.Equal(trulyHeld ? [] : [person], await house.HoldersAsync(LicenseState.Unknown, book));
        house.Apple.RefuseTarget(person, 0);
        await house.WorkAsync(TimeSpan.FromHours(1));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(trulyHeld ? 1 : 2, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task F11_When_licenses_run_out_the_first_who_asked_get_them_and_the_rest_is_served_in_turn()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        var quality = book.Key.PricingParam.ToString();
        Assert.True(house.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, quality, house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, quality).Available - 5));
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var asked = (await house.LicensesAsync(book)).OrderBy(l => l.Id).Select(l => l.PersonId).ToList();

        await house.WorkAsync();
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await house.SyncAsync();
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal(asked.Take(5), await PeopleAsync(house, book, LicenseState.Assigned));
        Assert.Equal(asked.Skip(5), await PeopleAsync(house, book, LicenseState.Waiting));
        var told = Assert.Single(await house.AuditAsync("waiting-list.joined"));
        Assert.Equal((book.Id, $$"""{"people":{{asked.Count - 5}}}"""), (told.BookId, told.Details));
        var attention = (await house.Core.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, CancellationToken.None)).Attention.OfType<AttentionItem.BookShort>().Single(b => b.BookId == book.PublicId);
        Assert.Equal((asked.Count - 5, 0), (attention.Waiting, attention.Free));

        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, quality, 3);
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await house.SyncAsync();

        Assert.Equal(asked.Take(8), await PeopleAsync(house, book, LicenseState.Assigned));
        Assert.Equal("""{"people":3}""", Assert.Single(await house.AuditAsync("waiting-list.served")).Details);
        Assert.Single(await house.AuditAsync("waiting-list.joined"));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F13_An_event_that_stays_pending_is_asked_for_ever_more_rarely_and_read_and_never_sent_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Switches.FreezeEvents = true;
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);
        var sent = house.Core.Clock.GetUtcNow();

        await house.WorkUntilAsync(() => Task.FromResult(house.Core.Clock.GetUtcNow() - sent > TimeSpan.FromHours(3)));

        var polls = house.Apple.Requests.Where(r => r.Path == Status).Select(r => r.Time).ToList();
        var gaps = polls.Zip(polls.Skip(1), (a, b) => b - a).ToList();
        Assert.All(gaps, g => Assert.True(g >= TimeSpan.FromSeconds(30), $"Two polls {g} apart."));
        Assert.InRange(polls.Count, 20, 45);
        Assert.True(gaps[^1] >= TimeSpan.FromMinutes(25));
        var reads = house.Apple.Requests.Where(r => r.Path == "/mdm/v2/assignments").ToList();
        Assert.All(reads, r => Assert.True(r.Time - sent >= TimeSpan.FromMinutes(10)));
        Assert.True(reads.Count > 5);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Submitted, l.State));

        house.Apple.Switches.FreezeEvents = false;
        await house.WorkAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F13_After_a_day_of_pending_two_reads_come_before_anything_is_sent_and_nobody_gets_two()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Switches.FreezeEvents = true;
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);
        var sent = house.Core.Clock.GetUtcNow();

        await house.WorkUntilPostsAsync(2);

        var requests = house.Apple.Requests.ToList();
        var again = requests.Last(r => r.Path.EndsWith("/associate", StringComparison.Ordinal));
        Assert.True(again.Time - sent > TimeSpan.FromHours(24));
        var lastPoll = requests.Last(r => r.Path == Status && r.Seq < again.Seq);
        var complete = requests.Where(r => r.Path == "/mdm/v2/assignments" && r.Seq > lastPoll.Seq && r.Seq < again.Seq && r.Query.Contains("adamId=", StringComparison.Ordinal)).ToList();
        Assert.True(complete.Count >= 2 && complete[^1].Time - complete[0].Time >= TimeSpan.FromSeconds(60));
        house.Apple.Switches.FreezeEvents = false;
        await house.WorkAsync(TimeSpan.FromHours(1));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F14_What_Apple_calls_complete_and_does_not_show_is_not_confirmed_and_the_next_sync_confirms_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Switches.CompleteWithoutEffect = true;
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));

        await house.WorkAsync(TimeSpan.FromSeconds(30));

        var people = (await house.LicensesAsync(book)).Count;
        var operation = (await house.OperationsAsync(OperationKind.Associate))[^1];
        Assert.Equal(OperationState.Unknown, operation.State);
        Assert.StartsWith("Completed, not confirmed", operation.Detail, StringComparison.Ordinal);
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Unknown, LicenseCause.EventUnclear), (l.State, l.Cause)));
        Assert.Equal($$"""{"missing":{{people}}}""", Assert.Single(await house.AuditAsync("operation.not-confirmed")).Details);

        foreach (var person in await house.HoldersAsync(LicenseState.Unknown, book))
        {
            Give(house, book, person);
        }

        await house.SyncAsync();
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(OperationState.Done, (await house.OperationsAsync(OperationKind.Associate))[^1].State);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task F14_After_two_reads_that_do_not_show_it_somebody_is_told_and_in_the_end_it_fails()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Switches.CompleteWithoutEffect = true;
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));

        await house.WorkAsync(TimeSpan.FromMinutes(5));
        Assert.Empty(await house.AuditAsync("operation.not-found"));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.WorkAsync(TimeSpan.FromHours(3));

        var people = (await house.LicensesAsync(book)).Count;
        Assert.All(await house.AuditAsync("operation.not-found"), a => Assert.Equal($$"""{"missing":{{people}}}""", a.Details));
        Assert.Equal(3, (await house.AuditAsync("operation.not-found")).Count);
        Assert.Equal(3, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Failed, 0), (l.State, l.ErrorNumber)));
        Assert.Contains((await house.Core.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, CancellationToken.None)).Attention, a => a is AttentionItem.LicensesFailed failed && failed.BookId == book.PublicId && failed.Count == people);
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId);
    }

    [Theory]
    [InlineData(FaultAction.DropAfter)]
    [InlineData(FaultAction.WithoutEventId)]
    public async Task F19_People_whose_registration_got_no_answer_are_found_by_reading(FaultAction action)
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = action, Method = "POST", Path = "*/users/create" });

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.Equal(1, house.Apple.Requests.Count(r => r.Path.EndsWith("/users/create", StringComparison.Ordinal)));
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(FailureShape.Grouped)]
    [InlineData(FailureShape.WithoutIds)]
    public async Task F19_A_person_created_twice_counts_as_created_after_a_read(FailureShape shape)
    {
        await using var house = await SpendingHouse.StartAsync(s => s.FailureShape = shape);
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        // Our records forgot two people, as after a backup that is older than their registration.
        var known = (await house.HoldersAsync(LicenseState.Reserved, book)).Take(2).ToArray();
        await house.Core.ChangeAsync(db => db.VppUsers.Where(u => known.Contains(u.ClientUserId)).ExecuteUpdate(set => set.SetProperty(u => u.Status, VppUserStatus.Unknown)));

        await house.WorkAsync();

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(1, house.Apple.Requests.Count(r => r.Path.EndsWith("/users/create", StringComparison.Ordinal)));
        Assert.All(known, k => Assert.Single(house.Apple.Users(SpendingHouse.UId, k)));
        await using var db = await house.Core.OpenAsync();
        Assert.All(await db.VppUsers.Where(u => known.Contains(u.ClientUserId)).ToListAsync(), u => Assert.Equal((VppUserStatus.Associated, null), (u.Status, u.ErrorNumber)));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Status_polls_are_at_least_30_seconds_apart_and_take_at_most_a_fifth_of_the_rate()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Switches.Limits.MaxClientUserIds = 1;
        house.Apple.Switches.FreezeEvents = true;
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var events = (await house.LicensesAsync(book)).Count;
        house.Core.Clock.Pass(TimeSpan.FromMinutes(6));
        await house.WorkUntilPostsAsync(events);
        // Apple's real rate from here on: 15 a second, so 3 polls.
        house.Apple.Switches.MaxRequestsPerSecond = 15;
        house.Core.Clock.Pass(TimeSpan.FromMinutes(6));
        house.Apple.ClearRequests();
        var began = house.Core.Clock.GetUtcNow();

        // However often somebody says that there is news, as notifications do.
        await house.WorkUntilAsync(async () =>
        {
            await using var db = await house.Core.OpenAsync();
            var now = house.Core.Clock.GetUtcNow();
            if (house.Apple.Requests.Count(r => r.Path == Status) == events)
            {
                await db.Operations.Where(o => o.State == OperationState.Submitted).ExecuteUpdateAsync(set => set.SetProperty(o => o.NextCheckAt, now));
            }

            return now - began > TimeSpan.FromSeconds(60);
        });

        var polls = house.Apple.Requests.Where(r => r.Path == Status).ToList();
        Assert.InRange(polls.Count, events + 1, 3 * events);
        foreach (var poll in polls)
        {
            Assert.True(polls.Count(p => p.Time >= poll.Time && p.Time < poll.Time + TimeSpan.FromSeconds(0.98)) <= 3, "More than a fifth of 15 requests within a second.");
        }

        foreach (var one in polls.GroupBy(p => p.Query))
        {
            // They leave 30 seconds apart; on a busy machine the first may arrive later than the second does.
            Assert.All(one.Zip(one.Skip(1)), pair => Assert.True(pair.Second.Time - pair.First.Time >= TimeSpan.FromSeconds(29)));
        }
    }

    private static void Give(SpendingHouse house, Book book, string clientUserId)
    {
        lock (house.Apple.Gate)
        {
            var location = house.Apple.Find(SpendingHouse.UId);
            location.Assign(AppleSimulator.FindAsset(location, book.Key.AdamId, book.Key.PricingParam.ToString()), location.NewestUsers[clientUserId].Index);
        }
    }

    private static async Task<List<int>> PeopleAsync(SpendingHouse house, Book book, LicenseState state) =>
        [.. (await house.LicensesAsync(book)).Where(l => l.State == state).OrderBy(l => l.Id).Select(l => l.PersonId)];
}
