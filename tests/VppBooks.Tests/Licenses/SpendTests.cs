using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Licenses;

public sealed class SpendTests
{
    private const string Associate = "*/assets/associate";

    [Fact]
    public async Task F39_Who_leaves_the_group_while_a_long_dispatch_runs_gets_nothing_of_the_requests_that_follow()
    {
        var tap = new RequestTap();
        await using var house = await SpendingHouse.StartAsync(s => s.Limits.MaxClientUserIds = 5, tap.Attach);
        var group = house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A");
        var book = await house.RegisterAsync(group.Id);
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        var last = (await house.HoldersAsync(LicenseState.Reserved, book))[^1];
        var leaver = group.People.Single(p => ClientUserIds.For(SpendingHouse.UId, p) == last);
        var sent = 0;
        tap.Before = async request =>
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/assets/associate", StringComparison.Ordinal) && ++sent == 1)
            {
                house.Core.Cloud.Graph.Edit(() => group.People.Remove(leaver));
                await house.Core.Groups.EnsureMembersAsync([group.Id], TimeSpan.Zero, TestContext.Current.CancellationToken);
            }
        };

        await house.WorkAsync();

        Assert.True(sent > 2);
        Assert.DoesNotContain(house.Apple.Ledger, e => e.Target == last && e.AdamId == book.Key.AdamId);
        Assert.NotEmpty(await house.HoldersAsync(LicenseState.Assigned, book));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task I1_A_title_that_the_Apple_Account_holds_through_a_record_of_others_is_not_bought_again_when_the_person_registers_after_the_plan()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A");
        var migrated = group.People.Select(p => house.Core.Cloud.Directory.People[p]).First(p => p is { AccountEnabled: true, ManagedAppleAccount: not null });
        // Another device management gave it to them and retired their record since: the account keeps the book.
        var (apple, location) = (house.Core.Get<AppleClient>(), house.Core.Get<LocationConnections>().Connect(await house.Core.RowAsync(SpendingHouse.UId)));
        Assert.IsType<ChangeOutcome.Accepted>(await apple.CreateUsersAsync(location, [new VppUserChange("before-the-move", ManagedAppleId: migrated.ManagedAppleAccount)], TestContext.Current.CancellationToken));
        house.Apple.FinishEvents();
        Assert.IsType<ChangeOutcome.Accepted>(await apple.AssociateAsync(location, [book.Key], ["before-the-move"], TestContext.Current.CancellationToken));
        house.Apple.FinishEvents();
        Assert.IsType<ChangeOutcome.Accepted>(await apple.RetireUsersAsync(location, ["before-the-move"], TestContext.Current.CancellationToken));
        house.Apple.FinishEvents();
        await house.SyncAsync();
        house.Apple.ClearRequests();
        var plan = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required))).Plan;
        Assert.True(plan.RegisterFirst > 0);

        await house.WorkAsync();
        await house.SyncAsync();

        var ours = ClientUserIds.For(SpendingHouse.UId, migrated.Id);
        Assert.DoesNotContain(house.Apple.Ledger, e => e.Target == ours && e.AdamId == book.Key.AdamId);
        await using var db = await house.Core.OpenAsync();
        Assert.Equal(
            (LicenseState.Canceled, LicenseCause.SeenAtApple),
            await db.Licenses.Where(l => l.BookId == book.Id && db.People.Any(p => p.Id == l.PersonId && p.DirectoryId == migrated.Id)).Select(l => ValueTuple.Create(l.State, l.Cause)).SingleAsync(TestContext.Current.CancellationToken));
        Assert.NotEmpty(await house.HoldersAsync(LicenseState.Assigned, book));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Required_gives_every_eligible_member_one_copy_in_one_request()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = await house.GroupAsync("Class 4A");

        var committed = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(group, Intent.Required)));
        await house.WorkAsync();

        var plan = committed.Plan;
        var licenses = await house.LicensesAsync(book);
        Assert.True(plan.RegisterFirst > 10);
        Assert.Equal(plan.Takes, licenses.Count);
        Assert.Equal(plan.GetNow + plan.RegisterFirst, licenses.Count(l => l.State == LicenseState.Assigned) + await RefusedAccountsAsync(house));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
        Assert.All(await house.OperationsAsync(OperationKind.Associate), o => Assert.Equal(OperationState.Done, o.State));
    }

    [Fact]
    public async Task F15_A_token_that_dies_while_people_are_registered_sends_nothing_more()
    {
        await using var house = await SpendingHouse.StartAsync();
        await house.AssignAsync(await house.BookAsync(free: 60), new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        var before = house.Apple.CountAssociatePosts(SpendingHouse.UId);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.Error, ErrorNumber = 9625, Method = "POST", Path = "*/users/create" });

        // Some are registered, so that there is something to send; some are not.
        await house.AssignAsync(
            await house.BookAsync(free: 60), new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required), new WishedAssignment(await house.GroupAsync("Class 4B"), Intent.Required));
        await house.WorkAsync();

        Assert.Equal(TokenState.Invalid, (await house.Core.RowAsync(SpendingHouse.UId)).State);
        Assert.Equal(before, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task F19_A_refusal_as_already_done_is_looked_up_and_sent_again_where_it_is_not()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.ErrorInOk, ErrorNumber = 9616, Method = "POST", Path = Associate });

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync(TimeSpan.FromMinutes(15));

        var operations = await house.OperationsAsync(OperationKind.Associate);
        Assert.Equal([OperationState.Failed, OperationState.Done], operations.Select(o => o.State));
        Assert.All(operations, o => Assert.Null(o.NextCheckAt));
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F4_A_connection_dropped_after_accepting_is_read_not_repeated()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.DropAfter, Method = "POST", Path = Associate });

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();

        Assert.Equal(1, Assert.Single(house.Apple.Faults.List()).Fired);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.Equal(OperationState.Done, Assert.Single(await house.OperationsAsync(OperationKind.Associate)).State);
        await house.AssertLedgerIsTrueAsync(book);
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);
    }

    [Fact]
    public async Task F5_A_server_error_that_did_nothing_is_believed_after_two_reads_and_then_sent_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "POST", Path = Associate });
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Unknown);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));

        await house.WorkAsync(TimeSpan.FromMinutes(20));

        Assert.Equal(2, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State is LicenseState.Unknown or LicenseState.Submitted);
    }

    [Fact]
    public async Task F6_Too_many_requests_is_not_a_failure()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.TooManyRequests, Method = "POST", Path = Associate, RetryAfter = "1" });

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        await house.WorkAsync();

        await house.AssertLedgerIsTrueAsync(book);
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Failed);
    }

    [Fact]
    public async Task F8_An_answer_without_an_event_is_unknown_until_read()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.WithoutEventId, Method = "POST", Path = Associate });

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();

        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F11_Licenses_that_run_out_half_way_make_the_rest_wait_and_a_purchase_serves_them()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var key = book.Key;
        // Somebody moved licenses away since the last sync: Apple has fewer than we believe.
        var free = house.Apple.Counts(SpendingHouse.UId, key.AdamId).Available;
        Assert.True(house.Apple.Refund(SpendingHouse.UId, key.AdamId, "STDQ", free - 5));

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();

        var after = await house.LicensesAsync(book);
        Assert.Equal(5, after.Count(l => l.State == LicenseState.Assigned));
        Assert.Contains(after, l => l.State == LicenseState.Waiting);
        Assert.DoesNotContain(after, l => l.State == LicenseState.Failed);
        await house.AssertLedgerIsTrueAsync(book);

        house.Apple.Buy(SpendingHouse.UId, key.AdamId, "STDQ", 100);
        await house.SyncAsync();

        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Waiting);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_plan_for_more_people_than_copies_puts_the_rest_on_the_waiting_list_and_never_oversubscribes()
    {
        await using var house = await SpendingHouse.StartAsync();
        await using var db = await house.Core.OpenAsync();
        var book = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.AvailableCount > 0 && b.AvailableCount < 15).FirstAsync();

        var committed = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required)));
        await house.WorkAsync();

        Assert.True(committed.Plan.Wait > 0);
        Assert.Equal(0, (await house.ReadAsync(book)).AvailableCount - (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Reserved));
        Assert.DoesNotContain(house.Apple.Ledger, e => e.Result == SpendResult.NoLicense);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F18_Two_groups_and_a_second_commit_ask_for_one_copy_per_person()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 90);
        var first = await house.GroupAsync("Class 4A");
        var year = await house.GroupAsync("Year 4");
        await house.AssignAsync(book, new WishedAssignment(first, Intent.Required));
        await house.WorkAsync();

        var second = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(first, Intent.Required), new WishedAssignment(year, Intent.Required)));
        await house.WorkAsync();

        Assert.True(second.Plan.AlreadyHave > 10);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_plan_whose_facts_moved_is_refused_and_changes_nothing()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = await house.GroupAsync("Class 4A");
        var desk = house.Core.Get<AssignmentDesk>();
        var request = new PlanRequest(book.PublicId, [new WishedAssignment(group, Intent.Required)]);
        var shown = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(request, Locations.CoreHouse.Admin, CancellationToken.None)).Plan;
        var other = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(request, Locations.CoreHouse.Admin, CancellationToken.None)).Plan;
        Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(other.Id, new CommitOptions(TypedNumber: other.NumberToType), Locations.CoreHouse.Admin, CancellationToken.None));

        var stale = Assert.IsType<CommitResult.Stale>(await desk.CommitAsync(shown.Id, new CommitOptions(TypedNumber: shown.NumberToType), Locations.CoreHouse.Admin, CancellationToken.None));

        Assert.Equal(0, stale.NewPlan.Takes);
        Assert.Equal(other.Takes, (await house.LicensesAsync(book)).Count);
        Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(other.Id, new CommitOptions(TypedNumber: other.NumberToType), Locations.CoreHouse.Admin, CancellationToken.None));
        Assert.Equal(other.Takes, (await house.LicensesAsync(book)).Count);
    }

    [Fact]
    public async Task Taking_an_assignment_away_gives_unsent_reservations_up_and_leaves_the_rest()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        var assigned = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Assigned);
        var reserved = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Reserved);

        var plan = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book)).Plan;
        await house.WorkAsync();

        Assert.Equal(reserved, plan.Release);
        var after = await house.LicensesAsync(book);
        Assert.Equal(assigned, after.Count(l => l.State == LicenseState.Assigned));
        Assert.Equal(reserved, after.Count(l => l.State == LicenseState.Canceled));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task An_invited_person_keeps_a_copy_set_aside_and_gets_it_after_accepting()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 150);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Year 4"), Intent.Required));
        await house.WorkAsync();
        await using var db = await house.Core.OpenAsync();
        var invited = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Reserved)
            .Join(db.People, l => l.PersonId, p => p.Id, (l, p) => p)
            .FirstAsync(p => db.VppUsers.Any(u => u.PersonId == p.Id && u.InviteSecret != null));
        var location = await house.Core.RowAsync(SpendingHouse.UId);

        var link = Assert.IsType<InvitationLinkResult.Link>(
            await house.Core.Get<InvitationLinks>().CreateAsync(invited.PublicId, location.PublicId, Locations.CoreHouse.Admin, CancellationToken.None));
        var code = System.Web.HttpUtility.ParseQueryString(new Uri(link.Url).Query)["inviteCode"]!;
        Assert.Null(house.Apple.AcceptInvitation(code, "somebody@personal.example"));
        await house.SyncAsync();

        Assert.Equal(LicenseState.Assigned, (await house.LicensesAsync(book)).Single(l => l.PersonId == invited.Id).State);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_location_claimed_by_another_is_not_written_to()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        house.Apple.ClaimByOtherMdm(SpendingHouse.UId);

        await house.WorkAsync();
        await house.SyncAsync();

        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.Equal(Core.Locations.TokenState.AssignedToExternalMdm, (await house.Core.RowAsync(SpendingHouse.UId)).State);
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
    }

    // Accounts of another organization or in use elsewhere stay behind with their own number; they are part of the plan all the same.
    private static async Task<int> RefusedAccountsAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.VppUsers.CountAsync(u => u.PersonId != null && (u.ErrorNumber != null || u.ManagedAccountRefused));
    }
}
