using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Groups;

/// <summary>Groups as the picker, the list and the page show them.</summary>
public sealed class GroupCatalogTests(GroupCatalogTests.Shared shared) : IClassFixture<GroupCatalogTests.Shared>
{
    private readonly CoreHouse _house = shared.House;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Searching_finds_words_by_their_beginning_in_order()
    {
        var found = await _house.GroupCatalog.SearchDirectoryAsync("class 4", CoreHouse.Admin, Cancel);

        Assert.Equal(["Class 4A", "Class 4B", "Class 4C", "Class 4D"], found.Select(g => g.DisplayName));
        Assert.All(found, g => Assert.True(g.Selectable));
        Assert.Equal("Pupils of Class 4A", found[0].Description);
    }

    [Theory]
    [InlineData("School iPads", GroupKind.Device, GroupObstacle.DeviceGroup)]
    [InlineData("Staff room", GroupKind.Microsoft365, GroupObstacle.NotSecurityEnabled)]
    [InlineData("Staff", GroupKind.DynamicSecurity, GroupObstacle.None)]
    [InlineData("New arrivals", GroupKind.Security, GroupObstacle.None)]
    public async Task A_group_that_cannot_be_picked_is_shown_with_the_reason(string name, GroupKind kind, GroupObstacle obstacle)
    {
        var group = Assert.Single(await _house.GroupCatalog.SearchDirectoryAsync(name, CoreHouse.Admin, Cancel), g => g.DisplayName == name);

        Assert.Equal((kind, obstacle), (group.Kind, group.Obstacle));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task Without_words_the_first_groups_are_listed_by_name(string? text)
    {
        var found = await _house.GroupCatalog.SearchDirectoryAsync(text, CoreHouse.Admin, Cancel);

        Assert.Equal(_house.Cloud.Directory.Groups.Count, found.Count);
        Assert.Equal(found.Select(g => g.DisplayName).Order(StringComparer.OrdinalIgnoreCase), found.Select(g => g.DisplayName));
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("class\" OR \"displayName:staff")]
    [InlineData("back\\slash")]
    [InlineData("O'Neill & söhne %")]
    public async Task What_is_typed_is_never_syntax(string text) =>
        Assert.DoesNotContain(await _house.GroupCatalog.SearchDirectoryAsync(text, CoreHouse.Admin, Cancel), g => g.DisplayName == "Staff" && text.Contains("OR", StringComparison.Ordinal));

    [Fact]
    public async Task A_group_page_counts_members_and_the_copies_they_hold()
    {
        var group = _house.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 5A");
        await _house.Groups.EnsureMembersAsync([group.Id], TimeSpan.Zero, Cancel);
        var stored = await _house.Groups.EnsureGroupAsync(group.Id, Cancel);
        var members = await _house.GroupCatalog.ListMembersAsync(group.Id, null, 0, 999, CoreHouse.Admin, Cancel);
        Assert.Equal((28, 28), (members.Total, members.Rows.Count));
        var able = members.Rows.Count(m => m.AccountEnabled);
        Assert.Equal(27, able);
        var people = members.Rows.Select(m => m.PublicId).ToList();
        await _house.ChangeAsync(db => db.Locations.Add(new Location
        {
            PublicId = Guid.NewGuid(),
            UId = "1",
            Name = "Token",
            OrganizationName = "O",
            LocationName = "L",
            AppleAccount = "",
            CountryOrRegion = "NL",
        }));
        await _house.ChangeAsync(db => db.Books.Add(new Book { PublicId = Guid.NewGuid(), LocationId = db.Locations.Single().Id, AdamId = 77, PricingParam = PricingParam.STDQ }));
        await _house.ChangeAsync(db =>
        {
            var book = db.Books.Single();
            db.GroupAssignments.Add(new GroupAssignment { PublicId = Guid.NewGuid(), BookId = book.Id, GroupId = stored.Id, Intent = Intent.Required, AssignedById = "a", AssignedByName = "A. Admin" });
            foreach (var id in people.Take(3))
            {
                db.Licenses.Add(new License { BookId = book.Id, PersonId = db.People.Single(p => p.PublicId == id).Id, AdamId = 77, State = id == people[0] ? LicenseState.Waiting : LicenseState.Assigned });
            }
        });

        var detail = (await _house.GroupCatalog.FindAsync(group.Id, CoreHouse.Helpdesk, Cancel))!;
        Assert.Equal((28, 1), (detail.Summary.Members, detail.Summary.Assignments));
        Assert.Equal((able, 2, 1), (detail.Summary.CopiesEntitled, detail.Summary.CopiesHeld, detail.Summary.CopiesExpected));
        var given = Assert.Single(detail.Books);
        Assert.Equal((77L, null, "Token", Intent.Required, "A. Admin"), (given.AdamId, given.Title, given.LocationName, given.Intent, given.AssignedByName));
        Assert.Equal((able, 2, 1), (given.Entitled, given.Held, given.Expected));
        Assert.Equal(detail.Summary, Assert.Single((await _house.GroupCatalog.ListAsync(new GroupsQuery { Search = "class 5" }, CoreHouse.Helpdesk, Cancel)).Rows));
        Assert.Equal(0, (await _house.GroupCatalog.ListAsync(new GroupsQuery { Search = "class_5" }, CoreHouse.Helpdesk, Cancel)).Total);
        Assert.Equal(members.Rows.Skip(3), await _house.GroupCatalog.ListMembersBehindAsync(group.Id, null, new PersonPlace(members.Rows[2].DisplayName, members.Rows[2].PublicId), 999, CoreHouse.Helpdesk, Cancel));

        // A group that the directory does not have any more entitles nobody (F38).
        await _house.ChangeAsync(db => db.Groups.Single(g => g.Id == stored.Id).State = GroupState.SoftDeleted);
        var deleted = (await _house.GroupCatalog.FindAsync(group.Id, CoreHouse.Helpdesk, Cancel))!;
        Assert.Equal((0, 2, 0), (deleted.Summary.CopiesEntitled, deleted.Summary.CopiesHeld, deleted.Books.Single().Entitled));
        await _house.ChangeAsync(db => db.Groups.Single(g => g.Id == stored.Id).State = GroupState.Active);
        await _house.ChangeAsync(db => db.GroupAssignments.Add(new GroupAssignment { PublicId = Guid.NewGuid(), BookId = db.Books.Single().Id, Intent = Intent.Excluded, AssignedById = "a", AssignedByName = "A. Admin" }));
        Assert.Equal(0, (await _house.GroupCatalog.FindAsync(group.Id, CoreHouse.Helpdesk, Cancel))!.Summary.CopiesEntitled);
        var choice = Assert.Single(await _house.GroupCatalog.SearchDirectoryAsync("class 5a", CoreHouse.Admin, Cancel));
        Assert.Equal(28, choice.MemberCount);

        var one = members.Rows[5];
        var found = await _house.GroupCatalog.ListMembersAsync(group.Id, one.UserPrincipalName.ToUpperInvariant(), 0, 10, CoreHouse.Admin, Cancel);
        Assert.Equal(one, Assert.Single(found.Rows));
        Assert.Null(await _house.GroupCatalog.FindAsync(Guid.NewGuid(), CoreHouse.Admin, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => _house.GroupCatalog.ListAsync(new GroupsQuery(), CoreHouse.Nobody, Cancel));
    }

    [Theory]
    [InlineData("userPrincipalName")]
    [InlineData("mail")]
    [InlineData("extensionAttribute1")]
    [InlineData("none")]
    public async Task The_managed_apple_account_follows_the_configured_rule(string rule)
    {
        await using var house = await CoreHouse.StartAsync(services => services.Configure<PeopleOptions>(o => o.ManagedAppleAccount = rule));
        var group = house.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Staff");
        await house.Groups.EnsureMembersAsync([group.Id], TimeSpan.Zero, Cancel);

        await using var db = await house.OpenAsync();
        foreach (var person in db.People.ToList())
        {
            var source = house.Cloud.Directory.People[person.DirectoryId];
            var expected = rule switch { "userPrincipalName" => source.UserPrincipalName, "mail" => source.Mail, "none" => null, _ => source.ManagedAppleAccount };
            Assert.Equal(expected, person.ManagedAppleAccount);
        }
    }

    [Theory]
    [InlineData("extensionAttribute16")]
    [InlineData("upn")]
    [InlineData("")]
    public void A_rule_that_does_not_exist_stops_the_program(string rule)
    {
        var result = new PeopleOptionsValidator().Validate(null, new PeopleOptions { ManagedAppleAccount = rule });

        Assert.True(result.Failed);
        Assert.Contains("People:ManagedAppleAccount", result.FailureMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2.128", 3)]
    [InlineData("0", 0)]
    [InlineData("120", 120)]
    [InlineData("Mon, 02 Jan 2023 00:01:00 GMT", 60)]
    public void Retry_after_is_read_in_every_form(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), DirectoryRegistration.RetryAfter([text], new DateTimeOffset(2023, 1, 2, 0, 0, 0, TimeSpan.Zero)));

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("")]
    public void Retry_after_that_makes_no_sense_is_no_wish(string text) => Assert.Null(DirectoryRegistration.RetryAfter([text], DateTimeOffset.UnixEpoch));

    public sealed class Shared : IAsyncLifetime
    {
        internal CoreHouse House { get; private set; } = null!;

        public async ValueTask InitializeAsync() => House = await CoreHouse.StartAsync();

        public ValueTask DisposeAsync() => House.DisposeAsync();
    }
}
