using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>Tokens, from the file to the books, in a real browser.</summary>
/// <remarks>Each test uses a location of its own, because they share a console.</remarks>
public sealed partial class TokenTests(TokenTests.FreshConsole fresh) : IClassFixture<TokenTests.FreshConsole>
{
    private const string List = "/tenant/connectors/apple-vpp-tokens";
    private const string Education = "Noordrand Education";
    private const string Library = "Noordrand Library";

    private readonly ConsoleFixture _console = fresh.Console;

    [Fact]
    public async Task Token_comes_in_its_first_sync_runs_before_the_eyes_and_its_pages_are_accessible()
    {
        await using var opened = await _console.SignInAsync("admin", List + "?panel=create");
        var page = opened.Page;
        await DropAsync(page, await DownloadAsync(Education));

        var preview = page.Locator(".preview");
        await Expect(preview).ToContainTextAsync("Noordrand Schools");
        await Expect(preview).ToContainTextAsync("nobody");
        await opened.ScreenshotAsync("token-panel");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "I agree" }).ScrollIntoViewIfNeededAsync();
        await opened.AssertAccessibleAsync();

        // Not without consent; the keyboard is taken to what is missing.
        await CreateButton(page).ClickAsync();
        await Expect(page.GetByText("Without your agreement the token cannot be used.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Checkbox, new() { Name = "I agree" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Space");
        await page.GetByLabel("Apple Account", new() { Exact = true }).FillAsync("vpp@noordrand.example");
        await CreateButton(page).ClickAsync();

        await Expect(page).ToHaveURLAsync(TokenPage());
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = Education, Level = 1 })).ToBeVisibleAsync();
        await Expect(page.Locator(".list-table tbody tr").First).ToContainTextAsync("Succeeded");
        await Expect(page.Locator(".state-card")).ToContainTextAsync("Valid. Expires in");
        await Expect(page.Locator(".facts-grid")).Not.ToContainTextAsync("0 / 0");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Synced" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).ClickAsync();
        await Expect(page.Locator(".outcome-bar")).ToContainTextAsync("Try again in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Details" }).First.ClickAsync();
        await Expect(page.Locator(".phase-times")).ToContainTextAsync("Books and counts");
        await opened.AssertAccessibleAsync();

        var address = new Uri(page.Url).AbsolutePath;
        await EachFaceAsync("token", address);
        await EachFaceAsync("token-books", address + "?tab=books");
        await EachFaceAsync("tokens", List);
        await EachFaceAsync("overview-numbers", "/");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task File_that_is_no_token_gets_its_answer()
    {
        await using var opened = await _console.SignInAsync("admin", List + "?panel=create");
        var page = opened.Page;

        await DropAsync(page, "<!DOCTYPE html><html><body>Sign in</body></html>"u8.ToArray());
        await Expect(page.Locator(".explanation")).ToContainTextAsync("This is a web page, not a token.");

        await DropAsync(page, Encoding.UTF8.GetBytes(new string('A', 3_000_000)));
        await Expect(page.Locator(".explanation")).ToContainTextAsync("This file is larger than 64 KB.");

        await DropAsync(page, []);
        await Expect(page.Locator(".explanation")).ToContainTextAsync("This file is empty.");

        await page.Locator("#token-file").SetInputFilesAsync([File("a"u8.ToArray()), File("b"u8.ToArray())]);
        await Expect(page.Locator(".explanation")).ToContainTextAsync("Several files were chosen.");
        await opened.AssertAccessibleAsync();

        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("#token-file")).ToHaveCountAsync(0);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Location_of_another_management_is_left_alone_until_control_is_taken()
    {
        await using var opened = await _console.SignInAsync("admin", List + "?panel=create");
        var page = opened.Page;
        await DropAsync(page, await DownloadAsync(Library));
        await Expect(page.Locator(".preview")).ToContainTextAsync("OtherMDM");
        await Expect(page.Locator("#take-control-help")).ToContainTextAsync("goes on managing the location");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "I agree" }).CheckAsync();
        await CreateButton(page).ClickAsync();

        await Expect(page).ToHaveURLAsync(TokenPage());
        await Expect(page.Locator(".state-card")).ToContainTextAsync("“OtherMDM” manages this location now.");
        await opened.AssertAccessibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Take control" }).ClickAsync();
        await Expect(page.GetByText("It loses the location as soon as it looks")).ToBeVisibleAsync();
        await Expect(page.Locator("fluent-dialog dialog[aria-label='Take control of “Noordrand Library”?']")).ToBeVisibleAsync();
        await opened.AssertAccessibleAsync();
        await page.Locator("fluent-dialog fluent-button").Filter(new() { HasText = "Take control" }).ClickAsync();

        await Expect(page.Locator(".outcome-bar")).ToContainTextAsync("is managed by VppBooks now");
        await Expect(page.Locator(".list-table tbody tr").First).ToContainTextAsync("Succeeded");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Auditor_sees_tokens_and_changes_nothing()
    {
        await using var opened = await _console.SignInAsync("auditor", List);

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Apple VPP tokens", Level = 1 })).ToBeVisibleAsync();
        await Expect(opened.Page.Locator("main .busy")).ToHaveCountAsync(0);
        await Expect(opened.Page.Locator(".command-bar button, .action-menu-button")).ToHaveCountAsync(0);
    }

    private async Task EachFaceAsync(string name, string path)
    {
        foreach (var kind in new BrowserKind[] { new(), new() { Dark = true }, new() { Phone = true }, new() { Phone = true, Locale = "nl-NL", Dark = true } })
        {
            await using var opened = await _console.SignInAsync("admin", path, kind);
            await Expect(opened.Page.Locator("main .busy")).ToHaveCountAsync(0);
            await opened.ScreenshotAsync($"{name}-{(kind.Dark ? "dark" : "light")}-{(kind.Phone ? "phone" : "desk")}");
            await opened.AssertAccessibleAsync();
            Assert.False(await opened.Page.EvaluateAsync<bool>("document.querySelector('main').scrollWidth > document.querySelector('main').clientWidth"), $"{path} is wider than its window");
        }
    }

    private async Task<byte[]> DownloadAsync(string location)
    {
        using var client = new HttpClient();
        var uId = _console.Cloud.Apple.Locations.Single(l => l.Name == location).UId;
        return await client.GetByteArrayAsync(new Uri($"{_console.Cloud.BaseUrl}/portal/locations/{uId}/token"));
    }

    private static async Task DropAsync(IPage page, byte[] content)
    {
        // Faster than a person, a test can drop a file before the box listens.
        while (!await page.EvaluateAsync<bool>("document.querySelector('#token-file')?._blazorInputFileNextFileId !== undefined"))
        {
            await Task.Delay(50);
        }

        await page.Locator("#token-file").SetInputFilesAsync(File(content));
    }

    private static FilePayload File(byte[] content) => new() { Name = "sToken.vpptoken", MimeType = "application/octet-stream", Buffer = content };

    private static ILocator CreateButton(IPage page) => page.Locator("fluent-drawer fluent-button").Filter(new() { HasText = "Create" });

    /// <summary>A console without tokens that no other tests use.</summary>
    public sealed class FreshConsole : IAsyncLifetime
    {
        public ConsoleFixture Console { get; } = new();

        public ValueTask InitializeAsync() => Console.InitializeAsync();

        public ValueTask DisposeAsync() => Console.DisposeAsync();
    }

    [GeneratedRegex("/apple-vpp-tokens/[0-9a-f-]{36}$")]
    private static partial Regex TokenPage();
}
