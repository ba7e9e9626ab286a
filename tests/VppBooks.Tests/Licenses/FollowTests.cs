using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>Groups are followed: joiners under the guards, leavers keep what they hold and give up what was not sent. Waiting lists are served in the chosen order.</summary>
public sealed class FollowTests
{
    [Fact]
    public async Task A_joiner_gets_a_copy_and_a_leaver_keeps_the_one_at_Apple()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var (group, other) = (Group(house, "Class 4A"), Group(house, "Class 5A"));
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        await house.WorkAsync();
        var holder = (await HoldersAsync(house, book)).First(group.People.Contains);
        var joiner = other.People.First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null });
        Change(house, () =>
        {
            group.People.Remove(holder);
            group.People.Add(joiner);
        });

        await ReadGroupsAsync(house);
        await house.WorkAsync();

        var holders = await HoldersAsync(house, book);
        Assert.Contains(holder, holders);
        Assert.Contains(joiner, holders);
        await house.AssertLedgerIsTrueAsync(book);
        var followed = await house.AuditAsync("group.followed");
        Assert.NotEmpty(followed);
        var groupId = await GroupIdAsync(house, group);
        Assert.All(followed, a => Assert.Equal(groupId, a.GroupId));
    }

    [Fact]
    public async Task Who_leaves_the_group_or_is_disabled_leaves_the_waiting_list()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await ShortBookAsync(house);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        await house.WorkAsync();
        var waiting = await PeopleAsync(house, book, LicenseState.Waiting);
        Change(house, () =>
        {
            group.People.Remove(waiting[0]);
            house.Core.Cloud.Directory.People[waiting[1]].AccountEnabled = false;
        });

        await ReadGroupsAsync(house);
        await house.WorkAsync();

        var after = await PeopleAsync(house, book, LicenseState.Waiting);
        Assert.DoesNotContain(waiting[0], after);
        Assert.DoesNotContain(waiting[1], after);
        Assert.Equal(waiting.Count - 2, after.Count);
    }

    [Fact]
    public async Task Who_comes_back_is_the_same_person_and_spends_nothing_twice()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        await house.WorkAsync();
        var holder = (await HoldersAsync(house, book)).First(group.People.Contains);
        var posts = house.Apple.CountAssociatePosts();
        Change(house, () => group.People.Remove(holder));
        await ReadGroupsAsync(house);
        await house.WorkAsync();

        Change(house, () =>
        {
            house.Core.Cloud.Directory.People[holder].DisplayName = "Renamed Person";
            house.Core.Cloud.Directory.People[holder].UserPrincipalName = "renamed@noordrand.example";
            group.People.Add(holder);
        });
        await ReadGroupsAsync(house);
        await house.WorkAsync();

        Assert.Equal(posts, house.Apple.CountAssociatePosts());
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F41_A_group_that_grows_suddenly_is_held_with_its_exact_number_until_somebody_approves()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => (o.GrowthPeople, o.GrowthShare) = (5, 0.2));
        var book = await house.BookAsync(free: 100);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        await house.WorkAsync();
        var posts = house.Apple.CountAssociatePosts();
        Change(house, () => group.People.UnionWith(Group(house, "Class 5A").People));

        await ReadGroupsAsync(house);
        await house.WorkAsync();

        await using var db = await house.Core.OpenAsync();
        var held = await db.Plans.AsNoTracking().SingleAsync(p => p.Kind == PlanKind.Growth);
        Assert.Equal(PlanState.AwaitingApproval, held.State);
        Assert.Equal(held.GrownTo - held.GrownFrom, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Held));
        Assert.Equal(posts, house.Apple.CountAssociatePosts());
        Assert.Equal(await GroupIdAsync(house, group), Assert.Single(await house.AuditAsync("group.growth-held")).GroupId);

        await house.Core.Get<PlanDecisions>().ApproveAsync(held.PublicId, CoreHouse.Admin, CancellationToken.None);
        await house.WorkAsync();

        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.State == LicenseState.Held);
        Assert.Equal(posts + 1, house.Apple.CountAssociatePosts());
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F41_Members_of_a_deleted_group_do_not_hide_that_another_one_grows_suddenly()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => (o.GrowthPeople, o.GrowthShare) = (2, 0.2));
        var book = await house.BookAsync(free: 100);
        var (dead, live) = (Group(house, "Class 4A"), Group(house, "Class 4B"));
        await house.AssignAsync(book, new WishedAssignment(dead.Id, Intent.Required), new WishedAssignment(live.Id, Intent.Required));
        await house.WorkAsync();
        var holders = (await house.LicensesAsync(book)).Count;
        await house.Core.Get<PeopleReader>().EnsureAllAsync(TimeSpan.Zero, CancellationToken.None);
        house.Core.Cloud.Graph.DeleteGroup(dead.Id, restorable: true);
        await house.Core.Groups.EnsureGroupAsync(dead.Id, CancellationToken.None);
        await using (var db = await house.Core.OpenAsync())
        {
            var id = await db.Groups.Where(g => g.DirectoryId == dead.Id).Select(g => g.Id).SingleAsync();
            var others = await db.People.Where(p => !p.Guest && !db.Licenses.Any(l => l.PersonId == p.Id) && !db.GroupMemberships.Any(m => m.PersonId == p.Id)).OrderBy(p => p.Id).Take(4 * holders).Select(p => p.Id).ToListAsync();
            Assert.True(others.Count > 2 * holders);
            db.GroupMemberships.AddRange(others.Select(p => new GroupMembership { GroupId = id, PersonId = p }));
            await db.SaveChangesAsync();
        }

        Change(house, () => live.People.UnionWith(Group(house, "Class 5A").People));
        await ReadGroupsAsync(house);
        await house.WorkAsync();

        await using var after = await house.Core.OpenAsync();
        var held = await after.Plans.AsNoTracking().SingleAsync(p => p.Kind == PlanKind.Growth);
        Assert.Equal(PlanState.AwaitingApproval, held.State);
        Assert.InRange(held.GrownFrom!.Value, holders, holders + 10);
        // Two groups are given the book: which of them grew is not known there.
        Assert.Null(Assert.Single(await house.AuditAsync("group.growth-held")).GroupId);
        Assert.Equal(held.GrownTo - held.GrownFrom, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Held));
    }

    [Fact]
    public async Task F41_Growth_that_is_refused_stays_refused_however_often_the_group_is_read()
    {
        await using var house = await SpendingHouse.StartAsync(options: o => o.GrowthLimit = 5);
        var book = await house.BookAsync(free: 100);
        var group = Group(house, "Class 4A");
        // A commit is a decision of its own: only growth afterwards is held.
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        await house.WorkAsync();
        var posts = house.Apple.CountAssociatePosts();
        Change(house, () => group.People.UnionWith(Group(house, "Class 5A").People));
        await ReadGroupsAsync(house);
        await house.WorkAsync();
        await using var db = await house.Core.OpenAsync();
        var held = await db.Plans.AsNoTracking().SingleAsync(p => p.Kind == PlanKind.Growth);

        await house.Core.Get<PlanDecisions>().RejectAsync(held.PublicId, CoreHouse.Admin, CancellationToken.None);
        Change(house, () => group.People.Remove(group.People.First()));
        await ReadGroupsAsync(house);
        await house.SyncAsync();

        Assert.Equal(posts, house.Apple.CountAssociatePosts());
        Assert.Equal(held.GrownTo - held.GrownFrom, (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Declined));
        Assert.Equal(1, await db.Plans.CountAsync(p => p.Kind == PlanKind.Growth));
        // An administrator may ask again on purpose.
        Assert.True(Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required))).Plan.Takes > 5);
    }

    [Fact]
    public async Task The_waiting_list_is_served_in_the_order_of_a_name_list()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await ShortBookAsync(house);
        await house.AssignAsync(book, new WishedAssignment(Group(house, "Class 4A").Id, Intent.Required));
        await house.WorkAsync();
        var lists = house.Core.Get<WaitingLists>();
        var before = (await lists.FindAsync(book.PublicId, 0, 100, CoreHouse.Admin, CancellationToken.None))!;
        var chosen = await ReadyAsync(house, [.. before.Rows.Select(r => r.PersonId).Reverse()], 2);

        Assert.Equal(WaitingChange.Changed, await lists.ListPeopleAsync(book.PublicId, chosen, CoreHouse.Admin, CancellationToken.None));
        Assert.Equal(1, await lists.FindPlaceAsync(book.PublicId, chosen[0], CoreHouse.Admin, CancellationToken.None));
        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, "STDQ", 2);
        await house.SyncAsync();

        var held = await PublicIdsAsync(house, book, LicenseState.Assigned);
        Assert.All(chosen, c => Assert.Contains(c, held));
        Assert.Equal(before.Total - 2, (await lists.FindAsync(book.PublicId, 0, 100, CoreHouse.Admin, CancellationToken.None))!.Total);
        Assert.Equal(WaitingChange.DoesNotWait, await lists.ListPeopleAsync(book.PublicId, [Guid.NewGuid()], CoreHouse.Admin, CancellationToken.None));
        await Assert.ThrowsAsync<NotAllowedException>(() => lists.ChooseOrderAsync(book.PublicId, WaitingOrder.FirstCome, CoreHouse.Helpdesk, CancellationToken.None));
    }

    [Fact]
    public async Task The_waiting_list_is_served_group_by_group_where_groups_are_ranked()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await ShortBookAsync(house);
        var (first, second) = (Group(house, "Class 4A"), Group(house, "Class 5A"));
        await house.AssignAsync(book, new WishedAssignment(first.Id, Intent.Required));
        await house.AssignAsync(book, new WishedAssignment(first.Id, Intent.Required), new WishedAssignment(second.Id, Intent.Required));
        await house.WorkAsync();
        var lists = house.Core.Get<WaitingLists>();
        var groups = (await lists.FindAsync(book.PublicId, 0, 1, CoreHouse.Admin, CancellationToken.None))!.Groups;

        Assert.Equal(WaitingChange.Changed, await lists.RankGroupsAsync(book.PublicId, [.. groups.Reverse().Select(g => g.AssignmentId)], CoreHouse.Admin, CancellationToken.None));

        var list = (await lists.FindAsync(book.PublicId, 0, 999, CoreHouse.Admin, CancellationToken.None))!;
        await using var db = await house.Core.OpenAsync();
        var directoryIds = await db.People.ToDictionaryAsync(p => p.PublicId, p => p.DirectoryId);
        var ofSecond = list.Rows.Select(r => second.People.Contains(directoryIds[r.PersonId])).ToList();
        Assert.True(ofSecond.LastIndexOf(true) < ofSecond.IndexOf(false));
    }

    [Fact]
    public async Task F53_A_reader_who_presses_Get_many_times_at_once_spends_one_license()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Available));
        var reader = Reader(group.People.First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }));
        var taking = house.Core.Get<BookTaking>();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => taking.TakeAsync(book.PublicId, reader, CancellationToken.None))));
        await house.WorkAsync();

        Assert.Single(answers, a => a is TakeResult.Taken);
        Assert.All(answers, a => Assert.True(a is TakeResult.Taken or TakeResult.AlreadyThere));
        Assert.Equal(LicenseState.Assigned, Assert.Single(await house.LicensesAsync(book)).State);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_class_that_presses_Get_at_once_gets_the_copies_there_are_and_the_rest_wait()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 1);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Available));
        await house.Core.ChangeAsync(db => db.Books.Single(b => b.Id == book.Id).AvailableCount = 9);
        var readers = group.People.Where(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }).Select(Reader).ToList();
        var taking = house.Core.Get<BookTaking>();
        Assert.True(readers.Count > 12);

        var answers = await Task.WhenAll(readers.Select(reader => Task.Run(() => taking.TakeAsync(book.PublicId, reader, CancellationToken.None))));

        var states = (await house.LicensesAsync(book)).ToLookup(l => l.State);
        Assert.Equal((9, readers.Count - 9), (answers.Count(a => a is TakeResult.Taken), answers.Count(a => a is TakeResult.Waits)));
        Assert.Equal((9, readers.Count - 9), (states[LicenseState.Reserved].Count(), states[LicenseState.Waiting].Count()));
    }

    [Fact]
    public async Task A_reader_whose_book_never_stands_still_is_asked_to_come_again_and_spends_nothing()
    {
        var unrest = new Unrest();
        await using var house = await SpendingHouse.StartAsync(configure: services => services.ConfigureDbContext<SqliteVppBooksDbContext>(options => options.AddInterceptors(unrest)));
        var book = await house.BookAsync(free: 60);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Available));
        var reader = Reader(group.People.First(p => house.Core.Cloud.Directory.People[p].AccountEnabled));

        unrest.Begun = true;
        var answer = await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, CancellationToken.None);

        Assert.IsType<TakeResult.NotNow>(answer);
        Assert.Equal(4, unrest.Refused);
        Assert.Empty(await house.LicensesAsync(book));
        Assert.Empty(await house.AuditAsync("book.taken"));
    }

    [Fact]
    public async Task A_license_that_came_between_the_two_looks_of_a_Get_is_not_asked_for_again()
    {
        var late = new LateLook();
        await using var house = await SpendingHouse.StartAsync(configure: services => services.ConfigureDbContext<SqliteVppBooksDbContext>(options => options.AddInterceptors(late)));
        var book = await house.BookAsync(free: 60);
        var group = Group(house, "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Available));
        var reader = Reader(group.People.First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }));
        var taking = house.Core.Get<BookTaking>();
        Assert.IsType<TakeResult.Taken>(await taking.TakeAsync(book.PublicId, reader, CancellationToken.None));
        await house.WorkAsync();

        // As on a database that shows what was committed between two looks: the facts are of the time before.
        late.Begun = true;
        var answer = await taking.TakeAsync(book.PublicId, reader, CancellationToken.None);
        await house.WorkAsync();

        Assert.True(late.Over);
        Assert.IsType<TakeResult.AlreadyThere>(answer);
        Assert.Equal(LicenseState.Assigned, Assert.Single(await house.LicensesAsync(book)).State);
        Assert.Equal(1, house.Core.Cloud.Apple.CountAssociatePosts());
    }

    [Fact]
    public async Task Nobody_takes_a_book_that_is_not_offered_to_them()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var (group, stranger) = (Group(house, "Class 4A"), Group(house, "Class 5A").People.First());
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Available));
        var taking = house.Core.Get<BookTaking>();

        Assert.IsType<TakeResult.NotOffered>(await taking.TakeAsync(book.PublicId, Reader(stranger), CancellationToken.None));
        Assert.IsType<TakeResult.NotOffered>(await taking.TakeAsync(Guid.NewGuid(), Reader(group.People.First()), CancellationToken.None));
        Assert.IsType<TakeResult.NotOffered>(await taking.TakeAsync(book.PublicId, CoreHouse.Nobody, CancellationToken.None));
        Assert.Empty(await house.LicensesAsync(book));
    }

    private static Actor Reader(Guid directoryId) => new(ActorKind.Person, directoryId.ToString("D"), "R. Reader", Permissions.None);

    private static SimulatedGroup Group(SpendingHouse house, string name) => house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    private static async Task<int> GroupIdAsync(SpendingHouse house, SimulatedGroup group)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Groups.Where(g => g.DirectoryId == group.Id).Select(g => g.Id).SingleAsync();
    }

    private static void Change(SpendingHouse house, Action change) => house.Core.Cloud.Graph.Edit(change);

    /// <summary>What the watch does once the members have become old.</summary>
    private static Task ReadGroupsAsync(SpendingHouse house)
    {
        house.Core.Clock.Offset += TimeSpan.FromMinutes(16);
        return house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
    }

    private static async Task<Book> ShortBookAsync(SpendingHouse house)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.AvailableCount > 0 && b.AvailableCount < 15).FirstAsync();
    }

    private static Task<List<Guid>> HoldersAsync(SpendingHouse house, Book book) => PeopleAsync(house, book, LicenseState.Assigned);

    private static async Task<List<Guid>> PeopleAsync(SpendingHouse house, Book book, LicenseState state)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && l.State == state).OrderBy(l => l.Id).Join(db.People, l => l.PersonId, p => p.Id, (l, p) => p.DirectoryId).ToListAsync();
    }

    private static async Task<List<Guid>> PublicIdsAsync(SpendingHouse house, Book book, LicenseState state)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && l.State == state).Join(db.People, l => l.PersonId, p => p.Id, (l, p) => p.PublicId).ToListAsync();
    }

    /// <summary>The first of some people who can be registered without having to do anything.</summary>
    private static async Task<List<Guid>> ReadyAsync(SpendingHouse house, List<Guid> people, int count)
    {
        await using var db = await house.Core.OpenAsync();
        var ready = await db.People.Where(p => people.Contains(p.PublicId) && p.ManagedAppleAccount != null).ToListAsync();
        var usable = ready.Where(p => !house.Apple.AccountsOfAnotherOrganization.Contains(p.ManagedAppleAccount!)).Select(p => p.PublicId).ToHashSet();
        return [.. people.Where(usable.Contains).Take(count)];
    }

    /// <summary>Whatever is to be written about a book, somebody else was there first.</summary>
    private sealed class Unrest : SaveChangesInterceptor
    {
        public bool Begun { get; set; }

        public int Refused { get; private set; }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            foreach (var book in Begun ? eventData.Context!.ChangeTracker.Entries<Book>() : [])
            {
                book.Property(b => b.Version).OriginalValue = -1;
                Refused++;
            }

            return ValueTask.FromResult(result);
        }
    }

    /// <summary>The next facts about what people have of a title are those of a time when they had nothing.</summary>
    private sealed class LateLook : DbCommandInterceptor
    {
        public bool Begun { get; set; }

        public bool Over { get; private set; }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (Begun && !Over && command.CommandText.StartsWith("SELECT \"l\".\"PersonId\", \"l\".\"BookId\", \"l\".\"State\", \"l\".\"Source\"", StringComparison.Ordinal))
            {
                Over = true;
                command.CommandText += " AND 0";
            }

            return ValueTask.FromResult(result);
        }
    }
}
