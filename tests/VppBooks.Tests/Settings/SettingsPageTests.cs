using System.Security.Claims;
using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Licenses;
using VppBooks.Core.Settings;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Settings;

/// <summary>What the screen shows of a setting, and what becomes of a change that is right, wrong or late.</summary>
public sealed class SettingsPageTests : ElementContext, IClassFixture<SettingsHouse>
{
    private readonly SettingsHouse _house;
    private readonly Somebody _somebody = new();

    public SettingsPageTests(SettingsHouse house)
    {
        _house = house;
        house.Register(Services);
        Services.AddScoped<SettingWords>();
        Services.AddScoped<NotificationWords>();
        Services.AddSingleton<ICurrentActor>(_somebody);
    }

    [Fact]
    public async Task A_value_says_where_it_comes_from_and_a_change_is_stored_at_once()
    {
        var page = Open("guards");
        Assert.Equal("10", Field(page, LicenseGuards.UndoWindow).GetAttribute("value"));
        Assert.Contains("From configuration: 10 minutes", Words(Setting(page, LicenseGuards.UndoWindow).OuterHtml), StringComparison.Ordinal);
        Assert.True(page.Find("button[type=submit]").HasAttribute("disabled"));

        Field(page, LicenseGuards.UndoWindow).Input("2");
        Setting(page, LicenseGuards.UndoWindow).QuerySelector("select")!.Change("3600");
        Assert.Contains("Not saved yet · configuration says: 10 minutes", Words(Setting(page, LicenseGuards.UndoWindow).OuterHtml), StringComparison.Ordinal);
        page.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("Saved. It holds from now on.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Set by Anna Admin just now · configuration says: 10 minutes", Words(Setting(page, LicenseGuards.UndoWindow).OuterHtml), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(2), (await _house.Other.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None)).UndoWindow);

