using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Directory;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Groups;

/// <summary>Members and people as they come from the directory.</summary>
public sealed class GroupReaderTests : IAsyncLifetime
{
    private CoreHouse _house = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _house = await CoreHouse.StartAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task Members_of_groups_in_groups_are_people_of_the_group_each_once()
    {
        var group = Group("Noordrand Schools");

        var change = Assert.Single(await ReadAsync(group.Id));

        var expected = PeopleIn(group);
        Assert.Equal((0, expected.Count, 0, true), (change.Before, change.Added, change.Removed, change.FirstRead));
        await using var db = await _house.OpenAsync();
        var stored = await db.Groups.SingleAsync(g => g.DirectoryId == group.Id, Cancel);
        Assert.Equal(expected.Count, stored.MemberCount);
        Assert.Equal(expected, (await MembersAsync(group.Id)).Select(p => p.DirectoryId).ToHashSet());
    }

    [Fact]
    public async Task A_large_group_takes_one_request_per_page_and_none_while_it_is_fresh()
    {
        var group = Group("Noordrand Schools");
        var members = PeopleIn(group).Count;
        Assert.True(members > 999);

        await ReadAsync(group.Id);
        Assert.Equal((members + 998) / 999, MemberRequests());

        _house.Clock.Offset = TimeSpan.FromMinutes(4);
        Assert.Empty(await _house.Groups.EnsureMembersAsync([group.Id], TimeSpan.FromMinutes(5), Cancel));
        Assert.Equal((members + 998) / 999, MemberRequests());

        _house.Cloud.Graph.Requests.Clear();
        var nine = _house.Cloud.Graph.AddGroup("Nine hundred", PeopleIn(group).Take(900));
        await ReadAsync(nine.Id);
        Assert.Equal(1, MemberRequests());
    }

    [Fact]
    public async Task An_empty_group_is_empty_and_a_group_of_both_kinds_has_its_people()
    {
        var empty = Group("New arrivals");
        var mixed = Group("Reading room");

        var changes = await ReadAsync(empty.Id, mixed.Id);

        Assert.Equal([0, mixed.People.Count], changes.Select(c => c.Added));
        Assert.Contains(await MembersAsync(mixed.Id), p => p.Guest);
    }

    [Fact]
    public async Task Joiners_and_leavers_are_the_only_rows_written()
    {
        var group = Group("Class 4A");
        await ReadAsync(group.Id);
        var leaver = group.People.First();
        var joiner = _house.Cloud.Graph.AddPerson("Noor", "Nieuw", "noor.nieuw");
        _house.Cloud.Graph.RemoveMember(group.Id, leaver);
        _house.Cloud.Graph.AddMember(group.Id, joiner.Id);

        var change = Assert.Single(await ReadAsync(group.Id));

        Assert.Equal((28, 1, 1, false), (change.Before, change.Added, change.Removed, change.FirstRead));
        var members = (await MembersAsync(group.Id)).Select(p => p.DirectoryId).ToList();
        Assert.Contains(joiner.Id, members);
        Assert.DoesNotContain(leaver, members);
        await using var db = await _house.OpenAsync();
        Assert.Null((await db.People.SingleAsync(p => p.DirectoryId == leaver, Cancel)).GoneSince);
    }

