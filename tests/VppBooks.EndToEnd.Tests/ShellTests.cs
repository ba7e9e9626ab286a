using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

public sealed partial class ShellTests(ConsoleFixture console)
{
    [Fact]
    public async Task Administrator_signs_in_and_sees_the_overview()
    {
        await using var opened = await console.SignInAsync("admin");

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Overview", Level = 1 })).ToBeVisibleAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Navigation, new() { Name = "Main navigation" }).GetByRole(AriaRole.Link, new() { Name = "Overview" })).ToBeVisibleAsync();
        await Expect(opened.Page.GetByText("Noordrand Schools")).ToBeVisibleAsync();
        await Expect(opened.Page.GetByText("Demo: simulated Apple")).ToBeVisibleAsync();
        Assert.Empty(opened.Complaints);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Overview_is_accessible(bool dark, bool phone)
    {
        await using var opened = await console.SignInAsync("admin", kind: new BrowserKind { Dark = dark, Phone = phone });

        await opened.ScreenshotAsync($"overview-{(dark ? "dark" : "light")}-{(phone ? "phone" : "desk")}");
        await opened.AssertAccessibleAsync();
    }

    [Fact]
    public async Task Language_switch_changes_the_words_and_stays()
    {
        await using var opened = await console.SignInAsync("admin");

        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Nederlands" }).First.ClickAsync();
        await opened.InteractiveAsync();

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Overzicht", Level = 1 })).ToBeVisibleAsync();
        await Expect(opened.Page.Locator("html")).ToHaveAttributeAsync("lang", "nl");
        await opened.GoAsync("/library");
        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Mijn bibliotheek", Level = 1 })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Reference_of_the_API_can_be_read_and_asks_nobody_else()
    {
        await using var opened = await console.SignInAsync("auditor");
        var foreign = new List<string>();
        opened.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(console.Address, StringComparison.Ordinal) && request.Url.StartsWith("http", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };

        await opened.Page.GotoAsync("/api-reference/v1");

        // A hundred addresses are drawn in the browser.
        await Expect(opened.Page.GetByText("vppTokens (v1.0)").First).ToBeVisibleAsync();
        await opened.ScreenshotAsync("api-reference");
        Assert.Empty(foreign);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Browser_that_asks_for_Dutch_gets_Dutch()
    {
        await using var opened = await console.SignInAsync("admin", kind: new BrowserKind { Locale = "nl-NL" });

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Overzicht", Level = 1 })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Reader_without_a_role_lands_in_the_library_and_nowhere_else()
    {
        await using var opened = await console.SignInAsync("reader");

        await Expect(opened.Page).ToHaveURLAsync(new Regex("/library$"));
        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "My library", Level = 1 })).ToBeVisibleAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Link, new() { Name = "Overview" })).ToHaveCountAsync(0);

        await opened.GoAsync("/search?q=a");

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "You have no access to this page" })).ToBeVisibleAsync();
        await opened.AssertAccessibleAsync();
    }

    [Fact]
    public async Task First_key_reaches_the_skip_link_and_it_leads_to_the_content()
    {
        await using var opened = await console.SignInAsync("admin");

        await opened.Page.Keyboard.PressAsync("Tab");
        await Expect(opened.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to content" })).ToBeFocusedAsync();
        await opened.Page.Keyboard.PressAsync("Enter");

        await Expect(opened.Page.Locator("main")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Slash_goes_to_the_search_box_and_search_finds_a_page()
    {
        await using var opened = await console.SignInAsync("admin");

        await opened.Page.Keyboard.PressAsync("/");
        await Expect(opened.Page.GetByRole(AriaRole.Searchbox)).ToBeFocusedAsync();
        await opened.Page.Keyboard.TypeAsync("overv");
        await opened.Page.Keyboard.PressAsync("Enter");
        await opened.InteractiveAsync();

        await opened.AssertAccessibleAsync();
        await opened.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Overview" }).ClickAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Overview", Level = 1 })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Theme_switch_turns_the_page_dark_and_is_remembered()
    {
        await using var opened = await console.SignInAsync("admin");

        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
        await Expect(opened.Page.Locator("body")).ToHaveAttributeAsync("data-theme", "dark");
        await opened.GoAsync("/library");

        await Expect(opened.Page.Locator("html")).ToHaveAttributeAsync("data-first", "dark");
    }

    [Fact]
    public async Task Navigation_of_a_phone_opens_and_closes()
    {
        await using var opened = await console.SignInAsync("admin", kind: new BrowserKind { Phone = true });
        var navigation = opened.Page.GetByRole(AriaRole.Navigation, new() { Name = "Main navigation" });
        await Expect(navigation).ToBeHiddenAsync();

        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Navigation", Exact = true }).ClickAsync();
        await Expect(navigation).ToBeVisibleAsync();
        await opened.ScreenshotAsync("navigation-phone");
        await opened.AssertAccessibleAsync();
        await navigation.GetByRole(AriaRole.Link, new() { Name = "My library" }).ClickAsync();

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "My library", Level = 1 })).ToBeVisibleAsync();
        await Expect(navigation).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_every_open_page_of_it()
    {
        await using var opened = await console.SignInAsync("admin");
        var other = await opened.Page.Context.NewPageAsync();
        await other.GotoAsync("/");
        await other.Locator("main[data-interactive=true]").WaitForAsync();

        await opened.Page.GetByRole(AriaRole.Button, new() { NameRegex = AccountName() }).ClickAsync();
        await opened.ScreenshotAsync("account-menu");
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "You are signed out" })).ToBeVisibleAsync();
        await Expect(other.GetByRole(AriaRole.Heading, new() { Name = "Three steps to the first book" })).ToHaveCountAsync(0);
        await opened.Page.GotoAsync("/");
        await Expect(opened.Page.GetByText("admin@noordrand.example")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Unknown_address_says_so()
    {
        await using var opened = await console.SignInAsync("admin");

        var answer = await opened.Page.GotoAsync("/no/such/page");

        Assert.Equal(404, answer!.Status);
        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "There is no such page" })).ToBeVisibleAsync();
        await opened.ScreenshotAsync("not-found");
        await opened.AssertAccessibleAsync();
    }

    [GeneratedRegex("^Account of")]
    private static partial Regex AccountName();
}