        Setting(page, LicenseGuards.UndoWindow).QuerySelector(".setting-reset")!.Click();
        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("From configuration: 10 minutes", Words(Setting(page, LicenseGuards.UndoWindow).OuterHtml), StringComparison.Ordinal));
        Assert.Equal(["setting.changed", "setting.reset"], (await _house.AuditAsync(LicenseGuards.UndoWindow.Key)).Select(a => a.Action));
    }

    [Fact]
    public async Task A_value_that_cannot_be_used_is_marked_and_nothing_is_stored()
    {
        var page = Open("guards");
        Field(page, LicenseGuards.GrowthShare).Input("2000");
        Field(page, LicenseGuards.GrowthPeople).Input("30");
        page.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("Nothing was saved: look at the marked fields.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Give a percentage from 0 to 1000.", Setting(page, LicenseGuards.GrowthShare).TextContent, StringComparison.Ordinal);
        Assert.Equal("true", Field(page, LicenseGuards.GrowthShare).GetAttribute("aria-invalid"));
        Assert.Equal("30", Field(page, LicenseGuards.GrowthPeople).GetAttribute("value"));
        Assert.Null((await _house.GuardAsync(LicenseGuards.GrowthPeople)).Stored);
    }

    [Fact]
    public void What_configuration_does_not_let_the_console_allow_is_refused_with_the_reason()
    {
        var page = Open("guards");
        Assert.Equal(["Yes", "No"], Field(page, LicenseGuards.ProgramsMayApprove).QuerySelectorAll("option").Select(o => o.TextContent));
        Field(page, LicenseGuards.ProgramsMayApprove).Change("true");
        Field(page, LicenseGuards.ApprovalThreshold).Input("300");
        page.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("Nothing was saved: look at the marked fields.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Configuration says No. That can be made stricter here, and not looser.", Setting(page, LicenseGuards.ProgramsMayApprove).TextContent, StringComparison.Ordinal);
        Assert.Contains("Configuration says 200. That can be made stricter here, and not looser.", Setting(page, LicenseGuards.ApprovalThreshold).TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Guards_of_configuration_are_shown_with_what_holds_and_cannot_be_changed()
    {
        var page = Open("guards");

        var shown = page.FindAll("section[aria-labelledby=configured-guards-title] .setting").Select(s => Words(s.OuterHtml)).ToList();
        Assert.Equal(2, shown.Count);
        Assert.Contains("A license of somebody who never accepts is lost. No Set in configuration · Licenses:AssignBeforeAcceptance", shown[0], StringComparison.Ordinal);
        Assert.Contains("10 minutes Set in configuration · Licenses:UnknownAfter", shown[1], StringComparison.Ordinal);
        Assert.Empty(page.FindAll("section[aria-labelledby=configured-guards-title] :is(input, select, button)"));
    }

    [Fact]
    public async Task The_language_of_alerts_is_chosen_by_its_own_name()
    {
        var page = Open("alerts");
        Assert.Equal(["English", "Nederlands"], Field(page, AlertRules.Language).QuerySelectorAll("option").Select(o => o.TextContent));
        Assert.Contains("From configuration: English", Words(Setting(page, AlertRules.Language).OuterHtml), StringComparison.Ordinal);

        Field(page, AlertRules.Language).Change("nl");
        page.Find("form.settings-form").Submit();

        page.WaitForAssertion(() => Assert.Contains("Set by Anna Admin just now · configuration says: English", Words(Setting(page, AlertRules.Language).OuterHtml), StringComparison.Ordinal));
        Assert.Equal("nl", Field(page, AlertRules.Language).GetAttribute("value"));
        Assert.Equal("nl", (await _house.Other.GetRequiredService<AlertRules>().ReadAsync(CancellationToken.None)).Language);
    }

    [Fact]
    public async Task Whoever_comes_second_sees_what_the_first_has_set_and_may_replace_it()
    {
        var page = Open("guards");
        var seen = await _house.GuardAsync(LicenseGuards.TypeNumberFrom);
        await _house.Desk.ChangeAsync([new SettingChange(seen.Setting.Key, "50", seen.Version)], SettingsHouse.Second, CancellationToken.None);

        Field(page, LicenseGuards.TypeNumberFrom).Input("75");
        page.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("B. Second changed this meanwhile to: 50.", page.Markup, StringComparison.Ordinal));
        Assert.Equal("75", Field(page, LicenseGuards.TypeNumberFrom).GetAttribute("value"));
        Assert.Equal("50", (await _house.GuardAsync(LicenseGuards.TypeNumberFrom)).Value);

        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("Saved.", page.Markup, StringComparison.Ordinal));
        Assert.Equal("75", (await _house.GuardAsync(LicenseGuards.TypeNumberFrom)).Value);
    }

    [Fact]
    public void An_auditor_sees_everything_and_can_change_nothing()
    {
        _somebody.Role = Roles.Auditor;

        var page = Open("guards");

        Assert.Contains("Administrators can change them.", page.Markup, StringComparison.Ordinal);
        Assert.All(page.FindAll(".setting input"), i => Assert.True(i.HasAttribute("readonly")));
        Assert.All(page.FindAll(".setting select"), s => Assert.True(s.HasAttribute("disabled")));
        Assert.Empty(page.FindAll("button[type=submit], .setting-reset"));
    }

    [Fact]
    public void The_schedule_shows_its_next_times_while_it_is_typed()
    {
        var page = Open(null);
        Assert.Equal("06:00, 18:00", page.Find("#setting-sync-schedule").GetAttribute("value"));
        Assert.Equal("Tue 1 Sep 18:00", page.Find(".schedule-next time").TextContent);

        page.Find("#setting-sync-schedule").Input("12:15, 18:30");
        Assert.Equal("Tue 1 Sep 12:15", page.Find(".schedule-next time").TextContent);
        page.Find("#setting-sync-schedule").Input("noon");
        Assert.Contains("None: the times above cannot be read", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_is_added_shown_by_its_host_and_its_faults_are_named()
    {
        var page = Open("alerts");
        Assert.Contains("No mail server is configured", page.Markup, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Contains("There are none.", page.Markup, StringComparison.Ordinal));

        page.Find("#webhook-url").Input("hooks.example");
        page.Find("#webhook-secret").Input("a-secret-that-only-the-two-know");
        page.Find("form[aria-label='Add a webhook']").Submit();
        page.WaitForAssertion(() => Assert.Equal("Give an https address.", page.Find("#webhook-url-error").TextContent));

        page.Find("#webhook-url").Input("https://hooks.example/services/T0/secret-part");
        page.Find("form[aria-label='Add a webhook']").Submit();
        page.WaitForAssertion(() => Assert.Contains("hooks.example", page.Find(".webhook").TextContent, StringComparison.Ordinal));

        Assert.Equal("", page.Find("#webhook-secret").GetAttribute("value"));
        Assert.DoesNotContain("secret-part", page.Markup, StringComparison.Ordinal);
        var told = Assert.Single(await _house.AuditAllAsync(), a => a.Action == "webhook.added");
        Assert.DoesNotContain("secret-part", told.Details, StringComparison.Ordinal);
    }

    [Fact]
    public void Notifications_say_that_there_is_no_address()
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo($"{SettingsPage.Path}?part=notifications");

        var page = Render<SettingsPage>();

        page.WaitForAssertion(() => Assert.Contains("There are no tokens yet.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("None: VppBooks asks Apple instead.", page.Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<SettingsPage> Open(string? part)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(part is null ? SettingsPage.Path : $"{SettingsPage.Path}?part={part}");
        var page = Render<SettingsPage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll(".setting")));
        return page;
    }

    private static IElement Field(IRenderedComponent<SettingsPage> page, Setting setting) => page.Find("#" + new SettingDraft(new SettingRow(setting, "", null, 0, null, null)).Id);

    private static IElement Setting(IRenderedComponent<SettingsPage> page, Setting setting) => Field(page, setting).Closest(".setting")!;

    private sealed class Somebody : ICurrentActor
    {
        public string Role { get; set; } = Roles.Administrator;

        public Task<ClaimsPrincipal> FindAsync() =>
            Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, Role), new Claim("name", "Anna Admin")], "test", "name", ClaimTypes.Role)));
    }
}
