using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using VppBooks.Core.Assignments;
using VppBooks.Core.Persistence;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>A console where an invitation may be sent again at once.</summary>
public sealed class PatientConsole : IAsyncLifetime
{
    public StockedConsole Stocked { get; } = new(["--Invitations:ResendAfter=00:00:00"]);

    public ValueTask InitializeAsync() => Stocked.InitializeAsync();

    public ValueTask DisposeAsync() => Stocked.DisposeAsync();
}

/// <summary>A book's way to a pupil, with everybody who has a part in it.</summary>
public sealed partial class SchoolDayTests(PatientConsole patient) : IClassFixture<PatientConsole>
{
    private const string Link = "http";

    private ConsoleFixture Console => patient.Stocked.Console;

    [Fact]
    public async Task The_helpdesk_finds_the_cause_the_pupil_accepts_and_gets_a_book_and_the_count_falls_by_one_at_Apple_too()
    {
        var pupil = Console.Cloud.Directory.People.Values.Single(p => p.UserPrincipalName == "reader@noordrand.example");
        Console.Cloud.Graph.Edit(() => pupil.ManagedAppleAccount = null);
        var club = Console.Cloud.Graph.AddGroup("Reading club", pupil.Id);
        var (required, offered) = (await patient.Stocked.FindBookAsync("Dik Trom"), await patient.Stocked.FindBookAsync("Max Havelaar"));
        var desk = Console.Services.GetRequiredService<AssignmentDesk>();
        Assert.IsType<CommitResult.Committed>(await desk.AssignAsync(new PlanRequest(required.PublicId, [new WishedAssignment(club.Id, Intent.Required)]), StockedConsole.Admin, CancellationToken.None));
        Assert.IsType<CommitResult.Committed>(await desk.AssignAsync(new PlanRequest(offered.PublicId, [new WishedAssignment(club.Id, Intent.Available)]), StockedConsole.Admin, CancellationToken.None));
        await StockedConsole.WaitAsync(() => Task.FromResult(Console.Cloud.Mails.List().Count == 1), "the first invitation");

        await using (var helpdesk = await Console.SignInAsync("helpdesk", "/people"))
        {
            // By name, as the teacher says it on the telephone; then the person, the book, and the step that stopped it.
            await helpdesk.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search name or address" }).FillAsync(pupil.DisplayName.ToLowerInvariant());
            await helpdesk.Page.GetByRole(AriaRole.Link, new() { Name = pupil.DisplayName, Exact = true }).ClickAsync();
            await helpdesk.Page.GetByRole(AriaRole.Link, new() { NameRegex = WhyDikTrom() }).First.ClickAsync();
            var cause = helpdesk.Page.Locator("[aria-current=step]");
            await Expect(cause.GetByRole(AriaRole.Heading, new() { Name = "Registration" })).ToBeVisibleAsync();
            await Expect(cause).ToContainTextAsync("Is invited and has not accepted.");
            await Expect(cause.GetByRole(AriaRole.Button, new() { Name = "Resend invitation" })).ToBeVisibleAsync();
            await helpdesk.ScreenshotAsync("day-why-light-desk");
            await helpdesk.AssertAccessibleAsync();
            await helpdesk.Page.GetByRole(AriaRole.Button, new() { Name = "Resend invitation" }).ClickAsync();
            await Expect(helpdesk.Page.GetByText("The invitation is on its way by mail.")).ToBeVisibleAsync();
            await StockedConsole.WaitAsync(() => Task.FromResult(Console.Cloud.Mails.List().Count == 2), "the second invitation");
            await helpdesk.GoAsync($"/people/{await PersonIdAsync(pupil.Id)}");
            await Expect(helpdesk.Page.GetByRole(AriaRole.Rowheader, new() { Name = "Sent again" })).ToBeVisibleAsync();
            await helpdesk.ScreenshotAsync("day-person-light-desk");
            await helpdesk.AssertAccessibleAsync();
            Assert.Empty(helpdesk.Complaints);
        }

        await LookAroundAsync($"/people/{await PersonIdAsync(pupil.Id)}", required.PublicId);

        await using var phone = await Console.SignInAsync("reader", "/library", new BrowserKind { Phone = true });
        await phone.ScreenshotAsync("day-library-invited-light-phone");
        await phone.AssertAccessibleAsync();
        var mail = Console.Cloud.Mails.List()[0];
        Assert.Equal([pupil.Mail!], mail.To);
        await phone.Page.GotoAsync(mail.Text.Split('\n', '\r', ' ').First(word => word.StartsWith(Link, StringComparison.Ordinal)));
        await phone.Page.GetByLabel("Apple Account").FillAsync("reader@icloud.example");
        await phone.Page.GetByRole(AriaRole.Button, new() { Name = "Accept" }).ClickAsync();
        await Expect(phone.Page.GetByRole(AriaRole.Heading, new() { Name = "You are ready" })).ToBeVisibleAsync();
        await AppearsAsync(phone, "Dik Trom");

        var before = Console.Cloud.Apple.Counts(StockedConsole.EducationUId, StockedConsole.MaxHavelaar);
        await phone.Page.GetByRole(AriaRole.Button, new() { Name = "Get Max Havelaar" }).ClickAsync();
        await Expect(phone.Page.GetByText("The book is yours and on its way.")).ToBeVisibleAsync();
        await AppearsAsync(phone, "Max Havelaar");
        await phone.ScreenshotAsync("day-library-light-phone");
        await phone.AssertAccessibleAsync();

        var after = Console.Cloud.Apple.Counts(StockedConsole.EducationUId, StockedConsole.MaxHavelaar);
        Assert.Equal((before.Assigned + 1, before.Available - 1), (after.Assigned, after.Available));
        await using var admin = await Console.SignInAsync("admin", $"/apps/ebooks/{offered.PublicId}");
        await Expect(admin.Page.Locator(".figure-number").First).ToHaveTextAsync(after.Assigned.ToString("N0", System.Globalization.CultureInfo.GetCultureInfo("en-US")));
        await Expect(admin.Page.Locator(".figure-number").Nth(1)).ToHaveTextAsync(after.Available.ToString("N0", System.Globalization.CultureInfo.GetCultureInfo("en-US")));
    }

