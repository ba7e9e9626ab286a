using VppBooks.Core.Assignments;
using VppBooks.Core.Exports;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>Every number of a report, counted by hand in a small world.</summary>
public sealed class ReportTests(ReportWorld world) : IClassFixture<ReportWorld>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_book_tells_bought_assigned_available_waiting_left_used_and_on_a_device()
    {
        var rows = await world.Get<UsageReader>().ListAsync(UsageBy.Book, CoreHouse.Admin, Stop);

        Assert.Equal(["Title 1", "Title 1", "Title 2", "Title 3"], rows.Select(r => r.Name));
        var biology = rows.Single(r => r.Id == world.Biology.PublicId);
        Assert.Equal((10L, 3L, 7L), (biology.Bought!.Value, biology.Assigned, biology.Available!.Value));
        Assert.Equal((0, 1, 1, 3, 1), (biology.Waiting, biology.OnTheirWay, biology.Leavers, biology.Used, biology.WithDevice));
        var novel = rows.Single(r => r.Id == world.Novel.PublicId);
        Assert.Equal((100L, 1L, 99L, 1, 0, 1), (novel.Bought!.Value, novel.Assigned, novel.Available!.Value, novel.Waiting, novel.Leavers, novel.Used));
        var free = rows.Single(r => r.Name == "Title 3");
        Assert.Equal((null, 1L, 1L, null, 1), (free.Bought, free.Assigned, free.AssignedUnlimited, free.Available, free.OnTheirWay));
    }

    [Fact]
    public async Task Sums_by_token_and_genre_are_the_sum_of_their_books()
    {
        var sum = UsageReader.Sum(await world.Get<UsageReader>().ListAsync(UsageBy.Book, CoreHouse.Admin, Stop));

        foreach (var by in (UsageBy[])[UsageBy.Location, UsageBy.Genre])
        {
            Assert.Equal(sum, UsageReader.Sum(await world.Get<UsageReader>().ListAsync(by, CoreHouse.Admin, Stop)));
        }

        Assert.Equal((4, 115L, 6L, 1L, 110L), (sum.Books, sum.Bought!.Value, sum.Assigned, sum.AssignedUnlimited, sum.Available!.Value));
        var tokens = await world.Get<UsageReader>().ListAsync(UsageBy.Location, CoreHouse.Admin, Stop);
        Assert.Equal([("Central", 3), ("Second", 1)], tokens.Select(t => (t.Name!, t.Books)));
        Assert.Equal("Fiction", Assert.Single(await world.Get<UsageReader>().ListAsync(UsageBy.Genre, CoreHouse.Admin, Stop)).Name);
    }

    [Fact]
    public async Task A_group_tells_what_its_members_have_of_its_books()
    {
        var row = Assert.Single(await world.Get<UsageReader>().ListAsync(UsageBy.Group, CoreHouse.Admin, Stop));

        Assert.Equal((world.Group, "4B", 2), (row.Id!.Value, row.Name, row.Books));
        Assert.Equal((2L, 1, 1, 2, 0, 2), (row.Assigned, row.Waiting, row.OnTheirWay, row.Used, row.Leavers, row.WithDevice));
        Assert.Null(row.Bought);
    }

    [Fact]
    public async Task A_title_at_two_tokens_tells_its_holders_and_who_holds_it_twice()
    {
        var shared = await world.Get<TitleReports>().SharedAsync(CoreHouse.Admin, Stop);

        var title = Assert.Single(shared.Titles);
        Assert.Equal((world.Biology.AdamId, 15L, 4L, 11L, 2, 1), (title.AdamId, title.Bought!.Value, title.Assigned, title.Available!.Value, title.Holders, title.HeldTwice));
        Assert.Equal(["Central", "Second"], title.Tokens);
        Assert.Equal((1, 1), (shared.PeopleTwice, shared.CopiesTwice));

        var copies = await world.Get<TitleReports>().CopiesAsync(title.AdamId, twice: false, 0, 50, CoreHouse.Admin, Stop);
        Assert.Equal([("Anna", "Central", 2), ("Anna", "Second", 2), ("Carol", "Central", 1)], copies.Rows.Select(c => (c.DisplayName, c.TokenName, c.Copies)));
        var twice = await world.Get<TitleReports>().CopiesAsync(null, twice: true, 1, 50, CoreHouse.Admin, Stop);
        Assert.Equal((2, "Second"), (twice.Total, Assert.Single(twice.Rows).TokenName));

        var file = world.Get<ReportExports>().TitleCopies(null, twice: true, CoreHouse.Admin, Stop);
        var rows = await file.Rows.Select(r => file.Columns.Zip(r).ToDictionary(c => c.First, c => c.Second)).ToListAsync(Stop);
        Assert.Equal(2, rows.Count);
        Assert.All(rows, r => Assert.Equal(new object?[] { "Anna", "Title 1", world.Biology.AdamId }, [r["Name"], r["Title"], r["Store id"]]));
    }

    [Fact]
    public async Task What_is_not_served_is_told_by_what_it_waits_for()
    {
        var books = await world.Get<ServingReports>().UnservedAsync(CoreHouse.Admin, Stop);

        Assert.Equal([("Title 1", 0, 0, 0, 1, 1), ("Title 2", 1, 0, 0, 0, 0), ("Title 3", 0, 1, 0, 0, 0)], books.Select(b => (b.Title!, b.ForStock, b.ForAcceptance, b.ForApproval, b.Failed, b.Stuck)));
    }

    [Fact]
    public async Task People_without_a_registration_are_those_who_could_get_books_and_cannot_yet()
    {
        var unready = await world.Get<ServingReports>().UnreadyAsync(0, 2, CoreHouse.Admin, Stop);

        Assert.Equal((1, 0, 2, 1, 0, 0, 0, 3), (unready.Ready, unready.Partly, unready.NotRegistered, unready.Invited, unready.UnderWay, unready.Refused, unready.Retired, unready.People.Total));
        Assert.Equal([("Ben", RegistrationState.Invited, 3), ("Dave", RegistrationState.None, 0)], unready.People.Rows.Select(p => (p.DisplayName, p.State, p.BooksExpected)));
    }

    [Fact]
    public async Task The_first_page_counts_people_who_are_there_and_each_number_is_the_length_of_its_list()
    {
        var people = (await world.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, Stop)).People;

        // Carol is associated, and gone.
        Assert.Equal(new PeopleTotals(Ready: 1, MustAccept: 1, Refused: 0), people);
        Assert.Equal(["Anna"], await ListAsync(RegistrationState.Associated, Presence.Here));
        Assert.Equal(["Carol"], await ListAsync(RegistrationState.Associated, Presence.Gone));
        Assert.Equal(["Ben"], await ListAsync(RegistrationState.Invited, Presence.Here));
        Assert.Empty(await ListAsync(RegistrationState.Refused, Presence.Here));

        async Task<IEnumerable<string>> ListAsync(RegistrationState registration, Presence presence) =>
            (await world.Get<PeopleCatalog>().ListAsync(new PeopleQuery { Registration = registration, Presence = presence }, CoreHouse.Admin, Stop)).Rows.Select(p => p.DisplayName);
    }

    [Fact]
    public async Task A_forecast_knows_who_is_entitled_and_to_whom_a_book_is_offered()
    {
        var forecasts = await world.Get<ForecastReader>().ListAsync(new ForecastQuery(), CoreHouse.Admin, Stop);

        Assert.Equal(3, forecasts.Count);
        var biology = forecasts.Single(f => f.BookId == world.Biology.PublicId).Forecast.Facts;
        Assert.Equal((7L, 1, 0, 1, 0), (biology.Available, biology.SetAside, biology.Waiting, biology.Entitled, biology.Offered));
        var novel = forecasts.Single(f => f.BookId == world.Novel.PublicId).Forecast.Facts;
        Assert.Equal((99L, 0, 1, 0, 2), (novel.Available, novel.SetAside, novel.Waiting, novel.Entitled, novel.Offered));
        Assert.Empty(novel.Weeks);
        Assert.Equal(["Second"], (await world.Get<ForecastReader>().ListAsync(new ForecastQuery { Location = world.Second }, CoreHouse.Admin, Stop)).Select(f => f.TokenName));
    }

    [Fact]
    public async Task Who_is_given_a_title_through_two_of_its_books_is_counted_in_one_of_them()
    {
        await using var twice = new ReportWorld();
        await twice.InitializeAsync();
        await using (var db = twice.Fixture.Open())
        {
            var other = db.Books.Single(b => b.AdamId == twice.Biology.AdamId && b.Id != twice.Biology.Id).Id;
            db.GroupAssignments.Add(new GroupAssignment { PublicId = Guid.NewGuid(), BookId = other, GroupId = db.Groups.Single().Id, Intent = Intent.Required, AssignedById = "1", AssignedByName = "A. Admin" });
            await db.SaveChangesAsync(Stop);
        }

        // Erin, whoever asks: the first book is the one that is followed first.
        Assert.Equal([("Central", 1, 0), ("Second", 0, 0)], await ToldAsync(new ForecastQuery()));
        Assert.Equal([("Second", 0, 0)], await ToldAsync(new ForecastQuery { Location = twice.Second }));

        // Where the title is only offered there is nothing that she could take.
        await ChangeAsync(db => db.GroupAssignments.Single(a => a.BookId != twice.Biology.Id && a.Intent == Intent.Required).Intent = Intent.Available);
        Assert.Equal([("Central", 1, 0), ("Second", 0, 0)], await ToldAsync(new ForecastQuery()));

        // Copies of a book that Apple no longer lists cannot be bought.
        await ChangeAsync(db => db.GroupAssignments.Single(a => a.BookId != twice.Biology.Id && a.BookId != twice.Novel.Id).Intent = Intent.Required);
        await ChangeAsync(db => db.Books.Single(b => b.Id == twice.Biology.Id).NoLongerReported = true);
        Assert.Equal([("Second", 1, 0)], await ToldAsync(new ForecastQuery()));
        Assert.Equal([("Central", 0, 0)], await ToldAsync(new ForecastQuery { Book = twice.Biology.PublicId }));

        async Task<IEnumerable<(string, int, int)>> ToldAsync(ForecastQuery query) =>
            (await twice.Get<ForecastReader>().ListAsync(query, CoreHouse.Admin, Stop)).Where(f => f.AdamId == twice.Biology.AdamId).OrderBy(f => f.TokenName)
                .Select(f => (f.TokenName, f.Forecast.Facts.Entitled, f.Forecast.Facts.Offered));

        async Task ChangeAsync(Action<VppBooksDbContext> change)
        {
            await using var db = twice.Fixture.Open();
            change(db);
            await db.SaveChangesAsync(Stop);
        }
    }

    [Fact]
    public async Task Todays_history_is_todays_counts_and_days_before_the_first_sync_are_unknown()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

        var points = await world.Get<HistoryReader>().ListAsync(new HistoryScope(), today.AddDays(-2), today, TimeZoneInfo.Utc, CoreHouse.Admin, Stop);

        Assert.Equal([today.AddDays(-2), today.AddDays(-1), today], points.Select(p => p.Day));
        Assert.False(points[0].Known);
        Assert.Equal((true, 110L, 4L, 106L, 1L), (points[2].Known, points[2].Bought, points[2].Assigned, points[2].Available, points[2].AssignedUnlimited));
        var one = await world.Get<HistoryReader>().ListAsync(new HistoryScope(Book: world.Biology.PublicId), today, today, TimeZoneInfo.Utc, CoreHouse.Admin, Stop);
        Assert.Equal((10L, 3L, 7L), (one[0].Bought, one[0].Assigned, one[0].Available));
        Assert.Equal(HistoryReader.MostDays, (await world.Get<HistoryReader>().ListAsync(new HistoryScope(), DateOnly.MinValue, today, TimeZoneInfo.Utc, CoreHouse.Admin, Stop)).Count);
    }

    [Fact]
    public async Task Nobody_without_the_permission_reads_a_report()
    {
        var (today, nobody) = (new DateOnly(2026, 9, 1), CoreHouse.Nobody);

        foreach (Func<Task> read in (Func<Task>[])[
            () => world.Get<UsageReader>().ListAsync(UsageBy.Book, nobody, Stop),
            () => world.Get<HistoryReader>().ListAsync(new HistoryScope(), today, today, TimeZoneInfo.Utc, nobody, Stop),
            () => world.Get<TitleReports>().SharedAsync(nobody, Stop),
            () => world.Get<TitleReports>().CopiesAsync(1, twice: false, 0, 1, nobody, Stop),
            () => world.Get<ServingReports>().UnservedAsync(nobody, Stop),
            () => world.Get<ServingReports>().UnreadyAsync(0, 1, nobody, Stop),
            () => world.Get<ForecastReader>().ListAsync(new ForecastQuery(), nobody, Stop)])
        {
            await Assert.ThrowsAsync<NotAllowedException>(read);
        }
    }
}
