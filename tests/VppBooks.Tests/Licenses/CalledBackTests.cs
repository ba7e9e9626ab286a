using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Sync;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;
using static VppBooks.Tests.Licenses.PlanSteps;

namespace VppBooks.Tests.Licenses;

/// <summary>People whose license was called back and whom another plan still reaches, which said that it takes nothing for them: somebody decides, and nobody else waits for it.</summary>
public sealed class CalledBackTests
{
    [Fact]
    public async Task Whom_a_later_plan_reaches_who_was_called_back_is_held_because_that_plan_said_it_takes_nothing()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        var later = await CommitAsync(house, book, null, ("Class 4A", Intent.Required), (few, Intent.Required));
        Assert.Equal((0, PlanState.Committed), (later.Takes, later.State));
        house.Apple.ClearRequests();

        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        // Who joins in the same moment has nothing to do with it.
        var joiner = Guid.Parse(ReaderOf(house, "Class 5A").Id);
        await MoveAsync(house, few, joiner, joins: true);
        await house.WorkAsync(TimeSpan.FromHours(12));

        Assert.Equal([(few, Intent.Required)], await StandingAsync(house, book));
        Assert.Equal([ClientUserIds.For(SpendingHouse.UId, joiner)], house.Apple.Ledger.Where(e => e.AdamId == book.Key.AdamId && e.EventId != null).Select(e => e.Target));
        Assert.Equal(3, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Held));
        Assert.Single(await house.AuditAsync("group.called-back-held"));
        // Nor does who joins while they wait for the decision.
        var next = Guid.Parse(ReaderOf(house, "Class 5B").Id);
        await MoveAsync(house, few, next, joins: true);
        await house.WorkAsync();
        Assert.Equal(new[] { joiner, next }.Order(), await PeopleAsync(house, book, LicenseState.Assigned));
        await ApproveHeldAsync(house, book);
        Assert.Equal(5, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Assigned));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whoever_was_called_back_is_held_too_when_the_later_plan_goes_out_days_afterwards()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        var later = await CommitAsync(house, book, TimeSpan.FromDays(3), ("Class 4A", Intent.Required), (few, Intent.Required), ("Class 5B", Intent.Required));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));

        await house.WorkAsync(TimeSpan.FromDays(4));

        Assert.Equal(PlanState.Committed, (await house.Core.Get<PlanViews>().FindAsync(later.Id, CoreHouse.Admin, Cancel))!.State);
        var licenses = await house.LicensesAsync(book);
        Assert.Equal(3, licenses.Count(l => l.State == LicenseState.Held));
        Assert.True(licenses.Count(l => l.State == LicenseState.Assigned) > 10);
        var held = Group(house, few).People.Select(p => ClientUserIds.For(SpendingHouse.UId, p)).ToHashSet();
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId && held.Contains(e.Target));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whoever_was_called_back_is_held_for_the_other_quality_of_the_title_as_well()
    {
        await using var house = await SpendingHouse.StartAsync();
        var standard = await house.BookAsync(free: 60);
        house.Apple.Buy(SpendingHouse.UId, standard.Key.AdamId, "PLUS", 90);
        await house.SyncAsync();
        await using var db = await house.Core.OpenAsync();
        var plus = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == house.LocationId && b.AdamId == standard.AdamId && b.PricingParam == VppBooks.Apple.PricingParam.PLUS, Cancel);
        var few = FewOf(house, "Class 4A", 3);
        var first = await CommitAsync(house, standard, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        Assert.Equal(0, (await CommitAsync(house, plus, null, (few, Intent.Required))).Takes);
        await house.WorkAsync();

        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync();

        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await ApproveHeldAsync(house, plus);
        Assert.Equal(3, (await house.LicensesAsync(plus)).Count(l => l.State == LicenseState.Assigned));
        await house.AssertLedgerIsTrueAsync(plus);
    }

    [Fact]
    public async Task Whoever_gave_up_a_place_of_the_other_quality_is_held_where_a_plan_relied_on_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var standard = await house.BookAsync(free: 60);
        house.Apple.Buy(SpendingHouse.UId, standard.Key.AdamId, "PLUS", 90);
        await house.SyncAsync();
        await using var db = await house.Core.OpenAsync();
        var plus = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == house.LocationId && b.AdamId == standard.AdamId && b.PricingParam == PricingParam.PLUS, Cancel);
        var few = FewOf(house, "Class 4A", 3);
        await CommitAsync(house, standard, null, ("Class 4A", Intent.Required));
        Assert.Equal(0, (await CommitAsync(house, plus, null, (few, Intent.Required))).Takes);
        // Its own commit has been followed by now: what looks at it again is what the other book gives up.
        await house.Core.ChangeAsync(change => change.Books.Single(b => b.Id == plus.Id).FollowWanted = false);
        await CommitAsync(house, standard, null);

        await house.WorkAsync();

        Assert.Equal(Group(house, few).People.Order(), await PeopleAsync(house, plus, LicenseState.Held));
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task Whoever_lost_a_place_of_the_other_quality_and_is_entitled_to_it_still_waits_for_no_decision()
    {
        await using var house = await SpendingHouse.StartAsync();
        var standard = await house.BookAsync(free: 60);
        house.Apple.Buy(SpendingHouse.UId, standard.Key.AdamId, "PLUS", 90);
        await house.SyncAsync();
        await using var db = await house.Core.OpenAsync();
        var plus = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == house.LocationId && b.AdamId == standard.AdamId && b.PricingParam == PricingParam.PLUS, Cancel);
        var few = FewOf(house, "Class 4A", 3);
        var person = Group(house, few).People.First();
        // Followed in this order, so that it is the other book that finds the person without a place.
        Assert.True(standard.Id < plus.Id);
        await CommitAsync(house, plus, null, ("Class 4A", Intent.Required));
        Assert.Equal(0, (await CommitAsync(house, standard, null, (few, Intent.Required))).Takes);
        await PauseAsync(house.Core.Clock.GetUtcNow().AddHours(1));
        await EnableAsync(false);
        Assert.Contains(person, await PeopleAsync(house, plus, LicenseState.Canceled));

        await EnableAsync(true);
        await PauseAsync(null);
        await house.WorkAsync();

        Assert.Empty(await PeopleAsync(house, standard, LicenseState.Held));
        Assert.Contains(person, (await PeopleAsync(house, standard, LicenseState.Assigned)).Concat(await PeopleAsync(house, plus, LicenseState.Assigned)));

        Task PauseAsync(DateTimeOffset? until) => house.Core.ChangeAsync(change => change.Locations.Single(l => l.Id == house.LocationId).PausedUntil = until);

        async Task EnableAsync(bool enabled)
        {
            house.Core.Cloud.Graph.Edit(() => house.Core.Cloud.Directory.People[person].AccountEnabled = enabled);
            await house.Core.Groups.EnsureMembersAsync([Group(house, few).Id, Group(house, "Class 4A").Id], TimeSpan.Zero, Cancel);
            await house.StepAsync();
        }
    }

    [Fact]
    public async Task Who_joined_while_a_sudden_growth_was_held_is_served_when_those_who_made_it_have_left()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => (o.GrowthPeople, o.GrowthShare, o.GrowthLimit) = (5, 0.5, 5));
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        await CommitAsync(house, book, null, (few, Intent.Required));
        await house.WorkAsync();
        var crowd = Group(house, "Class 5A").People.Where(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }).Take(8).ToList();
        house.Core.Cloud.Graph.Edit(() => Group(house, few).People.UnionWith(crowd));
        var joiner = Guid.Parse(ReaderOf(house, "Class 5B").Id);
        await house.Core.Groups.EnsureMembersAsync([Group(house, few).Id], TimeSpan.Zero, Cancel);
        await house.WorkAsync();
        Assert.Equal(8, (await PeopleAsync(house, book, LicenseState.Held)).Count);
        await MoveAsync(house, few, joiner, joins: true);
        await house.WorkAsync();
        Assert.DoesNotContain(joiner, await PeopleAsync(house, book, LicenseState.Assigned));

        house.Core.Cloud.Graph.Edit(() => Group(house, few).People.ExceptWith(crowd));
        await house.Core.Groups.EnsureMembersAsync([Group(house, few).Id], TimeSpan.Zero, Cancel);
        await house.WorkAsync();

        Assert.Empty(await PeopleAsync(house, book, LicenseState.Held));
        Assert.Contains(joiner, await PeopleAsync(house, book, LicenseState.Assigned));
    }

    [Fact]
    public async Task Taking_back_a_change_of_a_group_leaves_who_gave_it_the_book_and_when_and_holds_whom_that_plan_took_nothing_for()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        var given = await CommitAsync(house, book, null, Second, ("Class 4A", Intent.Required), (few, Intent.Required));
        house.Core.Clock.Pass(TimeSpan.FromHours(1));
        var last = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required), (few, Intent.Available), ("Class 5B", Intent.Required));

        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        house.Core.Clock.Pass(TimeSpan.FromHours(1));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(last.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync(TimeSpan.FromHours(12));

        await using var db = await house.Core.OpenAsync();
        var standing = await db.GroupAssignments.SingleAsync(a => a.BookId == book.Id, Cancel);
        Assert.Equal((Intent.Required, Second.Id, given.CommittedAt), (standing.Intent, standing.AssignedById, standing.AssignedAt));
        Assert.Equal(3, (await PeopleAsync(house, book, LicenseState.Held)).Count);
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task Whoever_was_called_back_is_held_again_after_leaving_while_it_was_undecided_and_coming_back()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        var leaver = Group(house, few).People.First();
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Required), (few, Intent.Required));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync();
        await MoveAsync(house, few, leaver, joins: false);
        await house.WorkAsync();
        Assert.Equal(2, (await PeopleAsync(house, book, LicenseState.Held)).Count);
        await using var db = await house.Core.OpenAsync();
        var held = await db.Plans.Where(p => p.Kind == PlanKind.Growth).Select(p => p.PublicId).SingleAsync(Cancel);
        Assert.IsType<DecisionResult.Done>(await Decisions(house).RejectAsync(held, Second, Cancel));

        await MoveAsync(house, few, leaver, joins: true);
        await house.WorkAsync();

        Assert.Equal([leaver], await PeopleAsync(house, book, LicenseState.Held));
        Assert.Equal(2, (await PeopleAsync(house, book, LicenseState.Declined)).Count);
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        // A plan whose people have all left is at its end; who comes back is held in a new one.
        await MoveAsync(house, few, leaver, joins: false);
        await house.WorkAsync();
        Assert.Empty(await db.Plans.Where(p => p.Kind == PlanKind.Growth && p.State == PlanState.AwaitingApproval).ToListAsync(Cancel));
        await MoveAsync(house, few, leaver, joins: true);
        await house.WorkAsync();
        // Given one by somebody's decision, leaving and coming back is nothing special any more.
        await ApproveHeldAsync(house, book);
        Assert.Equal([leaver], await PeopleAsync(house, book, LicenseState.Assigned));
    }

    [Fact]
    public async Task A_place_on_the_waiting_list_that_was_called_back_too_does_not_make_whoever_was_called_back_an_ordinary_joiner()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        var leaver = Group(house, few).People.First();
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Required), (few, Intent.Required));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        var stock = (await house.ReadAsync(book)).AvailableCount;
        await house.Core.ChangeAsync(db => db.Books.Single(b => b.Id == book.Id).AvailableCount = 0);
        var second = await CommitAsync(house, book, TimeSpan.FromHours(9), (few, Intent.Required), ("Class 4B", Intent.Required));
        Assert.Contains(leaver, await PeopleAsync(house, book, LicenseState.Waiting));
        await MoveAsync(house, few, leaver, joins: false);
        await house.WorkAsync();
        await house.Core.ChangeAsync(db => db.Books.Single(b => b.Id == book.Id).AvailableCount = stock);
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(second.Id, CoreHouse.Admin, Cancel));

        await MoveAsync(house, few, leaver, joins: true);
        await house.WorkAsync(TimeSpan.FromHours(12));

        Assert.Contains(leaver, await PeopleAsync(house, book, LicenseState.Held));
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
    }

    [Fact]
    public async Task Who_comes_into_a_group_after_a_plan_of_another_one_was_called_back_is_served_like_everybody_who_joins()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        await CommitAsync(house, book, null, (few, Intent.Required));
        var mistake = await CommitAsync(house, book, TimeSpan.FromHours(9), (few, Intent.Required), ("Class 5A", Intent.Required));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(mistake.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync();

        var pupil = Guid.Parse(ReaderOf(house, "Class 5A").Id);
        await MoveAsync(house, few, pupil, joins: true);
        await house.WorkAsync();

        Assert.Contains(pupil, await PeopleAsync(house, book, LicenseState.Assigned));
        Assert.Empty(await PeopleAsync(house, book, LicenseState.Held));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Who_is_only_offered_the_book_is_not_told_of_the_decision_about_others()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var few = FewOf(house, "Class 4A", 3);
        var first = await CommitAsync(house, book, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        await CommitAsync(house, book, null, ("Class 4A", Intent.Required), (few, Intent.Required), ("Class 4B", Intent.Available));
        Assert.IsType<DecisionResult.Done>(await Decisions(house).UndoAsync(first.Id, CoreHouse.Admin, Cancel));
        await house.WorkAsync();

        Assert.Equal(WhyReason.GrowthHeld, await AskAsync(house, Group(house, few).People.First(), book));
        Assert.Equal(WhyReason.AvailableNotTaken, await AskAsync(house, Guid.Parse(ReaderOf(house, "Class 4B").Id), book));
    }

    [Fact]
    public async Task Whoever_lost_the_place_with_a_deleted_token_is_held_for_the_other_token_that_has_the_title()
    {
        await using var house = await SpendingHouse.StartAsync();
        Assert.IsType<CreateLocationResult.Created>(await house.Core.Enrollment.CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(house.Apple.IssueToken(DemoOrganization.BusinessUId)), Name = "Business", AppleAccount = "books@noordrand.example", ConsentGranted = true },
            CoreHouse.Admin,
            Cancel));
        var business = (await house.Core.RowAsync(DemoOrganization.BusinessUId)).Id;
        var here = await house.BookAsync(free: 60);
        house.Apple.Buy(DemoOrganization.BusinessUId, here.Key.AdamId, "STDQ", 90);
        await house.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == business).SyncWanted = SyncReason.Manual);
        await TurnAsync(house, business);
        await using var db = await house.Core.OpenAsync();
        var there = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == business && b.AdamId == here.AdamId && b.PricingParam == PricingParam.STDQ, Cancel);
        var few = FewOf(house, "Class 4A", 3);
        await CommitAsync(house, here, TimeSpan.FromHours(9), ("Class 4A", Intent.Required));
        Assert.Equal(0, (await CommitAsync(house, there, null, (few, Intent.Required))).Takes);
        await TurnAsync(house, business);

        Assert.IsType<ChangeLocationResult.Changed>(await house.Core.Enrollment.DeleteAsync((await house.SummaryAsync()).PublicId, CoreHouse.Admin, Cancel));
        await TurnAsync(house, business);

        Assert.Equal(Group(house, few).People.Order(), await PeopleAsync(house, there, LicenseState.Held));
        Assert.Equal(0, house.Apple.CountAssociatePosts(DemoOrganization.BusinessUId));
    }

    private static async Task<WhyReason?> AskAsync(SpendingHouse house, Guid directoryId, Book book)
    {
        await using var db = await house.Core.OpenAsync();
        var person = await db.People.Where(p => p.DirectoryId == directoryId).Select(p => p.PublicId).SingleAsync(Cancel);
        return (await house.Core.Get<WhyReader>().ReadAsync(person, book.PublicId, CoreHouse.Helpdesk, Cancel))!.Obstacle?.Reason;
    }

    /// <summary>Turns of a location's worker until it has nothing to do for now.</summary>
    private static async Task TurnAsync(SpendingHouse house, int location)
    {
        for (var round = 0; round < 40; round++)
        {
            if (await house.StepAsync(location) is not { } next || next > house.Core.Clock.GetUtcNow() + TimeSpan.FromMinutes(2))
            {
                return;
            }

            house.Core.Clock.Pass(TimeSpan.FromSeconds(31));
        }

        Assert.Fail("The work never came to rest.");
    }
}
