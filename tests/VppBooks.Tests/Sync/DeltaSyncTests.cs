using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Sync;

public sealed class DeltaSyncTests
{
    [Fact]
    public async Task What_another_manager_did_is_found_with_few_requests_and_few_rows()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 50);
        var books = Enumerable.Range(1, 20).Select(i => fixture.AddBook(i)).ToList();
        var (person, ours) = await fixture.AddPersonAsync("Anna");
        for (var i = 0; i < 200; i++)
        {
            fixture.AddUser($"rv-{i:D4}");
            fixture.Give(books[i % 20], $"rv-{i:D4}");
        }

        await fixture.SyncAsync();
        fixture.Give(books[7], ours);
        fixture.Give(books[8], "rv-0001");
        fixture.AddUser("rv-new", associated: false);
        fixture.Give(books[9], "rv-new");

        var run = await fixture.SyncAsync();

        // Changed: three books, one person, two holdings, one license.
        Assert.Equal((SyncResult.Succeeded, false, 7), (run.Result, run.Full, run.RowsChanged));
        Assert.InRange(run.Requests, 1, 4);
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
        var license = Assert.Single(await fixture.LicensesAsync());
        Assert.Equal((person, LicenseState.Assigned, LicenseSource.FoundAtApple), (license.PersonId, license.State, license.Source));
    }

    [Fact]
    public async Task Only_books_whose_count_differs_are_read_completely()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 50);
        var books = Enumerable.Range(1, 20).Select(i => fixture.AddBook(i)).ToList();
        for (var i = 0; i < 60; i++)
        {
            fixture.AddUser($"rv-{i:D4}");
            fixture.Give(books[i % 20], $"rv-{i:D4}");
        }

        await fixture.SyncAsync();
        fixture.Take(books[3], "rv-0003");
        fixture.Apple.ClearRequests();

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Succeeded, false), (run.Result, run.Full));
        Assert.Equal(1, fixture.Apple.Requests.Count(r => r.Path.EndsWith("/assignments", StringComparison.Ordinal) && r.Query.Contains("adamId=", StringComparison.Ordinal)));
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task Books_are_read_one_by_one_when_apps_make_the_whole_list_longer()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 10);
        var books = Enumerable.Range(1, 3).Select(i => fixture.AddBook(i)).ToList();
        var app = fixture.AddApp(900);
        for (var i = 0; i < 90; i++)
        {
            fixture.AddUser($"rv-{i:D4}");
            fixture.Give(app, $"rv-{i:D4}");
            if (i < 5)
            {
                fixture.Give(books[i % 2], $"rv-{i:D4}");
            }
        }

        fixture.Apple.ClearRequests();

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Succeeded, true), (run.Result, run.Full));
        Assert.Equal(3, fixture.Apple.RequestCounts(SyncFixture.UId)["GET /assignments"]);
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
        Assert.Equal(SyncResult.Succeeded, (await fixture.SyncAsync()).Result);
    }

    [Fact]
    public async Task A_license_that_Apple_refunded_is_missed_once_and_then_vanished()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var book = fixture.AddBook(1);
        var (_, ours) = await fixture.AddPersonAsync("Anna");
        fixture.Give(book, ours);
        await fixture.SyncAsync();
        fixture.Take(book, ours);

        await fixture.SyncAsync();
        Assert.True(Assert.Single(await fixture.LicensesAsync()) is { State: LicenseState.Assigned, MissedOnce: true });
        await fixture.SyncAsync();
        Assert.True(Assert.Single(await fixture.LicensesAsync()) is { State: LicenseState.Vanished, MissedOnce: false });
        var quiet = await fixture.SyncAsync();
        Assert.Equal(0, quiet.RowsChanged);
    }

    [Fact]
    public async Task A_book_that_Apple_no_longer_lists_is_kept_and_marked()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var book = fixture.AddBook(1);
        fixture.AddBook(2);
        await fixture.SyncAsync();
        await using (var db = fixture.Open())
        {
            db.Books.Add(new Core.Catalog.Book { PublicId = Guid.NewGuid(), LocationId = fixture.LocationId, AdamId = 42, PricingParam = VppBooks.Apple.PricingParam.STDQ, TotalCount = 3 });
            await db.SaveChangesAsync();
        }

        await fixture.SyncAsync();

        Assert.True((await fixture.BookAsync("42")).NoLongerReported);
        Assert.False((await fixture.BookAsync(book)).NoLongerReported);
    }

    [Fact]
    public async Task Everything_is_read_again_after_a_day_and_only_once_after_three()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 6, 0, 0, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(50) };
        await using var fixture = await SyncFixture.StartAsync(clock: clock);
        var book = fixture.AddBook(1);
        fixture.AddUser("rv-0001");
        fixture.Give(book, "rv-0001");
        await fixture.SyncAsync(SyncReason.Upload);
        clock.Advance(TimeSpan.FromHours(12));
        Assert.False((await fixture.SyncAsync(SyncReason.Schedule)).Full);

        // F49: six were due.
        clock.Advance(TimeSpan.FromDays(3));
        var requests = fixture.Get<SyncRequests>();
        var location = await fixture.LocationAsync();
        Assert.IsType<SyncRequestResult.Queued>(await requests.RequestAsync(location.PublicId, SyncReason.Schedule, Actor.System, CancellationToken.None));
        Assert.IsType<SyncRequestResult.AlreadyUnderWay>(await requests.RequestAsync(location.PublicId, SyncReason.Schedule, Actor.System, CancellationToken.None));
        Assert.True((await fixture.SyncAsync(SyncReason.Schedule)).Full);
        Assert.Null((await fixture.LocationAsync()).SyncWanted);
    }

    [Fact]
    public async Task Live_progress_is_told_and_the_phases_are_kept()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 2);
        var books = Enumerable.Range(1, 9).Select(i => fixture.AddBook(i)).ToList();
        for (var i = 0; i < 20; i++)
        {
            fixture.AddUser($"rv-{i:D4}");
            fixture.Give(books[i % 9], $"rv-{i:D4}");
        }

        var told = new System.Collections.Concurrent.ConcurrentQueue<Change>();
        using var listening = fixture.Get<ChangeFeed>().Subscribe(told.Enqueue);

        var run = await fixture.SyncAsync();

        var phases = told.OfType<Change.OfSync>().Where(c => c.RunId == run.Id).Select(c => c.Phase).Distinct().ToList();
        Assert.Equal(["Waiting", "Claim", "Books", "People", "Assignments", "Titles", "Publish", "Done"], phases);
        var summary = await fixture.Get<SyncHistory>().FindAsync(run.PublicId, CoreHouse.Admin, CancellationToken.None);
        Assert.Equal((9, 20, 20, "A. Admin"), (summary!.BooksRead, summary.PeopleRead, summary.AssignmentsRead, summary.RequestedByName));
        Assert.Contains(summary.Phases, p => p.Phase == SyncPhase.Assignments);
        Assert.InRange(summary.Pages, 5 + 10 + 10, 5 + 10 + 11);
    }

    [Fact]
    public async Task Covers_are_fetched_and_kept()
    {
        await using var fixture = await SyncFixture.StartAsync();
        fixture.AddBook(1);
        fixture.AddBook(2, inStore: false);

        await fixture.SyncAsync();

        await using var db = fixture.Open();
        var titles = await db.Titles.OrderBy(t => t.AdamId).ToListAsync();
        Assert.Equal(["Title 1", null], titles.Select(t => t.Name));
        Assert.NotNull(await fixture.Get<Core.Catalog.BookCatalog>().FindCoverAsync(titles[0].Id, CancellationToken.None));
    }
}
