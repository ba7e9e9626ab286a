using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Web.Api.Graph;

namespace VppBooks.Tests.Audit;

/// <summary>What happened can be asked for, today and for any past day.</summary>
public sealed class ActivityTests
{
    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repetition()
    {
        await using var house = await AuditHouse.StartAsync();
        await house.HappenAsync(60);
        await house.ChangeAsync(db => db.Audit(Actor.System, house.Clock.GetUtcNow().AddMinutes(-5), "plan.committed", default));
        var reader = house.Get<ActivityReader>();

        var seen = await WalkAsync(oldestFirst: false);

        Assert.Equal(61, seen.Select(e => e.Id).Distinct().Count());
        Assert.Equal(61, seen.Count);
        Assert.Equal(seen.OrderByDescending(e => e.At).ThenByDescending(e => e.Id).Select(e => e.Id), seen.Select(e => e.Id));
        Assert.Equal("plan.committed", seen[^1].Action);
        Assert.Equal(seen.Select(e => e.Cursor).Reverse(), (await WalkAsync(oldestFirst: true)).Select(e => e.Cursor));
        await Assert.ThrowsAsync<NotAllowedException>(() => reader.ListAsync(new ActivityQuery(), CoreHouse.Nobody with { Permissions = Actor.ForRoles([AppRoles.Assigner]) }, CancellationToken.None));

        async Task<List<ActivityEntry>> WalkAsync(bool oldestFirst)
        {
            var rows = new List<ActivityEntry>();
            for (ActivityCursor? after = null; ;)
            {
                var query = new ActivityQuery { Kinds = ActivityKinds.All, Take = 7, OldestFirst = oldestFirst, After = after is null ? null : ActivityCursor.Parse(after.ToString()) };
                var page = await reader.ListAsync(query, AuditHouse.Admin, CancellationToken.None);
                rows.AddRange(page.Rows);
                if ((after = page.Next) is null)
                {
                    return rows;
                }
            }
        }
    }

