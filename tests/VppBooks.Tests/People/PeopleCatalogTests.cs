using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.People;

/// <summary>People as lists and pages show them, and the links that invite them.</summary>
public sealed class PeopleCatalogTests(PeopleCatalogTests.Shared shared) : IClassFixture<PeopleCatalogTests.Shared>
{
    private readonly CoreHouse _house = shared.House;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("anna", new[] { "Anna de Vries" })]
    [InlineData("VRIES", new[] { "Anna de Vries", "Bob de Vries" })]
    [InlineData("carol@", new[] { "Carol Jansen" })]
    [InlineData("vri AN", new[] { "Anna de Vries" })]
    [InlineData("100%", new[] { "Dirk 100%_[x]" })]
    [InlineData("%_[x]", new[] { "Dirk 100%_[x]" })]
    [InlineData("_", new string[0])]
    [InlineData("nobody", new string[0])]
    [InlineData(null, new[] { "Anna de Vries", "Bob de Vries", "Carol Jansen", "Dirk 100%_[x]" })]
    public async Task People_are_found_by_the_beginnings_of_words(string? text, string[] expected)
    {
        var page = await _house.People.ListAsync(new PeopleQuery { Search = text }, CoreHouse.Helpdesk, Cancel);

        Assert.Equal(expected, page.Rows.Select(p => p.DisplayName));
        Assert.Equal((expected.Length, false), (page.Total, page.More));
    }

    [Theory]
    [InlineData(RegistrationState.Associated, "Anna de Vries")]
    [InlineData(RegistrationState.Invited, "Bob de Vries")]
    [InlineData(RegistrationState.Refused, "Carol Jansen")]
    [InlineData(RegistrationState.None, "Dirk 100%_[x]")]
    public async Task People_are_found_by_their_standing(RegistrationState state, string expected)
    {
        var page = await _house.People.ListAsync(new PeopleQuery { Registration = state }, CoreHouse.Helpdesk, Cancel);

        var person = Assert.Single(page.Rows);
        Assert.Equal((expected, state), (person.DisplayName, person.Registration));
    }

    [Fact]
    public async Task Pages_follow_each_other()
    {
        var first = await _house.People.ListAsync(new PeopleQuery { Take = 3 }, CoreHouse.Helpdesk, Cancel);
        var second = await _house.People.ListAsync(new PeopleQuery { Skip = 3, Take = 3 }, CoreHouse.Helpdesk, Cancel);

        Assert.Equal(["Anna de Vries", "Bob de Vries", "Carol Jansen", "Dirk 100%_[x]"], first.Rows.Concat(second.Rows).Select(p => p.DisplayName));
        Assert.Equal(4, second.Total);
    }

    [Fact]
    public async Task A_page_begins_where_the_one_before_ended_though_who_stood_there_was_renamed_or_forgotten()
    {
        async Task<IEnumerable<string>> BehindAsync(string name, Guid person) =>
            (await _house.People.ListAsync(new PeopleQuery { After = new PersonPlace(name, person), Take = 2 }, CoreHouse.Helpdesk, Cancel)).Rows.Select(p => p.DisplayName);

        Assert.Equal(["Bob de Vries", "Carol Jansen"], await BehindAsync("Anna de Vries", shared.Anna));
        Assert.Equal(["Bob de Vries", "Carol Jansen"], await BehindAsync("Annaz", shared.Anna));
        Assert.Equal(["Bob de Vries", "Carol Jansen"], await BehindAsync("Bob de Vries", Guid.NewGuid()));
    }

    [Fact]
    public async Task A_person_page_tells_groups_registrations_books_and_entitlements()
    {
        var anna = (await _house.People.FindAsync(shared.Anna, CoreHouse.Helpdesk, Cancel))!;

        Assert.Equal(["4A", "4C"], anna.Groups.Select(g => g.DisplayName));
        var registration = Assert.Single(anna.Registrations);
        Assert.Equal((shared.Location, "Token", RegistrationState.Associated, false), (registration.LocationPublicId, registration.LocationName, registration.State, registration.InvitationPending));
        Assert.Equal([(1L, "One", LicenseState.Assigned), (2L, null, LicenseState.Waiting)], anna.Books.Select(b => (b.AdamId, b.Title, b.State)));
        Assert.Equal((1, 1), (anna.Summary.BooksHeld, anna.Summary.BooksExpected));
        Assert.Equal(
            [(1L, Intent.Required, "4A", LicenseState.Assigned), (2L, Intent.Available, "", LicenseState.Waiting), (3L, Intent.Excluded, "4C", (LicenseState?)null)],
            anna.Entitled.Select(e => (e.AdamId, e.Intent, string.Join(',', e.Through), e.License)));
        Assert.Equal([false, true, false], anna.Entitled.Select(e => e.ThroughAllUsers));
        Assert.Null(await _house.People.FindAsync(Guid.NewGuid(), CoreHouse.Helpdesk, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => _house.People.FindAsync(shared.Anna, CoreHouse.Nobody, Cancel));
    }

    [Fact]
    public async Task A_person_page_entitles_to_what_the_own_library_offers_and_to_nothing_else()
    {
        await using var db = await _house.OpenAsync();
        var group = await db.Groups.SingleAsync(g => g.DisplayName == "4A", Cancel);
        group.State = GroupState.Deleted;
        await db.SaveChangesAsync(Cancel);

        // A deleted group gives nothing (F38), and whom another one excludes stays excluded.
        Assert.Equal([(2L, Intent.Available), (3L, Intent.Excluded)], await EntitledAsync());
        group.State = GroupState.Active;
        var (one, two) = (await db.Books.SingleAsync(b => b.AdamId == 1, Cancel), await db.Books.SingleAsync(b => b.AdamId == 2, Cancel));
        var required = $$"""[{"GroupId":{{group.Id}},"Intent":1}]""";
        db.Plans.AddRange(APlan(one, required, "[]"), APlan(two, """[{"GroupId":null,"Intent":0}]""", required));
        await db.SaveChangesAsync(Cancel);

        // What is not approved is not given yet, and what it would take away is given still.
        Assert.Equal([(2L, Intent.Required), (3L, Intent.Excluded)], await EntitledAsync());
        Assert.Equal("4A", (await _house.People.FindAsync(shared.Anna, CoreHouse.Helpdesk, Cancel))!.Entitled[0].Through.Single());
        var anna = await db.People.AsNoTracking().SingleAsync(p => p.PublicId == shared.Anna, Cancel);
        Assert.Equal(new Dictionary<int, Intent> { [two.Id] = Intent.Required }, await VppBooks.Core.Library.BookOffers.FindAsync(db, anna, bookId: null, Cancel));
        await db.Plans.ExecuteDeleteAsync(Cancel);

        async Task<IEnumerable<(long, Intent)>> EntitledAsync() => (await _house.People.FindAsync(shared.Anna, CoreHouse.Helpdesk, Cancel))!.Entitled.Select(e => (e.AdamId, e.Intent));

        static Plan APlan(Book book, string wish, string before) => new()
        {
            PublicId = Guid.NewGuid(),
            BookId = book.Id,
            State = PlanState.AwaitingApproval,
            Wish = wish,
            Before = before,
            CommittedAt = TimeProvider.System.GetUtcNow(),
            Hash = "",
            CreatedById = "1",
            CreatedByName = "A",
        };
    }

    [Fact]
    public async Task A_guest_is_not_among_all_users()
    {
        await using var db = await _house.OpenAsync();
        var guest = await db.People.SingleAsync(p => p.Guest, Cancel);

        Assert.Empty((await _house.People.FindAsync(guest.PublicId, CoreHouse.Helpdesk, Cancel))!.Entitled);
    }

    [Fact]
    public async Task An_invitation_link_is_for_the_helpdesk_and_for_the_person()
    {
        await using var db = await _house.OpenAsync();
        var bob = await db.People.SingleAsync(p => p.DisplayName == "Bob de Vries", Cancel);
        var links = _house.Get<InvitationLinks>();

        var link = Assert.IsType<InvitationLinkResult.Link>(await links.CreateAsync(bob.PublicId, shared.Location, CoreHouse.Helpdesk, Cancel));

        Assert.Contains("d3915844cde56f2dccfd24c7d34d12f0", link.Url, StringComparison.Ordinal);
        Assert.DoesNotContain("%25", link.Url, StringComparison.Ordinal);
        Assert.DoesNotContain("d3915844", link.ToString(), StringComparison.Ordinal);
        Assert.IsType<InvitationLinkResult.Link>(await links.CreateOwnAsync(bob, shared.Location, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => links.CreateAsync(bob.PublicId, shared.Location, CoreHouse.Nobody, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => links.CreateAsync(Guid.NewGuid(), shared.Location, CoreHouse.Nobody, Cancel));
        Assert.Equal(2, await db.AuditEvents.CountAsync(a => a.Action == "invitation.given-out" && a.PersonId == bob.Id, Cancel));
        Assert.DoesNotContain(db.AuditEvents.ToList(), a => a.Details?.Contains("d3915844", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("Anna de Vries", InvitationObstacle.AlreadyAssociated)]
    [InlineData("Carol Jansen", InvitationObstacle.NotRegistered)]
    [InlineData("Dirk 100%_[x]", InvitationObstacle.NotRegistered)]
    public async Task Without_a_pending_invitation_there_is_no_link(string name, InvitationObstacle obstacle)
    {
        await using var db = await _house.OpenAsync();
        var person = await db.People.SingleAsync(p => p.DisplayName == name, Cancel);

        var result = await _house.Get<InvitationLinks>().CreateAsync(person.PublicId, shared.Location, CoreHouse.Helpdesk, Cancel);

        Assert.Equal(new InvitationLinkResult.NotAvailable(obstacle), result);
    }

    public sealed class Shared : IAsyncLifetime
    {
        internal CoreHouse House { get; private set; } = null!;

        internal Guid Anna { get; } = Guid.NewGuid();

        internal Guid Location { get; } = Guid.NewGuid();

        public async ValueTask InitializeAsync()
        {
            House = await CoreHouse.StartAsync();
            await House.ChangeAsync(db =>
            {
                db.Locations.Add(new Location { PublicId = Location, UId = "1", Name = "Token", OrganizationName = "O", LocationName = "L", AppleAccount = "", CountryOrRegion = "NL" });
                db.Titles.Add(new Title { AdamId = 1, Storefront = "NL", Name = "One", Author = "A. Author" });
                db.People.AddRange(
                    APerson("Anna de Vries", "anna", Anna), APerson("Bob de Vries", "bob"), APerson("Carol Jansen", "carol"), APerson("Dirk 100%_[x]", "dirk", guest: true));
                db.Groups.AddRange(
                    new() { DirectoryId = Guid.NewGuid(), DisplayName = "4A" }, new() { DirectoryId = Guid.NewGuid(), DisplayName = "4B" }, new() { DirectoryId = Guid.NewGuid(), DisplayName = "4C" });
            });
            await House.ChangeAsync(db =>
            {
                var location = db.Locations.Single().Id;
                for (var adamId = 1; adamId <= 4; adamId++)
                {
                    db.Books.Add(new Book { PublicId = Guid.NewGuid(), LocationId = location, AdamId = adamId, PricingParam = PricingParam.STDQ, TitleId = adamId == 1 ? db.Titles.Single().Id : null });
                }
            });
            await House.ChangeAsync(db =>
            {
                var location = db.Locations.Single().Id;
                var people = db.People.OrderBy(p => p.DisplayName).ToList();
                var groups = db.Groups.OrderBy(g => g.DisplayName).ToList();
                var books = db.Books.OrderBy(b => b.AdamId).ToList();
                db.GroupMemberships.AddRange(new() { GroupId = groups[0].Id, PersonId = people[0].Id }, new() { GroupId = groups[2].Id, PersonId = people[0].Id });
                db.GroupAssignments.AddRange(
                    Give(books[0], groups[0].Id, Intent.Required),
                    Give(books[1], null, Intent.Available),
                    Give(books[2], groups[0].Id, Intent.Required),
                    Give(books[2], groups[2].Id, Intent.Excluded),
                    Give(books[3], groups[1].Id, Intent.Required));
                db.Licenses.AddRange(
                    new License { BookId = books[0].Id, PersonId = people[0].Id, AdamId = 1, State = LicenseState.Assigned },
                    new License { BookId = books[1].Id, PersonId = people[0].Id, AdamId = 2, State = LicenseState.Waiting });
                var sealer = House.Get<SecretSealer>();
                db.VppUsers.AddRange(
                    new VppUser { LocationId = location, PersonId = people[0].Id, ClientUserId = "anna", Status = VppUserStatus.Associated },
                    new VppUser { LocationId = location, PersonId = people[0].Id, ClientUserId = "anna-old", Retired = true, Status = VppUserStatus.Retired },
                    new VppUser
                    {
                        LocationId = location,
                        PersonId = people[1].Id,
                        ClientUserId = "bob",
                        Status = VppUserStatus.Registered,
                        InviteSecret = sealer.Seal("d3915844cde56f2dccfd24c7d34d12f0", InvitationLinks.Purpose("bob")),
                    },
                    new VppUser { LocationId = location, PersonId = people[2].Id, ClientUserId = "carol", ErrorNumber = 9635 });
            });
        }

        public ValueTask DisposeAsync() => House.DisposeAsync();

        private static Person APerson(string name, string address, Guid? id = null, bool guest = false) => new()
        {
            PublicId = id ?? Guid.NewGuid(),
            DirectoryId = Guid.NewGuid(),
            DisplayName = name,
            UserPrincipalName = address + "@noordrand.example",
            Mail = address + "@noordrand.example",
            Guest = guest,
        };

        private static GroupAssignment Give(Book book, int? group, Intent intent) =>
            new() { PublicId = Guid.NewGuid(), BookId = book.Id, GroupId = group, Intent = intent, AssignedById = "a", AssignedByName = "A. Admin" };
    }
}
