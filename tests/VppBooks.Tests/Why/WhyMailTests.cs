using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Mail;

namespace VppBooks.Tests.Why;

/// <summary>Why an invitation is not accepted: each fault of the mail server, or of what surrounds it, is named as itself.</summary>
public sealed class WhyMailTests(WhyHouse why) : IClassFixture<WhyHouse>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mail_that_arrived_is_told_with_its_address_time_and_reminders()
    {
        var (person, book) = await why.NewInvitedAsync();
        await why.MailAsync();

        var first = await ExpectAsync(person, book, WhyState.Failed, WhyReason.InvitedNotAccepted);
        Assert.Equal((person.Mail, 0), (first.Mails!.Address, first.Mails.Reminders));
        Assert.Equal((MailKind.Invitation, MailState.Sent, MailFailure.None), (first.Mails.Last!.Kind, first.Mails.Last.State, first.Mails.Last.Failure));
        Assert.Equal(why.Core.Clock.GetUtcNow(), first.Mails.Last.At, TimeSpan.FromMinutes(1));
        Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(first.Remedies));

        for (var day = 0; day < 2; day++)
        {
            why.Core.Clock.Pass(TimeSpan.FromDays(1.1));
            await why.MailAsync();
        }

        var later = await ExpectAsync(person, book, WhyState.Failed, WhyReason.InvitedNotAccepted);
        Assert.Equal((MailKind.Reminder, MailState.Sent, 2), (later.Mails!.Last!.Kind, later.Mails.Last.State, later.Mails.Reminders));

        // One that arrived counts, whatever became of a later one.
        why.Core.Clock.Pass(TimeSpan.FromDays(1.1));
        why.Sink.Refusals[person.Mail!] = "550 5.1.1 nobody here";
        await why.MailAsync();
        later = await ExpectAsync(person, book, WhyState.Failed, WhyReason.InvitedNotAccepted);
        Assert.Equal((MailState.Failed, MailFailure.Recipient, 2), (later.Mails!.Last!.State, later.Mails.Last.Failure, later.Mails.Reminders));
    }

    [Fact]
    public async Task An_address_that_the_mail_server_refuses()
    {
        var (person, book) = await why.NewInvitedAsync();
        why.Sink.Refusals[person.Mail!] = "550 5.1.1 nobody here";
        await why.MailAsync();

        var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.MailRecipientRefused);

        Assert.Equal((MailState.Failed, MailFailure.Recipient), (step.Mails!.Last!.State, step.Mails.Last.Failure));
        Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(step.Remedies));
    }

    [Fact]
    public async Task A_new_address_that_the_mail_server_refuses_though_the_old_one_was_reached()
    {
        var (person, book) = await why.NewInvitedAsync();
        await why.MailAsync();
        await ExpectAsync(person, book, WhyState.Failed, WhyReason.InvitedNotAccepted);

        const string moved = "moved.away@noordrand.example";
        why.Core.Cloud.Graph.Edit(() => person.Mail = moved);
        why.Sink.Refusals[moved] = "550 5.1.1 nobody here";
        await why.Core.Get<PeopleReader>().RefreshAsync([person.Id], Cancel);
        await why.House.WorkAsync();
        await why.MailAsync();

        var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.MailRecipientRefused);
        Assert.Equal(moved, step.Mails!.Address);
    }

    [Fact]
    public async Task A_mail_server_that_is_away_and_then_given_up()
    {
        var (person, book) = await why.NewInvitedAsync();
        var (port, most) = (why.Mail.Port, why.Mail.MaxAttempts);
        try
        {
            (why.Mail.Port, why.Mail.MaxAttempts) = (MailSink.UnusedPort(), 2);
            await why.MailAsync();

            var waiting = await ExpectAsync(person, book, WhyState.Waiting, WhyReason.MailFailed);
            Assert.Equal((MailState.Queued, MailFailure.Unreachable), (waiting.Mails!.Last!.State, waiting.Mails.Last.Failure));
            Assert.Equal(waiting.Mails.Last.NextAt, waiting.Until);
            Assert.NotNull(waiting.Until);

            why.Core.Clock.Pass(TimeSpan.FromMinutes(2));
            await why.MailAsync();
            var given = await ExpectAsync(person, book, WhyState.Failed, WhyReason.MailFailed);
            Assert.Equal((MailState.Failed, null), (given.Mails!.Last!.State, given.Until));
            Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(given.Remedies));
        }
        finally
        {
            (why.Mail.Port, why.Mail.MaxAttempts) = (port, most);
        }
    }

    [Fact]
    public async Task An_answer_of_the_mail_server_that_was_lost()
    {
        var (person, book) = await why.NewInvitedAsync();
        why.Sink.HangUpAfterData = true;
        await why.MailAsync();
        why.Sink.HangUpAfterData = false;

        var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.MailUnclear);

        Assert.Equal((MailState.Unclear, MailFailure.AnswerLost), (step.Mails!.Last!.State, step.Mails.Last.Failure));
        Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(step.Remedies));
    }

    [Fact]
    public async Task No_mail_server()
    {
        var (person, book) = await why.NewInvitedAsync();
        why.Mail.Host = "";
        try
        {
            await why.MailAsync();

            var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.MailOff);

            Assert.Null(step.Mails!.Last);
            Assert.IsType<WhyRemedy.HandOverInvitation>(Assert.Single(step.Remedies));
        }
        finally
        {
            why.Mail.Host = "127.0.0.1";
        }
    }

    [Fact]
    public async Task Invitations_that_are_sent_by_hand_only_until_somebody_does()
    {
        var (person, book) = await why.NewInvitedAsync();
        why.Invitations.SendByItself = false;
        try
        {
            await why.MailAsync();

            var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.NotMailed);
            var resend = Assert.IsType<WhyRemedy.ResendInvitation>(Assert.Single(step.Remedies));

            Assert.IsType<ResendResult.Queued>(await why.Core.Get<Invitations>().ResendAsync(await why.IdAsync(person), resend.LocationId, CoreHouse.Helpdesk, Cancel));
            step = await ExpectAsync(person, book, WhyState.Waiting, WhyReason.MailUnderWay);
            Assert.NotNull(step.Until);
            await why.MailAsync();
            await ExpectAsync(person, book, WhyState.Failed, WhyReason.InvitedNotAccepted);
        }
        finally
        {
            why.Invitations.SendByItself = true;
        }
    }

    [Fact]
    public async Task An_invitation_that_goes_out_in_a_moment()
    {
        var (person, book) = await why.NewInvitedAsync();

        var step = await ExpectAsync(person, book, WhyState.Waiting, WhyReason.MailUnderWay);

        Assert.Null(step.Mails!.Last);
    }

    [Fact]
    public async Task A_person_who_lost_the_mail_address_before_anything_was_sent()
    {
        var (person, book) = await why.NewInvitedAsync();
        why.Core.Cloud.Graph.Edit(() => person.Mail = null);
        await why.Core.Get<PeopleReader>().RefreshAsync([person.Id], Cancel);
        await why.House.WorkAsync();
        await why.MailAsync();

        var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.NoMailAddress);

        Assert.Null(step.Mails!.Address);
        Assert.IsType<WhyRemedy.HandOverInvitation>(Assert.Single(step.Remedies));
    }

    [Fact]
    public async Task An_invite_code_that_is_not_known()
    {
        var (person, book) = await why.NewInvitedAsync();
        await why.Core.ChangeAsync(db => db.VppUsers.Single(u => db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == person.Id)).InviteSecret = null);
        await why.MailAsync();

        var step = await ExpectAsync(person, book, WhyState.Failed, WhyReason.InviteCodeUnknown);

        Assert.IsType<WhyRemedy.SyncNow>(Assert.Single(step.Remedies));
    }

    private Task<WhyStep> ExpectAsync(SimulatedPerson person, Book book, WhyState state, WhyReason reason) => why.ExpectAsync(person, book, WhyStage.Registration, state, reason);
}
