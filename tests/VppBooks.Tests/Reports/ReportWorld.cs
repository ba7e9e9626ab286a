using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Tests.Sync;
using Location = VppBooks.Core.Locations.Location;

namespace VppBooks.Tests.Reports;

/// <summary>
/// Two tokens, three titles, one group: few enough to count by hand. Anna has everything, some of it twice; Ben is invited; Carol left; Dave and Erin are not registered, and Apple refused
/// Dave's copy; somebody else's record holds a copy too.
/// </summary>
public sealed class ReportWorld : IAsyncLifetime
{
    internal SyncFixture Fixture { get; private set; } = null!;

    public Book Biology { get; private set; } = null!;

    public Book Novel { get; private set; } = null!;

    public Guid Group { get; } = Guid.NewGuid();

    public Guid Second { get; } = Guid.NewGuid();

    public async ValueTask InitializeAsync()
    {
        Fixture = await SyncFixture.StartAsync();
        var (biology, novel, free) = (Fixture.AddBook(1, total: 10), Fixture.AddBook(2, total: 100), Fixture.AddBook(3, total: int.MaxValue));
        var (anna, annasId) = await Fixture.AddPersonAsync("Anna");
        var (ben, _) = await Fixture.AddPersonAsync("Ben", atApple: false, VppUserStatus.Registered);
        var (carol, carolsId) = await Fixture.AddPersonAsync("Carol");
        Fixture.AddUser("other-1");
        foreach (var user in (string[])[annasId, carolsId, "other-1"])
        {
            Fixture.Give(biology, user);
        }

        Fixture.Give(novel, annasId);
        Fixture.Give(free, annasId);
        await Fixture.SyncAsync();
        (Biology, Novel) = (await Fixture.BookAsync(biology), await Fixture.BookAsync(novel));
        await Fixture.AddLicenseAsync(ben, Novel, LicenseState.Waiting);
        // Not changed since the beginning of time.
        await Fixture.AddLicenseAsync(ben, Biology, LicenseState.Submitted);
        await Fixture.AddLicenseAsync(ben, await Fixture.BookAsync(free), LicenseState.Reserved);
        await FillAsync(anna, ben, carol);
    }

    public ValueTask DisposeAsync() => Fixture.DisposeAsync();

    internal T Get<T>()
        where T : notnull => Fixture.Get<T>();

    private async Task FillAsync(int anna, int ben, int carol)
    {
        await using var db = Fixture.Open();
        db.People.Single(p => p.Id == carol).GoneSince = TimeProvider.System.GetUtcNow();
        db.ManagedDevices.AddRange(
            new ManagedDevice { PersonId = anna, Name = "iPad of Anna", Platform = "iPadOS", UserAffinity = true },
            new ManagedDevice { PersonId = carol, Name = "Shared iPad", Platform = "iPadOS", UserAffinity = false });
        var (dave, erin) = (APerson("Dave"), APerson("Erin"));
        db.People.AddRange(dave, erin);
        var second = new Location
        {
            PublicId = Second,
            UId = "3104477120059999",
            Name = "Second",
            OrganizationName = "Riverside",
            LocationName = "Riverside North",
            AppleAccount = "north@riverside.example",
            CountryOrRegion = "NL",
            State = TokenState.Valid,
        };
        db.Locations.Add(second);
        var group = new DirectoryGroup { DirectoryId = Group, DisplayName = "4B", SecurityEnabled = true };
        db.Groups.Add(group);
        await db.SaveChangesAsync();

        var north = new Book { PublicId = Guid.NewGuid(), LocationId = second.Id, AdamId = Biology.AdamId, PricingParam = PricingParam.PLUS, TotalCount = 5, AssignedCount = 1, AvailableCount = 4, TitleId = Biology.TitleId };
        db.Books.Add(north);
        db.GroupMemberships.AddRange(new[] { anna, ben, dave.Id, erin.Id }.Select(p => new GroupMembership { GroupId = group.Id, PersonId = p }));
        db.GroupAssignments.AddRange(AnAssignment(Biology.Id, group.Id, Intent.Required), AnAssignment(Novel.Id, group.Id, Intent.Available));
        db.Licenses.Add(new License { PersonId = dave.Id, BookId = Biology.Id, AdamId = Biology.AdamId, State = LicenseState.Failed, ErrorNumber = 9610 });
        await db.SaveChangesAsync();
        db.Licenses.Add(new License { PersonId = anna, BookId = north.Id, AdamId = north.AdamId, Ordinal = 1, State = LicenseState.Assigned, Source = LicenseSource.FoundAtApple });
        await db.SaveChangesAsync();
    }

    private static Person APerson(string name) => new() { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = name, UserPrincipalName = name + "@school.example" };

    private static GroupAssignment AnAssignment(int book, int group, Intent intent) =>
        new() { PublicId = Guid.NewGuid(), BookId = book, GroupId = group, Intent = intent, AssignedById = "1", AssignedByName = "A. Admin" };
}
