using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>Reports in a browser: both themes, desk and phone.</summary>
public sealed class ReportTests(StockedConsole stocked) : IClassFixture<StockedConsole>
{
    private ConsoleFixture Console => stocked.Console;

    [Theory]
    [InlineData(false, false, "en-US")]
    [InlineData(true, true, "nl-NL")]
    public async Task Every_report_is_accessible_and_fits(bool dark, bool phone, string language)
    {
        var book = await stocked.FindBookAsync("Dik Trom");
        var pupils = Console.Cloud.Directory.Groups.Values.Where(g => g.DisplayName.StartsWith("Class", StringComparison.Ordinal)).OrderBy(g => g.DisplayName, StringComparer.Ordinal).Take(8);
        await Console.Services.GetRequiredService<AssignmentDesk>().AssignAsync(
            new PlanRequest(book.PublicId, [.. pupils.Select(g => new WishedAssignment(g.Id, Intent.Required))]), StockedConsole.Admin, CancellationToken.None);
        var kind = $"{(dark ? "dark" : "light")}-{(phone ? "phone" : "desk")}";
        await using var opened = await Console.SignInAsync("auditor", "/monitor/reports", new BrowserKind { Dark = dark, Phone = phone, Locale = language });

        foreach (var (name, path) in new[]
        {
            ("report-use", "/monitor/reports?sort=assigned"), ("report-group", "/monitor/reports?by=group"), ("report-genre", "/monitor/reports?by=genre"), ("report-history", "/monitor/reports/history"),
            ("report-titles", "/monitor/reports/titles"), ("report-unserved", "/monitor/reports/unserved"), ("report-people", "/monitor/reports/people"), ("report-forecast", "/monitor/forecast"),
            ("report-shopping", "/monitor/forecast/shopping-list"), ("report-book", $"/apps/ebooks/{book.PublicId}?tab=stock"),
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
}
