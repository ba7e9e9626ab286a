using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>A console where plans for more than twenty licenses need a second person.</summary>
public sealed class GuardedConsole : IAsyncLifetime
{
    public StockedConsole Stocked { get; } = new(["--Licenses:ApprovalThreshold=20"]);

    public ValueTask InitializeAsync() => Stocked.InitializeAsync();

    public ValueTask DisposeAsync() => Stocked.DisposeAsync();
}

/// <summary>Guards as people meet them: a second person approves, a commit is called back, a waiting list is put in order.</summary>
public sealed class GuardTests(GuardedConsole guarded) : IClassFixture<GuardedConsole>
{
    private ConsoleFixture Console => guarded.Stocked.Console;

    [Fact]
    public async Task A_large_plan_waits_until_a_second_person_approves_it()
    {
        var (book, plan) = await PlanAsync("Max Havelaar", "Class 3A");
        await using var admin = await Console.SignInAsync("admin", $"/apps/ebooks/{book.PublicId}/plan/{plan.Id}");
        await Expect(admin.Page.GetByText("A second person has to approve this plan before anything is sent.")).ToBeVisibleAsync();
        await admin.ScreenshotAsync("guard-plan-light-desk");
        await admin.Page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();
        await Expect(admin.Page.GetByText("You committed it yourself")).ToBeVisibleAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true })).ToHaveCountAsync(0);
        await admin.ScreenshotAsync("guard-awaiting-light-desk");
        await admin.AssertAccessibleAsync();
        Assert.DoesNotContain(Console.Cloud.Apple.Requests, r => r is { Method: "POST", Path: "/mdm/v2/users/create" or "/mdm/v2/assets/associate" });

        await using var second = await Console.SignInAsync("assigner", "/apps/ebooks", new BrowserKind { Dark = true, Phone = true });
        await second.Page.GetByRole(AriaRole.Region, new() { Name = "Max Havelaar" }).GetByRole(AriaRole.Link, new() { Name = "See the plan" }).ClickAsync();
        await Expect(second.Page.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true })).ToBeVisibleAsync();
        await second.ScreenshotAsync("guard-approve-dark-phone");
        await second.AssertAccessibleAsync();
        await second.Page.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true }).ClickAsync();
        var dialog = second.Page.GetByRole(AriaRole.Alertdialog);
        await Expect(dialog).ToBeVisibleAsync();
        await Expect(second.Page.GetByText("cannot be taken back").Last).ToBeVisibleAsync();
        await second.ScreenshotAsync("guard-approve-dialog-dark-phone");
        await second.Page.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true }).Last.ClickAsync();

        // The first person's page follows by itself.
        await Expect(admin.Page.GetByText("Committed", new() { Exact = true })).ToBeVisibleAsync();
        var plans = Console.Services.GetRequiredService<PlanViews>();
        await StockedConsole.WaitAsync(async () => (await plans.ProgressAsync(plan.Id, StockedConsole.Admin, CancellationToken.None)) is { Settled: true, Assigned: > 0 }, "the approved plan");
        Assert.Empty(admin.Complaints);
    }

    [Fact]
    public async Task A_guard_is_set_in_the_console_and_put_back_to_configuration()
    {
        await using var admin = await Console.SignInAsync("admin", "/settings");
        var page = admin.Page;
        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Times" })).ToHaveValueAsync("06:00, 18:00");
        await admin.ScreenshotAsync("settings-schedule-light-desk");
        await admin.AssertAccessibleAsync();

        await page.GetByRole(AriaRole.Navigation, new() { Name = "Parts of this page" }).GetByRole(AriaRole.Link, new() { Name = "Guards" }).ClickAsync();
        var limit = page.GetByRole(AriaRole.Textbox, new() { Name = "Sudden growth in any case above" });
        await limit.FillAsync("many");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByText("Give a whole number of 1 or more.")).ToBeVisibleAsync();
        await admin.ScreenshotAsync("settings-guards-wrong-light-desk");
        await admin.AssertAccessibleAsync();
        await limit.FillAsync("400");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByText("Saved. It holds from now on.")).ToBeVisibleAsync();
        Assert.Equal(400, (await Console.Services.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None)).GrowthLimit);
        await admin.ScreenshotAsync("settings-guards-light-desk");

        await page.GetByRole(AriaRole.Button, new() { Name = "Reset to configuration: Sudden growth in any case above" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByText("From configuration: 500")).ToBeVisibleAsync();

        await using var auditor = await Console.SignInAsync("auditor", "/settings?part=alerts", new BrowserKind { Dark = true, Phone = true });
        await Expect(auditor.Page.GetByRole(AriaRole.Heading, new() { Name = "Webhooks" })).ToBeVisibleAsync();
        await Expect(auditor.Page.GetByRole(AriaRole.Button, new() { Name = "Save" })).ToHaveCountAsync(0);
        await auditor.ScreenshotAsync("settings-alerts-dark-phone");
        await auditor.AssertAccessibleAsync();
        Assert.Empty(admin.Complaints);
    }

    [Fact]
    public async Task A_commit_is_called_back_inside_its_window_and_nothing_is_sent()
    {
        var (book, plan) = await PlanAsync("Jane Eyre", "Reading room");
        Assert.InRange(plan.Takes, 1, 20);
        await using var opened = await Console.SignInAsync("assigner", $"/apps/ebooks/{book.PublicId}/plan/{plan.Id}");
        await opened.Page.GetByRole(AriaRole.Combobox, new() { Name = "Sent to Apple" }).SelectOptionAsync("15");
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();
        await Expect(opened.Page.GetByText("Until then it can be called back")).ToBeVisibleAsync();
        await opened.ScreenshotAsync("guard-undoable-light-desk");
        await opened.AssertAccessibleAsync();

        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Call the plan back" }).ClickAsync();

        await Expect(opened.Page.GetByText("Called back", new() { Exact = true })).ToBeVisibleAsync();
        await opened.ScreenshotAsync("guard-undone-light-desk");
        Assert.Empty(await Console.Services.GetRequiredService<PlanViews>().ListAssignmentsAsync(book.PublicId, StockedConsole.Admin, CancellationToken.None));
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task The_waiting_list_shows_places_and_lets_an_assigner_put_somebody_first()
    {
        var page = await Console.Services.GetRequiredService<BookCatalog>().ListAsync(new BookQuery(), Actor.System, CancellationToken.None);
        var book = page.Rows.First(b => !b.Unlimited && b.Free is > 0 and < 15);
        var desk = Console.Services.GetRequiredService<AssignmentDesk>();
        await desk.AssignAsync(new PlanRequest(book.PublicId, [new WishedAssignment(await GroupAsync("Class 6B"), Intent.Required)]), StockedConsole.Admin, CancellationToken.None);
        await using var opened = await Console.SignInAsync("assigner", $"/apps/ebooks/{book.PublicId}?tab=waiting");
        var rows = opened.Page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Row);
        var last = await rows.Last.GetByRole(AriaRole.Link).First.TextContentAsync();
        await opened.ScreenshotAsync("waiting-light-desk");
        await opened.AssertAccessibleAsync();

        await opened.Page.GetByRole(AriaRole.Button, new() { Name = $"Serve first: {last}" }).ClickAsync();

        await Expect(rows.Nth(1).GetByRole(AriaRole.Link).First).ToHaveTextAsync(last!);
        await Expect(opened.Page.GetByRole(AriaRole.Combobox, new() { Name = "Served by" })).ToHaveValueAsync("NameList");
        await using var helpdesk = await Console.SignInAsync("helpdesk", $"/apps/ebooks/{book.PublicId}?tab=waiting", new BrowserKind { Dark = true, Phone = true, Locale = "nl-NL" });
        await Expect(helpdesk.Page.GetByRole(AriaRole.Combobox, new() { Name = "Bediend volgens" })).ToBeDisabledAsync();
        await helpdesk.ScreenshotAsync("waiting-dark-phone");
        await helpdesk.AssertAccessibleAsync();
        Assert.Empty(opened.Complaints);
    }

    private async Task<(BookRow Book, PlanView Plan)> PlanAsync(string title, string group)
    {
        var book = await guarded.Stocked.FindBookAsync(title);
        var wish = new PlanRequest(book.PublicId, [new WishedAssignment(await GroupAsync(group), Intent.Required)]);
        return (book, Assert.IsType<PlanResult.Planned>(await Console.Services.GetRequiredService<AssignmentDesk>().PlanAsync(wish, StockedConsole.Admin, CancellationToken.None)).Plan);
    }

    private async Task<Guid> GroupAsync(string name) =>
        (await Console.Services.GetRequiredService<GroupCatalog>().SearchDirectoryAsync(name, StockedConsole.Admin, CancellationToken.None)).Single(g => g.DisplayName == name).DirectoryId;
}
