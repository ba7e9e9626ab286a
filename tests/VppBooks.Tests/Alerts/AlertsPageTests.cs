using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Alerts;
using VppBooks.Core.Exports;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Alerts;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Alerts;

/// <summary>What the page and the bell say, and what their buttons do.</summary>
public sealed class AlertsPageTests : ElementContext, IClassFixture<AlertRoom>
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly AlertRoom _room;
    private readonly Somebody _somebody = new();

    public AlertsPageTests(AlertRoom room)
    {
        _room = room;
        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton<TimeProvider>(room.House.Clock);
        Services.AddSingleton(room.Desk);
        Services.AddSingleton(room.House.Get<ChangeFeed>());
        Services.AddSingleton(new ExportRuns(room.House.Get<IDbContextFactory<VppBooksDbContext>>(), room.House.Clock));
        Services.AddScoped<AlertTexts>();
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(_somebody);
    }

    [Fact]
    public async Task A_receiver_shows_when_and_why_an_attempt_failed_also_after_something_was_taken()
    {
        var now = _room.House.Clock.GetUtcNow();
        await _room.House.ChangeAsync(db => db.AlertDeliveries.RemoveRange(db.AlertDeliveries));
        Assert.Contains("Not used yet", Receiver(), StringComparison.Ordinal);

        await AddAsync(new AlertDelivery { Channel = "webhook:0", Body = "{}", Attempts = 1, Failure = "status 500", FailedAt = now.AddMinutes(-5), DueAt = now.AddHours(1) });
        Assert.EndsWith("The last attempt failed: status 500 5 min ago", Receiver(), StringComparison.Ordinal);

        await AddAsync(new AlertDelivery { Channel = "webhook:0", Body = "{}", Attempts = 1, DeliveredAt = now.AddMinutes(-2) });
        Assert.EndsWith("Works Last failure: status 500 5 min ago", Receiver(), StringComparison.Ordinal);

        // The older message, tried again after the newer one was taken.
        await _room.House.ChangeAsync(db => db.AlertDeliveries.Single(d => d.Failure != null).FailedAt = now.AddMinutes(-1));
        Assert.EndsWith("The last attempt failed: status 500 1 min ago", Receiver(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_takes_notice_is_named_and_the_alert_is_no_news_any_more()
    {
        var trouble = await RaiseOneAsync();
        var page = Open();

        page.Find("button[aria-label='Take notice: 3 people wait for “Tides”.']").Click();

        page.WaitForAssertion(() => Assert.Contains("H. Desk took notice", Words(page.Find(".alert-card").InnerHtml), StringComparison.Ordinal), _patience);
        Assert.Empty(page.FindAll(".alert-card button"));
        var row = await _room.RowAsync(trouble);
        Assert.Equal(("H. Desk", true), (row.AcknowledgedByName, row.AcknowledgedAt > row.RaisedAt));
        Assert.Equal(0, await CountNewsAsync());
    }

    [Theory]
    [InlineData("Put off for a day", 1)]
    [InlineData("Put off for a week", 7)]
    public async Task What_is_put_off_is_no_news_for_as_long_as_the_button_says(string button, int days)
    {
        var trouble = await RaiseOneAsync();
        var page = Open();
        var now = _room.House.Clock.GetUtcNow();

        page.Find($"button[aria-label^='{button}:']").Click();

        page.WaitForAssertion(() => Assert.Contains("put off until", Words(page.Find(".alert-card").InnerHtml), StringComparison.Ordinal), _patience);
        Assert.Empty(page.FindAll(".alert-card button"));
        var row = await _room.RowAsync(trouble);
        Assert.InRange(row.SnoozedUntil!.Value - now, TimeSpan.FromDays(days), TimeSpan.FromDays(days) + TimeSpan.FromMinutes(5));
        Assert.Null(row.AcknowledgedAt);
        Assert.Equal(0, await CountNewsAsync());
    }

    [Fact]
    public async Task Who_only_reads_sees_the_alert_and_no_button()
    {
        await RaiseOneAsync();
        _somebody.Role = Roles.Auditor;

        var page = Open();

        Assert.Contains("3 people wait for “Tides”.", Words(page.Find(".alert-card").InnerHtml), StringComparison.Ordinal);
        Assert.Empty(page.FindAll("button"));
    }

    [Fact]
    public async Task A_test_goes_to_every_receiver_and_the_open_page_says_when_it_was_taken()
    {
        await ClearAsync();
        await _room.House.ChangeAsync(db => db.AlertDeliveries.RemoveRange(db.AlertDeliveries));
        _somebody.Role = Roles.Administrator;
        var (page, before) = (Open(), (Hooks: _room.Receiver.Messages.Count, Mails: _room.Mails.List().Count));

        page.FindAll("button").Single(b => b.TextContent.Contains("Send a test", StringComparison.Ordinal)).Click();

        page.WaitForAssertion(() => Assert.Contains("A test is on its way to 2 receivers.", page.Markup, StringComparison.Ordinal), _patience);
        Assert.Equal(["1 Not used yet", "1 Not used yet"], Receivers(page));
        await using (var db = await _room.House.OpenAsync())
        {
            Assert.Equal([AlertOccasion.Test, AlertOccasion.Test], await db.AlertDeliveries.Where(d => d.DueAt != null && d.Attempts == 0).Select(d => d.Occasion).ToListAsync(Xunit.TestContext.Current.CancellationToken));
        }

        await _room.House.Get<AlertChannels>().SendDueAsync(Xunit.TestContext.Current.CancellationToken);

        page.WaitForAssertion(() => Assert.Equal(["0 Works", "0 Works"], Receivers(page)), _patience);
        var message = Assert.Single(_room.Receiver.Messages.Skip(before.Hooks));
        Assert.Equal((AlertOccasion.Test, "This is a test of alerts from VppBooks."), (message.Occasion, message.Title));
        Assert.Equal(before.Mails + 1, _room.Mails.List().Count);
    }

    [Fact]
    public async Task The_help_desk_cannot_send_a_test()
    {
        await ClearAsync();

        Assert.DoesNotContain(Open().FindAll("button"), b => b.TextContent.Contains("Send a test", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_open_page_shows_what_comes_and_what_ends()
    {
        await ClearAsync();
        var page = Open();
        Assert.Contains("Nothing needs you", page.Markup, StringComparison.Ordinal);

        var trouble = Trouble("Tides");
        _room.Make(trouble);
        await _room.LookAsync();
        page.WaitForAssertion(() => Assert.Contains("3 people wait for “Tides”.", Words(page.Find(".alert-card").InnerHtml), StringComparison.Ordinal), _patience);

        _room.End(trouble);
        await _room.LookAsync();
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".alert-card")), _patience);
        Assert.Contains("3 people wait for “Tides”. over", Words(page.FindAll(".alert-ended")[0].InnerHtml), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bell_counts_what_is_new_and_follows_it()
    {
        await ClearAsync();
        var bell = Render<AlertBell>();
        bell.WaitForAssertion(() => Assert.Equal("Alerts: nothing new", bell.Find("a[href='/monitor/alerts']").GetAttribute("aria-label")), _patience);
        Assert.Empty(bell.FindAll(".alert-count"));

        var (first, second) = (Trouble("Tides"), Trouble("Dunes"));
        _room.Make(first);
        _room.Make(second);
        await _room.LookAsync();
        bell.WaitForAssertion(() => Assert.Equal(("2 new alerts", "2"), (bell.Find("a").GetAttribute("aria-label"), bell.Find(".alert-count").TextContent)), _patience);

        _room.End(second);
        await _room.LookAsync();
        bell.WaitForAssertion(() => Assert.Equal(("1 new alert", "1"), (bell.Find("a").GetAttribute("aria-label"), bell.Find(".alert-count").TextContent)), _patience);
    }

    private static AlertCondition Trouble(string title) => new(AlertKind.StockShort, title.Length * 100_000 + title[0]) { Subject = title, Count = 3 };

    private async Task ClearAsync()
    {
        _room.Troubles.Clear();
        await _room.LookAsync();
    }

    private async Task<AlertCondition> RaiseOneAsync()
    {
        await ClearAsync();
        var trouble = Trouble("Tides");
        _room.Make(trouble);
        await _room.LookAsync();
        Assert.Equal(1, await CountNewsAsync());
        return trouble;
    }

    private Task<int> CountNewsAsync() => _room.Desk.CountNewsAsync(Locations.CoreHouse.Admin, Xunit.TestContext.Current.CancellationToken);

    private IRenderedComponent<AlertsPage> Open()
    {
        var page = Render<AlertsPage>();
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".busy")), _patience);
        return page;
    }

    // How many messages wait for each, and how it goes.
    private static IEnumerable<string> Receivers(IRenderedComponent<AlertsPage> page) =>
        page.FindAll("table.list tbody tr").Select(r => Words(string.Join(' ', r.QuerySelectorAll("td").Skip(1).Select(c => c.InnerHtml))));

    private Task AddAsync(AlertDelivery delivery) => _room.House.ChangeAsync(db => db.AlertDeliveries.Add(delivery));

    private string Receiver() => Words(Open().FindAll("table.list tbody tr")[0].InnerHtml);

    private sealed class Somebody : ICurrentActor
    {
        public string Role { get; set; } = Roles.Helpdesk;

        public Task<System.Security.Claims.ClaimsPrincipal> FindAsync() => Task.FromResult(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
            [new("roles", Role), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "H. Desk")], "test")));
    }
}
