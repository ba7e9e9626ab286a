using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>The way from a book to licenses at Apple, as an administrator walks it.</summary>
public sealed partial class AssignmentTests(StockedConsole stocked) : IClassFixture<StockedConsole>
{
    private ConsoleFixture Console => stocked.Console;

    [Fact]
    public async Task Required_assignment_goes_from_the_list_to_confirmed_and_every_count_equals_apples()
    {
        var before = Console.Cloud.Apple.Counts(StockedConsole.EducationUId, StockedConsole.MaxHavelaar);
        await using var opened = await Console.SignInAsync("admin", "/apps/ebooks?q=Max%20Havelaar");
        var page = opened.Page;
        await page.GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link, new() { Name = "Max Havelaar" }).First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Max Havelaar", Level = 1 })).ToBeVisibleAsync();
        await opened.ScreenshotAsync("book-light-desk");

        await page.GetByRole(AriaRole.Button, new() { Name = "Assign groups" }).First.ClickAsync();
        await PickAsync(page, "Class 3A");
        await opened.ScreenshotAsync("picker-light-desk");
        await opened.AssertAccessibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Review plan" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Plan: Max Havelaar" })).ToBeVisibleAsync();
        var planId = Guid.Parse(page.Url.Split("/plan/")[1].Split('?')[0]);
        var plans = Console.Services.GetRequiredService<PlanViews>();
        var plan = (await plans.FindAsync(planId, StockedConsole.Admin, CancellationToken.None))!;
        Assert.True(plan.Takes > 0);
        await opened.ScreenshotAsync("plan-light-desk");
        await opened.AssertAccessibleAsync();

        await page.GetByRole(AriaRole.Link, new() { NameRegex = RegisteredOrInvited() }).First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "People of the plan" }).GetByRole(AriaRole.Row)).Not.ToHaveCountAsync(1);
        await opened.ScreenshotAsync("plan-people-light-desk");
        await page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();
        await Expect(page.GetByText("Committed", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Progress" })).ToBeFocusedAsync();
        await opened.ScreenshotAsync("progress-running-light-desk");
        await StockedConsole.WaitAsync(async () => (await plans.ProgressAsync(planId, StockedConsole.Admin, CancellationToken.None)).Settled, "the plan to settle");
        var progress = await plans.ProgressAsync(planId, StockedConsole.Admin, CancellationToken.None);
        Assert.True(progress.Assigned > 0, progress.ToString());

        // The open page has followed by itself.
        await Expect(page.GetByRole(AriaRole.Progressbar)).ToHaveAttributeAsync("aria-valuenow", progress.Assigned.ToString(CultureInfo.InvariantCulture), new() { Timeout = 20_000 });
        await opened.ScreenshotAsync("progress-light-desk");
        await opened.AssertAccessibleAsync();

        var after = Console.Cloud.Apple.Counts(StockedConsole.EducationUId, StockedConsole.MaxHavelaar);
        Assert.Equal(before.Assigned + progress.Assigned, after.Assigned);
        await opened.GoAsync($"/apps/ebooks/{plan.BookId}");
        await Expect(page.Locator(".figure-number").First).ToHaveTextAsync(after.Assigned.ToString("N0", CultureInfo.GetCultureInfo("en-US")));
        await Expect(page.Locator(".figure-number").Nth(1)).ToHaveTextAsync(after.Available.ToString("N0", CultureInfo.GetCultureInfo("en-US")));
        Assert.Equal(after.Assigned, (int)(await Console.Services.GetRequiredService<BookCatalog>().FindAsync(plan.BookId, Actor.System, CancellationToken.None))!.Book.Used);
        Assert.Empty(opened.Complaints);
        await LookAroundAsync(plan, new BrowserKind());
        await LookAroundAsync(plan, new BrowserKind { Dark = true, Phone = true, Locale = "nl-NL" });
    }

    [Fact]
    public async Task Large_plan_asks_for_its_number_and_a_changed_world_for_a_second_look()
    {
        var book = await stocked.FindBookAsync("Pride and Prejudice");
        await using var opened = await Console.SignInAsync("admin", $"/apps/ebooks/{book.PublicId}?tab=groups&assign=true");
        var page = opened.Page;
        await PickAsync(page, "Year 4");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review plan" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Plan: Pride and Prejudice" })).ToBeVisibleAsync();
        var planId = Guid.Parse(page.Url.Split("/plan/")[1].Split('?')[0]);
        var plan = (await Console.Services.GetRequiredService<PlanViews>().FindAsync(planId, StockedConsole.Admin, CancellationToken.None))!;
        Assert.True(plan.Takes >= 100, plan.ToString());

        await page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();
        await Expect(page.GetByText("This is not the number of licenses this plan takes")).ToBeVisibleAsync();
        await opened.ScreenshotAsync("plan-number-light-desk");

        // Somebody else gives the book to one of the classes meanwhile.
        var desk = Console.Services.GetRequiredService<AssignmentDesk>();
        var club = await GroupAsync("Class 4A");
        Assert.IsType<CommitResult.Committed>(await desk.AssignAsync(
            new PlanRequest(book.PublicId, [new WishedAssignment(club, Intent.Required)]), StockedConsole.Admin, CancellationToken.None));

        await page.GetByRole(AriaRole.Textbox, new() { NameRegex = NumberField() }).FillAsync(plan.Takes.ToString(CultureInfo.InvariantCulture));
        await page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "What changed" })).ToBeVisibleAsync();
        await opened.ScreenshotAsync("plan-stale-light-desk");
        await opened.AssertAccessibleAsync();
    }

    [Fact]
    public async Task Device_group_shows_why_it_cannot_be_chosen()
    {
        var book = await stocked.FindBookAsync("Jane Eyre");
        await using var opened = await Console.SignInAsync("assigner", $"/apps/ebooks/{book.PublicId}?tab=groups&assign=true");

        await opened.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search groups in the directory" }).FillAsync("School iPads");

        await Expect(opened.Page.GetByText("Its members are devices.")).ToBeVisibleAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Button, new() { Name = "Add School iPads" })).ToHaveCountAsync(0);
        await opened.ScreenshotAsync("picker-device-group");
    }

    [Fact]
    public async Task Helpdesk_reads_the_groups_and_cannot_spend()
    {
        var book = await stocked.FindBookAsync("Jane Eyre");
        await using var opened = await Console.SignInAsync("helpdesk", $"/apps/ebooks/{book.PublicId}?tab=groups&assign=true");

        await Expect(opened.Page.GetByText("Administrators and assigners can do that.")).ToBeVisibleAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Button, new() { Name = "Assign groups" })).ToHaveCountAsync(0);
        await Expect(opened.Page.GetByRole(AriaRole.Button, new() { Name = "Sync now" })).ToBeVisibleAsync();
    }

    // Every page that shows something of a committed plan, filled with people.
    private async Task LookAroundAsync(PlanView plan, BrowserKind kind)
    {
        var person = (await Console.Services.GetRequiredService<PlanViews>().ListLinesAsync(plan.Id, null, 0, 1, StockedConsole.Admin, CancellationToken.None))[0].PersonId;
        var group = plan.Assignments[0].GroupId;
        await using var opened = await Console.SignInAsync("admin", "/library", kind);
        foreach (var (name, path) in new[]
        {
            ("plan", $"/apps/ebooks/{plan.BookId}/plan/{plan.Id}?show=registeredfirst"), ("groups", $"/apps/ebooks/{plan.BookId}?tab=groups"),
            ("people", $"/apps/ebooks/{plan.BookId}?tab=people"), ("group-list", "/groups"), ("group", $"/groups/{group}"),
            ("members", $"/groups/{group}?tab=members"), ("people-list", "/people?state=associated"), ("person", $"/people/{person}"), ("books", "/apps/ebooks?q=Havelaar"),
        })
        {
            await opened.GoAsync(path);
            await Expect(opened.Page.Locator(".busy")).ToHaveCountAsync(0);
            await opened.ScreenshotAsync($"filled-{name}-{(kind.Phone ? "phone" : "desk")}");
            await opened.AssertAccessibleAsync();
            Assert.True(await opened.Page.EvaluateAsync<bool>("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth"), name);
        }

        Assert.Empty(opened.Complaints);
    }

    private static async Task PickAsync(IPage page, string group)
    {
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Search groups in the directory" }).FillAsync(group);
        await page.GetByRole(AriaRole.Button, new() { Name = $"Add {group}", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = $"What {group} is given" })).ToBeVisibleAsync();
    }

    private async Task<Guid> GroupAsync(string name)
    {
        var groups = Console.Services.GetRequiredService<VppBooks.Core.Directory.GroupCatalog>();
        return (await groups.SearchDirectoryAsync(name, StockedConsole.Admin, CancellationToken.None)).Single(g => g.DisplayName == name).DirectoryId;
    }

    [GeneratedRegex("registered first|invited first")]
    private static partial Regex RegisteredOrInvited();

    [GeneratedRegex("^To go on, type")]
    private static partial Regex NumberField();
}
