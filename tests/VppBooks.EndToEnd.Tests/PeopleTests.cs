using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>Lists of people, of copies in trouble and of groups in a browser: both themes, desk and phone.</summary>
public sealed class PeopleTests(StockedConsole stocked) : IClassFixture<StockedConsole>
{
    private ConsoleFixture Console => stocked.Console;

    [Theory]
    [InlineData(false, false, "en-US")]
    [InlineData(true, true, "nl-NL")]
    public async Task Every_list_is_accessible_and_fits(bool dark, bool phone, string language)
    {
        var group = await FillAsync();
        var kind = $"{(dark ? "dark" : "light")}-{(phone ? "phone" : "desk")}";
        await using var opened = await Console.SignInAsync("helpdesk", "/people", new BrowserKind { Dark = dark, Phone = phone, Locale = language });

        foreach (var (name, path) in new[]
        {
            ("people", "/people"), ("stuck", "/people/stuck-copies"), ("leavers", "/people/with-leavers"), ("nobody", "/people?q=zzz&state=none"), ("groups", "/groups"), ("group", $"/groups/{group}"),
            ("group-members", $"/groups/{group}?tab=members"),
        })
        {
            await opened.GoAsync(path);
            await Expect(opened.Page.Locator(".busy")).ToHaveCountAsync(0);
            await opened.ScreenshotAsync($"people-{name}-{kind}");
            await opened.AssertAccessibleAsync();
            Assert.True(await opened.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth"), name);
        }

        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Helpdesk_resends_to_all_who_are_stuck_after_seeing_how_many()
    {
        await FillAsync();
        await using var opened = await Console.SignInAsync("helpdesk", "/people/stuck-copies");

        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Resend invitations…" }).ClickAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Alertdialog, new() { Name = "Send 1 invitation again?" })).ToBeVisibleAsync();
        await opened.ScreenshotAsync("people-resend-dialog");
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Send 1 invitation", Exact = true }).ClickAsync();

        await Expect(opened.Page.Locator(".filter-said")).ToContainTextAsync("invitation");
        await opened.ScreenshotAsync("people-resend-said");
        await opened.AssertAccessibleAsync();
    }

    [Fact]
    public async Task An_administrator_erases_a_person_who_left()
    {
        await FillAsync();
        var contexts = Console.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();
        Person leaver;
        await using (var db = await contexts.CreateDbContextAsync())
        {
            leaver = await db.People.AsNoTracking().FirstAsync(p => p.GoneSince != null);
        }

        // Whoever opens the page of a person has the directory asked: it has to agree.
        Console.Cloud.Graph.DeletePerson(leaver.DirectoryId);
        await using var opened = await Console.SignInAsync("admin", "/people/with-leavers");
        await opened.Page.GetByRole(AriaRole.Link, new() { Name = leaver.DisplayName, Exact = true }).ClickAsync();
        var erase = opened.Page.GetByRole(AriaRole.Button, new() { Name = "Erase…" });
        await erase.ScrollIntoViewIfNeededAsync();
        await opened.ScreenshotAsync("people-privacy-light-desk");
        await opened.AssertAccessibleAsync();
        await using (var phone = await Console.SignInAsync("admin", new Uri(opened.Page.Url).PathAndQuery, new BrowserKind { Dark = true, Phone = true, Locale = "nl-NL" }))
        {
            await phone.Page.GetByRole(AriaRole.Button, new() { Name = "Wissen…" }).ScrollIntoViewIfNeededAsync();
            await phone.ScreenshotAsync("people-privacy-dark-phone");
            await phone.AssertAccessibleAsync();
        }

        await erase.ClickAsync();
        await Expect(opened.Page.GetByText("This cannot be undone.").Last).ToBeVisibleAsync();
        await opened.ScreenshotAsync("people-erase-dialog");
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Erase", Exact = true }).ClickAsync();

        await Expect(opened.Page.GetByText("Name and addresses were erased")).ToBeVisibleAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("#");
        await opened.ScreenshotAsync("people-erased");
        await opened.AssertAccessibleAsync();
        Assert.Empty(opened.Complaints);
    }

    /// <summary>A class with a book; of those who hold it one leaves, and another's Apple Account is disconnected.</summary>
    private async Task<Guid> FillAsync()
    {
        var book = await stocked.FindBookAsync("Dik Trom");
        var group = Console.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A").Id;
        var contexts = Console.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();
        await using var db = await contexts.CreateDbContextAsync();
        if (!await db.Licenses.AnyAsync(l => l.State == LicenseState.Assigned && db.GroupMemberships.Any(m => m.PersonId == l.PersonId)))
        {
            await Console.Services.GetRequiredService<AssignmentDesk>().AssignAsync(new PlanRequest(book.PublicId, [new WishedAssignment(group, Intent.Required)]), StockedConsole.Admin, CancellationToken.None);
        }

        int[] holders = [];
        await StockedConsole.WaitAsync(
            async () =>
            {
                holders = await db.Licenses.Where(l => l.State == LicenseState.Assigned && db.GroupMemberships.Any(m => m.PersonId == l.PersonId)).Select(l => l.PersonId).Distinct().OrderBy(p => p).Take(2).ToArrayAsync();
                return holders.Length == 2;
            },
            "two holders");
        // Written again for each test: what is read from the directory and from Apple meanwhile says otherwise.
        await db.People.Where(p => p.Id == holders[0]).ExecuteUpdateAsync(set => set.SetProperty(p => p.GoneSince, TimeProvider.System.GetUtcNow()));
        await db.VppUsers.Where(u => u.PersonId == holders[1]).ExecuteUpdateAsync(set => set.SetProperty(u => u.Status, VppUserStatus.Registered));
        return group;
    }
}
