using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>Lists and pages of books, groups and people in a browser.</summary>
public sealed partial class CatalogTests(StockedConsole stocked) : IClassFixture<StockedConsole>
{
    private ConsoleFixture Console => stocked.Console;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Every_page_is_accessible(bool dark, bool phone)
    {
        var book = await stocked.FindBookAsync("Max Havelaar");
        var kind = $"{(dark ? "dark" : "light")}-{(phone ? "phone" : "desk")}";
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks", new BrowserKind { Dark = dark, Phone = phone });

        foreach (var (name, path) in new[]
        {
            ("books", "/apps/ebooks"), ("book-overview", $"/apps/ebooks/{book.PublicId}"), ("book-groups", $"/apps/ebooks/{book.PublicId}?tab=groups"),
            ("book-people", $"/apps/ebooks/{book.PublicId}?tab=people"), ("groups", "/groups"), ("people", "/people"),
        })
        {
            await opened.GoAsync(path);
            await Expect(opened.Page.Locator(".busy")).ToHaveCountAsync(0);
            await opened.ScreenshotAsync($"{name}-{kind}");
            await opened.AssertAccessibleAsync();
            Assert.True(await opened.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth"), name);
        }

        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Search_filter_and_sort_live_in_the_address()
    {
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks");
        var page = opened.Page;

        await page.GetByRole(AriaRole.Searchbox, new() { NameRegex = SearchName() }).FillAsync("couperus");
        await Expect(page).ToHaveURLAsync(new Regex("q=couperus"));
        await Expect(page.GetByRole(AriaRole.Rowheader)).ToHaveCountAsync(3);
        await page.GetByRole(AriaRole.Link, new() { Name = "Licenses" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("sort=-used"));
        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Licenses" })).ToHaveAttributeAsync("aria-sort", "descending");
        await page.ReloadAsync();
        await opened.InteractiveAsync();
        await Expect(page.GetByRole(AriaRole.Rowheader)).ToHaveCountAsync(3);

        await page.GetByRole(AriaRole.Combobox, new() { Name = "State" }).SelectOptionAsync("waiting");
        await Expect(page.GetByText("No book matches")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Clear filters" }).First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/apps/ebooks$"));
        await Expect(page.GetByRole(AriaRole.Rowheader).First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Column_choice_is_remembered()
    {
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks");
        var page = opened.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Columns" }).ClickAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Token" }).UncheckAsync();
        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Token" })).ToHaveCountAsync(0);
        await opened.ScreenshotAsync("columns");

        await page.ReloadAsync();
        await opened.InteractiveAsync();

        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Token" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Row_menu_opens_by_keyboard_and_offers_what_the_role_allows()
    {
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks?q=Eline");
        var button = opened.Page.GetByRole(AriaRole.Button, new() { Name = "More actions for Eline Vere" });

        await button.FocusAsync();
        await opened.Page.Keyboard.PressAsync("Enter");
        await opened.ScreenshotAsync("row-menu");
        await opened.AssertAccessibleAsync();
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = "Assign groups" }).ClickAsync();

        await Expect(opened.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search groups in the directory" })).ToBeVisibleAsync();
        await opened.Page.Keyboard.PressAsync("Escape");
        await Expect(opened.Page).ToHaveURLAsync(new Regex("tab=groups$"));
    }

    [Fact]
    public async Task Book_the_store_does_not_describe_goes_by_its_number()
    {
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks?q=6478991234");

        await Expect(opened.Page.GetByRole(AriaRole.Link, new() { Name = "Book 6478991234" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Dutch_reader_reads_Dutch()
    {
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks", new BrowserKind { Locale = "nl-NL" });

        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = "Alle eBooks", Level = 1 })).ToBeVisibleAsync();
        await opened.ScreenshotAsync("books-dutch");
    }

    [Fact]
    public async Task Covers_are_pictures_and_nothing_else()
    {
        await using var opened = await Console.SignInAsync("reader", "/library");

        var none = await opened.Page.APIRequest.GetAsync("/covers/999999");
        Assert.Equal((200, "image/svg+xml", "nosniff"), (none.Status, none.Headers["content-type"], none.Headers["x-content-type-options"]));
        await StockedConsole.WaitAsync(async () => (await stocked.FindBookAsync("Max Havelaar")).CoverTitleId is not null, "the cover");
        var title = (await stocked.FindBookAsync("Max Havelaar")).CoverTitleId;
        var cover = await opened.Page.APIRequest.GetAsync($"/covers/{title}");
        Assert.Equal((200, "nosniff"), (cover.Status, cover.Headers["x-content-type-options"]));
        Assert.StartsWith("image/", cover.Headers["content-type"], StringComparison.Ordinal);
        Assert.Contains("private", cover.Headers["cache-control"], StringComparison.Ordinal);
        var again = await opened.Page.APIRequest.GetAsync($"/covers/{title}", new() { Headers = [new("If-None-Match", cover.Headers["etag"])] });
        Assert.Equal(304, again.Status);
    }

    [GeneratedRegex("^Search title")]
    private static partial Regex SearchName();
}
