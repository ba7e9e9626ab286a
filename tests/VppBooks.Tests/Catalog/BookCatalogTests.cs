using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Sync;

namespace VppBooks.Tests.Catalog;

public sealed class BookCatalogTests
{
    [Fact]
    public async Task Lists_counts_groups_and_state_of_books()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var (books, group) = await FillAsync(fixture);

        var page = await fixture.Get<BookCatalog>().ListAsync(new BookQuery(), CoreHouse.Admin, CancellationToken.None);

        Assert.Equal((4, 4), (page.Total, page.Rows.Count));
        var first = page.Rows[0];
        Assert.Equal(("Title 1", "Author 1", "Central", 10, 2, 8), (first.Title, first.Author, first.TokenName, (int)first.Total, (int)first.Used, (int)first.Free));
        Assert.Equal((1, 1, 1, 1), (first.Reserved, first.Waiting, first.Assignments, first.RequiredAssignments));
        Assert.Equal(new AssignedGroup(group, "4B", Intent.Required), Assert.Single(first.Groups));
        Assert.NotNull(first.LastSyncedAt);
        Assert.NotNull(first.CoverTitleId);
        Assert.Null(page.Rows[^1].Title);
        Assert.Equal(books[3], page.Rows[^1].AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("title 2", 1)]
    [InlineData("AUTHOR", 3)]
    [InlineData("6500000003", 1)]
    [InlineData("65000", 4)]
    [InlineData("100%", 0)]
    [InlineData("_itle", 0)]
    [InlineData("nothing", 0)]
    [InlineData("  ", 4)]
    public async Task Finds_by_title_author_and_store_id_whatever_the_case(string search, int expected)
    {
        await using var fixture = await SyncFixture.StartAsync();
        await FillAsync(fixture);

        var page = await fixture.Get<BookCatalog>().ListAsync(new BookQuery { Search = search }, CoreHouse.Admin, CancellationToken.None);

        Assert.Equal(expected, page.Total);
    }

    [Theory]
    [InlineData(BookFilter.All, 4)]
    [InlineData(BookFilter.RunningShort, 2)]
    [InlineData(BookFilter.Unassigned, 3)]
    [InlineData(BookFilter.Waiting, 1)]
    [InlineData(BookFilter.Free, 3)]
    [InlineData(BookFilter.NotInStore, 1)]
    public async Task Filters_by_state(BookFilter state, int expected)
    {
        await using var fixture = await SyncFixture.StartAsync();
        await FillAsync(fixture);

        Assert.Equal(expected, (await fixture.Get<BookCatalog>().ListAsync(new BookQuery { State = state }, CoreHouse.Admin, CancellationToken.None)).Total);
    }

    [Fact]
    public async Task Every_order_gives_every_book_once_over_pages()
    {
        await using var fixture = await SyncFixture.StartAsync();
        await FillAsync(fixture);
        var catalog = fixture.Get<BookCatalog>();
        foreach (var sort in Enum.GetValues<BookSort>())
        {
            foreach (var descending in (bool[])[false, true])
            {
                var ids = new List<Guid>();
                for (var skip = 0; skip < 4; skip++)
                {
                    var page = await catalog.ListAsync(new BookQuery { Sort = sort, Descending = descending, Skip = skip, Take = 1 }, CoreHouse.Admin, CancellationToken.None);
                    ids.AddRange(page.Rows.Select(r => r.PublicId));
                }

                Assert.Equal(4, ids.Distinct().Count());
            }
        }
    }

    [Fact]
    public async Task Shows_all_about_one_book()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var (books, _) = await FillAsync(fixture);
        var book = await fixture.BookAsync(books[0]);

        var detail = await fixture.Get<BookCatalog>().FindAsync(book.PublicId, CoreHouse.Admin, CancellationToken.None);

