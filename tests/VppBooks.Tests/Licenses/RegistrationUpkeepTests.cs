using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>Apple's records of people follow the directory: changes, leavers, and those who come back.</summary>
public sealed class RegistrationUpkeepTests : IAsyncLifetime
{
    private SpendingHouse _house = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private GraphSimulator Graph => _house.Core.Cloud.Graph;

    public async ValueTask InitializeAsync() => _house = await SpendingHouse.StartAsync(
        configure: services =>
        {
            services.Configure<PeopleOptions>(o => o.RetireAfter = TimeSpan.FromDays(10));
            services.Configure<MailOptions>(o => (o.Host, o.From) = ("localhost", "books@noordrand.example"));
        });

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task I9_Every_change_of_a_registration_at_Apple_is_in_the_activity_once()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = await house.GroupAsync("Class 4A");
        var people = house.Core.Cloud.Directory.People;
        var withoutAccount = house.Core.Cloud.Directory.Groups[group].People.Select(p => people[p]).First(p => p.AccountEnabled);
        house.Core.Cloud.Graph.Edit(() => withoutAccount.ManagedAppleAccount = null);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        await house.SyncAsync();
        var invited = (await ChangesAsync(house)).Where(c => c.Details == """{"before":null,"after":"Registered"}""").ToList();
        VppUser record;
        await using (var db = await house.Core.OpenAsync())
        {
            var person = Assert.Single(invited).PersonId;
            record = await db.VppUsers.AsNoTracking().SingleAsync(u => u.PersonId == person, TestContext.Current.CancellationToken);
        }

        var code = Assert.Single(house.Apple.Users(SpendingHouse.UId, record.ClientUserId)).InviteCode!;
        Assert.Null(house.Apple.AcceptInvitation(code, "somebody@example.com"));
        await house.SyncAsync();
        await RetireAsync(house, record.ClientUserId);
        await house.SyncAsync();
        await house.SyncAsync();

