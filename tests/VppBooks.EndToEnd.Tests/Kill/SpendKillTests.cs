using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.EndToEnd.Tests.Kill;

/// <summary>The program dies while it spends licenses. Each of them may be bought once, whatever the moment.</summary>
[Collection("Kill")]
public sealed partial class SpendKillTests
{
    [Fact]
    public async Task F1_Killed_before_the_intent_is_committed_nothing_has_happened_and_it_is_sent_after_the_restart()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;

        await house.KillAtAsync("intent.before-commit");
        Assert.Equal(0, house.Apple.CountAssociatePosts());
        Assert.Empty(await house.OperationsAsync(OperationKind.Associate));
        Assert.Equal(plan.Takes, (await house.CountAsync(book))[LicenseState.Reserved]);

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task F2_Killed_between_intent_and_sending_it_is_sent_once_after_two_reads_show_nothing()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;

        await house.KillAtAsync("intent.after-commit");
        Assert.Equal(0, house.Apple.CountAssociatePosts());
        Assert.Equal(OperationState.Intended, Assert.Single(await house.OperationsAsync(OperationKind.Associate)).State);
        Assert.Contains(LicenseState.Submitting, (await house.CountAsync(book)).Keys);

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        var operations = await house.OperationsAsync(OperationKind.Associate);
        Assert.Equal([OperationState.Failed, OperationState.Done], operations.Select(o => o.State));
        Assert.True(operations[0].Polls >= 2);
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task F2_Killed_again_before_it_is_sent_anew_it_is_found_and_sent_by_the_next_start()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;

        await house.KillAtAsync("intent.after-commit");
        await house.KillAtAsync("intent.before-commit");
        Assert.Equal(0, house.Apple.CountAssociatePosts());
        Assert.Equal(OperationState.Failed, Assert.Single(await house.OperationsAsync(OperationKind.Associate)).State);
        Assert.Equal(plan.Takes, (await house.CountAsync(book))[LicenseState.Reserved]);

        await house.KillAtAsync("post.before-send");
        Assert.Equal(0, house.Apple.CountAssociatePosts());
        Assert.Equal([OperationState.Failed, OperationState.Intended], (await house.OperationsAsync(OperationKind.Associate)).Select(o => o.State));
        Assert.Equal(plan.Takes, (await house.CountAsync(book))[LicenseState.Submitting]);

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.Equal([OperationState.Failed, OperationState.Failed, OperationState.Done], (await house.OperationsAsync(OperationKind.Associate)).Select(o => o.State));
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task F3_Killed_after_Apple_accepted_it_is_found_by_reading_and_never_sent_again()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;

