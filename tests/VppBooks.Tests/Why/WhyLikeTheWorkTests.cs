using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.Why;

/// <summary>Why? and the reader's page say what the work does, where the two could differ.</summary>
public sealed class WhyLikeTheWorkTests(WhyHouse why) : IClassFixture<WhyHouse>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F38_A_place_through_a_deleted_group_is_not_said_to_wait_for_copies_or_for_sending(bool copies)
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        if (!copies)
        {
            await why.Core.ChangeAsync(db => db.Books.Single(b => b.Id == book.Id).AvailableCount = 0);
        }

        var group = why.NewGroup(person);
        await why.AssignAsync(book, group);
        Assert.Equal(copies ? LicenseState.Reserved : LicenseState.Waiting, await why.StateAsync(person, book));
        why.Core.Cloud.Graph.DeleteGroup(group.Id);
        await why.ReadAsync(group);

        var step = await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.GroupMissing);

        Assert.Equal([group.DisplayName], step.Names);
    }

    [Fact]
    public async Task F38_Of_two_groups_only_the_deleted_one_is_named()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        var (offered, required) = (why.NewGroup(person), why.NewGroup(person));
        Assert.IsType<CommitResult.Committed>(await why.House.AssignAsync(book, new WishedAssignment(offered.Id, Intent.Available), new WishedAssignment(required.Id, Intent.Required)));
        Assert.Equal(LicenseState.Reserved, await why.StateAsync(person, book));
        why.Core.Cloud.Graph.DeleteGroup(required.Id);
        await why.ReadAsync(required);

        var step = await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.GroupMissing);

        Assert.Equal([required.DisplayName], step.Names);
    }

    [Fact]
    public async Task Who_may_take_the_book_is_told_so_though_a_plan_for_others_waits()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        var offered = why.NewGroup(person);
        await why.AssignAsync(book, offered, Intent.Available);
        var many = why.NewGroup(Enumerable.Range(0, 6).Select(_ => why.NewPerson()));
        var plan = Assert.IsType<CommitResult.Committed>(await why.House.AssignAsync(book, new WishedAssignment(offered.Id, Intent.Available), new WishedAssignment(many.Id, Intent.Required))).Plan;
        Assert.Equal(PlanState.AwaitingApproval, plan.State);

        await why.ExpectAsync(person, book, WhyStage.Entitlement, WhyState.Failed, WhyReason.AvailableNotTaken);
        Assert.IsType<TakeResult.Taken>(await why.Core.Get<BookTaking>().TakeAsync(book.PublicId, Reader(person), Cancel));
    }

    [Fact]
    public async Task F42_The_directory_is_too_old_when_the_work_says_so_for_who_may_take_a_book_as_well()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person), Intent.Available);
        var options = why.Core.Get<IOptions<DirectoryOptions>>().Value;
        var usual = options.StaleAfter;
        try
        {
            options.StaleAfter = TimeSpan.FromHours(2);
            await FailSinceAsync(why.Core.Clock.GetUtcNow() - TimeSpan.FromHours(1));
            await why.ExpectAsync(person, book, WhyStage.Entitlement, WhyState.Failed, WhyReason.AvailableNotTaken);

            await FailSinceAsync(why.Core.Clock.GetUtcNow() - TimeSpan.FromHours(3));
            await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.DirectoryStale);
            Assert.IsType<TakeResult.NotNow>(await why.Core.Get<BookTaking>().TakeAsync(book.PublicId, Reader(person), Cancel));
        }
        finally
        {
            options.StaleAfter = usual;
            await FailSinceAsync(null);
        }

        Task FailSinceAsync(DateTimeOffset? since) => why.Core.ChangeAsync(db =>
        {
            if (db.DirectoryStates.SingleOrDefault(s => s.Id == DirectoryState.OnlyRow) is not { } state)
            {
                db.DirectoryStates.Add(state = new DirectoryState());
            }

            state.FailingSince = since;
        });
    }

    [Fact]
    public async Task F42_One_group_that_cannot_be_read_for_long_is_told_for_its_books_and_for_no_others()
    {
        var (person, book, other) = (await why.NewReaderAsync(), await why.NewBookAsync(), await why.NewBookAsync());
        var (unread, readable) = (why.NewGroup(person), why.NewGroup(person));
        await why.AssignAsync(book, unread, Intent.Available);
        await why.AssignAsync(other, readable, Intent.Available);
        var since = why.Core.Clock.GetUtcNow() - TimeSpan.FromHours(25);
        await why.Core.ChangeAsync(db => db.Groups.Single(g => g.DirectoryId == unread.Id).UnreadableSince = since);

        var step = await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.DirectoryStale);
        Assert.Equal(since, step.At);
        Assert.IsType<TakeResult.NotNow>(await why.Core.Get<BookTaking>().TakeAsync(book.PublicId, Reader(person), Cancel));
        Assert.Equal([unread.DisplayName], step.Names);

        // One that is deleted gives nothing to anybody new anyway, and stops no other group.
        var gone = why.NewGroup(why.NewPerson());
        Assert.IsType<CommitResult.Committed>(await why.House.AssignAsync(other, new WishedAssignment(readable.Id, Intent.Available), new WishedAssignment(gone.Id, Intent.Available)));
        await why.Core.ChangeAsync(db =>
        {
            var row = db.Groups.Single(g => g.DirectoryId == gone.Id);
            (row.State, row.UnreadableSince) = (GroupState.Deleted, since);
        });
        await why.ExpectAsync(person, other, WhyStage.Entitlement, WhyState.Failed, WhyReason.AvailableNotTaken);
        Assert.IsType<TakeResult.Taken>(await why.Core.Get<BookTaking>().TakeAsync(other.PublicId, Reader(person), Cancel));
    }

    [Fact]
    public async Task Whom_Apple_refused_before_acceptance_has_to_accept_even_for_a_free_book()
    {
        var person = why.NewPerson(p => p.ManagedAppleAccount = null);
        await why.AssignAsync(await why.NewBookAsync(), why.NewGroup(person));
        await why.House.WorkAsync();
        await why.MailAsync();
        await using var db = await why.Core.OpenAsync();
        var free = await db.Books.AsNoTracking().FirstAsync(b => b.Unlimited && b.LocationId == why.House.LocationId && !db.GroupAssignments.Any(a => a.BookId == b.Id), Cancel);
        await why.Core.ChangeAsync(change => change.VppUsers.Single(u => change.People.Any(p => p.Id == u.PersonId && p.DirectoryId == person.Id)).AcceptanceRequired = true);
        await why.AssignAsync(free, why.NewGroup(person));

        var step = await why.ExpectAsync(person, free, WhyStage.Registration, WhyState.Failed, WhyReason.InvitedNotAccepted);

        Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(step.Remedies));
    }

    [Theory]
    [InlineData(true, LibraryBookState.AfterInvitation)]
    [InlineData(false, LibraryBookState.Refused)]
    public async Task A_refused_account_can_be_tried_again_and_its_reader_is_not_told_that_the_book_comes_by_itself(bool keepsRecord, LibraryBookState told)
    {
        var person = why.NewPerson(p =>
        {
            p.Mail = null;
            why.House.Apple.People.OfAnotherOrganization.Add(p.ManagedAppleAccount!);
        });
        var book = await why.NewBookAsync();
        why.House.Apple.Switches.KeepRecordWhenAssociationFails = keepsRecord;
        await why.AssignAsync(await why.NewBookAsync(), why.NewGroup(person));
        await why.House.WorkAsync(TimeSpan.FromMinutes(10));
        why.House.Apple.Switches.KeepRecordWhenAssociationFails = true;
        await why.AssignAsync(book, why.NewGroup(person, why.NewPerson()));

        var step = await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, WhyReason.AppleAccountRefused);
        Assert.Equal(Permissions.ResendInvitation, Assert.Single(step.Remedies.OfType<WhyRemedy.TryAgain>()).Needs);
        var shown = (await why.Core.Get<ReaderLibrary>().FindAsync(Reader(person), null, Cancel)).Books.Single(b => b.Id == book.PublicId);
        Assert.Equal(told, shown.State);
    }

    private static Actor Reader(SimulatedPerson person) => new(ActorKind.Person, person.Id.ToString(), person.DisplayName, Permissions.None);
}
