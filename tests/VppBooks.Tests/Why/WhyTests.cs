using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Why;

/// <summary>Each cause is made to happen, and the page names it first. What has to do with the token itself is in <see cref="WhyLocationTests"/>.</summary>
public sealed class WhyTests(WhyHouse why) : IClassFixture<WhyHouse>
{
    private static readonly Actor _second = new(ActorKind.Person, "9c6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7799", "B. Second", Actor.ForRoles([AppRoles.Assigner]));

    private SpendingHouse House => why.House;

    [Fact]
    public async Task A_book_that_is_given_to_nobody()
    {
        var person = await why.NewReaderAsync();

        var step = await why.ExpectAsync(person, await why.NewBookAsync(), WhyStage.Group, WhyState.Failed, WhyReason.NotAssigned);

        Assert.IsType<WhyRemedy.AssignGroup>(Assert.Single(step.Remedies));
    }

    [Fact]
    public async Task A_person_in_none_of_the_groups()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        var group = why.NewGroup(why.NewPerson());
        await why.AssignAsync(book, group);

        var step = await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.NotMember);

        Assert.Equal([group.DisplayName], step.Names);
        Assert.NotNull(step.ReadAt);
        Assert.Equal(group.Id, Assert.Single(step.Remedies.OfType<WhyRemedy.OpenGroup>()).DirectoryId);
    }

    [Fact]
    public async Task A_person_whom_another_group_excludes()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        var (inside, out_) = (why.NewGroup(person), why.NewGroup(person));
        await House.AssignAsync(book, new WishedAssignment(inside.Id, Intent.Required), new WishedAssignment(out_.Id, Intent.Excluded));

        var step = await why.ExpectAsync(person, book, WhyStage.Entitlement, WhyState.Failed, WhyReason.Excluded);

        Assert.Equal([out_.DisplayName], step.Names);
        Assert.Equal(CoreHouse.Admin.DisplayName, step.By);
    }

    [Fact]
    public async Task A_group_that_was_deleted()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        var group = why.NewGroup(person);
        await why.AssignAsync(book, group, Intent.Available);
        why.Core.Cloud.Graph.DeleteGroup(group.Id);
        await why.ReadAsync(group);

        await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.GroupMissing);
    }

    [Fact]
    public async Task A_guest()
    {
        var (person, book) = (why.NewPerson(p => p.UserType = "Guest"), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person, why.NewPerson()));

        await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.Guest);
    }

    [Fact]
    public async Task A_disabled_account()
    {
        var (person, book) = (why.NewPerson(p => p.AccountEnabled = false), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person, why.NewPerson()));

        await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.AccountDisabled);
    }

    [Fact]
    public async Task A_person_who_left_the_directory()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        var group = why.NewGroup(person, why.NewPerson());
        await why.AssignAsync(book, group, Intent.Available);
        why.Core.Cloud.Graph.DeletePerson(person.Id);
        await why.Core.Get<PeopleReader>().EnsureAllAsync(TimeSpan.Zero, CancellationToken.None);

        var step = await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.PersonGone);

        Assert.NotNull(step.At);
    }

    [Fact]
    public async Task A_directory_that_may_not_be_read()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        var group = why.NewGroup(why.NewPerson());
        await why.AssignAsync(book, group);
        why.Core.Cloud.Graph.AddMember(group.Id, person.Id);
        why.Core.Cloud.Graph.ConsentWithdrawn = true;
        await Assert.ThrowsAnyAsync<DirectoryException>(() => why.ReadAsync(group));

        await why.ExpectAsync(person, book, WhyStage.Group, WhyState.Failed, WhyReason.DirectoryConsentMissing);

        why.Core.Cloud.Graph.ConsentWithdrawn = false;
        await why.ReadAsync(group);
        Assert.NotEqual(WhyStage.Group, (await why.AskAsync(person, book)).Obstacle?.Stage);
    }

    [Fact]
    public async Task A_book_that_is_offered_and_not_taken()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person), Intent.Available);

        await why.ExpectAsync(person, book, WhyStage.Entitlement, WhyState.Failed, WhyReason.AvailableNotTaken);

        var reader = new Actor(ActorKind.Person, person.Id.ToString(), person.DisplayName, Permissions.None);
        Assert.IsType<TakeResult.Taken>(await why.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, CancellationToken.None));
        await House.WorkAsync();
        var answer = await why.AskAsync(person, book);
        Assert.True(answer.Holds);
        Assert.Equal((LicenseSource.Taken, WhyReason.Taken), (answer.Source, answer.Steps[1].Reason));
    }

    [Fact]
    public async Task A_plan_that_waits_for_approval_and_then_is_refused()
    {
        var people = Enumerable.Range(0, 7).Select(_ => why.NewPerson()).ToList();
        var book = await why.NewBookAsync();
        var plan = Assert.IsType<CommitResult.Committed>(await why.AssignAsync(book, why.NewGroup(people))).Plan;

        var step = await why.ExpectAsync(people[3], book, WhyStage.Entitlement, WhyState.Failed, WhyReason.PlanWaitsForApproval);

        Assert.Equal(plan.Id, Assert.IsType<WhyRemedy.OpenPlan>(Assert.Single(step.Remedies)).PlanId);
        await why.Core.Get<PlanDecisions>().RejectAsync(plan.Id, _second, CancellationToken.None);
        var group = why.NewGroup(people[3]);
        await why.AssignAsync(await why.NewBookAsync(), group, Intent.Available);
        var after = (await why.AskAsync(people[3], book)).Obstacle!;
        Assert.Equal((WhyStage.Group, WhyReason.NotAssigned), (after.Stage, after.Reason));
    }

    [Fact]
    public async Task An_undo_window_that_is_open()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        var plan = Assert.IsType<PlanResult.Planned>(await why.Core.Get<AssignmentDesk>().PlanAsync(
            new PlanRequest(book.PublicId, [new WishedAssignment(why.NewGroup(person).Id, Intent.Required)]), CoreHouse.Admin, CancellationToken.None)).Plan;
        var committed = Assert.IsType<CommitResult.Committed>(await why.Core.Get<AssignmentDesk>().CommitAsync(
            plan.Id, new CommitOptions(TimeSpan.FromHours(3), plan.NumberToType), CoreHouse.Admin, CancellationToken.None)).Plan;

        var step = await why.ExpectAsync(person, book, WhyStage.Entitlement, WhyState.Waiting, WhyReason.UndoWindow);

        Assert.Equal(committed.SendAt, step.Until);
        await why.Core.Get<PlanDecisions>().UndoAsync(plan.Id, CoreHouse.Admin, CancellationToken.None);
    }

    [Fact]
    public async Task A_group_that_grew_suddenly_and_a_decision_against_its_new_members()
    {
        var (first, book) = (why.NewPerson(), await why.NewBookAsync());
        var group = why.NewGroup(first);
        await why.AssignAsync(book, group);
        await House.WorkAsync();
        var joiners = Enumerable.Range(0, 3).Select(_ => why.NewPerson()).ToList();
        joiners.ForEach(j => why.Core.Cloud.Graph.AddMember(group.Id, j.Id));
        await why.ReadAsync(group);
        await House.WorkAsync();

        var step = await why.ExpectAsync(joiners[0], book, WhyStage.Entitlement, WhyState.Failed, WhyReason.GrowthHeld);

        Assert.Equal(3, step.Count);
        var plan = Assert.IsType<WhyRemedy.OpenPlan>(Assert.Single(step.Remedies)).PlanId;
        await why.Core.Get<PlanDecisions>().RejectAsync(plan, _second, CancellationToken.None);
        var declined = await why.ExpectAsync(joiners[0], book, WhyStage.Entitlement, WhyState.Failed, WhyReason.Declined);
        Assert.Equal("B. Second", declined.By);
    }

    [Fact]
    public async Task A_person_who_is_not_registered_yet_and_one_whom_Apple_is_asked_to_register()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person));
        await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Waiting, WhyReason.NotRegistered);

        WhyStep? meanwhile = null;
        why.Tap.Once("POST", "/users/create", async () => meanwhile = (await why.AskAsync(person, book)).Obstacle);
        await House.WorkAsync();
        why.Tap.Before = null;

        Assert.Equal((WhyStage.Registration, WhyReason.RegistrationUnderWay), (meanwhile!.Stage, meanwhile.Reason));
        Assert.True((await why.AskAsync(person, book)).Holds);
    }

    [Fact]
    public async Task An_invitation_that_is_not_accepted()
    {
        var (person, book) = await why.NewInvitedAsync();
        await why.MailAsync();

        var step = await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, WhyReason.InvitedNotAccepted);

        var remedy = Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(step.Remedies));
        Assert.Equal(Permissions.ResendInvitation, remedy.Needs);
        var answer = await why.AskAsync(person, book);
        Assert.Equal(WhyReason.CopyReserved, answer.Steps[(int)WhyStage.Stock].Reason);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task An_account_of_another_organization(bool keepsRecord, bool hasMail)
    {
        // Without a record the person is registered once more, without the account, where there is a mail address to invite at.
        await RefusedAsync(WhyReason.AppleAccountRefused, 9635, keepsRecord, invited: keepsRecord || hasMail, p =>
        {
            p.Mail = hasMail ? p.Mail : null;
            why.House.Apple.People.OfAnotherOrganization.Add(p.ManagedAppleAccount!);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_account_that_another_record_uses(bool keepsRecord)
    {
        var other = await why.NewReaderAsync();

        var step = await RefusedAsync(WhyReason.AppleAccountInUse, 9641, keepsRecord, invited: keepsRecord, p => p.ManagedAppleAccount = other.ManagedAppleAccount);

        Assert.Contains(step.Remedies, r => r is WhyRemedy.SyncNow);
    }

    [Fact]
    public async Task An_account_that_was_put_in_order_is_sent_again_though_the_person_was_invited_meanwhile()
    {
        string account = "";
        var (person, book) = await why.NewInvitedAsync(p => House.Apple.People.OfAnotherOrganization.Add(account = p.ManagedAppleAccount!));
        await why.MailAsync();
        await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, WhyReason.AppleAccountRefused);
        var (id, location) = (await why.IdAsync(person), (await House.SummaryAsync()).PublicId);
        var retries = why.Core.Get<RegistrationRetries>();

        // Still refused: it is told again and again, never taken for in order.
        Assert.True(await retries.TryAgainAsync(id, location, CoreHouse.Helpdesk, TestContext.Current.CancellationToken));
        await House.WorkAsync(TimeSpan.FromMinutes(10));
        await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, WhyReason.AppleAccountRefused);

        House.Apple.People.OfAnotherOrganization.Remove(account);
        Assert.True(await retries.TryAgainAsync(id, location, CoreHouse.Helpdesk, TestContext.Current.CancellationToken));
        await House.WorkAsync(TimeSpan.FromMinutes(10));

        Assert.True((await why.AskAsync(person, book)).Holds);
        Assert.False(await retries.TryAgainAsync(id, location, CoreHouse.Helpdesk, TestContext.Current.CancellationToken));
        Assert.Null(Assert.Single((await why.Core.People.FindAsync(id, CoreHouse.Helpdesk, TestContext.Current.CancellationToken))!.Registrations).RefusedAccount);
    }

    [Fact]
    public async Task A_mail_address_that_Apple_does_not_take()
    {
        var (person, book) = (why.NewPerson(p => (p.ManagedAppleAccount, p.Mail) = (null, "nonsense")), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person));
        await House.WorkAsync();

        await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, WhyReason.MailAddressRefused);
    }

    [Fact]
    public async Task A_person_without_any_address()
    {
        var (person, book) = (why.NewPerson(p => (p.ManagedAppleAccount, p.Mail) = (null, null)), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person, why.NewPerson()));

        await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, WhyReason.NoAddress);
    }

    [Fact]
    public async Task A_record_that_was_retired()
    {
        var person = await why.NewReaderAsync();
        var book = await why.NewBookAsync();
        var clientUserId = await why.ClientUserIdAsync(person);
        lock (House.Apple.Gate)
        {
            var location = House.Apple.Find(SpendingHouse.UId);
            House.Apple.People.Retire(location, location.FindActive(clientUserId)!, null);
        }

        await House.SyncAsync();
        await why.AssignAsync(book, why.NewGroup(person));

        await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Waiting, WhyReason.RegistrationRetired);
    }

    [Fact]
    public async Task A_waiting_list_with_the_place_in_it()
    {
        var people = new List<SimulatedPerson>();
        for (var i = 0; i < 3; i++)
        {
            people.Add(await why.NewReaderAsync());
        }

        var book = await TakeAllButAsync(1);
        await why.AssignAsync(book, why.NewGroup(people));
        await House.WorkAsync();
        var waiting = new List<WhyStep>();
        foreach (var person in people)
        {
            if (await why.StateAsync(person, book) == LicenseState.Waiting)
            {
                waiting.Add(await why.ExpectAsync(person, book, WhyStage.Stock, WhyState.Failed, WhyReason.OnWaitingList));
            }
        }

        Assert.Equal([1, 2], waiting.Select(w => w.Place).Order());
        Assert.All(waiting, w => Assert.Equal(2, w.Count));
    }

    [Fact]
    public async Task A_book_that_Apple_does_not_list_any_more()
    {
        var (person, group) = (await why.NewReaderAsync(), default(SimulatedGroup));
        group = why.NewGroup(person);
        var book = new Book { PublicId = Guid.NewGuid(), LocationId = House.LocationId, AdamId = 4242, PricingParam = VppBooks.Apple.PricingParam.STDQ, TotalCount = 3 };
        await why.Core.ChangeAsync(db => db.Books.Add(book));
        await why.AssignAsync(book, group);
        await House.SyncAsync();

        await why.ExpectAsync(person, book, WhyStage.Stock, WhyState.Failed, WhyReason.BookNotReported);
    }

    [Fact]
    public async Task A_request_that_is_being_sent_and_one_that_Apple_works_on()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person));
        await why.ExpectAsync(person, book, WhyStage.Operation, WhyState.Waiting, WhyReason.NotSentYet);
        WhyStep? sending = null;
        why.Tap.Once("POST", "/assets/associate", async () => sending = (await why.AskAsync(person, book)).Obstacle);
        House.Apple.Switches.FreezeEvents = true;

        await House.StepAsync();

        why.Tap.Before = null;
        Assert.Equal((WhyStage.Operation, WhyReason.Submitting), (sending!.Stage, sending.Reason));
        await why.ExpectAsync(person, book, WhyStage.Operation, WhyState.Waiting, WhyReason.Submitted);
        House.Apple.Switches.FreezeEvents = false;
        await House.WorkAsync(TimeSpan.FromMinutes(10));
        Assert.Null((await why.AskAsync(person, book)).Obstacle);
    }

    [Fact]
    public async Task An_answer_that_was_lost()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person));
        House.Apple.Faults.Add(new Fault { Action = FaultAction.DropAfter, Method = "POST", Path = "*/assets/associate" });
        await House.StepAsync();

        var step = await why.ExpectAsync(person, book, WhyStage.Operation, WhyState.Waiting, WhyReason.OutcomeUnknown);

        Assert.NotNull(step.Until);
        await House.WorkAsync(TimeSpan.FromHours(1));
        Assert.True((await why.AskAsync(person, book)).Holds);
    }

    [Fact]
    public async Task A_refusal_by_Apple_with_its_number()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        House.Apple.RefuseTarget(await why.ClientUserIdAsync(person), 9605);
        await why.AssignAsync(book, why.NewGroup(person));
        await House.WorkAsync(TimeSpan.FromMinutes(10));

        var step = await why.ExpectAsync(person, book, WhyStage.Operation, WhyState.Failed, WhyReason.RefusedByApple);

        Assert.Equal(9605, step.ErrorNumber);
    }

    [Fact]
    public async Task A_copy_that_Apple_refunded()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person));
        await House.WorkAsync();
        Assert.True((await why.AskAsync(person, book)).Holds);
        House.Apple.Switches.RefundTakesAssigned = true;
        var counts = House.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ");
        Assert.True(House.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, "STDQ", counts.Available + 1));
        while (await why.StateAsync(person, book) == LicenseState.Assigned)
        {
            counts = House.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ");
            if (House.Apple.Holders(SpendingHouse.UId, book.Key.AdamId, "STDQ").Contains(await why.ClientUserIdAsync(person)))
            {
                Assert.True(House.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, "STDQ", 1));
            }

            why.Core.Clock.Pass(TimeSpan.FromMinutes(2));
            await House.SyncAsync();
        }

        House.Apple.Switches.RefundTakesAssigned = false;
        await why.ExpectAsync(person, book, WhyStage.Operation, WhyState.Failed, WhyReason.Refunded);
    }

    [Fact]
    public async Task The_same_title_in_the_other_quality()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        House.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, "PLUS", 10);
        await House.SyncAsync();
        await using var db = await why.Core.OpenAsync();
        var plus = await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == House.LocationId && b.AdamId == book.AdamId && b.PricingParam == VppBooks.Apple.PricingParam.PLUS);
        var group = why.NewGroup(person);
        await why.AssignAsync(book, group);
        await House.WorkAsync();
        await why.AssignAsync(plus, group);

        var step = await why.ExpectAsync(person, plus, WhyStage.Entitlement, WhyState.Failed, WhyReason.HoldsElsewhere);

        Assert.Equal(book.PublicId, Assert.IsType<WhyRemedy.OpenOtherBook>(Assert.Single(step.Remedies)).BookId);
    }

    [Fact]
    public async Task Why_somebody_got_a_book_tells_who_decided_what_was_sent_and_when_it_was_seen()
    {
        var (person, book) = (why.NewPerson(), await why.NewBookAsync());
        var group = why.NewGroup(person);
        var plan = Assert.IsType<CommitResult.Committed>(await why.AssignAsync(book, group)).Plan;
        await House.WorkAsync();

        var answer = await why.AskAsync(person, book);

        Assert.True(answer.Holds);
        Assert.Null(answer.Obstacle);
        Assert.Equal([LicenseCause.Committed, LicenseCause.Intended, LicenseCause.Accepted, LicenseCause.SeenAtApple], answer.History.Select(h => h.Cause));
        Assert.NotNull(answer.History[2].EventId);
        Assert.Equal((plan.Id, CoreHouse.Admin.DisplayName), (answer.Plan!.PlanId, answer.Plan.CommittedBy));
        var through = Assert.Single(answer.Assignments);
        Assert.Equal((group.DisplayName, Intent.Required, CoreHouse.Admin.DisplayName), (through.GroupName, through.Intent, through.By));

        why.Core.Cloud.Graph.RemoveMember(group.Id, person.Id);
        await why.ReadAsync(group);
        answer = await why.AskAsync(person, book);
        Assert.Equal((true, WhyReason.KeepsAfterLeaving), (answer.Holds, answer.Steps[0].Reason));
        Assert.Null(answer.Obstacle);
    }

    [Fact]
    public async Task A_copy_that_was_found_at_Apple_is_told_as_such()
    {
        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        var clientUserId = await why.ClientUserIdAsync(person);
        lock (House.Apple.Gate)
        {
            var location = House.Apple.Find(SpendingHouse.UId);
            location.Assign(location.AssetsByKey[(book.Key.AdamId, "STDQ")], location.FindActive(clientUserId)!.Index);
        }

        why.Core.Clock.Pass(TimeSpan.FromDays(2));
        await House.SyncAsync();

        var answer = await why.AskAsync(person, book);
        Assert.Equal((true, LicenseSource.FoundAtApple, WhyReason.FoundAtApple), (answer.Holds, answer.Source, answer.Steps[1].Reason));
        Assert.Equal(LicenseCause.SeenAtApple, Assert.Single(answer.History).Cause);
    }

    [Fact]
    public async Task Nobody_without_the_right_to_read_is_told_anything_and_what_is_unknown_is_null()
    {
        var reader = why.Core.Get<WhyReader>();
        await Assert.ThrowsAsync<NotAllowedException>(() => reader.ReadAsync(Guid.NewGuid(), Guid.NewGuid(), CoreHouse.Nobody, CancellationToken.None));

        var (person, book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        var known = (await why.AskAsync(person, book)).PersonId;

        Assert.Null(await reader.ReadAsync(Guid.NewGuid(), book.PublicId, CoreHouse.Admin, CancellationToken.None));
        Assert.Null(await reader.ReadAsync(known, Guid.NewGuid(), CoreHouse.Admin, CancellationToken.None));
    }

    /// <summary>Why? and the page of the person say the same of an account that Apple refused.</summary>
    private async Task<WhyStep> RefusedAsync(WhyReason reason, int number, bool keepsRecord, bool invited, Action<SimulatedPerson> change)
    {
        House.Apple.Switches.KeepRecordWhenAssociationFails = keepsRecord;
        var (person, book) = (why.NewPerson(change), await why.NewBookAsync());
        await why.AssignAsync(book, why.NewGroup(person));
        await House.WorkAsync(TimeSpan.FromMinutes(10));
        House.Apple.Switches.KeepRecordWhenAssociationFails = true;
        await why.MailAsync();

        var step = await why.ExpectAsync(person, book, WhyStage.Registration, WhyState.Failed, reason);

        Assert.Equal((number, person.ManagedAppleAccount), (step.ErrorNumber, step.RefusedAccount));
        Assert.Single(step.Remedies, r => r is WhyRemedy.TryAgain);
        Assert.Equal(invited && person.Mail is not null, step.Remedies.Any(r => r is WhyRemedy.ResendInvitation));
        Assert.Equal(invited && person.Mail is null, step.Remedies.Any(r => r is WhyRemedy.HandOverInvitation));

        var cancel = TestContext.Current.CancellationToken;
        var detail = await why.Core.People.FindAsync(await why.IdAsync(person), CoreHouse.Helpdesk, cancel);
        var registration = Assert.Single(detail!.Registrations);
        Assert.Equal(
            (invited ? RegistrationState.Invited : RegistrationState.Refused, number, person.ManagedAppleAccount, invited),
            (registration.State, registration.ErrorNumber, registration.RefusedAccount, registration.InvitationPending));

        // Marked in the list, and counted once: with the invited, or with the refused.
        Assert.True(detail.Summary.AccountRefused);
        foreach (var state in new[] { RegistrationState.Invited, RegistrationState.Refused })
        {
            var listed = await why.Core.People.ListAsync(new PeopleQuery { Search = person.UserPrincipalName, Registration = state }, CoreHouse.Helpdesk, cancel);
            Assert.Equal(state == registration.State, listed.Rows.Any(r => r.PublicId == detail.Summary.PublicId));
        }

        return step;
    }

    private async Task<Book> TakeAllButAsync(int free)
    {
        var book = await why.NewBookAsync();
        var counts = House.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ");
        Assert.True(House.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, "STDQ", counts.Available - free));
        await House.SyncAsync();
        return await House.ReadAsync(book);
    }
}