        Assert.Equal((1, 1, 1, 0), (detail!.Ours, detail.Foreign, detail.Leavers, detail.Failed));
        Assert.Equal(("Riverside", "Riverside Central"), (detail.OrganizationName, detail.LocationName));
        Assert.NotEmpty(detail.Genres);
        Assert.Null(await fixture.Get<BookCatalog>().FindAsync(Guid.NewGuid(), CoreHouse.Admin, CancellationToken.None));
        var facets = await fixture.Get<BookCatalog>().ListFacetsAsync(CoreHouse.Admin, CancellationToken.None);
        Assert.Equal("Central", Assert.Single(facets.Locations).Name);
        Assert.Equal(3, (await fixture.Get<BookCatalog>().ListAsync(new BookQuery { Genre = facets.Genres[0] }, CoreHouse.Admin, CancellationToken.None)).Total);
    }

    [Fact]
    public async Task Lists_the_people_of_a_book_and_only_counts_the_others()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var (books, group) = await FillAsync(fixture);
        var book = await fixture.BookAsync(books[0]);
        var people = fixture.Get<BookPeople>();

        var page = await people.ListAsync(book.PublicId, new BookPeopleQuery(), CoreHouse.Admin, CancellationToken.None);

        Assert.Equal((3, 1), (page!.Total, page.Foreign));
        Assert.Equal(["Anna", "Ben", "Cleo"], page.Rows.Select(r => r.DisplayName));
        Assert.Equal((LicenseState.Assigned, LicenseSource.FoundAtApple, VppBooks.Apple.VppUserStatus.Associated), (page.Rows[0].State, page.Rows[0].Source, page.Rows[0].Registration));
        Assert.Equal(group, Assert.Single(page.Rows[0].Groups).GroupId);
        Assert.Empty(page.Rows[1].Groups);
        Assert.Equal("Ben", Assert.Single((await people.ListAsync(book.PublicId, new BookPeopleQuery { Search = "BEN@" }, CoreHouse.Admin, CancellationToken.None))!.Rows).DisplayName);
        Assert.Equal("Cleo", Assert.Single((await people.ListAsync(book.PublicId, new BookPeopleQuery { State = LicenseState.Waiting }, CoreHouse.Admin, CancellationToken.None))!.Rows).DisplayName);
        Assert.Null(await people.ListAsync(Guid.NewGuid(), new BookPeopleQuery(), CoreHouse.Admin, CancellationToken.None));
    }

    [Fact]
    public async Task The_overview_adds_everything_up()
    {
        await using var fixture = await SyncFixture.StartAsync();
        await FillAsync(fixture);

        var overview = await fixture.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, CancellationToken.None);

        Assert.Equal(new LicenseTotals(Books: 4, Total: 30, Used: 4, Free: 26, Reserved: 1, Waiting: 1, UnlimitedBooks: 1, UnlimitedUsed: 1, ShortBooks: 2), overview.Licenses);
        Assert.Equal(new PeopleTotals(Ready: 3, MustAccept: 0, Refused: 0), overview.People);
        Assert.Equal("Central", Assert.Single(overview.Tokens).Name);
        Assert.IsType<AttentionItem.BookShort>(Assert.Single(overview.Attention));
        Assert.NotEmpty(overview.Recent!);
        foreach (var role in (string[])[AppRoles.Auditor, AppRoles.Helpdesk])
        {
            Assert.NotEmpty((await fixture.Get<OverviewReader>().ReadAsync(CoreHouse.Nobody with { Permissions = Actor.ForRoles([role]) }, CancellationToken.None)).Recent!);
        }

        // Who may not open the activity is told of nobody's doings on the first page either.
        Assert.Null((await fixture.Get<OverviewReader>().ReadAsync(CoreHouse.Nobody with { Permissions = Actor.ForRoles([AppRoles.Assigner]) }, CancellationToken.None)).Recent);
    }

    /// <summary>Four books: one with people in every state, one used up, one unlimited, one that the store does not know.</summary>
    private static async Task<(List<string> Books, Guid Group)> FillAsync(SyncFixture fixture)
    {
        List<string> books = [fixture.AddBook(1, total: 10), fixture.AddBook(2, total: 2), fixture.AddBook(3, total: int.MaxValue), fixture.AddBook(4, total: 18, inStore: false)];
        var (anna, annasId) = await fixture.AddPersonAsync("Anna");
        var (ben, _) = await fixture.AddPersonAsync("Ben");
        var (cleo, _) = await fixture.AddPersonAsync("Cleo");
        foreach (var user in (string[])["rv-0001", "rv-0002"])
        {
            fixture.AddUser(user);
            fixture.Give(books[1], user);
        }

        fixture.Give(books[0], annasId);
        fixture.Give(books[0], "rv-0001");
        fixture.Give(books[2], "rv-0002");
        fixture.Retire("rv-0001");
        await fixture.SyncAsync();
        var book = await fixture.BookAsync(books[0]);
        await fixture.AddLicenseAsync(ben, book, LicenseState.Reserved);
        await fixture.AddLicenseAsync(cleo, book, LicenseState.Waiting);
        await using var db = fixture.Open();
        var group = new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = "4B", SecurityEnabled = true };
        db.Groups.Add(group);
        await db.SaveChangesAsync();
        db.GroupMemberships.Add(new GroupMembership { GroupId = group.Id, PersonId = anna });
        db.GroupAssignments.Add(new GroupAssignment { PublicId = Guid.NewGuid(), BookId = book.Id, GroupId = group.Id, Intent = Intent.Required, AssignedById = "1", AssignedByName = "A. Admin" });
        await db.SaveChangesAsync();
        return (books, group.DirectoryId);
    }
}
