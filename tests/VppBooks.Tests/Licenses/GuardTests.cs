using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>What stands between a decision and an irrevocable license: undo window, approval, the typed number.</summary>
public sealed class GuardTests
{
    private static readonly Actor _second = new(ActorKind.Person, "9c6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7799", "B. Second", Actor.ForRoles([AppRoles.Assigner]));

    [Fact]
    public async Task Undo_inside_the_window_makes_no_request_and_puts_the_assignments_back()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromMinutes(10));
        var book = await house.BookAsync(free: 60);
        house.Apple.ClearRequests();
        var plan = await CommitAsync(house, book, "Class 4A");
        Assert.Equal(PlanState.Undoable, plan.State);
        await house.WorkAsync(TimeSpan.FromMinutes(9));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Held, l.State));

        var undone = Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None)).Plan;
        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.Equal(PlanState.Undone, undone.State);
        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Canceled, LicenseCause.Undone), (l.State, l.Cause)));
        await using var db = await house.Core.OpenAsync();
        Assert.False(await db.GroupAssignments.AnyAsync(a => a.BookId == book.Id));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None));
    }

    [Fact]
    public async Task Two_commits_of_one_instant_cannot_take_the_same_stock()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromMinutes(10));
        var book = await house.BookAsync(free: 60);
        await CommitAsync(house, book, "Class 4A");
        var first = await VersionAsync(house, book);

        // The clock stands still, and the book waits to be followed already: nothing of the row but its version can differ.
        await CommitAsync(house, book, "Class 4B");

        Assert.True(await VersionAsync(house, book) > first);
    }

    [Fact]
    public async Task The_window_ends_by_itself_and_then_it_is_too_late()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromMinutes(10));
        var book = await house.BookAsync(free: 60);
        var plan = await CommitAsync(house, book, "Class 4A");

        await house.WorkAsync(TimeSpan.FromMinutes(20));
        var late = await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None);

        Assert.Equal("TooLate", Assert.IsType<DecisionResult.Refused>(late).Refusal.Code);
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
        Assert.Contains("plan.released", await house.Core.AuditAsync());
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_committer_may_choose_a_longer_window_but_not_a_shorter_one()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromMinutes(10));
        var book = await house.BookAsync(free: 60);
        var now = house.Core.Clock.GetUtcNow();

        var shorter = await CommitAsync(house, book, "Class 4A", TimeSpan.FromMinutes(1));
        Assert.InRange(shorter.SendAt!.Value, now + TimeSpan.FromMinutes(10), now + TimeSpan.FromMinutes(11));
        await Decisions(house).UndoAsync(shorter.Id, CoreHouse.Admin, CancellationToken.None);
        var longer = await CommitAsync(house, book, "Class 4A", TimeSpan.FromHours(2));

        Assert.InRange(longer.SendAt!.Value, now + TimeSpan.FromHours(2), now + TimeSpan.FromHours(2.1));
    }

    [Fact]
    public async Task Undoing_a_change_gives_those_their_place_back_who_had_one_before()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 150);
        await CommitAsync(house, book, "Year 4");
        await house.WorkAsync();
        var before = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Reserved);
        Assert.True(before > 0);

        var change = await CommitAsync(house, book, "Class 5A", TimeSpan.FromHours(1));
        Assert.Equal(before, change.Release);
        await Decisions(house).UndoAsync(change.Id, CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync();

        Assert.Equal(before, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Reserved));
        await using var db = await house.Core.OpenAsync();
        Assert.Equal("Year 4", await db.GroupAssignments.Where(a => a.BookId == book.Id).Join(db.Groups, a => a.GroupId, g => g.Id, (a, g) => g.DisplayName).SingleAsync());
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_plan_that_is_called_back_or_refused_has_given_nobody_what_it_would_give_up(bool approval)
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, plan, before) = await ReleasingPlanAsync(house, approval);
        Assert.Equal(approval ? PlanState.AwaitingApproval : PlanState.Undoable, plan.State);
        house.Apple.ClearRequests();
        await house.WorkAsync(TimeSpan.FromMinutes(30));

        // As a program does that puts the same list in place again and again: that carries nothing out either.
        var again = plan.Assignments.Select(a => new WishedAssignment(a.GroupId, a.Intent)).ToArray();
        Assert.Equal(PlanState.Committed, Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, again)).Plan.State);
        await house.WorkAsync(TimeSpan.FromMinutes(10));
        Assert.IsType<DecisionResult.Done>(approval
            ? await Decisions(house).RejectAsync(plan.Id, _second, CancellationToken.None)
            : await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None));
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.Equal(before, await RowsAsync(house, book, before.Select(r => r.Id)));
        var waiting = await house.Core.Get<WaitingLists>().FindAsync(book.PublicId, 0, 999, CoreHouse.Admin, CancellationToken.None);
        Assert.DoesNotContain(waiting!.Rows, r => r.Held);
    }

    [Fact]
    public async Task What_a_plan_gives_up_goes_to_those_who_wait_once_it_is_in_force()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, plan, before) = await ReleasingPlanAsync(house, approval: false);

        await house.WorkAsync(TimeSpan.FromHours(2));

        var after = (await house.LicensesAsync(book)).ToDictionary(l => l.PersonId);
        var givenUp = after.Values.Where(l => l is { State: LicenseState.Canceled, Cause: LicenseCause.NotEntitled }).ToList();
        Assert.Equal(plan.Release, givenUp.Count);
        Assert.Contains(after.Values, l => l.State == LicenseState.Assigned && before.Any(b => b.Id == l.Id && b.State == LicenseState.Waiting));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whose_place_an_undecided_plan_would_end_keeps_the_turn_for_copies_that_arrive_meanwhile()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, plan, before) = await ReleasingPlanAsync(house, approval: false);
        var first = before.Where(r => r.State == LicenseState.Waiting).OrderBy(r => r.WantedAt).ThenBy(r => r.Id).First();
        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, "STDQ", 1);
        await house.SyncAsync();
        Assert.Equal(before, await RowsAsync(house, book, before.Select(r => r.Id)));

        await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync();

        Assert.Equal((LicenseState.Reserved, LicenseCause.StockRose), (await house.LicensesAsync(book)).Where(l => l.Id == first.Id).Select(l => (l.State, l.Cause)).Single());
        Assert.Equal(before.Count(r => r.State == LicenseState.Waiting) - 1, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Waiting));
    }

    [Fact]
    public async Task Whom_a_later_plan_gives_the_book_again_keeps_the_copy_that_an_undecided_one_would_give_up()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, plan, before) = await ReleasingPlanAsync(house, approval: false);
        var reserved = before.Where(r => r.State == LicenseState.Reserved).ToList();

        await house.AssignAsync(book, new WishedAssignment(Group(house, "Class 4A").Id, Intent.Required), new WishedAssignment(Group(house, "Book club committee").Id, Intent.Required));
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal(PlanState.Committed, (await house.Core.Get<PlanViews>().FindAsync(plan.Id, CoreHouse.Admin, CancellationToken.None))!.State);
        Assert.Equal(reserved, await RowsAsync(house, book, reserved.Select(r => r.Id)));
    }

    [Fact]
    public async Task Undoing_a_change_gives_groups_their_place_in_the_order_back()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, plan, _) = await ReleasingPlanAsync(house, approval: false);
        await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None);

        var groups = (await house.Core.Get<WaitingLists>().FindAsync(book.PublicId, 0, 1, CoreHouse.Admin, CancellationToken.None))!.Groups;

        Assert.Equal(["Book club committee", "Class 4A"], groups.Select(g => g.GroupName));
    }

    [Fact]
    public async Task A_large_plan_waits_for_a_second_person_and_whoever_committed_it_is_none()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 5);
        var book = await house.BookAsync(free: 60);
        house.Apple.ClearRequests();
        var plan = await CommitAsync(house, book, "Class 4A");
        Assert.Equal(PlanState.AwaitingApproval, plan.State);
        await house.WorkAsync(TimeSpan.FromHours(1));
        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");

        var own = await Decisions(house).ApproveAsync(plan.Id, CoreHouse.Admin, CancellationToken.None);
        await Assert.ThrowsAsync<NotAllowedException>(() => Decisions(house).ApproveAsync(plan.Id, CoreHouse.Helpdesk, CancellationToken.None));
        var approved = Assert.IsType<DecisionResult.Done>(await Decisions(house).ApproveAsync(plan.Id, _second, CancellationToken.None)).Plan;
        await house.WorkAsync();

        Assert.Equal("OwnPlan", Assert.IsType<DecisionResult.Refused>(own).Refusal.Code);
        Assert.Equal((PlanState.Committed, "B. Second"), (approved.State, approved.DecidedByName));
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Small_plans_of_one_actor_for_a_book_count_together_and_those_of_others_do_not()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => (o.ApprovalThreshold, o.TypeNumberFrom) = (30, 40));
        var book = await house.BookAsync(free: 60);
        var desk = house.Core.Get<AssignmentDesk>();
        WishedAssignment[] one = [new(Group(house, "Class 4A").Id, Intent.Required)], two = [.. one, new(Group(house, "Class 4B").Id, Intent.Required)];

        Assert.Equal(PlanState.Committed, await StateAsync(one, CoreHouse.Admin));
        var shown = ((PlanResult.Planned)await desk.PlanAsync(new PlanRequest(book.PublicId, two), CoreHouse.Admin, CancellationToken.None)).Plan;
        Assert.InRange(shown.Takes, 11, 30);
        Assert.Equal((true, shown.Takes), (shown.NeedsApproval, shown.NumberToType));
        Assert.False(((PlanResult.Planned)await desk.PlanAsync(new PlanRequest(book.PublicId, two), _second, CancellationToken.None)).Plan.NeedsApproval);
        Assert.Equal(PlanState.AwaitingApproval, await StateAsync(two, CoreHouse.Admin));

        // What was refused does not count, nor what was committed long ago.
        var held = await house.Core.Get<PlanViews>().FindLatestCommittedAsync(book.PublicId, CoreHouse.Admin, CancellationToken.None);
        await Decisions(house).RejectAsync(held!.Id, _second, CancellationToken.None);
        house.Core.Clock.Pass(TimeSpan.FromMinutes(66));
        Assert.Equal(PlanState.Committed, await StateAsync(two, CoreHouse.Admin));

        async Task<PlanState> StateAsync(WishedAssignment[] wishes, Actor actor) => Assert.IsType<CommitResult.Committed>(
            await desk.AssignAsync(new PlanRequest(book.PublicId, wishes), actor, CancellationToken.None)).Plan.State;
    }

    [Fact]
    public async Task Guards_that_are_shown_with_a_plan_hold_for_it_whoever_made_it_and_whoever_commits_it()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => (o.ApprovalThreshold, o.TypeNumberFrom) = (30, 40));
        var book = await house.BookAsync(free: 60);
        var (desk, views) = (house.Core.Get<AssignmentDesk>(), house.Core.Get<PlanViews>());
        WishedAssignment[] one = [new(Group(house, "Class 4A").Id, Intent.Required)], two = [.. one, new(Group(house, "Class 4B").Id, Intent.Required)];
        Assert.Equal(PlanState.Committed, Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, one)).Plan.State);
        var ofFirst = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(new PlanRequest(book.PublicId, two), CoreHouse.Admin, CancellationToken.None)).Plan;
        var ofSecond = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(new PlanRequest(book.PublicId, two), _second, CancellationToken.None)).Plan;
        Assert.Equal((true, false), (ofFirst.NeedsApproval, ofSecond.NeedsApproval));

        // Each of the two opens the other one's plan.
        foreach (var (plan, viewer) in new[] { (ofFirst, _second), (ofSecond, CoreHouse.Admin) })
        {
            var shown = (await views.FindAsync(plan.Id, viewer, CancellationToken.None))!;
            Assert.Equal((true, plan.Takes), (shown.NeedsApproval, shown.NumberToType));
        }

        Assert.Equal("NumberNotTyped", Assert.IsType<CommitResult.Refused>(await desk.CommitAsync(ofFirst.Id, new CommitOptions(), _second, CancellationToken.None)).Refusal.Code);
        var committed = Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(ofFirst.Id, new CommitOptions(TypedNumber: ofFirst.Takes), _second, CancellationToken.None)).Plan;
        Assert.Equal((PlanState.AwaitingApproval, true), (committed.State, committed.NeedsApproval));
    }

    [Fact]
    public async Task Small_additions_to_a_group_count_together_and_those_of_long_ago_do_not()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 5);
        var book = await house.BookAsync(free: 60);
        var (club, directory) = (Group(house, "Book club committee"), house.Core.Cloud.Directory);
        var people = new Queue<Guid>(directory.People.Values.Where(p => p is { AccountEnabled: true, UserType: "Member", ManagedAppleAccount: not null }).Select(p => p.Id).Order());
        house.Core.Cloud.Graph.Edit(() =>
        {
            club.People.Clear();
            club.Groups.Clear();
        });
        await JoinAsync(2);
        Assert.Equal(PlanState.Committed, Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(club.Id, Intent.Required))).Plan.State);
        await house.WorkAsync();

        Assert.Equal((5, 0), await JoinAsync(3));
        Assert.Equal((5, 3), await JoinAsync(3));

        // Whoever gave the book to the group would be spending alone what needs two.
        await using var db = await house.Core.OpenAsync();
        var held = (await db.Plans.AsNoTracking().SingleAsync(p => p.Kind == PlanKind.Growth)).PublicId;
        Assert.Equal("OwnPlan", Assert.IsType<DecisionResult.Refused>(await Decisions(house).ApproveAsync(held, CoreHouse.Admin, CancellationToken.None)).Refusal.Code);
        Assert.IsType<DecisionResult.Done>(await Decisions(house).ApproveAsync(held, _second, CancellationToken.None));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(66));
        Assert.Equal((12, 0), await JoinAsync(4));

        async Task<(int Places, int Held)> JoinAsync(int count)
        {
            house.Core.Cloud.Graph.Edit(() => club.People.UnionWith(Enumerable.Range(0, count).Select(_ => people.Dequeue())));
            house.Core.Clock.Offset += TimeSpan.FromMinutes(16);
            await house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
            await house.WorkAsync();
            var rows = await house.LicensesAsync(book);
            return (rows.Count(l => l.State is LicenseState.Reserved or LicenseState.Assigned), rows.Count(l => l.State == LicenseState.Held));
        }
    }

    [Fact]
    public async Task A_guard_that_is_set_in_the_console_holds_for_the_next_plan_of_every_process()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => (o.ApprovalThreshold, o.TypeNumberFrom) = (500, 500));
        var book = await house.BookAsync(free: 60);
        var plan = Assert.IsType<PlanResult.Planned>(await house.Core.Get<AssignmentDesk>().PlanAsync(
            new PlanRequest(book.PublicId, [new(Group(house, "Class 4A").Id, Intent.Required)]), CoreHouse.Admin, CancellationToken.None)).Plan;
        Assert.Equal((false, null), (plan.NeedsApproval, plan.NumberToType));

        await using (var other = house.Core.SecondProcess())
        {
            var saved = await other.GetRequiredService<SettingsDesk>().ChangeAsync(
                [new(LicenseGuards.ApprovalThreshold.Key, "5", 0), new(LicenseGuards.TypeNumberFrom.Key, "6", 0)], CoreHouse.Admin, CancellationToken.None);
            Assert.Equal(new ChangeSettingsResult.Saved(2), saved);
        }

        // The plan was shown before the guards were set: they hold for it all the same.
        var refused = Assert.IsType<CommitResult.Refused>(await house.Core.Get<AssignmentDesk>().CommitAsync(plan.Id, new CommitOptions(), CoreHouse.Admin, CancellationToken.None));
        Assert.Equal("NumberNotTyped", refused.Refusal.Code);
        var committed = Assert.IsType<CommitResult.Committed>(await house.Core.Get<AssignmentDesk>().CommitAsync(
            plan.Id, new CommitOptions { TypedNumber = plan.Takes }, CoreHouse.Admin, CancellationToken.None)).Plan;
        Assert.Equal((PlanState.AwaitingApproval, true), (committed.State, committed.NeedsApproval));
    }

    [Fact]
    public async Task A_program_is_the_second_person_from_the_moment_that_the_console_says_so()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var program = new Actor(ActorKind.Program, "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7701", "Night job", Actor.ForRoles([AppRoles.Assigner]));
        await SetAsync(LicenseGuards.ApprovalThreshold, "5", 0);
        var plan = await CommitAsync(house, book, "Class 4A");

        Assert.Equal("PersonNeeded", Assert.IsType<DecisionResult.Refused>(await Decisions(house).ApproveAsync(plan.Id, program, CancellationToken.None)).Refusal.Code);
        var held = await house.Core.Get<PlanViews>().FindAsync(plan.Id, CoreHouse.Admin, CancellationToken.None);
        Assert.Equal((PlanState.AwaitingApproval, null), (held!.State, held.DecidedByName));
        await SetAsync(LicenseGuards.ProgramsMayApprove, "true", 0);
        var approved = Assert.IsType<DecisionResult.Done>(await Decisions(house).ApproveAsync(plan.Id, program, CancellationToken.None)).Plan;

        Assert.Equal((PlanState.Committed, "Night job"), (approved.State, approved.DecidedByName));
        await SetAsync(LicenseGuards.ProgramsMayApprove, "false", 1);
        var next = await CommitAsync(house, book, "Class 5A");
        Assert.Equal("PersonNeeded", Assert.IsType<DecisionResult.Refused>(await Decisions(house).ApproveAsync(next.Id, program, CancellationToken.None)).Refusal.Code);

        async Task SetAsync(Setting setting, string value, int version)
        {
            await using var other = house.Core.SecondProcess();
            Assert.Equal(new ChangeSettingsResult.Saved(1), await other.GetRequiredService<SettingsDesk>().ChangeAsync([new(setting.Key, value, version)], CoreHouse.Admin, CancellationToken.None));
        }
    }

    [Fact]
    public async Task People_who_waited_before_are_counted_by_no_guard_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        WishedAssignment[] all =
        [
            .. new[] { "Class 4A", "Class 4B", "Class 5A", "Class 5B" }.Select(name => new WishedAssignment(Group(house, name).Id, Intent.Required)),
            new(Group(house, "Class 6A").Id, Intent.Available),
        ];
        await house.AssignAsync(book, all);
        await house.WorkAsync();
        Assert.True((await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Waiting) > 5);
        house.Core.Get<LicenseOptions>().ApprovalThreshold = 5;

        var less = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, all[..^1])).Plan;

        Assert.Equal((PlanState.Committed, false), (less.State, less.NeedsApproval));
        Assert.True(less.Wait > 5);
    }

    [Fact]
    public async Task Plan_committed_by_a_server_whose_clock_is_ahead_counts_too()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 30);
        var book = await house.BookAsync(free: 60);
        WishedAssignment[] one = [new(Group(house, "Class 4A").Id, Intent.Required)], two = [.. one, new(Group(house, "Class 4B").Id, Intent.Required)];
        Assert.Equal(PlanState.Committed, Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, one)).Plan.State);
        await using (var db = await house.Core.OpenAsync())
        {
            var ahead = house.Core.Clock.GetUtcNow().AddMinutes(2);
            await db.Plans.ExecuteUpdateAsync(set => set.SetProperty(p => p.CommittedAt, ahead));
        }

        Assert.Equal(PlanState.AwaitingApproval, Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, two)).Plan.State);
    }

    [Fact]
    public async Task A_plan_that_is_not_approved_leaves_everything_as_it_was()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 5);
        var book = await house.BookAsync(free: 60);
        house.Apple.ClearRequests();
        var plan = await CommitAsync(house, book, "Class 4A");

        await Decisions(house).RejectAsync(plan.Id, _second, CancellationToken.None);
        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseCause.Rejected, l.Cause));
        Assert.Equal("PlanEnded", Assert.IsType<DecisionResult.Refused>(await Decisions(house).ApproveAsync(plan.Id, _second, CancellationToken.None)).Refusal.Code);
    }

    [Fact]
    public async Task Approval_counts_for_those_too_who_only_wait()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 14);
        await using var db = await house.Core.OpenAsync();
        var book = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.AvailableCount > 0 && b.AvailableCount < 15).FirstAsync();
        var plan = await CommitAsync(house, book, "Class 4A");
        Assert.True(plan.Takes <= 14);

        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, "STDQ", 100);
        await house.SyncAsync();

        Assert.Equal(PlanState.AwaitingApproval, plan.State);
        Assert.All(await house.LicensesAsync(book), l => Assert.True(l.State is LicenseState.Held or LicenseState.Waiting));
    }

    [Fact]
    public async Task A_large_or_short_plan_is_not_committed_without_its_number()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.TypeNumberFrom = 5);
        var book = await house.BookAsync(free: 60);
        var plan = await PlanAsync(house, book, "Class 4A");
        var desk = house.Core.Get<AssignmentDesk>();

        var without = await desk.CommitAsync(plan.Id, new CommitOptions(), CoreHouse.Admin, CancellationToken.None);
        var wrong = await desk.CommitAsync(plan.Id, new CommitOptions(TypedNumber: plan.NumberToType + 1), CoreHouse.Admin, CancellationToken.None);

        Assert.Equal(plan.Takes, plan.NumberToType);
        Assert.Equal("NumberNotTyped", Assert.IsType<CommitResult.Refused>(without).Refusal.Code);
        Assert.Equal("NumberNotTyped", Assert.IsType<CommitResult.Refused>(wrong).Refusal.Code);
        Assert.Empty(await house.LicensesAsync(book));
        Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(plan.Id, new CommitOptions(TypedNumber: plan.NumberToType), CoreHouse.Admin, CancellationToken.None));
    }

    [Fact]
    public async Task A_plan_that_takes_nothing_now_and_makes_people_wait_is_not_committed_without_their_number()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await InvitedBookAsync(house);
        var desk = house.Core.Get<AssignmentDesk>();
        WishedAssignment invited = new(Group(house, "Book club committee").Id, Intent.Required);
        await house.AssignAsync(book, invited);
        await house.WorkAsync();

        var plan = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(
            new PlanRequest(book.PublicId, [invited, new(Group(house, "Class 4A").Id, Intent.Required)]), CoreHouse.Admin, CancellationToken.None)).Plan;
        var without = await desk.CommitAsync(plan.Id, new CommitOptions(), CoreHouse.Admin, CancellationToken.None);

        // The two who waited before are not the plan's doing.
        Assert.Equal((0, plan.Wait - 2, plan.Wait - 2), (plan.Takes, plan.NewlyWaiting, plan.NumberToType));
        Assert.True(plan.NewlyWaiting > 5);
        Assert.Equal("NumberNotTyped", Assert.IsType<CommitResult.Refused>(without).Refusal.Code);
        Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(plan.Id, new CommitOptions(TypedNumber: plan.NewlyWaiting), CoreHouse.Admin, CancellationToken.None));
    }

    [Fact]
    public async Task Of_an_undo_and_the_end_of_the_window_one_wins()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromMinutes(10));
        var book = await house.BookAsync(free: 60);
        var plan = await CommitAsync(house, book, "Class 4A");
        house.Core.Clock.Offset += TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(300);

        await Task.WhenAll(
            Task.Run(() => Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None), TestContext.Current.CancellationToken),
            house.WorkAsync(TimeSpan.FromMinutes(2)));
        await house.WorkAsync(TimeSpan.FromMinutes(2));

        var undone = (await house.Core.Get<PlanViews>().FindAsync(plan.Id, CoreHouse.Admin, CancellationToken.None))!.State == PlanState.Undone;
        Assert.Equal(undone, !(await house.LicensesAsync(book)).Any(l => l.State == LicenseState.Assigned));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Undoing_a_later_plan_does_not_let_an_unapproved_one_through()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 5);
        var book = await house.BookAsync(free: 60);
        house.Apple.ClearRequests();
        var large = await CommitAsync(house, book, "Class 4A");
        Assert.Equal(PlanState.AwaitingApproval, large.State);
        var small = await CommitAsync(house, book, "Book club committee", TimeSpan.FromHours(1));
        Assert.True(small.Release > 0);

        await Decisions(house).UndoAsync(small.Id, CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync(TimeSpan.FromHours(2));
        await Decisions(house).RejectAsync(large.Id, _second, CancellationToken.None);
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.DoesNotContain(house.Apple.Requests, r => r is { Method: "POST", Path: "/mdm/v2/assets/associate" });
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State is LicenseState.Reserved or LicenseState.Assigned);
    }

    [Fact]
    public async Task Who_joins_while_a_plan_can_be_called_back_gets_nothing_before_it_is_decided()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromHours(1));
        var book = await house.BookAsync(free: 60);
        house.Apple.ClearRequests();
        var plan = await CommitAsync(house, book, "Class 4A");
        var (group, other) = (Group(house, "Class 4A"), Group(house, "Class 5A"));
        house.Core.Cloud.Graph.Edit(() => group.People.Add(other.People.First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null })));

        house.Core.Clock.Offset += TimeSpan.FromMinutes(16);
        await house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
        await house.WorkAsync(TimeSpan.FromMinutes(20));
        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.Equal(plan.Takes + plan.Wait, (await house.LicensesAsync(book)).Count);

        // Once it can no longer be called back, the joiner is served like everybody else.
        await house.WorkAsync(TimeSpan.FromHours(2));
        Assert.Equal(plan.Takes + plan.Wait + 1, (await house.LicensesAsync(book)).Count);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task What_was_refused_before_a_plan_is_refused_after_it_was_called_back()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await CommitAsync(house, book, "Class 4A");
        await house.WorkAsync();
        var one = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned);
        // As if Apple had refused this one for good: the ledger knows nothing at Apple, and nobody asked again.
        await house.Core.ChangeAsync(db => db.Licenses.Where(l => l.Id == one.Id).ExecuteDelete());
        await house.Core.ChangeAsync(db => db.Licenses.Add(new License
        {
            BookId = book.Id,
            PersonId = one.PersonId,
            AdamId = book.AdamId,
            State = LicenseState.Failed,
            Source = LicenseSource.Required,
            Cause = LicenseCause.Refused,
            ErrorNumber = 9617,
            CreatedAt = one.CreatedAt,
            WantedAt = one.WantedAt,
            ChangedAt = one.ChangedAt,
        }));
        var posts = house.Apple.CountAssociatePosts();

        var again = await CommitAsync(house, book, "Class 4A", TimeSpan.FromHours(1));
        Assert.Equal(1, again.Takes);
        await Decisions(house).UndoAsync(again.Id, CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync(TimeSpan.FromMinutes(30));

        Assert.Equal(posts, house.Apple.CountAssociatePosts());
        Assert.Equal(LicenseState.Declined, (await house.LicensesAsync(book)).Single(l => l.PersonId == one.PersonId).State);
    }

    [Fact]
    public async Task F48_A_wall_clock_that_jumps_does_not_end_the_undo_window()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromHours(1));
        var book = await house.BookAsync(free: 60);
        house.Apple.ClearRequests();
        var plan = await CommitAsync(house, book, "Class 4A");
        await house.StepAsync();

        house.Core.Clock.WallJump = TimeSpan.FromHours(3);
        await house.StepAsync();

        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.Equal(PlanState.Undoable, (await house.Core.Get<PlanViews>().FindAsync(plan.Id, CoreHouse.Admin, CancellationToken.None))!.State);
    }

    [Fact]
    public async Task A_row_committed_anew_for_the_other_quality_is_not_sent_for_the_withdrawn_one()
    {
        var tap = new RequestTap();
        await using var house = await SpendingHouse.StartAsync(s => s.Limits.MaxClientUserIds = 5, tap.Attach);
        var group = await house.GroupAsync("Class 4A");
        var standard = await house.RegisterAsync(group);
        house.Apple.Buy(SpendingHouse.UId, standard.Key.AdamId, "PLUS", 90);
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await house.SyncAsync();
        await using var db = await house.Core.OpenAsync();
        var plus = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == house.LocationId && b.AdamId == standard.AdamId && b.PricingParam == PricingParam.PLUS);
        await house.AssignAsync(standard, new WishedAssignment(group, Intent.Required));
        tap.Once("POST", "/assets/associate", async () =>
        {
            await house.AssignAsync(standard);
            await house.AssignAsync(plus, new WishedAssignment(group, Intent.Required));
        });

        await house.WorkAsync();

        var given = house.Apple.Ledger.Where(e => e.AdamId == standard.Key.AdamId && e.Result == SpendResult.Spent && e.EventId != null).ToList();
        Assert.Equal(5, given.Count(e => e.PricingParam == "STDQ"));
        Assert.True(given.Count(e => e.PricingParam == "PLUS") > 10);
        Assert.Equal(given.Count, given.Select(e => e.Target).Distinct().Count());
        await house.AssertLedgerIsTrueAsync(plus);
    }

    /// <summary>
    /// A book whose copies are all set aside for people who must accept an invitation, with more of them and a whole class on the waiting list; and a plan, not decided, that
    /// gives it to another class in place of the invited.
    /// </summary>
    private static async Task<(Book Book, PlanView Plan, List<Row> Before)> ReleasingPlanAsync(SpendingHouse house, bool approval)
    {
        var book = await InvitedBookAsync(house);
        WishedAssignment invited = new(Group(house, "Book club committee").Id, Intent.Required), first = new(Group(house, "Class 4A").Id, Intent.Required);
        await house.AssignAsync(book, invited);
        await house.WorkAsync();
        house.Core.Clock.Pass(TimeSpan.FromHours(2));
        await house.AssignAsync(book, invited, first);
        await house.WorkAsync();
        house.Core.Clock.Pass(TimeSpan.FromHours(2));
        var before = await RowsAsync(house, book);
        var copies = (int)(await house.ReadAsync(book)).AvailableCount;
        Assert.Equal((copies, 2), (before.Count(r => r.State == LicenseState.Reserved), before.Where(r => r.State == LicenseState.Waiting).OrderBy(r => r.WantedAt).GroupBy(r => r.WantedAt).First().Count()));
        house.Core.Get<LicenseOptions>().ApprovalThreshold = approval ? 5 : null;

        var desk = house.Core.Get<AssignmentDesk>();
        var wish = new PlanRequest(book.PublicId, [first, new WishedAssignment(Group(house, "Class 5A").Id, Intent.Required)]);
        var plan = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(wish, CoreHouse.Admin, CancellationToken.None)).Plan;
        Assert.Equal(copies + 2, plan.Release);
        var how = new CommitOptions(approval ? null : TimeSpan.FromHours(1), plan.NumberToType);
        return (book, Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(plan.Id, how, CoreHouse.Admin, CancellationToken.None)).Plan, before);
    }

    /// <summary>A book with few copies, and as the book club two more people than that who have no Managed Apple Account.</summary>
    private static async Task<Book> InvitedBookAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        var book = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.AvailableCount > 0 && b.AvailableCount < 15 && !db.Licenses.Any(l => l.BookId == b.Id)).FirstAsync();
        var (club, directory) = (Group(house, "Book club committee"), house.Core.Cloud.Directory);
        var others = Group(house, "Class 4A").People.Concat(Group(house, "Class 5A").People).ToHashSet();
        house.Core.Cloud.Graph.Edit(() =>
        {
            club.People.Clear();
            club.Groups.Clear();
            foreach (var person in directory.People.Values.Where(p => p is { AccountEnabled: true, UserType: "Member", Mail: not null } && !others.Contains(p.Id)).OrderBy(p => p.Id).Take((int)book.AvailableCount + 2))
            {
                person.ManagedAppleAccount = null;
                club.People.Add(person.Id);
            }
        });
        Assert.Equal(book.AvailableCount + 2, club.People.Count);
        return book;
    }

    private static async Task<List<Row>> RowsAsync(SpendingHouse house, Book book, IEnumerable<long>? ids = null) =>
        [.. (await house.LicensesAsync(book)).Where(l => ids is null || ids.Contains(l.Id)).OrderBy(l => l.Id).Select(l => new Row(l.Id, l.State, l.Cause, l.PlanId, l.WantedAt, l.WaitingRank, l.ChangedAt))];

    private sealed record Row(long Id, LicenseState State, LicenseCause Cause, int? PlanId, DateTimeOffset WantedAt, int? WaitingRank, DateTimeOffset ChangedAt);

    private static SimulatedGroup Group(SpendingHouse house, string name) => house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    private static PlanDecisions Decisions(SpendingHouse house) => house.Core.Get<PlanDecisions>();

    private static async Task<PlanView> PlanAsync(SpendingHouse house, Book book, string group)
    {
        var wish = new PlanRequest(book.PublicId, [new WishedAssignment(await house.GroupAsync(group), Intent.Required)]);
        return Assert.IsType<PlanResult.Planned>(await house.Core.Get<AssignmentDesk>().PlanAsync(wish, CoreHouse.Admin, CancellationToken.None)).Plan;
    }

    private static async Task<PlanView> CommitAsync(SpendingHouse house, Book book, string group, TimeSpan? window = null)
    {
        var plan = await PlanAsync(house, book, group);
        return Assert.IsType<CommitResult.Committed>(
            await house.Core.Get<AssignmentDesk>().CommitAsync(plan.Id, new CommitOptions(window, plan.NumberToType), CoreHouse.Admin, CancellationToken.None)).Plan;
    }

    private static async Task<int> VersionAsync(SpendingHouse house, Book book)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Books.Where(b => b.Id == book.Id).Select(b => b.Version).SingleAsync();
    }
}
