using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>What can go wrong with a request that gives licenses, up to Apple's answer.</summary>
public sealed class SpendFaultTests
{
    private const string Associate = "*/assets/associate";

    [Fact]
    public async Task F4_A_request_that_is_never_answered_is_read_not_repeated()
    {
        await using var house = await SpendingHouse.StartAsync(configure: services => services.Configure<AppleOptions>(o => o.RequestTimeout = TimeSpan.FromSeconds(1)));
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.NeverAnswerAfter, Method = "POST", Path = Associate });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Unknown, LicenseCause.AnswerLost), (l.State, l.Cause)));
        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Assigned, LicenseCause.SeenAtApple), (l.State, l.Cause)));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(300, 300)]
    [InlineData(7200, 3600)]
    public async Task F5_An_outage_makes_the_outcome_unknown_and_the_whole_location_waits_as_long_as_Apple_asks(int asked, int waits)
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.Unavailable, Method = "POST", Path = Associate, RetryAfter = asked.ToString(System.Globalization.CultureInfo.InvariantCulture) });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Unknown, l.State));
        var pause = (await house.Core.RowAsync(SpendingHouse.UId)).PausedUntil - house.Core.Clock.GetUtcNow();
        Assert.InRange(pause!.Value.TotalSeconds, waits - 10, waits + 1);

        // Nobody asks the location for anything meanwhile, not even by hand.
        house.Apple.ClearRequests();
        house.Core.Clock.Offset += TimeSpan.FromSeconds(waits - 150);
        await house.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == house.LocationId).SyncWanted = SyncReason.Manual);
        await house.StepAsync();
        await house.StepAsync();
        Assert.DoesNotContain(house.Apple.Requests, r => r.Location == SpendingHouse.UId);

        await house.WorkAsync(TimeSpan.FromHours(2));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F5_Without_a_time_from_Apple_the_location_still_waits()
    {
        await using var house = await SpendingHouse.StartAsync(configure: services => services.Configure<AppleOptions>(o => o.FirstBackoff = TimeSpan.FromMinutes(4)));
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "POST", Path = Associate });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Unknown, l.State));
        Assert.InRange(((await house.Core.RowAsync(SpendingHouse.UId)).PausedUntil - house.Core.Clock.GetUtcNow())!.Value.TotalSeconds, 230, 301);
    }

    [Theory]
    [InlineData("600", 600)]
    [InlineData(null, 240)]
    public async Task F6_Too_many_requests_stops_every_caller_of_the_token_until_the_time_the_console_shows_and_nothing_fails(string? retryAfter, int least)
    {
        await using var house = await SpendingHouse.StartAsync(configure: services => services.Configure<AppleOptions>(o => o.FirstBackoff = TimeSpan.FromMinutes(4)));
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.TooManyRequests, Method = "POST", Path = Associate, RetryAfter = retryAfter });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Reserved, l.State));
        var refused = (await house.OperationsAsync(OperationKind.Associate))[^1];
        Assert.Equal((OperationState.NotSent, 9646), (refused.State, refused.ErrorNumber));
        var shown = await house.SummaryAsync();
        Assert.Equal(LocationCondition.Paused, shown.Condition);
        Assert.InRange((shown.PausedUntil - house.Core.Clock.GetUtcNow())!.Value.TotalSeconds, least - 10, (least * 1.25) + 1);

        // The gate belongs to the token, not to who was refused.
        house.Apple.ClearRequests();
        var connection = house.Core.Get<LocationConnections>().Connect(await house.Core.RowAsync(SpendingHouse.UId));
        var waiting = await Assert.ThrowsAsync<AppleUnavailableException>(() => house.Core.Get<AppleClient>().GetClientConfigAsync(connection, CancellationToken.None));
        Assert.True(waiting.RetryAfter > TimeSpan.FromMinutes(3));
        var change = await house.Core.Get<AppleClient>().AssociateAsync(connection, [book.Key], ["nobody"], CancellationToken.None);
        Assert.IsType<ChangeOutcome.NotSent>(change);
        Assert.DoesNotContain(house.Apple.Requests, r => r.Location == SpendingHouse.UId);

        await house.WorkAsync(TimeSpan.FromMinutes(20));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(9646, LicenseState.Reserved, TokenState.Valid)]
    [InlineData(9709, LicenseState.Waiting, TokenState.Valid)]
    [InlineData(9609, LicenseState.Reserved, TokenState.Valid)]
    [InlineData(9616, LicenseState.Unknown, TokenState.Valid)]
    [InlineData(9603, LicenseState.Unknown, TokenState.Valid)]
    [InlineData(9621, LicenseState.Reserved, TokenState.Expired)]
    [InlineData(9622, LicenseState.Reserved, TokenState.Invalid)]
    [InlineData(9637, LicenseState.Reserved, TokenState.Valid)]
    [InlineData(9605, LicenseState.Failed, TokenState.Valid)]
    [InlineData(12345, LicenseState.Unknown, TokenState.Valid)]
    public async Task F7_An_error_in_an_answer_that_says_200_is_what_its_number_says(int number, LicenseState state, TokenState token)
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.ErrorInOk, ErrorNumber = number, Method = "POST", Path = Associate, RetryAfter = number is 9646 or 9603 ? "600" : null });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.StepAsync();

        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(state, l.State));
        var row = await house.Core.RowAsync(SpendingHouse.UId);
        Assert.Equal((token, number == 9637), (row.State, row.ReadOnly));
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId && e.Result == SpendResult.Spent);
    }

    [Fact]
    public async Task F8_An_answer_without_an_event_is_unknown_and_found_by_reading()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.WithoutEventId, Method = "POST", Path = Associate });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Unknown, LicenseCause.AnswerLost), (l.State, l.Cause)));
        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.DoesNotContain(house.Apple.Requests, r => r.Path.EndsWith("/status", StringComparison.Ordinal));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F9_When_Apple_shrinks_its_limits_they_are_read_again_and_the_request_is_split()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var people = (await house.LicensesAsync(book)).Count;
        Assert.True(people > 10);
        await house.Core.Get<AppleClient>().GetServiceConfigAsync(CancellationToken.None);
        house.Apple.ClearRequests();
        house.Apple.Switches.Limits.MaxClientUserIds = 4;

        await house.WorkAsync();

        Assert.Equal(1 + ((people + 3) / 4), house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.Equal(9701, Assert.Single(house.Apple.Requests, r => r.ErrorNumber != 0).ErrorNumber);
        Assert.Single(house.Apple.Requests, r => r.Path.EndsWith("/service/config", StringComparison.Ordinal));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(9700)]
    [InlineData(9701)]
    [InlineData(9702)]
    [InlineData(9703)]
    [InlineData(9704)]
    [InlineData(9705)]
    public async Task F9_A_request_refused_for_its_size_three_times_fails_with_the_number(int number)
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.Error, ErrorNumber = number, Method = "POST", Path = Associate, Times = 0 });

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.Equal(3, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.InRange(house.Apple.Requests.Count(r => r.Path.EndsWith("/service/config", StringComparison.Ordinal) && r.Seq > house.Apple.Requests.First(p => p.ErrorNumber == number).Seq), 2, 3);
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal((LicenseState.Failed, number), (l.State, l.ErrorNumber)));
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == book.Key.AdamId);
    }

    [Fact]
    public async Task F12_A_person_Apple_forgot_is_registered_again_and_gets_the_book()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var forgotten = (await house.HoldersAsync(LicenseState.Reserved, book))[1];
        lock (house.Apple.Gate)
        {
            var location = house.Apple.Find(SpendingHouse.UId);
            house.Apple.People.Retire(location, location.FindActive(forgotten)!, null);
        }

        await house.WorkAsync(TimeSpan.FromMinutes(5));

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(2, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        var records = house.Apple.Users(SpendingHouse.UId, forgotten);
        Assert.Equal((2, "Associated"), (records.Count, records[^1].Status));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F12_A_person_Apple_never_knows_is_tried_three_times_and_only_that_pair_fails()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var unknown = (await house.HoldersAsync(LicenseState.Reserved, book))[1];
        house.Apple.RefuseTarget(unknown, 9609);

        await house.WorkAsync(TimeSpan.FromHours(1));

        Assert.Equal(3, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.Equal([unknown], await house.HoldersAsync(LicenseState.Failed, book));
        Assert.Equal(9609, (await house.LicensesAsync(book)).Single(l => l.State != LicenseState.Assigned).ErrorNumber);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F17_A_token_that_may_not_manage_any_more_makes_the_location_read_only_and_syncs_go_on()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        var fault = new Fault { Action = FaultAction.Error, ErrorNumber = 9637, Method = "POST", Path = Associate, Times = 0 };
        house.Apple.Faults.Add(fault);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);

        var shown = await house.SummaryAsync();
        Assert.Equal((LocationCondition.ReadOnly, 9637), (shown.Condition, shown.StateErrorNumber));
        Assert.Contains("account that may manage", VppBooks.Apple.AppleErrors.For(9637).Remedy, StringComparison.Ordinal);
        Assert.Single(await house.AuditAsync("location.state-changed"));
        var before = shown.LastSyncedAt;
        house.Core.Clock.Offset += TimeSpan.FromMinutes(2);
        await house.SyncAsync();
        await house.WorkAsync(TimeSpan.FromHours(1));
        shown = await house.SummaryAsync();
        Assert.True(shown.LastSyncedAt > before);
        Assert.Equal((SyncStatus.Completed, LocationCondition.ReadOnly), ((await house.Core.RowAsync(SpendingHouse.UId)).SyncStatus, shown.Condition));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Reserved, l.State));

        // A token of somebody who may: work goes on where it stopped.
        house.Apple.Faults.Clear();
        Assert.IsType<ChangeLocationResult.Changed>(await house.Core.Enrollment.RenewAsync(shown.PublicId, new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId)), CoreHouse.Admin, CancellationToken.None));
        await house.WorkAsync();
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F18_Two_administrators_who_commit_at_once_give_each_person_one_copy()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 90);
        var desk = house.Core.Get<AssignmentDesk>();
        var first = await DraftAsync(house, book, await house.GroupAsync("Class 4A"));
        var second = await DraftAsync(house, book, await house.GroupAsync("Class 4A"), await house.GroupAsync("Year 4"));

        var results = await Task.WhenAll(
            Task.Run(() => desk.CommitAsync(first.Id, new CommitOptions(TypedNumber: first.NumberToType), CoreHouse.Admin, CancellationToken.None)), Task.Run(() => desk.CommitAsync(second.Id, new CommitOptions(TypedNumber: second.NumberToType), CoreHouse.Admin, CancellationToken.None)));

        // One of them was overtaken, and is shown what is left to do.
        Assert.Single(results.OfType<CommitResult.Committed>());
        var stale = Assert.Single(results.OfType<CommitResult.Stale>());
        await desk.CommitAsync(stale.NewPlan.Id, new CommitOptions(TypedNumber: stale.NewPlan.NumberToType), CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync();
        await house.AssertLedgerIsTrueAsync(book);
        var again = await DraftAsync(house, book, await house.GroupAsync("Class 4A"));
        Assert.Equal(0, again.Takes);
        Assert.True(again.AlreadyHave > 10);
    }

    [Fact]
    public async Task F18_A_second_book_of_the_same_title_is_not_given_to_who_has_the_first()
    {
        await using var house = await SpendingHouse.StartAsync();
        var group = await house.GroupAsync("Class 4A");
        var first = await house.RegisterAsync(group);
        var other = first.PricingParam == PricingParam.STDQ ? PricingParam.PLUS : PricingParam.STDQ;
        house.Apple.Buy(SpendingHouse.UId, first.Key.AdamId, other.ToString(), 90);
        house.Core.Clock.Offset += TimeSpan.FromMinutes(2);
        await house.SyncAsync();
        await using var db = await house.Core.OpenAsync();
        var sibling = await db.Books.SingleAsync(b => b.LocationId == house.LocationId && b.AdamId == first.AdamId && b.PricingParam == other);
        await house.AssignAsync(first, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        var holders = (await house.LicensesAsync(first)).Count;

        var second = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(sibling, new WishedAssignment(group, Intent.Required)));
        await house.WorkAsync();

        Assert.Equal((0, holders), (second.Plan.Takes, second.Plan.AlreadyHave));
        Assert.DoesNotContain(house.Apple.Ledger, e => e.AdamId == first.Key.AdamId && e.PricingParam == other.ToString());
        await house.AssertLedgerIsTrueAsync(first);
    }

    [Fact]
    public async Task F53_Two_commits_of_the_same_plan_at_once_are_one_and_both_are_told_of_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var plan = await DraftAsync(house, book, await house.GroupAsync("Class 4A"));
        var desk = house.Core.Get<AssignmentDesk>();

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => desk.CommitAsync(plan.Id, new CommitOptions(TypedNumber: plan.NumberToType), CoreHouse.Admin, CancellationToken.None))));
        await house.WorkAsync();
        var late = await desk.CommitAsync(plan.Id, new CommitOptions(TypedNumber: plan.NumberToType), CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync();

        Assert.All(results.Append(late), r => Assert.Equal((plan.Id, plan.Takes), (Assert.IsType<CommitResult.Committed>(r).Plan.Id, ((CommitResult.Committed)r).Plan.Takes)));
        Assert.Single(await house.AuditAsync("plan.committed"));
        Assert.Single(await house.AuditAsync("assignment.added"));
        Assert.Equal(plan.Takes, (await house.LicensesAsync(book)).Count);
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    private static async Task<PlanView> DraftAsync(SpendingHouse house, Book book, params Guid[] groups) =>
        Assert.IsType<PlanResult.Planned>(await house.Core.Get<AssignmentDesk>().PlanAsync(
            new PlanRequest(book.PublicId, [.. groups.Select(g => new WishedAssignment(g, Intent.Required))]), CoreHouse.Admin, CancellationToken.None)).Plan;
}
