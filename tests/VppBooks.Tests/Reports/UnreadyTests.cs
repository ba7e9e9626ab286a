using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Exports;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Reports;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>Who is associated at one token and is to receive a book of another.</summary>
public sealed class UnreadyTests : IAsyncLifetime
{
    private readonly ReportWorld _world = new();
    private int _anna;
    private int _second;
    private Book _book = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _world.InitializeAsync();
        await using var db = _world.Fixture.Open();
        _anna = (await db.People.SingleAsync(p => p.DisplayName == "Anna", Stop)).Id;
        _second = (await db.Locations.SingleAsync(l => l.Name == "Second", Stop)).Id;
        _book = new Book { PublicId = Guid.NewGuid(), LocationId = _second, AdamId = 6_500_000_900, PricingParam = PricingParam.STDQ, TotalCount = 5, AvailableCount = 5 };
        db.Books.Add(_book);
        await db.SaveChangesAsync(Stop);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Whoever_is_associated_at_one_token_is_listed_for_the_required_book_of_another_until_they_are_associated_there_too()
    {
        Assert.DoesNotContain(await NamesAsync(), n => n == "Anna");
        await AssignAsync(Intent.Required);

        var unready = await ReadAsync();
        Assert.Equal((0, 1, 4), (unready.Ready, unready.Partly, unready.People.Total));
        var anna = unready.People.Rows.Single(p => p.DisplayName == "Anna");
        Assert.Equal(RegistrationState.None, anna.State);
        Assert.Equal([new UnreadyToken(_world.Second, "Second", RegistrationState.None, null, 0)], anna.Tokens);

        // Of who is nowhere associated each token is named that has a book for them.
        Assert.Equal([("Central", RegistrationState.Invited, 3), ("Second", RegistrationState.None, 0)], unready.People.Rows.Single(p => p.DisplayName == "Ben").Tokens.Select(t => (t.TokenName, t.State, t.BooksExpected)));
        var file = _world.Get<ReportExports>().Unready(CoreHouse.Admin, Stop);
        var rows = await file.Rows.Select(r => file.Columns.Zip(r).ToDictionary(c => c.First, c => c.Second)).ToListAsync(Stop);
        Assert.Equal(
            ["Anna Second None", "Ben Central Invited", "Ben Second None", "Dave Second None", "Erin Central None", "Erin Second None"],
            rows.Select(r => $"{r["Name"]} {r["Token"]} {r["Registration"]}"));

        await RegisterAsync(VppUserStatus.Registered);
        Assert.Equal(RegistrationState.Invited, (await ReadAsync()).People.Rows.Single(p => p.DisplayName == "Anna").State);
        await RegisterAsync(VppUserStatus.Associated);
        Assert.Equal((1, 0, 3), (await ReadAsync()) is var after ? (after.Ready, after.Partly, after.People.Total) : default);
    }

    [Fact]
    public async Task A_copy_that_waits_counts_at_its_token_alone()
    {
        await _world.Fixture.AddLicenseAsync(_anna, _book, LicenseState.Reserved);

        var anna = (await ReadAsync()).People.Rows.Single(p => p.DisplayName == "Anna");

        Assert.Equal((1, ("Second", 1)), (anna.BooksExpected, Assert.Single(anna.Tokens.Select(t => (t.TokenName, t.BooksExpected)))));
    }

    [Fact]
    public async Task A_book_that_is_offered_excluded_or_held_already_asks_for_no_registration()
    {
        await AssignAsync(Intent.Available);
        Assert.DoesNotContain(await NamesAsync(), n => n == "Anna");

        await ChangeAsync(db => db.GroupAssignments.Single(a => a.BookId == _book.Id).Intent = Intent.Required);
        Assert.Contains(await NamesAsync(), n => n == "Anna");

        var excluded = new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = "Not these", SecurityEnabled = true };
        await ChangeAsync(db => db.Groups.Add(excluded));
        await ChangeAsync(db =>
        {
            db.GroupMemberships.Add(new GroupMembership { GroupId = excluded.Id, PersonId = _anna });
            db.GroupAssignments.Add(AnAssignment(excluded.Id, Intent.Excluded));
        });
        Assert.DoesNotContain(await NamesAsync(), n => n == "Anna");

        await ChangeAsync(db => db.GroupAssignments.Remove(db.GroupAssignments.Single(a => a.Intent == Intent.Excluded)));
        Assert.Contains(await NamesAsync(), n => n == "Anna");
        await _world.Fixture.AddLicenseAsync(_anna, _book, LicenseState.Assigned);
        Assert.DoesNotContain(await NamesAsync(), n => n == "Anna");
    }

    [Fact]
    public async Task A_book_for_all_users_is_for_everybody_of_the_directory()
    {
        await ChangeAsync(db => db.GroupAssignments.Add(AnAssignment(null, Intent.Required)));

        Assert.Equal(["Anna", "Ben", "Dave", "Erin"], await NamesAsync());
    }

    [Fact]
    public async Task Of_a_token_that_was_deleted_nobody_is_counted()
    {
        await AssignAsync(Intent.Required);
        await RegisterAsync(VppUserStatus.Registered);
        Assert.Equal((2, 2), await InvitedAsync());

        await ChangeAsync(db => db.Locations.Single(l => l.Id == _second).DeletedAt = TimeProvider.System.GetUtcNow());

        Assert.DoesNotContain(await NamesAsync(), n => n == "Anna");
        Assert.Equal((1, 1), await InvitedAsync());

        async Task<(int Overview, int List)> InvitedAsync() => (
            (await _world.Get<OverviewReader>().ReadAsync(CoreHouse.Admin, Stop)).People.MustAccept,
            (await _world.Get<PeopleCatalog>().ListAsync(new PeopleQuery { Registration = RegistrationState.Invited, Presence = Presence.Here }, CoreHouse.Admin, Stop)).Total);
    }

    private Task<Unready> ReadAsync() => _world.Get<ServingReports>().UnreadyAsync(0, 50, CoreHouse.Admin, Stop);

    private async Task<IEnumerable<string>> NamesAsync() => (await ReadAsync()).People.Rows.Select(p => p.DisplayName);

    private async Task AssignAsync(Intent intent)
    {
        await using var db = _world.Fixture.Open();
        db.GroupAssignments.Add(AnAssignment((await db.Groups.SingleAsync(g => g.DirectoryId == _world.Group, Stop)).Id, intent));
        await db.SaveChangesAsync(Stop);
    }

    private GroupAssignment AnAssignment(int? group, Intent intent) =>
        new() { PublicId = Guid.NewGuid(), BookId = _book.Id, GroupId = group, Intent = intent, AssignedById = "1", AssignedByName = "A. Admin" };

    private Task RegisterAsync(VppUserStatus status) => ChangeAsync(db =>
    {
        if (db.VppUsers.SingleOrDefault(u => u.PersonId == _anna && u.LocationId == _second) is { } record)
        {
            record.Status = status;
            return;
        }

        db.VppUsers.Add(new VppUser { LocationId = _second, PersonId = _anna, ClientUserId = Guid.NewGuid().ToString("D"), Status = status });
    });

    private async Task ChangeAsync(Action<VppBooksDbContext> change)
    {
        await using var db = _world.Fixture.Open();
        change(db);
        await db.SaveChangesAsync(Stop);
    }
}
