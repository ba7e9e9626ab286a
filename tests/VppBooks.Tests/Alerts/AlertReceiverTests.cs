using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.Settings;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Mail;

namespace VppBooks.Tests.Alerts;

/// <summary>Receivers that are set in the console get what they should, from the next message on, whichever process they were set in.</summary>
public sealed class AlertReceiverTests
{
    private const string Address = "help@school.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Addresses_that_are_set_in_the_console_get_a_mail_when_it_begins_and_when_it_is_over()
    {
        await using var sink = new MailSink();
        await using var alerts = await AlertHouse.StartAsync(services => services.Configure<MailOptions>(o =>
            (o.Host, o.Port, o.Security, o.From) = ("127.0.0.1", sink.Port, MailSecurity.None, "books@school.example")));
        var house = alerts.House;
        await using (var other = house.Core.SecondProcess())
        {
            await SetAsync(other, Address + "; second@school.example");
        }

        house.Apple.RevokeTokens(SpendingHouse.UId);
        await house.SyncAsync();
        await alerts.LookAsync();
        await alerts.LookAsync();

        Assert.Equal([Address, "second@school.example"], sink.Mails.Where(IsRefusal).Select(m => m.To.Mailboxes.Single().Address).Order());
        var mail = sink.Mails.First(IsRefusal);
        Assert.StartsWith("Raised: TokenRefused Education", mail.Subject, StringComparison.Ordinal);
        Assert.Contains("Do something.", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://books.example/monitor/alerts\">", mail.HtmlBody, StringComparison.Ordinal);

        await SetAsync(house.Core.Services, Address);
        var id = (await house.Core.RowAsync(SpendingHouse.UId)).PublicId;
        await house.Core.Enrollment.RenewAsync(id, new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId)), CoreHouse.Admin, Cancel);
        await house.SyncAsync();
        await alerts.LookAsync();
        Assert.Single(sink.Mails, m => m.Subject!.StartsWith("Cleared: TokenRefused", StringComparison.Ordinal));

        // A recipient that the mail server refuses for good is given up at once, and the console says so.
        sink.Refusals[Address] = "550 no such user";
        await alerts.Desk.TestAsync("Test", "Nothing is wrong.", CoreHouse.Admin, Cancel);
        await alerts.LookAsync();
        var state = Assert.Single(await alerts.Desk.ListChannelsAsync(CoreHouse.Admin, Cancel), c => c.Label == Address);
        Assert.Equal((0, 1, "mail: Recipient"), (state.Waiting, state.GivenUp, state.Failure));

        bool IsRefusal(MimeKit.MimeMessage m) => m.Subject!.Contains("TokenRefused", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhook_of_the_console_is_told_with_its_own_secret_which_nobody_can_read()
    {
        await using var alerts = await AlertHouse.StartAsync();
        var house = alerts.House;
        var desk = house.Core.Get<AlertReceiverDesk>();
        Assert.Equal(WebhookAnswer.BadAddress, await desk.AddAsync("http://hooks.example/x", AlertHouse.Secret, CoreHouse.Admin, Cancel));
        Assert.Equal(WebhookAnswer.ShortSecret, await desk.AddAsync(alerts.Receiver.Url, "short", CoreHouse.Admin, Cancel));
        await using (var other = house.Core.SecondProcess())
        {
            Assert.Equal(WebhookAnswer.Done, await other.GetRequiredService<AlertReceiverDesk>().AddAsync(alerts.Receiver.Url, AlertHouse.Secret, CoreHouse.Admin, Cancel));
        }

        // That of configuration and that of the console are the same listener here.
        Assert.Equal(2, await TestAsync(alerts));
        Assert.Equal(0, alerts.Receiver.Forged);
        var added = Assert.Single(await desk.ListAsync(CoreHouse.Admin, Cancel), h => h.Version is not null);
        Assert.Equal(new Uri(alerts.Receiver.Url).Authority, added.Host);

        Assert.Equal(WebhookAnswer.Done, await desk.ChangeSecretAsync(added.Name, 1, "another-secret-of-24-chars-and-more", CoreHouse.Admin, Cancel));
        Assert.Equal(WebhookAnswer.Conflict, await desk.RemoveAsync(added.Name, 1, CoreHouse.Admin, Cancel));
        Assert.Equal(2, await TestAsync(alerts));
        Assert.Equal(1, alerts.Receiver.Forged);

        await using (var db = await house.Core.OpenAsync())
        {
            var stored = await db.StoredSettings.SingleAsync(s => s.Key.StartsWith("Alerts:Webhooks:"), Cancel);
            Assert.DoesNotContain("another-secret", Encoding.UTF8.GetString(stored.Secret!), StringComparison.Ordinal);
            var told = await db.AuditEvents.Where(a => a.Action.StartsWith("webhook.")).OrderBy(a => a.Id).ToListAsync(Cancel);
            Assert.Equal(["webhook.added", "webhook.secret-changed"], told.Select(a => a.Action));
            Assert.All(told, a => Assert.DoesNotContain("/alerts", a.Details, StringComparison.Ordinal));
            Assert.All(told, a => Assert.DoesNotContain("secret-", a.Details, StringComparison.Ordinal));
        }

        // Without the key ring nothing is sent to it, and it can still be removed.
        house.Core.Keys.Lost = true;
        Assert.Equal(1, await TestAsync(alerts));
        Assert.Contains(await alerts.Desk.ListChannelsAsync(CoreHouse.Admin, Cancel), c => c.Failure == "its secret cannot be decrypted on this server");
        Assert.Equal(WebhookAnswer.Done, await desk.RemoveAsync(added.Name, 2, CoreHouse.Admin, Cancel));
        Assert.Single(await alerts.Desk.ListChannelsAsync(CoreHouse.Admin, Cancel));
    }

    private static async Task SetAsync(IServiceProvider process, string addresses)
    {
        var desk = process.GetRequiredService<SettingsDesk>();
        var row = (await desk.ListAsync(AlertRules.GroupName, CoreHouse.Admin, Cancel)).Single(r => r.Setting == AlertRules.MailTo);
        Assert.IsType<ChangeSettingsResult.Saved>(await desk.ChangeAsync([new SettingChange(row.Setting.Key, addresses, row.Version)], CoreHouse.Admin, Cancel));
    }

    /// <returns>How many tests arrived.</returns>
    private static async Task<int> TestAsync(AlertHouse alerts)
    {
        await alerts.Desk.TestAsync("Test", "Nothing is wrong.", CoreHouse.Admin, Cancel);
        return (await alerts.LookAsync()).Count(m => m.Occasion == AlertOccasion.Test);
    }
}
