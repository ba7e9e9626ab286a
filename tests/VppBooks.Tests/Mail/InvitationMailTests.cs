using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core.Directory;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Mail;

/// <summary>Invitations on their way to a real mail server on loopback.</summary>
public sealed class InvitationMailTests
{
    private const string Bob = "Bob <b>Ünal</b>";
    private const string Code = "d3915844cde56f2dccfd24c7d34d12f0";
    private static readonly DayOfWeek[] Week = Enum.GetValues<DayOfWeek>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invitation_is_sent_once_with_text_html_and_link_and_leaves_no_link_behind()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port);
        await TurnAsync(house);
        await TurnAsync(house);

        var mail = Assert.Single(sink.Mails);
        Assert.Equal("Invitation: books from Token", mail.Subject);
        Assert.Equal("bob@noordrand.example", mail.To.Mailboxes.Single().Address);
        Assert.Equal("books@noordrand.example", mail.From.Mailboxes.Single().Address);
        Assert.Contains(Code, mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("Hello Bob <b>Ünal</b>,", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("Bob &lt;b&gt;", mail.HtmlBody, StringComparison.Ordinal);
        Assert.Contains("<a href=\"http", mail.HtmlBody, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", mail.HtmlBody, StringComparison.Ordinal);

        var sent = Assert.Single(await ListAsync(house));
        Assert.Equal((MailKind.Invitation, MailState.Sent), (sent.Kind, sent.State));
        Assert.NotNull(sent.SentAt);
        await using var db = await house.OpenAsync();
        Assert.Equal(["mail.queued", "mail.sent"], await db.AuditEvents.Where(a => a.Action.StartsWith("mail.")).OrderBy(a => a.Id).Select(a => a.Action).ToListAsync(Cancel));
        Assert.DoesNotContain(db.AuditEvents.ToList(), a => a.Details?.Contains(Code, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Reminders_come_at_intervals_up_to_the_maximum_and_end_with_the_acceptance()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port, o => o.MaxReminders = 2, m => m.Language = "nl");
        await TurnAsync(house);
        house.Clock.Pass(TimeSpan.FromDays(6));
        await TurnAsync(house);
        Assert.Single(sink.Mails);

        for (var week = 0; week < 4; week++)
        {
            house.Clock.Pass(TimeSpan.FromDays(7.1));
            await TurnAsync(house);
        }

        Assert.Equal(["Uitnodiging: boeken van Token", "Herinnering: boeken van Token", "Herinnering: boeken van Token"], sink.Mails.Select(m => m.Subject));
        Assert.Contains("nog niet geaccepteerd", sink.Mails[1].TextBody, StringComparison.Ordinal);

        await house.ChangeAsync(db => db.VppUsers.Single().Status = VppUserStatus.Associated);
        await TurnAsync(house);
        await TurnAsync(house);
        await using var db = await house.OpenAsync();
        Assert.Equal(1, await db.AuditEvents.CountAsync(a => a.Action == "invitation.accepted", Cancel));
        Assert.Equal(3, sink.Mails.Count);
    }

    [Fact]
    public async Task Everybody_is_written_to_in_the_language_that_the_directory_tells()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port, mail: m => m.Language = "nl");
        var pupils = house.Cloud.Directory.People.Values.Where(p => p is { Department: "Pupils", Mail: not null, AccountEnabled: true }).Take(4).ToList();
        string?[] tags = ["en-GB", "nl-BE", "uk-UA", null];
        house.Cloud.Graph.Edit(() => pupils.Zip(tags).ToList().ForEach(p => p.First.PreferredLanguage = p.Second));
        await ReadAsync();
        await house.ChangeAsync(db =>
        {
            foreach (var person in db.People.Where(p => p.DisplayName != Bob).ToList())
            {
                db.VppUsers.Add(new VppUser
                {
                    LocationId = db.Locations.Single().Id,
                    PersonId = person.Id,
                    ClientUserId = person.PublicId.ToString(),
                    Status = VppUserStatus.Registered,
                    InviteSecret = house.Get<SecretSealer>().Seal(Code, InvitationLinks.Purpose(person.PublicId.ToString())),
                });
            }
        });
        await TurnAsync(house);

        Assert.Equal(["en", "nl", "nl", "nl"], pupils.Select(p => LanguageOf(p.Mail!)));

        // Who learns another language is reminded in it.
        house.Cloud.Graph.Edit(() => pupils[1].PreferredLanguage = "en");
        await ReadAsync();
        house.Clock.Pass(TimeSpan.FromDays(7.1));
        await TurnAsync(house);
        Assert.StartsWith("Reminder: ", Last(pupils[1].Mail!).Subject, StringComparison.Ordinal);
        Assert.StartsWith("Herinnering: ", Last(pupils[2].Mail!).Subject, StringComparison.Ordinal);

        Task ReadAsync() => house.Get<PeopleReader>().RefreshAsync([.. pupils.Select(p => p.Id)], Cancel);

        MimeKit.MimeMessage Last(string address) => sink.Mails.Last(m => m.To.Mailboxes.Single().Address == address);

        string? LanguageOf(string address) => Last(address) is not { TextBody: { } text, HtmlBody: { } html } mail
            ? null
            : (mail.Subject, text[..6], html[..html.IndexOf('>', html.IndexOf("<html", StringComparison.Ordinal))]) switch
            {
                ("Invitation: books from Token", "Hello ", "<!DOCTYPE html><html lang=\"en\"") => "en",
                ("Uitnodiging: boeken van Token", "Hallo ", "<!DOCTYPE html><html lang=\"nl\"") => "nl",
                _ => null,
            };
    }

    [Fact]
    public async Task Own_words_are_not_mixed_with_another_language()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port, o => o.Text = "Dag {name}: {link}", m => m.Language = "nl");
        await house.ChangeAsync(db => db.People.Single().Language = "en");
        await TurnAsync(house);

        var mail = Assert.Single(sink.Mails);
        Assert.Equal("Uitnodiging: boeken van Token", mail.Subject);
        Assert.Contains("<html lang=\"nl\">", mail.HtmlBody, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nl", "nl")]
    [InlineData("NL-be", "nl")]
    [InlineData("en_US", "en")]
    [InlineData("nld", null)]
    [InlineData("enm-GB", null)]
    [InlineData("de", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Of_a_preferred_language_only_one_that_mails_are_written_in_is_kept(string? tag, string? language) => Assert.Equal(language, MailLanguages.Of(tag));

    [Fact]
    public async Task Nobody_who_has_accepted_is_reminded()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port);
        await TurnAsync(house);
        await house.ChangeAsync(db => db.VppUsers.Single().Status = VppUserStatus.Associated);
        house.Clock.Pass(TimeSpan.FromDays(30));
        await TurnAsync(house);

        Assert.Single(sink.Mails);
    }

    [Fact]
    public async Task In_quiet_hours_no_reminder_leaves()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port, o => o.RemindOn = nameof(DayOfWeek.Thursday));
        await TurnAsync(house);
        Assert.Single(sink.Mails);

        // Reminders are due from the seventh day on, and Thursday is the only day when they may leave.
        house.Clock.Pass(TimeSpan.FromDays(7.1));
        while (house.Clock.GetUtcNow().DayOfWeek != DayOfWeek.Thursday)
        {
            await TurnAsync(house);
            Assert.Single(sink.Mails);
            house.Clock.Pass(TimeSpan.FromHours(12));
        }

        await TurnAsync(house);
        Assert.Equal(2, sink.Mails.Count);
    }

    [Fact]
    public async Task A_refused_recipient_is_final_and_told()
    {
        await using var sink = new MailSink();
        sink.Refusals["bob@"] = "550 5.1.1 nobody here";
        await using var house = await StartAsync(sink.Port);
        await TurnAsync(house);
        house.Clock.Pass(TimeSpan.FromDays(1));
        await TurnAsync(house);

        var sent = Assert.Single(await ListAsync(house));
        Assert.Equal((MailState.Failed, MailFailure.Recipient, null), (sent.State, sent.Failure, sent.NextAt));
        Assert.Empty(sink.Mails);
        sink.Refusals.Clear();
        Assert.IsType<ResendResult.Queued>(await ResendAsync(house));
        await TurnAsync(house);
        Assert.Single(sink.Mails);
    }

    [Fact]
    public async Task While_the_mail_server_is_down_mails_wait_and_are_given_up_after_the_last_try()
    {
        var port = MailSink.UnusedPort();
        await using var house = await StartAsync(port, mail: m => m.MaxAttempts = 3);
        await TurnAsync(house);
        var waiting = Assert.Single(await ListAsync(house));
        Assert.Equal((MailState.Queued, MailFailure.Unreachable), (waiting.State, waiting.Failure));
        Assert.NotNull(waiting.NextAt);

        house.Clock.Pass(TimeSpan.FromMinutes(2));
        await using (var sink = new MailSink(port))
        {
            await TurnAsync(house);
            Assert.Single(sink.Mails);
        }

        house.Clock.Pass(TimeSpan.FromHours(2));
        Assert.IsType<ResendResult.Queued>(await ResendAsync(house));
        for (var tries = 0; tries < 5; tries++)
        {
            await TurnAsync(house);
            house.Clock.Pass(TimeSpan.FromHours(1));
        }

        var last = (await ListAsync(house))[0];
        Assert.Equal((MailKind.Resent, MailState.Failed, MailFailure.Unreachable), (last.Kind, last.State, last.Failure));
    }

    [Fact]
    public async Task An_invitation_that_reached_nobody_is_made_anew_a_day_later()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port);
        await TurnAsync(house);
        await house.ChangeAsync(db =>
        {
            var mail = db.OutboxMails.Single();
            (mail.State, mail.Failure, mail.SentAt, mail.TriedAt, mail.NextAt) = (MailState.Failed, MailFailure.Unreachable, null, house.Clock.GetUtcNow(), null);
        });
        house.Clock.Pass(TimeSpan.FromHours(23));
        await TurnAsync(house);
        Assert.Single(sink.Mails);

        house.Clock.Pass(TimeSpan.FromHours(2));
        await TurnAsync(house);
        house.Clock.Pass(TimeSpan.FromDays(2));
        await TurnAsync(house);

        Assert.Equal(["Invitation: books from Token", "Invitation: books from Token"], sink.Mails.Select(m => m.Subject));
        Assert.Equal([MailState.Sent, MailState.Failed], (await ListAsync(house)).Select(m => m.State).Order());
    }

    [Fact]
    public async Task An_invitation_that_never_reaches_anybody_is_not_made_anew_for_ever()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port);
        for (var day = 0; day < 20; day++)
        {
            await TurnAsync(house);
            await house.ChangeAsync(db =>
            {
                foreach (var mail in db.OutboxMails)
                {
                    (mail.State, mail.Failure, mail.SentAt, mail.NextAt) = (MailState.Failed, MailFailure.Sender, null, null);
                }
            });
            house.Clock.Pass(TimeSpan.FromHours(25));
        }

        Assert.Equal(14, (await ListAsync(house)).Count);
    }

    [Fact]
    public async Task A_mail_whose_answer_was_lost_is_not_sent_twice()
    {
        await using var sink = new MailSink { HangUpAfterData = true };
        await using var house = await StartAsync(sink.Port);
        await TurnAsync(house);
        house.Clock.Pass(TimeSpan.FromHours(3));
        await TurnAsync(house);

        Assert.Single(sink.Mails);
        Assert.Equal(MailState.Unclear, Assert.Single(await ListAsync(house)).State);
    }

    [Fact]
    public async Task Sending_again_needs_the_permission_a_while_between_and_somebody_to_reach()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port);
        await TurnAsync(house);
        var invitations = house.Get<Invitations>();
        await Assert.ThrowsAsync<NotAllowedException>(() => invitations.ResendAsync(Guid.NewGuid(), Guid.NewGuid(), CoreHouse.Nobody, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => invitations.ResendManyAsync(new PeopleQuery(), CoreHouse.Nobody, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => invitations.CountAsync(new PeopleQuery(), CoreHouse.Nobody, Cancel));
        await Assert.ThrowsAsync<NotAllowedException>(() => invitations.ListAsync(Guid.NewGuid(), CoreHouse.Nobody, Cancel));
        Assert.Equal(new ResendResult.NotAvailable(InvitationObstacle.NotFound), await invitations.ResendAsync(Guid.NewGuid(), Guid.NewGuid(), CoreHouse.Helpdesk, Cancel));
        Assert.IsType<ResendResult.TooSoon>(await ResendAsync(house));

        house.Clock.Pass(TimeSpan.FromHours(2));
        Assert.Equal(1, await invitations.CountAsync(new PeopleQuery { Search = "ünal" }, CoreHouse.Helpdesk, Cancel));
        Assert.Equal(0, await invitations.CountAsync(new PeopleQuery { Registration = RegistrationState.None }, CoreHouse.Helpdesk, Cancel));
        Assert.Equal(0, await invitations.CountAsync(new PeopleQuery { Copies = CopyTrouble.Stuck }, CoreHouse.Helpdesk, Cancel));
        Assert.Equal((1, 0), Counts(await invitations.ResendManyAsync(new PeopleQuery { Search = "bob" }, CoreHouse.Helpdesk, Cancel)));
        Assert.Equal((0, 1), Counts(await invitations.ResendManyAsync(new PeopleQuery(), CoreHouse.Helpdesk, Cancel)));
        Assert.Equal((0, 0), Counts(await invitations.ResendManyAsync(new PeopleQuery { Search = "nobody" }, CoreHouse.Helpdesk, Cancel)));
        await TurnAsync(house);
        Assert.Equal(2, sink.Mails.Count);

        house.Clock.Pass(TimeSpan.FromHours(2));
        await house.ChangeAsync(db => db.People.Single().Mail = null);
        Assert.Equal(new ResendResult.NotAvailable(InvitationObstacle.NoMailAddress), await ResendAsync(house));
        Assert.Equal(1, (await invitations.ResendManyAsync(new PeopleQuery(), CoreHouse.Helpdesk, Cancel)).NotAvailable[InvitationObstacle.NoMailAddress]);
        await house.ChangeAsync(db => db.People.Single().AccountEnabled = false);
        Assert.Equal(new ResendResult.NotAvailable(InvitationObstacle.PersonInactive), await ResendAsync(house));
    }

    [Fact]
    public async Task An_acceptance_is_recorded_once_also_where_invitations_are_sent_on_demand_only()
    {
        await using var sink = new MailSink();
        await using var house = await StartAsync(sink.Port, o => (o.SendByItself, o.ResendAfter) = (false, TimeSpan.Zero));
        Assert.IsType<ResendResult.Queued>(await ResendAsync(house));
        await TurnAsync(house);
        house.Clock.Pass(TimeSpan.FromMinutes(5));
        Assert.IsType<ResendResult.Queued>(await ResendAsync(house));
        await TurnAsync(house);
        await house.ChangeAsync(db => db.VppUsers.Single().Status = VppUserStatus.Associated);

        await TurnAsync(house);
        await TurnAsync(house);

        await using var db = await house.OpenAsync();
        Assert.Equal(1, await db.AuditEvents.CountAsync(a => a.Action == "invitation.accepted", Cancel));
        Assert.Equal([true, false], await db.OutboxMails.OrderBy(m => m.Id).Select(m => m.AcceptedAt != null).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Sending_to_many_goes_on_behind_each_window_and_somebody_elses_click_costs_nobody_else_the_mail()
    {
        await using var house = await StartAsync(25);
        await house.ChangeAsync(db => db.People.AddRange(Enumerable.Range(1, 500).Select(i => new Person
        {
            PublicId = Guid.NewGuid(),
            DirectoryId = Guid.NewGuid(),
            DisplayName = $"Pupil {i}",
            UserPrincipalName = $"pupil{i}@noordrand.example",
            Mail = $"pupil{i}@noordrand.example",
        })));
        await house.ChangeAsync(db => db.VppUsers.AddRange(db.People.Where(p => p.DisplayName != Bob).ToList().Select(p => new VppUser
        {
            LocationId = db.Locations.Single().Id,
            PersonId = p.Id,
            ClientUserId = p.PublicId.ToString(),
            Status = VppUserStatus.Registered,
            InviteSecret = [1],
        })));
        List<int> users;
        await using (var db = await house.OpenAsync())
        {
            users = await db.VppUsers.OrderBy(u => u.Id).Select(u => u.Id).ToListAsync(Cancel);
        }

        // The first look at the clock comes when the mails of the first window were read: at that moment somebody sends the third one.
        var clock = new InterruptedClock(house.Clock, () => house.ChangeAsync(db => Outbox.Add(
            db, InvitationMails.New(MailKind.Resent, $"resent:{users[2]}:1", null, db.Locations.Single().Id, users[2], house.Clock.GetUtcNow()), CoreHouse.Helpdesk, house.Clock.GetUtcNow())).GetAwaiter().GetResult());
        var invitations = new Invitations(
            house.Get<IDbContextFactory<VppBooksDbContext>>(), house.Get<IOptions<InvitationOptions>>(), house.Get<IOptions<MailOptions>>(), clock);

        var result = await invitations.ResendManyAsync(new PeopleQuery(), CoreHouse.Helpdesk, Cancel);

        Assert.Equal((500, 1), Counts(result));
        await using var read = await house.OpenAsync();
        Assert.Equal(users, await read.OutboxMails.OrderBy(m => m.VppUserId).Select(m => m.VppUserId!.Value).ToListAsync(Cancel));
        Assert.Equal((0, 501), Counts(await house.Get<Invitations>().ResendManyAsync(new PeopleQuery(), CoreHouse.Helpdesk, Cancel)));
    }

    private sealed class InterruptedClock(TimeProvider clock, Action interrupt) : TimeProvider
    {
        private Action? _interrupt = interrupt;

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _interrupt, null)?.Invoke();
            return clock.GetUtcNow();
        }
    }

    [Fact]
    public async Task Without_a_mail_server_nothing_is_queued()
    {
        await using var house = await StartAsync(25, mail: m => m.Host = "");
        await TurnAsync(house);

        Assert.Empty(await ListAsync(house));
        Assert.Equal(new ResendResult.NotAvailable(InvitationObstacle.MailOff), await ResendAsync(house));
    }

    [Theory]
    [InlineData("2026-11-27T12:00:00Z", "2026-11-27T12:00:00Z")]    // Friday, 13:00 in Amsterdam
    [InlineData("2026-11-27T06:00:00Z", "2026-11-27T07:00:00Z")]    // before the opening
    [InlineData("2026-11-27T16:30:00Z", "2026-11-30T07:00:00Z")]    // after it: over the weekend
    [InlineData("2026-03-27T20:00:00Z", "2026-03-30T06:00:00Z")]    // the weekend when summer time begins
    public void Reminders_leave_by_day_and_time_of_the_zone(string now, string opens)
    {
        var options = new InvitationOptions { TimeZone = "Europe/Amsterdam" };

        Assert.Equal(At(opens), options.NextOpening(At(now)));
    }

    [Theory]
    [InlineData("Text", "Hello {name}", "{link}")]
    [InlineData("Text", "Hello {nmae}, {link}", "placeholders")]
    [InlineData("Subject", "Books {link}", "placeholders")]
    [InlineData("RemindOn", "Monday,Maandag", "days in English")]
    [InlineData("TimeZone", "Mars/Olympus", "time zone")]
    public void Bad_invitation_settings_name_the_key(string key, string value, string says)
    {
        var options = new InvitationOptions();
        typeof(InvitationOptions).GetProperty(key)!.SetValue(options, value);

        var failure = Assert.Single(new InvitationOptionsValidator().Validate(name: null, options).Failures!);
        Assert.Contains("Invitations:" + key, failure, StringComparison.Ordinal);
        Assert.Contains(says, failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mail:From", "smtp.school.example", "no address", "", MailSecurity.StartTls)]
    [InlineData("Mail:Host", "https://smtp.school.example", "a@school.example", "", MailSecurity.StartTls)]
    [InlineData("Mail:User", "smtp.school.example", "a@school.example", "secret-word", MailSecurity.None)]
    public void Bad_mail_settings_name_the_key_and_keep_the_secret(string key, string host, string from, string password, MailSecurity security)
    {
        var options = new MailOptions { Host = host, From = from, User = password.Length > 0 ? "user" : "", Password = password, Security = security };

        var failure = Assert.Single(new MailOptionsValidator().Validate(name: null, options).Failures!);
        Assert.StartsWith(key, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", failure, StringComparison.Ordinal);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static (int Queued, int TooSoon) Counts(ResendManyResult result) => (result.Queued, result.TooSoon);

    private static async Task TurnAsync(CoreHouse house)
    {
        await house.Get<InvitationMails>().QueueDueAsync(Cancel);
        await house.Get<Outbox>().SendDueAsync(Cancel);
    }

    private static async Task<IReadOnlyList<SentInvitation>> ListAsync(CoreHouse house)
    {
        await using var db = await house.OpenAsync();
        return await house.Get<Invitations>().ListAsync(db.People.Single().PublicId, CoreHouse.Helpdesk, Cancel);
    }

    private static async Task<ResendResult> ResendAsync(CoreHouse house)
    {
        await using var db = await house.OpenAsync();
        return await house.Get<Invitations>().ResendAsync(db.People.Single().PublicId, db.Locations.Single().PublicId, CoreHouse.Helpdesk, Cancel);
    }

    private static async Task<CoreHouse> StartAsync(int port, Action<InvitationOptions>? invitations = null, Action<MailOptions>? mail = null)
    {
        var house = await CoreHouse.StartAsync(services =>
        {
            services.Configure<MailOptions>(o =>
            {
                (o.Host, o.Port, o.Security, o.From) = ("127.0.0.1", port, MailSecurity.None, "Books <books@noordrand.example>");
                mail?.Invoke(o);
            });
            services.Configure<InvitationOptions>(o =>
            {
                (o.TimeZone, o.RemindFrom, o.RemindUntil, o.RemindOn) = ("UTC", TimeOnly.MinValue, TimeOnly.MaxValue, string.Join(',', Week));
                invitations?.Invoke(o);
            });
        });
        await house.ChangeAsync(db =>
        {
            db.Locations.Add(new Location { PublicId = Guid.NewGuid(), UId = "1", Name = "Token", OrganizationName = "O", LocationName = "L", AppleAccount = "", CountryOrRegion = "NL" });
            db.People.Add(new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = Bob, UserPrincipalName = "bob@noordrand.example", Mail = "bob@noordrand.example" });
        });
        await house.ChangeAsync(db => db.VppUsers.Add(new VppUser
        {
            LocationId = db.Locations.Single().Id,
            PersonId = db.People.Single().Id,
            ClientUserId = "bob",
            Status = VppUserStatus.Registered,
            InviteSecret = house.Get<SecretSealer>().Seal(Code, InvitationLinks.Purpose("bob")),
        }));
        return house;
    }
}