    // The same pages at night, in Dutch, on a phone.
    private async Task LookAroundAsync(string person, Guid book)
    {
        await using var opened = await Console.SignInAsync("helpdesk", person, new BrowserKind { Dark = true, Phone = true, Locale = "nl-NL" });
        foreach (var (name, path) in new[] { ("person", person), ("why", $"{person}/books/{book}") })
        {
            await opened.GoAsync(path);
            await Expect(opened.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Uitnodiging opnieuw versturen") })).ToBeVisibleAsync();
            await opened.ScreenshotAsync($"day-{name}-dark-phone");
            await opened.AssertAccessibleAsync();
            Assert.True(await opened.Page.EvaluateAsync<bool>("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth"), name);
        }

        Assert.Empty(opened.Complaints);
    }

    /// <summary>The page has no circuit: it is asked again until the book is among those that the pupil has.</summary>
    private static Task AppearsAsync(ConsolePage phone, string title) => StockedConsole.WaitAsync(
        async () =>
        {
            await phone.GoAsync("/library");
            return await phone.Page.GetByRole(AriaRole.Link, new() { Name = $"Open in Books: {title}" }).CountAsync() == 1;
        },
        $"{title} on the phone");

    [GeneratedRegex("^Why\\? .*Dik Trom")]
    private static partial Regex WhyDikTrom();

    private async Task<Guid> PersonIdAsync(Guid directoryId)
    {
        await using var db = await Console.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        return await db.People.Where(p => p.DirectoryId == directoryId).Select(p => p.PublicId).SingleAsync();
    }
}