        Assert.Equal(
            ["""{"before":null,"after":"Registered"}""", """{"before":"Registered","after":"Associated"}""", """{"before":"Associated","after":"Retired"}"""],
            (await ChangesAsync(house)).Where(c => c.PersonId == record.PersonId).Select(c => c.Details!.Replace("\u0022", "\"", StringComparison.Ordinal)));
    }

    private static Task<List<VppBooks.Core.Audit.AuditEvent>> ChangesAsync(SpendingHouse house) => house.AuditAsync("registration.changed");

    // By somebody else, such as another device management.
    private static async Task RetireAsync(SpendingHouse house, string clientUserId)
    {
        var location = house.Core.Get<LocationConnections>().Connect(await house.Core.RowAsync(SpendingHouse.UId));
        Assert.IsType<ChangeOutcome.Accepted>(await house.Core.Get<AppleClient>().RetireUsersAsync(location, [clientUserId], TestContext.Current.CancellationToken));
        house.Apple.FinishEvents();
    }

    [Fact]
    public async Task A_changed_mail_address_is_told_once_and_changes_no_license()
    {
        var (book, holder) = await HolderAsync();
        var posts = _house.Apple.CountAssociatePosts();
        Graph.Edit(() => Directory(holder).Mail = "new.address@noordrand.example");

        await ReadAsync();
        await _house.WorkAsync();
        await _house.WorkAsync();

        Assert.Equal("new.address@noordrand.example", (await RecordAtAppleAsync(holder)).Email);
        Assert.Equal(OperationState.Done, Assert.Single(await _house.OperationsAsync(OperationKind.UpdateUsers)).State);
        Assert.Equal(posts, _house.Apple.CountAssociatePosts());
        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whose_change_was_not_confirmed_is_told_again_until_it_is()
    {
        var (_, holder) = await HolderAsync();
        _house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "POST", Path = "*/users/update" });
        Graph.Edit(() => Directory(holder).Mail = "new.address@noordrand.example");

        await ReadAsync();
        await _house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal("new.address@noordrand.example", (await RecordAtAppleAsync(holder)).Email);
        Assert.InRange((await _house.OperationsAsync(OperationKind.UpdateUsers)).Count, 2, 3);
        await using var db = await _house.Core.OpenAsync();
        Assert.False(await db.VppUsers.AnyAsync(u => u.UpdateWanted || u.OperationId != null, Cancel));
    }

    [Fact]
    public async Task Somebody_invited_who_gets_a_managed_account_is_associated_at_once_and_receives_what_waited()
    {
        var (book, invited) = await InvitedAsync(unlimited: false);
        Assert.Equal("Registered", (await RecordAtAppleAsync(invited)).Status);
        Graph.Edit(() => Directory(invited).ManagedAppleAccount = $"late@{DemoDirectory.AppleDomain}");

        await ReadAsync();
        await _house.WorkAsync();

        Assert.Equal(("Associated", $"late@{DemoDirectory.AppleDomain}"), ((await RecordAtAppleAsync(invited)).Status, (await RecordAtAppleAsync(invited)).Account));
        Assert.Contains(invited, await PeopleAsync(book, LicenseState.Assigned));
        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whoever_moves_to_another_address_before_accepting_is_invited_there_again()
    {
        var (_, invited) = await InvitedAsync(unlimited: false);
        await _house.Core.ChangeAsync(db =>
        {
            var user = db.VppUsers.Single(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == invited));
            db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Invitation, Reason = "invitation:1", PersonId = user.PersonId, LocationId = user.LocationId, VppUserId = user.Id, State = MailState.Sent, QueuedAt = _house.Core.Clock.GetUtcNow() });
        });
        Graph.Edit(() => Directory(invited).Mail = "moved@noordrand.example");

        await ReadAsync();
        await _house.WorkAsync();
        await _house.WorkAsync();

        await using var db = await _house.Core.OpenAsync();
        Assert.Equal(1, await db.OutboxMails.CountAsync(m => m.Kind == MailKind.Resent && m.State == MailState.Queued, Cancel));
    }

    [Theory]
    [InlineData(9635)]
    [InlineData(9641)]
    public async Task Whoever_is_renamed_to_an_account_that_Apple_refuses_is_told_and_invited_at_the_new_address(int error)
    {
        var (_, holder) = await HolderAsync();
        var (_, invited) = await InvitedAsync(unlimited: false);
        await _house.Core.ChangeAsync(db =>
        {
            var user = db.VppUsers.Single(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == invited));
            db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Invitation, Reason = "invitation:1", PersonId = user.PersonId, LocationId = user.LocationId, VppUserId = user.Id, State = MailState.Sent, QueuedAt = _house.Core.Clock.GetUtcNow() });
        });
        var account = error == 9641 ? Directory(holder).ManagedAppleAccount! : _house.Apple.AccountsOfAnotherOrganization.First();
        // With the sign-in name as the account, a rename changes both at once.
        Graph.Edit(() => (Directory(invited).Mail, Directory(invited).ManagedAppleAccount) = ("moved@noordrand.example", account));

        await ReadAsync();
        await _house.WorkAsync(TimeSpan.FromHours(2));

        Assert.Equal(("Registered", "moved@noordrand.example"), ((await RecordAtAppleAsync(invited)).Status, (await RecordAtAppleAsync(invited)).Email));
        Assert.Equal(2, (await _house.OperationsAsync(OperationKind.UpdateUsers)).Count);
        await using var db = await _house.Core.OpenAsync();
        Assert.Equal(1, await db.OutboxMails.CountAsync(m => m.Kind == MailKind.Resent && m.State == MailState.Queued, Cancel));
        var record = await db.VppUsers.AsNoTracking().SingleAsync(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == invited), Cancel);
        Assert.Equal((error == 9635, error == 9641 ? 9641 : (int?)null, false), (record.ManagedAccountRefused, record.ErrorNumber, record.UpdateWanted));
    }

    [Fact]
    public async Task Whoever_changes_only_to_an_account_that_Apple_refuses_gets_no_second_mail_at_the_same_address()
    {
        var (_, invited) = await InvitedAsync(unlimited: false);
        await _house.Core.ChangeAsync(db =>
        {
            var user = db.VppUsers.Single(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == invited));
            db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Invitation, Reason = "invitation:1", PersonId = user.PersonId, LocationId = user.LocationId, VppUserId = user.Id, State = MailState.Sent, QueuedAt = _house.Core.Clock.GetUtcNow() });
        });
        Graph.Edit(() => Directory(invited).ManagedAppleAccount = _house.Apple.AccountsOfAnotherOrganization.First());

        await ReadAsync();
        await _house.WorkAsync(TimeSpan.FromHours(2));

        await using var db = await _house.Core.OpenAsync();
        Assert.True((await db.VppUsers.AsNoTracking().SingleAsync(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == invited), Cancel)).ManagedAccountRefused);
        Assert.Equal(0, await db.OutboxMails.CountAsync(m => m.Kind == MailKind.Resent, Cancel));
    }

    [Fact]
    public async Task A_leaver_is_retired_after_the_configured_time_keeps_the_books_and_finds_them_again_on_return()
    {
        var (book, holder) = await HolderAsync();
        var (posts, counts) = (_house.Apple.CountAssociatePosts(), _house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ"));
        Graph.DeletePerson(holder);
        await ReadAsync();
        await _house.WorkAsync();
        Assert.Empty(await _house.OperationsAsync(OperationKind.RetireUsers));

        _house.Core.Clock.Pass(TimeSpan.FromDays(10.1));
        await _house.WorkAsync();
        await _house.SyncAsync();
        Assert.Equal("Retired", (await RecordAtAppleAsync(holder)).Status);
        Assert.Single(await _house.OperationsAsync(OperationKind.RetireUsers));
        Assert.Contains(holder, await PeopleAsync(book, LicenseState.Assigned));
        await _house.AssertLedgerIsTrueAsync(book);

        Graph.RestorePerson(holder);
        Graph.AddMember(Group("Class 4A").Id, holder);
        await ReadAsync();
        await _house.WorkAsync();
        await _house.SyncAsync();

        Assert.Equal("Associated", (await RecordAtAppleAsync(holder)).Status);
        Assert.Equal((posts, counts), (_house.Apple.CountAssociatePosts(), _house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ")));
        Assert.Contains(holder, await PeopleAsync(book, LicenseState.Assigned));
        await using (var db = await _house.Core.OpenAsync())
        {
            var active = await db.VppUsers.SingleAsync(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == holder), Cancel);
            Assert.Equal(VppUserStatus.Associated, active.Status);
        }

        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whoever_left_twice_under_different_ids_returns_under_the_last_one()
    {
        var (book, holder) = await HolderAsync();
        Graph.DeletePerson(holder);
        await ReadAsync();
        _house.Core.Clock.Pass(TimeSpan.FromDays(10.1));
        await _house.WorkAsync();
        await _house.Core.ChangeAsync(db =>
        {
            var last = db.VppUsers.Single(u => u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == holder));
            db.VppUsers.Add(new VppUser
            {
                LocationId = last.LocationId,
                PersonId = last.PersonId,
                ClientUserId = "of-before",
                Retired = true,
                Status = VppUserStatus.Retired,
                ChangedAt = last.ChangedAt.AddDays(-300),
            });
        });

        Graph.RestorePerson(holder);
        Graph.AddMember(Group("Class 4A").Id, holder);
        await ReadAsync();
        await _house.WorkAsync();
        await _house.SyncAsync();

        await using (var db = await _house.Core.OpenAsync())
        {
            var active = await db.VppUsers.SingleAsync(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == holder), Cancel);
            Assert.Equal((ClientUserIds.For(SpendingHouse.UId, holder), VppUserStatus.Associated), (active.ClientUserId, active.Status));
        }

        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whoever_returns_while_being_retired_is_registered_again()
    {
        var (book, holder) = await HolderAsync();
        Graph.DeletePerson(holder);
        await ReadAsync();
        _house.Core.Clock.Pass(TimeSpan.FromDays(10.1));
        await _house.WorkUntilAsync(async () => (await _house.OperationsAsync(OperationKind.RetireUsers)).Count > 0);

        Graph.RestorePerson(holder);
        Graph.AddMember(Group("Class 4A").Id, holder);
        await ReadAsync();
        await _house.WorkAsync();
        await _house.SyncAsync();
        await _house.WorkAsync();

        Assert.Equal("Associated", (await RecordAtAppleAsync(holder)).Status);
        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task The_wish_to_register_a_returner_again_outlives_a_refusal_and_a_full_sync()
    {
        var (book, holder) = await HolderAsync();
        Graph.DeletePerson(holder);
        await ReadAsync();
        _house.Core.Clock.Pass(TimeSpan.FromDays(10.1));
        await _house.WorkAsync();
        Graph.RestorePerson(holder);
        Graph.AddMember(Group("Class 4A").Id, holder);
        await ReadAsync();
        _house.Apple.Faults.Add(new Fault { Action = FaultAction.TooManyRequests, Method = "POST", Path = "*/users/create", RetryAfter = "900" });
        await _house.StepAsync();
        Assert.Equal("Retired", (await RecordAtAppleAsync(holder)).Status);

        await _house.SyncAsync();
        await _house.WorkAsync(TimeSpan.FromHours(1));

        Assert.Equal("Associated", (await RecordAtAppleAsync(holder)).Status);
        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task An_address_that_is_told_again_is_mailed_once()
    {
        var (_, invited) = await InvitedAsync(unlimited: false);
        await _house.Core.ChangeAsync(db =>
        {
            var user = db.VppUsers.Single(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == invited));
            db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Invitation, Reason = "invitation:1", PersonId = user.PersonId, LocationId = user.LocationId, VppUserId = user.Id, State = MailState.Sent, QueuedAt = _house.Core.Clock.GetUtcNow() });
        });
        _house.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "POST", Path = "*/users/update" });
        Graph.Edit(() => Directory(invited).Mail = "moved@noordrand.example");

        await ReadAsync();
        await _house.WorkAsync(TimeSpan.FromHours(2));

        Assert.InRange((await _house.OperationsAsync(OperationKind.UpdateUsers)).Count, 2, 3);
        await using var db = await _house.Core.OpenAsync();
        Assert.Equal(1, await db.OutboxMails.CountAsync(m => m.Kind == MailKind.Resent, Cancel));
    }

    [Fact]
    public async Task An_account_that_another_record_uses_9641_is_shown_and_tried_again_once_it_is_put_right()
    {
        var group = Group("Class 4A");
        var taken = group.People.Select(Directory).First(p => p is { AccountEnabled: true, ManagedAppleAccount: not null });
        var late = Graph.AddPerson("Lotte", "Laat", "l.laat");
        Graph.Edit(() => late.ManagedAppleAccount = taken.ManagedAppleAccount);
        await _house.AssignAsync(await _house.BookAsync(free: 60), new WishedAssignment(group.Id, Intent.Required));
        await _house.WorkAsync();
        Graph.AddMember(group.Id, late.Id);
        await ReadAsync();
        await _house.WorkAsync(TimeSpan.FromMinutes(30));
        var (person, location, creates) = (await PersonAsync(late.Id), await _house.SummaryAsync(), (await _house.OperationsAsync(OperationKind.CreateUsers)).Count);
        var detail = await _house.Core.People.FindAsync(person.PublicId, CoreHouse.Helpdesk, Cancel);
        Assert.Equal(9641, detail!.Registrations.Single().ErrorNumber);
        await _house.WorkAsync();
        Assert.Equal(creates, (await _house.OperationsAsync(OperationKind.CreateUsers)).Count);

        var retries = _house.Core.Get<RegistrationRetries>();
        await Assert.ThrowsAsync<NotAllowedException>(() => retries.TryAgainAsync(person.PublicId, location.PublicId, CoreHouse.Nobody, Cancel));
        Graph.Edit(() => late.ManagedAppleAccount = $"l.laat@{DemoDirectory.AppleDomain}");
        await ReadAsync();
        await _house.WorkAsync();

        Assert.Equal("Associated", (await RecordAtAppleAsync(late.Id)).Status);
        Assert.False(await retries.TryAgainAsync(person.PublicId, location.PublicId, CoreHouse.Helpdesk, Cancel));
        Assert.Null((await _house.Core.People.FindAsync(person.PublicId, CoreHouse.Helpdesk, Cancel))!.Registrations.Single().ErrorNumber);
    }

    [Fact]
    public async Task A_free_title_that_Apple_gives_only_after_acceptance_9609_waits_for_it()
    {
        _house.Apple.Switches.AssociateRegisteredUsers = false;
        var (book, invited) = await InvitedAsync(unlimited: true);
        var posts = _house.Apple.CountAssociatePosts();
        await _house.WorkAsync(TimeSpan.FromHours(3));
        Assert.Equal(posts, _house.Apple.CountAssociatePosts());
        Assert.Contains(invited, await PeopleAsync(book, LicenseState.Reserved));

        Assert.Null(_house.Apple.AcceptInvitation((await RecordAtAppleAsync(invited)).InviteCode!, "someone@icloud.example"));
        await _house.SyncAsync();
        await _house.WorkAsync();

        Assert.Contains(invited, await PeopleAsync(book, LicenseState.Assigned));
        await _house.SyncAsync();
        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whom_the_database_forgot_is_recognized_at_Apple_and_gets_no_second_license(bool knownFirst)
    {
        var (book, _) = await HolderAsync();
        var group = Group("Class 4A");
        var person = Graph.AddPerson("Vera", "Vergeten", "v.vergeten");
        if (knownFirst)
        {
            await _house.Core.Groups.EnsureMembersAsync([Graph.AddGroup("Looked at", person.Id).Id], TimeSpan.Zero, Cancel);
        }

        // What this very program did before its database was put back.
        var id = ClientUserIds.For(SpendingHouse.UId, person.Id);
        var (apple, location) = (_house.Core.Get<AppleClient>(), _house.Core.Get<VppBooks.Core.Locations.LocationConnections>().Connect(await _house.Core.RowAsync(SpendingHouse.UId)));
        Assert.IsType<ChangeOutcome.Accepted>(await apple.CreateUsersAsync(location, [new VppUserChange(id, person.Mail, person.ManagedAppleAccount)], Cancel));
        _house.Apple.FinishEvents();
        Assert.IsType<ChangeOutcome.Accepted>(await apple.AssociateAsync(location, [book.Key], [id], Cancel));
        _house.Apple.FinishEvents();
        await _house.SyncAsync();
        var posts = _house.Apple.CountAssociatePosts();
        Assert.Equal(knownFirst, (await PeopleAsync(book, LicenseState.Assigned)).Contains(person.Id));

        Graph.AddMember(group.Id, person.Id);
        await ReadAsync();
        await _house.WorkAsync();

        Assert.Contains(person.Id, await PeopleAsync(book, LicenseState.Assigned));
        Assert.Equal(posts, _house.Apple.CountAssociatePosts());
        Assert.Single(await _house.AuditAsync("registrations.recognized"));
        await _house.AssertLedgerIsTrueAsync(book);
    }

    private async Task<(Book Book, Guid Holder)> HolderAsync()
    {
        var book = await _house.BookAsync(free: 60);
        await _house.AssignAsync(book, new WishedAssignment(Group("Class 4A").Id, Intent.Required));
        await _house.WorkAsync();
        await ReadAsync();
        return (book, (await PeopleAsync(book, LicenseState.Assigned))[0]);
    }

    /// <summary>Somebody without a managed account who is to get a book.</summary>
    private async Task<(Book Book, Guid Invited)> InvitedAsync(bool unlimited)
    {
        var person = Graph.AddPerson("Ingrid", "Invited", "i.invited");
        Graph.Edit(() => person.ManagedAppleAccount = null);
        var group = Graph.AddGroup("Invited", person.Id);
        await using var db = await _house.Core.OpenAsync();
        var book = unlimited ? await db.Books.FirstAsync(b => b.LocationId == _house.LocationId && b.Unlimited, Cancel) : await _house.BookAsync(free: 5);
        await _house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Required));
        await _house.WorkAsync();
        return (book, person.Id);
    }

    private Task ReadAsync()
    {
        _house.Core.Clock.Pass(TimeSpan.FromMinutes(16));
        return _house.Core.Get<DirectoryWatch>().ReadDueAsync(Cancel);
    }

    private SimulatedGroup Group(string name) => _house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    private SimulatedPerson Directory(Guid id) => _house.Core.Cloud.Directory.People[id];

    private async Task<Person> PersonAsync(Guid id)
    {
        await using var db = await _house.Core.OpenAsync();
        return await db.People.AsNoTracking().SingleAsync(p => p.DirectoryId == id, Cancel);
    }

    /// <summary>Apple's newest record of a person.</summary>
    private async Task<UserSummary> RecordAtAppleAsync(Guid id)
    {
        var person = await PersonAsync(id);
        await using var db = await _house.Core.OpenAsync();
        var clientUserId = await db.VppUsers.Where(u => u.PersonId == person.Id && u.LocationId == _house.LocationId).Select(u => u.ClientUserId).Distinct().SingleAsync(Cancel);
        return _house.Apple.Users(SpendingHouse.UId, clientUserId)[^1];
    }

    private async Task<List<Guid>> PeopleAsync(Book book, LicenseState state)
    {
        await using var db = await _house.Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && l.State == state).OrderBy(l => l.Id).Join(db.People, l => l.PersonId, p => p.Id, (l, p) => p.DirectoryId).ToListAsync(Cancel);
    }
}
