using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <content>The days of those who may do some of it: each finds the own work, and no way into that of others.</content>
public sealed partial class AssignmentTests
{
    [Fact]
    public async Task Assigner_gives_a_book_sees_it_given_and_has_no_way_to_tokens_or_settings()
    {
        var book = await stocked.FindBookAsync("Dik Trom");
        await using var opened = await Console.SignInAsync("assigner", $"/apps/ebooks/{book.PublicId}?tab=groups&assign=true");
        var page = opened.Page;
        await PickAsync(page, "Class 3B");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review plan" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Plan: Dik Trom" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();
        await Expect(page.GetByText("Committed", new() { Exact = true })).ToBeVisibleAsync();

        await opened.GoAsync($"/apps/ebooks/{book.PublicId}?tab=groups");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Class 3B", Exact = true })).ToBeVisibleAsync();
        foreach (var name in new[] { "Settings", "Activity" })
        {
            await Expect(page.Locator("#navigation").GetByRole(AriaRole.Link, new() { Name = name, Exact = true })).ToHaveCountAsync(0);
        }

        await opened.GoAsync("/tenant/connectors/apple-vpp-tokens");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Education", Exact = true }).First).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = ManagingTokens() })).ToHaveCountAsync(0);
        await page.GotoAsync("/monitor/activity");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "You have no access to this page" })).ToBeVisibleAsync();
        Assert.Equal("/account/access-denied", new Uri(page.Url).AbsolutePath);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Auditor_reads_and_exports_the_activity_and_finds_no_button_that_changes_anything()
    {
        var book = await stocked.FindBookAsync("Jane Eyre");
        await using var opened = await Console.SignInAsync("auditor", "/monitor/activity");
        var page = opened.Page;
        await Expect(page.Locator("table.activity-list tbody tr").First).ToBeVisibleAsync();
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Export CSV" }).ClickAsync());
        Assert.Equal("vppbooks-activity.csv", file.SuggestedFilename);
        var lines = await File.ReadAllLinesAsync(await file.PathAsync());
        Assert.StartsWith("\uFEFFTime,Through,Actor", "\uFEFF" + lines[0].TrimStart('\uFEFF'), StringComparison.Ordinal);
        Assert.True(lines.Length > 1, "An export without a row.");

        foreach (var path in new[]
        {
            "/", "/apps/ebooks", $"/apps/ebooks/{book.PublicId}?tab=groups&assign=true", $"/apps/ebooks/{book.PublicId}?tab=waiting", "/groups", "/people", "/monitor/alerts", "/monitor/verify",
            "/tenant/connectors/apple-vpp-tokens",
        })
        {
            await opened.GoAsync(path);
            await Expect(page.Locator(".busy")).ToHaveCountAsync(0);
            var changing = await page.Locator("main").GetByRole(AriaRole.Button, new() { NameRegex = Changing() }).AllTextContentsAsync();
            Assert.True(changing.Count == 0, $"{path}: {string.Join(", ", changing)}");
        }

        Assert.Empty(opened.Complaints);
    }

    [GeneratedRegex("^(Create|Edit|Renew|Delete|Take control)")]
    private static partial Regex ManagingTokens();

    [GeneratedRegex("^(Assign|Sync|Create|Edit|Renew|Delete|Take control|Take notice|Put off|Verify|Serve first|Erase|Resend|Try again|Commit|Send)")]
    private static partial Regex Changing();
}