        await house.KillAtAsync("post.after-accept");
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.NotEmpty(house.Spent(book));
        Assert.DoesNotContain(LicenseState.Assigned, (await house.CountAsync(book)).Keys);

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.Equal(OperationState.Done, Assert.Single(await house.OperationsAsync(OperationKind.Associate)).State);
        await AssertGivenAsync(house, book);
    }

    [Theory]
    [InlineData("event.before-commit", LicenseState.Submitting)]
    [InlineData("event.after-commit", LicenseState.Submitted)]
    [InlineData("settle.mid-batch", LicenseState.Assigned)]
    public async Task Killed_once_Apple_has_it_the_outcome_is_looked_up_and_nothing_is_sent_again(string point, LicenseState state)
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;

        await house.KillAtAsync(point);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.Contains(state, (await house.CountAsync(book)).Keys);

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task F19_Killed_after_Apple_registered_people_nobody_is_registered_twice_and_the_books_follow()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync(registered: false);
        await using var disposing = house;
        Assert.True(plan.RegisterFirst > 20);
        house.Apple.Switches.Limits.MaxUsers = 10;

        await house.KillAtAsync("event.after-commit");
        Assert.Equal(OperationState.Submitted, Assert.Single(await house.OperationsAsync(OperationKind.CreateUsers)).State);
        await house.KillAtAsync("user.create.after-accept");
        Assert.Equal(OperationState.Intended, (await house.OperationsAsync(OperationKind.CreateUsers))[^1].State);
        Assert.Equal(2, house.CountPosts(OperationKind.CreateUsers));
        await house.KillAtAsync("settle.mid-batch");
        Assert.NotEqual(OperationState.Done, (await house.OperationsAsync(OperationKind.CreateUsers))[^1].State);
        Assert.Equal(0, house.Apple.CountAssociatePosts());

        await house.RunUntilSettledAsync(book);
        // As many requests as tens of people: nobody was in two of them.
        Assert.Equal((plan.RegisterFirst + 9) / 10, house.CountPosts(OperationKind.CreateUsers));
        Assert.Equal(house.Apple.Users(KillHouse.UId).Count, house.Apple.Users(KillHouse.UId).Select(u => u.ClientUserId).Distinct().Count());
        await AssertGivenAsync(house, book);
    }

    /// <summary>
    /// Each start dies somewhere else, and the next one begins with what is left. All of them die over a registration: a lost one is asked for again in smaller groups.
    /// </summary>
    [Fact]
    public async Task Killed_at_every_start_the_work_still_gets_done_once()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync(registered: false);
        await using var disposing = house;
        Assert.True(plan.RegisterFirst > 10);

        foreach (var point in (string[])["intent.before-commit", "intent.after-commit", "post.before-send", "post.after-accept", "post.before-send", "event.before-commit"])
        {
            var (operations, posts) = (await house.OperationsAsync(OperationKind.CreateUsers), house.CountPosts(OperationKind.CreateUsers));
            await house.KillAtAsync(point);
            var now = await house.OperationsAsync(OperationKind.CreateUsers);
            Assert.Equal(point == "intent.before-commit" ? 0 : 1, now.Count - operations.Count);
            Assert.True(now.Count == operations.Count || now[^1].State == OperationState.Intended);
            Assert.Equal(point is "post.after-accept" or "event.before-commit" ? 1 : 0, house.CountPosts(OperationKind.CreateUsers) - posts);
            Assert.Empty(await house.OperationsAsync(OperationKind.Associate));
        }

        // Those who were registered at different starts are sent in requests of their own; nobody is in two that Apple accepted.
        await house.RunUntilSettledAsync(book);
        Assert.Equal(house.Apple.Users(KillHouse.UId).Count, house.Apple.Users(KillHouse.UId).Select(u => u.ClientUserId).Distinct().Count());
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task Killed_at_a_renewal_of_the_lease_while_Apple_keeps_its_answer_back_nothing_is_sent_again()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;
        house.Apple.Faults.Add(new Fault { Action = FaultAction.NeverAnswerAfter, Method = "POST", Path = "*/assets/associate" });

        // Held at the renewal, however early that comes, and killed once the request is out.
        using (var dying = house.Start($"lease.before-renew:1:{house.Gate}"))
        {
            await house.WaitAsync(dying, _ => Task.FromResult(house.Apple.CountAssociatePosts() == 1));
            await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System);
            dying.Kill();
            await KillHouse.AssertKilledAsync(dying);
        }

        await house.ForgetLeaseAsync();
        Assert.Equal(OperationState.Intended, Assert.Single(await house.OperationsAsync(OperationKind.Associate)).State);

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task Killed_around_the_end_of_an_undo_window_the_plan_is_released_once_and_spent_once()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync(undoWindow: TimeSpan.FromSeconds(1));
        await using var disposing = house;
        Assert.Equal(PlanState.Undoable, plan.State);

        await house.KillAtAsync("sync.before-publish");
        Assert.Equal(plan.Takes, (await house.CountAsync(book))[LicenseState.Held]);
        foreach (var (point, state, posts) in ((string, LicenseState, int)[])[("intent.before-commit", LicenseState.Reserved, 0), ("post.after-accept", LicenseState.Submitting, 1)])
        {
            await house.KillAtAsync(point);
            Assert.Equal((plan.Takes, posts), ((await house.CountAsync(book))[state], house.Apple.CountAssociatePosts()));
            Assert.Equal(PlanState.Committed, await house.ReadAsync(db => db.Plans.Where(p => p.PublicId == plan.Id).Select(p => p.State).SingleAsync()));
        }

        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.Equal(1, await house.ReadAsync(db => db.AuditEvents.CountAsync(a => a.Action == "plan.released")));
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task Killed_after_a_reader_pressed_Get_one_copy_is_spent_though_it_is_pressed_again()
    {
        Book? book = null;
        await using var house = await KillHouse.StartAsync(async (house, services) =>
        {
            await KillHouse.AssignAsync(house, services, await house.BookAsync(free: 60));
            await KillHouse.WorkAsync(house, services);
            book = await house.BookAsync(free: 60);
            await KillHouse.AssignAsync(house, services, book, Intent.Available);
        });
        var person = await house.ReadAsync(db => db.VppUsers.Where(u => u.Status == VppUserStatus.Associated && u.PersonId != null && db.Licenses.Any(l => l.PersonId == u.PersonId))
            .Select(u => db.People.Single(p => p.Id == u.PersonId)).FirstAsync());

        using (var dying = house.StartDemo("intent.before-commit"))
        {
            // Whether the answer still arrives is a matter of milliseconds.
            await GetAsync(dying, person, book!, answered: false);
            await KillHouse.AssertKilledAsync(dying);
        }

        Assert.Equal([(person.Id, LicenseState.Reserved)], await LicensesAsync());
        await house.ForgetLeaseAsync();
        await house.KillAtAsync("post.after-accept");
        Assert.Equal([(person.Id, LicenseState.Submitting)], await LicensesAsync());

        using var program = house.StartDemo(null);
        Assert.Contains("said=There", await GetAsync(program, person, book!, answered: true), StringComparison.Ordinal);
        await house.WaitAsync(program, house.IsSettled(book!));
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.Equal([(person.Id, LicenseState.Assigned)], await LicensesAsync());
        Assert.Single(house.Spent(book!));
        await house.AssertLedgerIsTrueAsync(book!);

        Task<List<(int, LicenseState)>> LicensesAsync() => house.ReadAsync(async db =>
            (await db.Licenses.Where(l => l.BookId == book!.Id).Select(l => new { l.PersonId, l.State }).ToListAsync()).ConvertAll(l => (l.PersonId, l.State)));
    }

    [Fact]
    public async Task Killed_while_the_audit_trail_is_sealed_each_chain_has_all_of_a_step_or_nothing()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;

        await house.KillAtAsync("audit.mid-seal");
        var report = await house.CheckAuditAsync();
        Assert.Empty(report.Faults);
        Assert.Equal(0, report.Sealed);

        // The events come first, then the licenses.
        await house.KillAtAsync("audit.mid-seal:2");
        report = await house.CheckAuditAsync();
        Assert.Empty(report.Faults);
        Assert.True(report.Sealed > 0);
        Assert.False(await house.ReadAsync(db => db.LicenseChanges.AnyAsync(c => c.Sequence != null)));

        await house.RunUntilAsync(async db => await house.IsSettled(book)(db)
            && !await db.AuditEvents.AnyAsync(a => a.Sequence == null) && !await db.LicenseChanges.AnyAsync(c => c.Sequence == null));
        report = await house.CheckAuditAsync();
        Assert.Empty(report.Faults);
        Assert.Equal(await house.ReadAsync(async db => await db.AuditEvents.CountAsync() + await db.LicenseChanges.CountAsync()), report.Sealed + report.Waiting);
        await AssertGivenAsync(house, book);
    }

    [Fact]
    public async Task F52_A_copy_from_before_the_spending_is_put_back_and_nothing_is_spent_twice()
    {
        var (house, book, _) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;
        await house.BackUpAsync();
        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());

        house.PutBack();
        Assert.DoesNotContain(LicenseState.Assigned, (await house.CountAsync(book)).Keys);
        await house.RunUntilSettledAsync(book);

        Assert.Equal(1, house.Apple.CountAssociatePosts());
        Assert.Equal(Core.Locations.SyncReason.Start, await house.ReadAsync(db => db.SyncRuns.OrderByDescending(r => r.Id).Select(r => r.Reason).FirstAsync()));
        await AssertGivenAsync(house, book);
    }

    /// <summary>Signs a reader in and presses Get, as a browser does without scripts.</summary>
    /// <returns>Where the answer leads.</returns>
    private static async Task<string> GetAsync(StartedProgram program, Person person, Book book, bool answered)
    {
        using var browser = new HttpClient { BaseAddress = new Uri(await program.AddressAsync().WaitAsync(TimeSpan.FromSeconds(300))) };
        using var asked = await browser.GetAsync(new Uri("/library", UriKind.Relative));
        using var page = await browser.GetAsync(new Uri($"{asked.RequestMessage!.RequestUri}&sim_person={person.DirectoryId}"));
        Assert.Equal("/library", page.RequestMessage!.RequestUri!.AbsolutePath);
        var html = await page.Content.ReadAsStringAsync();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["__RequestVerificationToken"] = TokenField.Match(html).Groups["value"].Value, ["book"] = book.PublicId.ToString() });
        try
        {
            using var answer = await browser.PostAsync(new Uri("/library/get", UriKind.Relative), form);
            return answer.RequestMessage!.RequestUri!.Query;
        }
        catch (HttpRequestException) when (!answered)
        {
            return "";
        }
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TokenField { get; }

    private static async Task AssertGivenAsync(KillHouse house, Book book)
    {
        await house.AssertLedgerIsTrueAsync(book);
        var counts = await house.CountAsync(book);
        Assert.True(counts[LicenseState.Assigned] > 10);
        Assert.Equal(counts[LicenseState.Assigned], house.Spent(book).Count);
    }
}
