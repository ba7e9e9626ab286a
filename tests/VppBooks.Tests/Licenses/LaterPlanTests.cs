using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;
using static VppBooks.Tests.Licenses.PlanSteps;

namespace VppBooks.Tests.Licenses;

/// <summary>A plan that is refused or undone after another plan of the book was committed: what it changed is taken back, and nothing else.</summary>
public sealed class LaterPlanTests
{
    [Fact]
    public async Task Refusing_a_plan_takes_its_groups_back_though_a_later_plan_left_them_in_place()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 5);
        var book = await house.BookAsync(free: 60);
        var large = await CommitAsync(house, book, null, ("Class 4A", Intent.Required));
        Assert.Equal(PlanState.AwaitingApproval, large.State);
        var few = FewOf(house, "Class 5A", 3);
        var small = await CommitAsync(house, book, null, ("Class 4A", Intent.Required), (few, Intent.Required));
        Assert.Equal(PlanState.Committed, small.State);

        Assert.IsType<DecisionResult.Done>(await Decisions(house).RejectAsync(large.Id, Second, Cancel));
        var joiner = Group(house, "Class 5A").People.Except(Group(house, few).People).First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null });
        house.Core.Cloud.Graph.Edit(() => Group(house, "Class 4A").People.Add(joiner));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(16));
        await house.Core.Get<DirectoryWatch>().ReadDueAsync(Cancel);
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal([(few, Intent.Required)], await StandingAsync(house, book));
        Assert.Equal(3, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Assigned));
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId && e.Target == ClientUserIds.For(SpendingHouse.UId, joiner));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task What_was_taken_back_is_neither_offered_while_a_later_plan_is_undecided_nor_put_back_by_undoing_that_one()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 5B", 3);
        var first = await CommitAsync(house, book, TimeSpan.FromHours(2), ("Class 4A", Intent.Available), (few, Intent.Required));
        var later = await CommitAsync(house, book, TimeSpan.FromHours(3), ("Class 4A", Intent.Available), (few, Intent.Required), ("Class 5A", Intent.Available), ("Class 4B", Intent.Required));
        var reader = ReaderOf(house, "Class 4A");

        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));

        Assert.Equal([("Class 5A", Intent.Available), ("Class 4B", Intent.Required)], await StandingAsync(house, book));
        Assert.IsType<TakeResult.NotOffered>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, Cancel));
        await CommitAsync(house, book, null, ("Class 5A", Intent.Available), ("Class 4B", Intent.Required), ("Class 4A", Intent.Available));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(later.Id, CoreHouse.Admin, Cancel));
        // Somebody gave it to the class once more meanwhile: that is no part of either plan.
        Assert.Equal([("Class 4A", Intent.Available)], await StandingAsync(house, book));
        Assert.IsType<TakeResult.Taken>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, Cancel));
    }

    [Fact]
    public async Task What_a_later_plan_changed_again_stays_as_that_one_left_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await CommitAsync(house, book, null, ("Class 5A", Intent.Available));
        var first = await CommitAsync(house, book, TimeSpan.FromHours(2), ("Class 4A", Intent.Required), ("Class 4B", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Available), ("Class 4B", Intent.Required));

        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync(TimeSpan.FromHours(3));

        Assert.Equal([("Class 4A", Intent.Available), ("Class 5A", Intent.Available)], (await StandingAsync(house, book)).Order());
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State is LicenseState.Assigned or LicenseState.Reserved or LicenseState.Held);
    }

    [Fact]
    public async Task What_a_later_plan_took_away_is_not_brought_back_by_refusing_an_earlier_one_that_took_it_away_too()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.ApprovalThreshold = 5);
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 5A", 3);
        await CommitAsync(house, book, null, (few, Intent.Required));
        var first = await CommitAsync(house, book, null, ("Class 4A", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Required), (few, Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Required));
        Assert.Equal(PlanState.AwaitingApproval, first.State);

        Assert.IsType<DecisionResult.Done>(await Decisions(house).RejectAsync(first.Id, Second, Cancel));

        Assert.Empty(await StandingAsync(house, book));
    }

    [Fact]
    public async Task What_a_later_plan_gave_again_stays_though_the_first_one_that_gave_it_is_undone()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4B", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4B", Intent.Required), ("Class 4A", Intent.Required));

        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal([("Class 4A", Intent.Required), ("Class 4B", Intent.Required)], (await StandingAsync(house, book)).Order());
        var pupil = ClientUserIds.For(SpendingHouse.UId, Guid.Parse(ReaderOf(house, "Class 4A").Id));
        Assert.Contains(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId && e.Target == pupil);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Plans_of_a_deleted_token_are_decided_by_nobody_and_say_nothing_once_the_location_is_connected_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 5A", 3);
        await CommitAsync(house, book, null, (few, Intent.Required), ("Class 4A", Intent.Available));
        var open = await CommitAsync(house, book, TimeSpan.FromHours(9), (few, Intent.Available), ("Class 4B", Intent.Required));
        house.Apple.ClearRequests();
        Assert.IsType<ChangeLocationResult.Changed>(await house.Core.Enrollment.DeleteAsync((await house.SummaryAsync()).PublicId, CoreHouse.Admin, Cancel));

        Assert.Equal("PlanEnded", Assert.IsType<DecisionResult.Refused>(await Decisions(house).RejectAsync(open.Id, Second, Cancel)).Refusal.Code);
        Assert.IsType<CreateLocationResult.Created>(await house.Core.Enrollment.CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId)), Name = "Education", AppleAccount = "books@noordrand.example", ConsentGranted = true, TakeControl = true },
            CoreHouse.Admin,
            Cancel));
        await house.WorkAsync();
        var again = await CommitAsync(house, book, TimeSpan.FromHours(9), (few, Intent.Required), ("Class 4A", Intent.Available));

        Assert.IsType<TakeResult.NotOffered>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, ReaderOf(house, "Class 4A"), Cancel));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(again.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync(TimeSpan.FromHours(12));
        Assert.Empty(await StandingAsync(house, book));
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task Undoing_a_plan_leaves_the_order_of_groups_that_it_did_not_change()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await CommitAsync(house, book, null, ("Class 4A", Intent.Required), ("Class 4B", Intent.Required));
        var plan = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required), ("Class 4B", Intent.Required), ("Class 5A", Intent.Required));
        var lists = house.Core.Get<WaitingLists>();
        var groups = (await lists.FindAsync(book.PublicId, 0, 1, CoreHouse.Admin, Cancel))!.Groups;
        await lists.RankGroupsAsync(book.PublicId, [groups[1].AssignmentId, groups[0].AssignmentId, groups[2].AssignmentId], CoreHouse.Admin, Cancel);

        await Decisions(house).UndoAsync(plan.Id, CoreHouse.Admin, Cancel);

        Assert.Equal(["Class 4B", "Class 4A"], (await lists.FindAsync(book.PublicId, 0, 1, CoreHouse.Admin, Cancel))!.Groups.Select(g => g.GroupName));
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2 })]
    [InlineData(new[] { 0, 2, 1 })]
    [InlineData(new[] { 1, 0, 2 })]
    [InlineData(new[] { 1, 2, 0 })]
    [InlineData(new[] { 2, 0, 1 })]
    [InlineData(new[] { 2, 1, 0 })]
    public async Task Undone_in_any_order_nothing_is_left_of_plans_that_changed_one_group_after_another(int[] order)
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 5A", 3);
        await CommitAsync(house, book, null, (few, Intent.Available));
        Guid[] plans =
        [
            (await CommitAsync(house, book, TimeSpan.FromHours(9), (few, Intent.Required), ("Class 4A", Intent.Required))).Id,
            (await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Available), ("Class 4B", Intent.Required))).Id,
            (await CommitAsync(house, book, TimeSpan.FromHours(9), (few, Intent.Required), ("Class 4A", Intent.Excluded), ("Class 5B", Intent.Required))).Id,
        ];

        foreach (var index in order)
        {
            Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(plans[index], CoreHouse.Admin, Cancel));
        }

        await house.WorkAsync(TimeSpan.FromHours(12));
        Assert.Equal([(few, Intent.Available)], await StandingAsync(house, book));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Canceled, l.State));
        Assert.IsType<TakeResult.Taken>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, ReaderOf(house, few), Cancel));
        Assert.IsType<TakeResult.NotOffered>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, ReaderOf(house, "Class 4A"), Cancel));
    }

    [Fact]
    public async Task Who_was_excluded_by_a_later_plan_is_offered_nothing_while_an_earlier_one_is_undecided()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await CommitAsync(house, book, null, ("Class 4A", Intent.Available), ("Class 4B", Intent.Available));
        await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Available), ("Class 4B", Intent.Available), ("Class 5A", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Excluded), ("Class 5A", Intent.Required));
        var taking = house.Core.Get<BookTaking>();

        Assert.IsType<TakeResult.NotOffered>(await taking.TakeAsync(book.PublicId, ReaderOf(house, "Class 4A"), Cancel));
        Assert.IsType<TakeResult.NotOffered>(await taking.TakeAsync(book.PublicId, ReaderOf(house, "Class 4B"), Cancel));
        Assert.IsType<TakeResult.NotOffered>(await taking.TakeAsync(book.PublicId, ReaderOf(house, "Class 5A"), Cancel));
    }

    [Fact]
    public async Task Who_presses_Get_while_a_plan_that_only_offers_the_book_is_undecided_keeps_the_place_and_the_others_give_it_up()
    {
        await using var house = await SpendingHouse.StartAsync();
        await using (var db = await house.Core.OpenAsync())
        {
            var emptied = await db.Books.Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.AvailableCount > 0 && b.AvailableCount < 15 && !db.Licenses.Any(l => l.BookId == b.Id)).FirstAsync(Cancel);
            Assert.True(house.Apple.Refund(SpendingHouse.UId, emptied.Key.AdamId, emptied.Key.PricingParam.ToString(), (int)emptied.AvailableCount));
            await house.SyncAsync();
            await CommitAsync(house, emptied, null, ("Class 4A", Intent.Required));
            await house.WorkAsync();
            var waiting = (await house.LicensesAsync(emptied)).Count(l => l.State == LicenseState.Waiting);
            Assert.True(waiting > 5);
            var change = await CommitAsync(house, emptied, TimeSpan.FromHours(1), ("Class 4A", Intent.Available), ("Class 5A", Intent.Required));
            Assert.Equal(PlanState.Undoable, change.State);
            Assert.Equal(waiting, change.Release);

            var reader = ReaderOf(house, "Class 4A");
            Assert.IsType<TakeResult.AlreadyThere>(await house.Core.Get<BookTaking>().TakeAsync(emptied.PublicId, reader, Cancel));
            Assert.IsType<TakeResult.AlreadyThere>(await house.Core.Get<BookTaking>().TakeAsync(emptied.PublicId, reader, Cancel));
            await house.WorkAsync(TimeSpan.FromHours(2));

            var members = Group(house, "Class 4A").People.ToHashSet();
            var classmates = await db.People.Where(p => members.Contains(p.DirectoryId)).Select(p => p.Id).ToHashSetAsync(Cancel);
            var kept = Assert.Single(await house.LicensesAsync(emptied), l => l.State == LicenseState.Waiting && classmates.Contains(l.PersonId));
            Assert.Equal((Guid.Parse(reader.Id), LicenseSource.Taken), (await db.People.Where(p => p.Id == kept.PersonId).Select(p => p.DirectoryId).SingleAsync(Cancel), kept.Source));
            Assert.Single(await house.AuditAsync("book.taken"));
        }
    }

    [Fact]
    public async Task F39_Who_left_the_group_after_it_was_followed_gets_nothing_of_the_first_request_either()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = Group(house, "Class 4A");
        var book = await house.RegisterAsync(group.Id);
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        var first = (await house.HoldersAsync(LicenseState.Reserved, book))[0];
        var leaver = group.People.Single(p => ClientUserIds.For(SpendingHouse.UId, p) == first);
        var lease = (await house.Core.Get<VppBooks.Core.Locations.LocationLeases>().TryAcquireAsync(house.LocationId, Cancel))!;
        await house.Core.Get<AssignmentFollower>().FollowAsync(lease, Cancel);
        house.Core.Cloud.Graph.Edit(() => group.People.Remove(leaver));
        await house.Core.Groups.EnsureMembersAsync([group.Id], TimeSpan.Zero, Cancel);

        var next = await house.Core.Get<LicenseDispatcher>().RunAsync(lease, Cancel);

        Assert.True(next <= house.Core.Clock.GetUtcNow());
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.Core.Get<VppBooks.Core.Locations.LocationLeases>().ReleaseAsync(lease, Cancel);
        await house.WorkAsync();
        Assert.DoesNotContain(house.Apple.Ledger, e => e.Target == first && e.AdamId == book.Key.AdamId);
        Assert.NotEmpty(await house.HoldersAsync(LicenseState.Assigned, book));
        await house.AssertLedgerIsTrueAsync(book);
    }
}