    [Fact]
    public async Task A_person_who_is_renamed_disabled_deleted_or_returns_stays_the_same_person()
    {
        var group = Group("Class 4A");
        await ReadAsync(group.Id);
        var who = group.People.First();
        var before = await PersonAsync(who);

        _house.Cloud.Graph.RenamePerson(who, "Robin", "Anders");
        lock (_house.Cloud.Directory.Gate)
        {
            _house.Cloud.Directory.People[who].UserPrincipalName = "robin.anders@noordrand.example";
        }

        _house.Cloud.Graph.DisablePerson(who);
        await ReadAsync(group.Id);
        var renamed = await PersonAsync(who);
        Assert.Equal((before.Id, before.PublicId, "Robin Anders", "robin.anders@noordrand.example", false), (renamed.Id, renamed.PublicId, renamed.DisplayName, renamed.UserPrincipalName, renamed.AccountEnabled));

        var copy = _house.Cloud.Directory.People[who];
        _house.Cloud.Graph.DeletePerson(who);
        await ReadAsync(group.Id);
        Assert.NotNull((await PersonAsync(who)).GoneSince);

        lock (_house.Cloud.Directory.Gate)
        {
            _house.Cloud.Directory.People.Add(who, copy);
        }

        _house.Cloud.Graph.AddMember(group.Id, who);
        await ReadAsync(group.Id);
        Assert.Equal((before.Id, (DateTimeOffset?)null), ((await PersonAsync(who)).Id, (await PersonAsync(who)).GoneSince));
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task An_outage_keeps_the_members_and_says_so(int status)
    {
        var group = Group("Class 4A");
        await ReadAsync(group.Id);
        _house.Cloud.Graph.FailNext(100, "/transitiveMembers", status);

        await Assert.ThrowsAsync<DirectoryUnavailableException>(() => ReadAsync(group.Id));

        Assert.Equal(28, (await MembersAsync(group.Id)).Count);
        Assert.NotNull((await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).FailingSince);
        _house.Cloud.Graph.ClearFaults();
        await ReadAsync(group.Id);
        Assert.Null((await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).FailingSince);
    }

    [Fact]
    public async Task An_outage_in_the_middle_of_a_group_changes_nothing_in_it()
    {
        var group = Group("Noordrand Schools");
        await ReadAsync(group.Id);
        var before = (await MembersAsync(group.Id)).Count;
        foreach (var id in PeopleIn(group).Take(50).ToList())
        {
            _house.Cloud.Graph.DeletePerson(id);
        }

        _house.Cloud.Graph.FailNext(100, "skiptoken", 503);
        var failed = false;
        try
        {
            await ReadAsync(group.Id);
        }
        catch (DirectoryUnavailableException)
        {
            failed = true;
        }

        Assert.Equal(failed ? before : before - 50, (await MembersAsync(group.Id)).Count);
    }

    [Fact]
    public async Task Throttling_is_obeyed_and_a_long_one_is_told()
    {
        var group = Group("Class 4A");
        _house.Cloud.Graph.FailNext(1, "/transitiveMembers", 429, 0.2);
        var began = TimeProvider.System.GetTimestamp();

        await ReadAsync(group.Id);

        // A fraction of a second is rounded up.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.FromSeconds(0.95), TimeSpan.FromSeconds(30));
        Assert.Equal(28, (await MembersAsync(group.Id)).Count);

        _house.Cloud.Graph.FailNext(1, "/transitiveMembers", 429, 1800);
        var refused = await Assert.ThrowsAsync<DirectoryUnavailableException>(() => ReadAsync(group.Id));
        Assert.InRange(refused.RetryAt!.Value - _house.Clock.GetUtcNow(), TimeSpan.FromMinutes(29), TimeSpan.FromMinutes(30));
        Assert.Equal(refused.RetryAt, (await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).RetryAt);
    }

    [Fact]
    public async Task Withdrawn_consent_is_told_apart_and_keeps_everything()
    {
        var group = Group("Class 4A");
        await ReadAsync(group.Id);
        _house.Cloud.Graph.ConsentWithdrawn = true;

        await Assert.ThrowsAsync<DirectoryConsentMissingException>(() => ReadAsync(group.Id));
        await Assert.ThrowsAsync<DirectoryConsentMissingException>(() => _house.GroupCatalog.SearchDirectoryAsync("class", CoreHouse.Admin, Cancel));

        Assert.True((await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).ConsentMissing);
        Assert.Equal(28, (await MembersAsync(group.Id)).Count);
        Assert.Equal(GroupState.Active, (await _house.Groups.EnsureGroupAsync(group.Id, Cancel)).State);
    }

    [Theory]
    [InlineData(true, GroupState.SoftDeleted)]
    [InlineData(false, GroupState.Deleted)]
    public async Task A_deleted_group_is_marked_and_keeps_its_members(bool restorable, GroupState expected)
    {
        var group = Group("Class 4A");
        await ReadAsync(group.Id);
        _house.Cloud.Graph.DeleteGroup(group.Id, restorable);

        Assert.Empty(await ReadAsync(group.Id));

        await using var db = await _house.OpenAsync();
        Assert.Equal(expected, (await db.Groups.SingleAsync(Cancel)).State);
        Assert.Equal(28, (await MembersAsync(group.Id)).Count);
        Assert.Equal(GroupObstacle.Deleted, (await _house.Groups.EnsureGroupAsync(group.Id, Cancel)).Obstacle);
        Assert.Equal(["group.state-changed"], await _house.AuditAsync());
    }

    [Fact]
    public async Task A_group_is_stored_when_it_is_picked()
    {
        var staff = await _house.Groups.EnsureGroupAsync(Group("Staff").Id, Cancel);
        var again = await _house.Groups.EnsureGroupAsync(Group("Staff").Id, Cancel);
        var devices = await _house.Groups.EnsureGroupAsync(Group("School iPads").Id, Cancel);

        Assert.Equal(staff, again);
        Assert.Equal(GroupObstacle.None, staff.Obstacle);
        Assert.Equal(GroupObstacle.DeviceGroup, devices.Obstacle);
        await Assert.ThrowsAsync<GroupGoneException>(() => _house.Groups.EnsureGroupAsync(Guid.NewGuid(), Cancel));
    }

    [Fact]
    public async Task All_users_are_everybody_but_guests_and_those_who_left()
    {
        Assert.True(await _house.Get<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), Cancel));
        Assert.False(await _house.Get<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), Cancel));

        var people = _house.Cloud.Directory.People.Values;
        Assert.Equal(people.Count(p => p.UserType == "Member"), (await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).AllUsers);
        _house.Cloud.Graph.DeletePerson(people.First(p => p.UserType == "Member").Id);
        var members = people.Count(p => p.UserType == "Member");

        _house.Clock.Offset = TimeSpan.FromHours(2);
        _house.Cloud.Graph.FailNext(100, "/users", 503);
        await Assert.ThrowsAsync<DirectoryUnavailableException>(() => _house.Get<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), Cancel));
        Assert.Equal(members + 1, (await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).AllUsers);

        _house.Cloud.Graph.ClearFaults();
        await _house.Get<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), Cancel);
        Assert.Equal(members, (await _house.GroupCatalog.GetStandingAsync(CoreHouse.Admin, Cancel)).AllUsers);
    }

    [Fact]
    public async Task A_newcomer_whom_nobody_reads_yet_is_among_all_users_the_next_time()
    {
        var reader = _house.Get<PeopleReader>();
        await reader.EnsureAllAsync(TimeSpan.FromMinutes(5), Cancel);
        var newcomer = _house.Cloud.Graph.AddPerson("Nora", "Nieuw", "nora.nieuw@noordrand.example").Id;

        // Nothing is given to all users: what the directory tells of a stranger is not read.
        _house.Clock.Offset = TimeSpan.FromMinutes(10);
        await reader.CheckAsync(TimeSpan.FromMinutes(5), Cancel);
        await reader.EnsureAllAsync(TimeSpan.FromMinutes(5), Cancel);

        await using var db = await _house.OpenAsync();
        Assert.True(await AllUsers.In(db).AnyAsync(p => p.DirectoryId == newcomer, Cancel));
    }

    private Task<IReadOnlyList<MembersChange>> ReadAsync(params Guid[] groups) => _house.Groups.EnsureMembersAsync(groups, TimeSpan.Zero, Cancel);

    private SimulatedGroup Group(string name) => _house.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    private int MemberRequests() => _house.Cloud.Graph.Requests.Recent.Count(r => !r.InBatch && r.Path.Contains("/transitiveMembers", StringComparison.OrdinalIgnoreCase));

    private HashSet<Guid> PeopleIn(SimulatedGroup group)
    {
        var people = new HashSet<Guid>();
        var seen = new HashSet<Guid>();
        var open = new Queue<Guid>([group.Id]);
        while (open.TryDequeue(out var id))
        {
            if (seen.Add(id))
            {
                var next = _house.Cloud.Directory.Groups[id];
                people.UnionWith(next.People);
                next.Groups.ToList().ForEach(open.Enqueue);
            }
        }

        return people;
    }

    private async Task<List<Person>> MembersAsync(Guid group)
    {
        await using var db = await _house.OpenAsync();
        return await db.People.Where(p => db.GroupMemberships.Any(m => m.PersonId == p.Id && db.Groups.Any(g => g.Id == m.GroupId && g.DirectoryId == group))).ToListAsync(Cancel);
    }

    private async Task<Person> PersonAsync(Guid directoryId)
    {
        await using var db = await _house.OpenAsync();
        return await db.People.SingleAsync(p => p.DirectoryId == directoryId, Cancel);
    }
}