    [Fact]
    public async Task Changes_of_licenses_are_found_by_the_groups_of_the_plan_that_led_to_them()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (first, second, third) = (await house.GroupAsync("Class 4A"), await house.GroupAsync("Class 4B"), await house.GroupAsync("Class 4C"));
        var book = await house.BookAsync(free: 60);
        var plan = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(first, Intent.Required))).Plan;
        await house.WorkAsync();
        var later = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(first, Intent.Required), new WishedAssignment(second, Intent.Required))).Plan;
        await house.WorkAsync();
        var all = await AskAsync(null, ActivityKinds.Licenses);

        // The second plan names the first group as well; the first plan knows nothing of the second.
        var both = await AskAsync(first, ActivityKinds.Licenses);
        Assert.Equal([plan.Id, later.Id], both.Select(e => e.Plan!.Id).Distinct().Reverse());
        Assert.Equal(all.Where(e => e.Plan is not null).Select(e => e.Id), both.Select(e => e.Id));
        var one = await AskAsync(second, ActivityKinds.Licenses);
        Assert.NotEmpty(one);
        Assert.Equal(all.Where(e => e.Plan?.Id == later.Id).Select(e => e.Id), one.Select(e => e.Id));
        Assert.Empty(await AskAsync(third, ActivityKinds.All));
        Assert.Empty(await AskAsync(Guid.NewGuid(), ActivityKinds.All));

        // Together with the group's own rows.
        var together = await AskAsync(second, ActivityKinds.All);
        Assert.Equal(one.Select(e => e.Id), together.Where(e => e.To is not null).Select(e => e.Id));
        Assert.Contains(together, e => e.Action == "assignment.added");

        async Task<IReadOnlyList<ActivityEntry>> AskAsync(Guid? group, ActivityKinds kinds) =>
            (await house.Core.Get<ActivityReader>().ListAsync(new ActivityQuery { Kinds = kinds, Group = group, Book = kinds == ActivityKinds.Licenses ? book.PublicId : null, Take = 500 }, CoreHouse.Admin, CancellationToken.None)).Rows;
    }

    [Fact]
    public async Task Everything_can_be_asked_for_by_person_book_token_actor_action_and_time()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var began = house.Core.Clock.GetUtcNow();
        var plan = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required))).Plan;
        await house.WorkAsync();
        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned);
        await using var db = await house.Core.OpenAsync();
        var person = await db.People.SingleAsync(p => p.Id == license.PersonId);
        var token = await db.Locations.SingleAsync(l => l.Id == house.LocationId);
        Task<ActivityRows> Ask(ActivityQuery query) => house.Core.Get<ActivityReader>().ListAsync(query with { Take = 500 }, CoreHouse.Admin, CancellationToken.None);

        var everything = (await Ask(new ActivityQuery { Kinds = ActivityKinds.All, Person = person.PublicId })).Rows;
        Assert.Equal(["registration.changed"], everything.Where(e => e.To is null).Select(e => e.Action));
        var life = everything.Where(e => e.To is not null).ToList();
        Assert.Equal([LicenseState.Assigned, LicenseState.Submitted, LicenseState.Submitting, LicenseState.Reserved], life.Select(e => e.To!.Value));
        Assert.All(life, e => Assert.Equal((person.DisplayName, book.PublicId, token.Name), (e.Person!.Name, e.Book!.Id, e.Token!.Name)));
        Assert.Equal(life.Select(e => e.Id), (await Ask(new ActivityQuery { Kinds = ActivityKinds.Licenses, About = person.UserPrincipalName.ToUpperInvariant() })).Rows.Select(e => e.Id));

        // The other way round, in small pages of both kinds, many of one moment.
        var newestFirst = (await Ask(new ActivityQuery { Kinds = ActivityKinds.All, Book = book.PublicId })).Rows;
        Assert.Equal(2, newestFirst.Select(e => e.Chain).Distinct().Count());
        var oldestFirst = new List<ActivityEntry>();
        for (ActivityRows? page = null; page is not { Next: null };)
        {
            page = await house.Core.Get<ActivityReader>().ListAsync(
                new ActivityQuery { Kinds = ActivityKinds.All, Book = book.PublicId, OldestFirst = true, Take = 7, After = page?.Next }, CoreHouse.Admin, CancellationToken.None);
            oldestFirst.AddRange(page.Rows);
        }

        Assert.Equal(newestFirst.Select(e => e.Cursor).Reverse(), oldestFirst.Select(e => e.Cursor));

        // Whoever committed the plan is behind every change that it led to, also those that a sync or Apple's answer made.
        Assert.All(life, e => Assert.Equal((null, new ActivityPlan(plan.Id, CoreHouse.Admin.Id, "A. Admin")), (e.ActorName, e.Plan)));
        Assert.Equal(life.Select(e => e.Id), (await Ask(new ActivityQuery { Kinds = ActivityKinds.All, Person = person.PublicId, Actor = "a. adm" })).Rows.Select(e => e.Id));
        Assert.Empty((await Ask(new ActivityQuery { Kinds = ActivityKinds.Licenses, Actor = "somebody else" })).Rows);

        var committed = Assert.Single((await Ask(new ActivityQuery { Book = book.PublicId, Actions = ["plan.committed"] })).Rows);
        Assert.Equal(("A. Admin", ActorKind.Person), (committed.ActorName, committed.ActorKind));
        Assert.Equal(["plan.committed", "assignment.added"], (await Ask(new ActivityQuery { Book = book.PublicId, Actor = "a. adm" })).Rows.Select(e => e.Action));
        Assert.Contains((await Ask(new ActivityQuery { Token = token.PublicId })).Rows, e => e.Action == "operation.settled" && e.Operation is not null);
        Assert.DoesNotContain((await Ask(new ActivityQuery { Token = token.PublicId, From = began })).Rows, e => e.Action == "location.created");
        Assert.Contains((await Ask(new ActivityQuery { Token = token.PublicId, Until = began })).Rows, e => e.Action == "location.created");
        Assert.Empty((await Ask(new ActivityQuery { Book = Guid.NewGuid() })).Rows);
        Assert.Empty((await Ask(new ActivityQuery { About = "100%_sure" })).Rows);

        // No row names a person it is about: erasing somebody leaves the trail as it is.
        var names = await db.People.Select(p => new { p.DisplayName, p.UserPrincipalName }).ToListAsync();
        var details = string.Join('\n', await db.AuditEvents.Where(a => a.Details != null).Select(a => a.Details).ToListAsync());
        Assert.DoesNotContain(names, n => details.Contains(n.DisplayName, StringComparison.OrdinalIgnoreCase) || details.Contains(n.UserPrincipalName, StringComparison.OrdinalIgnoreCase));
        await house.Core.Get<AuditSealer>().SealAsync(CancellationToken.None);
        await db.People.ExecuteUpdateAsync(set => set.SetProperty(p => p.DisplayName, "Erased").SetProperty(p => p.UserPrincipalName, "erased").SetProperty(p => p.Mail, (string?)null));
        Assert.Empty((await house.Core.Get<AuditChainCheck>().CheckAsync(anchor: null, CancellationToken.None)).Faults);
    }

    [Fact]
    public async Task What_a_group_was_given_and_lost_is_found_by_the_group()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.UndoWindow = TimeSpan.FromMinutes(10));
        var book = await house.BookAsync(free: 60);
        var (first, second) = (await house.GroupAsync("Class 4A"), await house.GroupAsync("Class 4B"));
        var offered = Plan(await house.AssignAsync(book, new WishedAssignment(first, Intent.Available), new WishedAssignment(second, Intent.Available)));
        var given = Plan(await house.AssignAsync(book, new WishedAssignment(first, Intent.Required), new WishedAssignment(null, Intent.Available)));
        Assert.IsType<DecisionResult.Done>(await house.Core.Get<PlanDecisions>().UndoAsync(given, CoreHouse.Admin, CancellationToken.None));

        Assert.Equal(
            [("assignment.changed", given, "Available", "Required"), ("assignment.changed", given, "Required", "Available"), ("assignment.added", offered, "Available", null)],
            await ToldAsync(new ActivityQuery { Group = first }));
        Assert.Equal(
            [("assignment.added", given, "Available", null), ("assignment.removed", given, null, "Available"), ("assignment.added", offered, "Available", null)],
            await ToldAsync(new ActivityQuery { Group = second }));
        Assert.Equal(await ToldAsync(new ActivityQuery { Group = second }), await ToldAsync(new ActivityQuery { About = "class 4b" }));
        var everybody = (await Ask(new ActivityQuery { Categories = ["assignment"], Book = book.PublicId })).Where(e => e.Group is null).ToList();
        Assert.Equal(["assignment.removed", "assignment.added"], everybody.Select(e => e.Action));
        Assert.All(everybody, e => Assert.Contains("AllUsers", e.Details, StringComparison.Ordinal));

        // The first page has room for ten: there the plan says it for all of its groups.
        var recent = (await house.Core.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, CancellationToken.None)).Recent!.Select(e => e.Action).ToList();
        Assert.Contains("plan.committed", recent);
        Assert.DoesNotContain(recent, a => a.StartsWith("assignment.", StringComparison.Ordinal));

        async Task<IReadOnlyList<ActivityEntry>> Ask(ActivityQuery query) => (await house.Core.Get<ActivityReader>().ListAsync(query with { Take = 500 }, CoreHouse.Admin, CancellationToken.None)).Rows;

        async Task<List<(string Action, Guid Plan, string? Intent, string? Before)>> ToldAsync(ActivityQuery query) => [.. (await Ask(query)).Select(e =>
        {
            Assert.Equal((CoreHouse.Admin.Id, book.PublicId), (e.ActorId, e.Book!.Id));
            var details = JsonDocument.Parse(e.Details!).RootElement;
            return (e.Action, details.GetProperty("plan").GetGuid(), details.GetProperty("intent").GetString(), details.GetProperty("before").GetString());
        })];

        static Guid Plan(CommitResult result) => Assert.IsType<CommitResult.Committed>(result).Plan.Id;
    }

    [Fact]
    public async Task A_person_who_acted_has_a_sign_in_name_where_the_directory_told_it_and_else_none()
    {
        await using var house = await AuditHouse.StartAsync();
        var known = new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = "Kim Known", UserPrincipalName = "k.known@school.example" };
        var now = house.Clock.GetUtcNow();
        await house.ChangeAsync(db =>
        {
            db.People.Add(known);
            db.Audit(new Actor(ActorKind.Api, known.DirectoryId.ToString("D"), known.DisplayName, Permissions.None), now, "sync.requested", default);
            db.Audit(Actor.Reader(known.PublicId), now.AddSeconds(-1), "book.taken", default);
            db.Audit(AuditHouse.Admin, now.AddSeconds(-2), "sync.canceled", default);
        });

        var rows = (await house.Get<ActivityReader>().ListAsync(new ActivityQuery { Take = 3 }, AuditHouse.Admin, CancellationToken.None)).Rows;

        Assert.Equal(["k.known@school.example", null, null], rows.Select(r => r.ActorUserPrincipalName));
        Assert.Equal(
            [("k.known@school.example", known.DirectoryId.ToString("D")), (null, known.PublicId.ToString("D")), (null, AuditHouse.Admin.Id)],
            rows.Select(AuditEventWire.From).Select(e => ((string?)e["actor"]!["userPrincipalName"], (string?)e["actor"]!["userId"])));
    }

    [Fact]
    public async Task A_past_day_is_as_it_was()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var machine = house.Core.Get<TimeMachine>();
        var days = new List<(DateOnly Day, long Assigned, long Available, List<Guid> Holders)>();
        async Task EndDayAsync()
        {
            await using var db = await house.Core.OpenAsync();
            var now = await db.Books.AsNoTracking().SingleAsync(b => b.Id == book.Id);
            var holders = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned).Join(db.People, l => l.PersonId, p => p.Id, (_, p) => p.PublicId).ToListAsync();
            days.Add((DateOnly.FromDateTime(house.Core.Clock.GetUtcNow().UtcDateTime), now.AssignedCount, now.AvailableCount, holders));
            house.Core.Clock.Pass(TimeSpan.FromDays(1));
        }

        await EndDayAsync();
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        await EndDayAsync();
        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, book.PricingParam.ToString(), 5);
        await house.SyncAsync();
        await EndDayAsync();

        Assert.Equal(2, days.Select(d => d.Holders.Count).Distinct().Count());
        Assert.Equal(3, days.Select(d => (d.Assigned, d.Available)).Distinct().Count());
        foreach (var (day, assigned, available, holders) in days)
        {
            var counts = await machine.CountsAsync(book.PublicId, day, TimeZoneInfo.Utc, CoreHouse.Helpdesk, CancellationToken.None);
            Assert.Equal((assigned, available), (counts!.Assigned, counts.Available));
            var then = await machine.HoldersAsync(book.PublicId, day, TimeZoneInfo.Utc, 0, 999, CoreHouse.Helpdesk, CancellationToken.None);
            Assert.Equal(holders.Order(), then.Rows.Select(h => h.PersonId).Order());
            Assert.Equal(holders.Count, then.Total);
        }

        Assert.Null(await machine.CountsAsync(book.PublicId, days[0].Day.AddDays(-1), TimeZoneInfo.Utc, CoreHouse.Admin, CancellationToken.None));
        Assert.Empty((await machine.HoldersAsync(book.PublicId, days[0].Day.AddDays(-1), TimeZoneInfo.Utc, 0, 999, CoreHouse.Admin, CancellationToken.None)).Rows);
    }

    [Fact]
    public async Task Who_lost_a_copy_and_got_another_one_of_the_title_is_a_holder_of_each_on_its_own_days()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.RefundTakesAssigned = true);
        var first = await house.BookAsync(free: 60);
        var (machine, group) = (house.Core.Get<TimeMachine>(), await house.GroupAsync("Class 4A"));
        var key = (first.Key.AdamId, Quality: first.PricingParam.ToString());
        house.Apple.Buy(SpendingHouse.UId, key.AdamId, "PLUS", 60);
        await house.AssignAsync(first, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        await house.SyncAsync();
        var given = Today();
        var holders = (await house.LicensesAsync(first)).Count(l => l.State == LicenseState.Assigned);
        Assert.NotEqual(0, holders);

        // All copies are refunded, the assigned ones too; a second reading believes it.
        house.Core.Clock.Pass(TimeSpan.FromDays(1));
        Assert.True(house.Apple.Refund(SpendingHouse.UId, key.AdamId, key.Quality, (int)(await house.ReadAsync(first)).TotalCount));
        await house.AssignAsync(first);
        for (var i = 0; i < 3; i++)
        {
            await house.SyncAsync();
        }

        Assert.DoesNotContain(await house.LicensesAsync(first), l => l.State == LicenseState.Assigned);
        var refunded = Today();
        house.Core.Clock.Pass(TimeSpan.FromDays(1));
        Book second;
        await using (var db = await house.Core.OpenAsync())
        {
            second = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == first.LocationId && b.AdamId == first.AdamId && b.Id != first.Id);
        }

        await house.AssignAsync(second, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        var again = (await house.LicensesAsync(second)).Count(l => l.State == LicenseState.Assigned);
        Assert.NotEqual(0, again);

        async Task<int> HeldAsync(Book book, DateOnly day) => (await machine.HoldersAsync(book.PublicId, day, TimeZoneInfo.Utc, 0, 1, CoreHouse.Admin, CancellationToken.None)).Total;
        DateOnly Today() => DateOnly.FromDateTime(house.Core.Clock.GetUtcNow().UtcDateTime);
        Assert.Equal((holders, 0, 0), (await HeldAsync(first, given), await HeldAsync(first, refunded), await HeldAsync(first, Today())));
        Assert.Equal((0, 0, again), (await HeldAsync(second, given), await HeldAsync(second, refunded), await HeldAsync(second, Today())));

        // The activity of each book tells what became of its own copies, though the rows are of the second one now.
        var (ofFirst, ofSecond) = (await ToldAsync(first), await ToldAsync(second));
        Assert.Equal((holders, holders), (ofFirst.Count(e => e.To == LicenseState.Assigned), ofFirst.Count(e => (e.From, e.To) == (LicenseState.Assigned, LicenseState.Vanished))));
        Assert.Equal((again, 0), (ofSecond.Count(e => e.To == LicenseState.Assigned), ofSecond.Count(e => e.To == LicenseState.Vanished)));

        async Task<IReadOnlyList<ActivityEntry>> ToldAsync(Book book)
        {
            var told = (await house.Core.Get<ActivityReader>().ListAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses, Book = book.PublicId, Take = 500 }, CoreHouse.Admin, CancellationToken.None)).Rows;
            Assert.All(told, e => Assert.Equal(book.PublicId, e.Book!.Id));
            return told;
        }
    }

    [Fact]
    public async Task Copy_that_was_found_at_Apple_is_part_of_the_activity_of_its_person_and_its_book_whatever_became_of_it()
    {
        await using var house = await SpendingHouse.StartAsync(s => s.RefundTakesAssigned = true);
        var group = house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A");
        var book = await house.RegisterAsync(group.Id);
        var others = group.People.Where(p => house.Apple.Users(SpendingHouse.UId, ClientUserIds.For(SpendingHouse.UId, p)) is [.., { Status: "Associated" }]).Take(3).ToList();
        Assert.Equal(3, others.Count);
        var apple = house.Core.Get<LocationConnections>().Connect(await house.Core.RowAsync(SpendingHouse.UId));
        await house.Core.Get<AppleClient>().AssociateAsync(apple, [book.Key], [.. others.Select(p => ClientUserIds.For(SpendingHouse.UId, p))], CancellationToken.None);
        house.Apple.FinishEvents();
        await house.SyncAsync();
        await using var db = await house.Core.OpenAsync();
        var rows = await db.Licenses.AsNoTracking().Where(l => l.BookId == book.Id).Join(db.People, l => l.PersonId, p => p.Id, (l, p) => new { License = l, p.PublicId }).ToListAsync();
        Assert.Equal(3, rows.Count);

        var ofPerson = await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses, Person = rows[0].PublicId, Book = book.PublicId });
        var entry = Assert.Single(ofPerson);
        Assert.Equal(
            (null, LicenseState.Assigned, LicenseCause.SeenAtApple, rows[0].License.CreatedAt, book.PublicId, rows[0].PublicId, false, null),
            (entry.From, entry.To, entry.Cause, entry.At, entry.Book!.Id, entry.Person!.Id, entry.Recorded, entry.Sequence));
        Assert.Equal(rows.Select(r => r.PublicId).Order(), (await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses, Book = book.PublicId })).Select(e => e.Person!.Id).Order());
        Assert.Contains(await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.All, Person = rows[0].PublicId }), e => e.Cursor == entry.Cursor);
        Assert.DoesNotContain(await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.Events, Person = rows[0].PublicId }), e => e.To is not null);
        Assert.Empty(await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses, Book = book.PublicId, Until = entry.At }));
        Assert.Empty(await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses, Book = book.PublicId, Actor = "admin" }));

        // Refunded: what it was stays told.
        Assert.True(house.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, book.PricingParam.ToString(), (int)(await house.ReadAsync(book)).TotalCount));
        for (var i = 0; i < 3; i++)
        {
            house.Core.Clock.Pass(TimeSpan.FromHours(1));
            await house.SyncAsync();
        }

        Assert.Equal(
            [LicenseState.Vanished, LicenseState.Assigned],
            (await WalkAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses, Person = rows[0].PublicId, Book = book.PublicId })).Select(e => e.To!.Value));

        // In pages of one, in both directions, several of one moment.
        async Task<List<ActivityEntry>> WalkAsync(ActivityQuery query)
        {
            var (down, up) = (await PagesAsync(query), await PagesAsync(query with { OldestFirst = true }));
            Assert.Equal(down.Select(e => e.Cursor), Enumerable.Reverse(up).Select(e => e.Cursor));
            Assert.Equal(down.Count, down.Select(e => e.Cursor).Distinct().Count());
            return down;
        }

        async Task<List<ActivityEntry>> PagesAsync(ActivityQuery query)
        {
            var told = new List<ActivityEntry>();
            for (ActivityCursor? after = null; ;)
            {
                var page = await house.Core.Get<ActivityReader>().ListAsync(query with { Take = 1, After = after is null ? null : ActivityCursor.Parse(after.ToString()) }, CoreHouse.Admin, CancellationToken.None);
                told.AddRange(page.Rows);
                if ((after = page.Next) is null)
                {
                    return told;
                }
            }
        }
    }

    [Theory]
    [InlineData("Europe/Amsterdam", "2026-03-28", "2026-03-28T23:00:00Z")]
    [InlineData("Europe/Amsterdam", "2026-03-29", "2026-03-29T22:00:00Z")]
    [InlineData("America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z")]
    public void A_day_ends_where_its_reader_is(string zone, string day, string end) => Assert.Equal(
        DateTimeOffset.Parse(end, System.Globalization.CultureInfo.InvariantCulture),
        TimeMachine.EndOf(DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById(zone)));
}
