using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Playwright;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using static Microsoft.Playwright.Assertions;

namespace VppBooks.EndToEnd.Tests;

/// <summary>What the product is for, from beginning to end, as a newcomer does it in a browser.</summary>
public sealed class StoryTests(TokenTests.FreshConsole fresh) : IClassFixture<TokenTests.FreshConsole>
{
    private const string Education = "3104477120056218";
    private const string Title = "Max Havelaar";

    private readonly ConsoleFixture _console = fresh.Console;

    [Fact]
    public async Task From_the_token_file_to_licenses_with_the_same_numbers_in_the_console_in_the_API_and_at_Apple()
    {
        await using var opened = await _console.SignInAsync("admin", "/");
        var page = opened.Page;
        await UploadAsync(opened);
        var numbers = await OpenBookAsync(opened);
        await AssertSameEverywhereAsync(page, numbers);
        var before = _console.Cloud.Apple.Counts(Education, numbers.AdamId);

        await page.GetByRole(AriaRole.Button, new() { Name = "Assign groups" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Search groups in the directory" }).FillAsync("Class 5C");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add Class 5C", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "What Class 5C is given" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Review plan" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Commit plan" }).ClickAsync();
        await Expect(page.GetByText("Committed", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Confirmed" })).ToBeVisibleAsync();

        var after = _console.Cloud.Apple.Counts(Education, numbers.AdamId);
        Assert.InRange(after.Assigned - before.Assigned, 20, 28);
        await opened.GoAsync(numbers.Page);
        await SyncNowAsync(page);
        await AssertSameEverywhereAsync(page, numbers);
        Assert.Empty(opened.Complaints);
    }

    private async Task UploadAsync(ConsolePage opened)
    {
        var page = opened.Page;
        await opened.GoAsync("/tenant/connectors/apple-vpp-tokens?panel=create");
        using var client = new HttpClient();
        var file = await client.GetByteArrayAsync(new Uri($"{_console.Cloud.BaseUrl}/portal/locations/{Education}/token"));
        while (!await page.EvaluateAsync<bool>("document.querySelector('#token-file')?._blazorInputFileNextFileId !== undefined"))
        {
            await Task.Delay(50);
        }

        await page.Locator("#token-file").SetInputFilesAsync(new FilePayload { Name = "sToken.vpptoken", MimeType = "application/octet-stream", Buffer = file });
        await Expect(page.Locator(".preview")).ToContainTextAsync("Noordrand Schools");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "I agree" }).CheckAsync();
        await page.Locator("fluent-drawer fluent-button").Filter(new() { HasText = "Create" }).ClickAsync();
        await Expect(page.Locator(".list-table tbody tr").First).ToContainTextAsync("Succeeded", new() { Timeout = 90_000 });
        await opened.ScreenshotAsync("token-synced");
    }

    private async Task<(string Page, string Id, string AdamId)> OpenBookAsync(ConsolePage opened)
    {
        await opened.GoAsync("/apps/ebooks?q=" + Uri.EscapeDataString(Title));
        await opened.Page.GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link, new() { Name = Title }).First.ClickAsync();
        await Expect(opened.Page.GetByRole(AriaRole.Heading, new() { Name = Title, Level = 1 })).ToBeVisibleAsync();
        var path = new Uri(opened.Page.Url).AbsolutePath;
        var adamId = _console.Cloud.Apple.Assets(Education).Single(a => a.Title == Title && a.PricingParam == "STDQ").AdamId;
        return (path, path.Split('/')[^1], adamId);
    }

    // By hand, a location is synced once a minute at most: the first sync may have been just now.
    private static async Task SyncNowAsync(IPage page)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).First.ClickAsync();
            await Task.Delay(1_000);
            if (!(await page.InnerTextAsync("main")).Contains("Try again in", StringComparison.OrdinalIgnoreCase))
            {
                break;
            }

            await Task.Delay(4_000);
        }

        await Task.Delay(3_000);
    }

    private async Task AssertSameEverywhereAsync(IPage page, (string Page, string Id, string AdamId) book)
    {
        var apple = _console.Cloud.Apple.Counts(Education, book.AdamId);
        var english = CultureInfo.GetCultureInfo("en-US");
        await Expect(page.Locator(".figure-number").First).ToHaveTextAsync(apple.Assigned.ToString("N0", english));
        await Expect(page.Locator(".figure-number").Nth(1)).ToHaveTextAsync(apple.Available.ToString("N0", english));

        using var api = new HttpClient();
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync());
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"{_console.Address}/v1.0/deviceAppManagement/managedEBooks/{book.Id}")));
        Assert.Equal(apple.Assigned, answer.RootElement.GetProperty("usedLicenseCount").GetInt32());
        Assert.Equal(apple.Total, answer.RootElement.GetProperty("totalLicenseCount").GetInt32());
    }

    private async Task<string> TokenAsync()
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => _console.Cloud.EntraCertificate!.Equals(shown) } };
        using var entra = new HttpClient(handler);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = EntraSimulator.AutomationClientId,
            ["client_secret"] = EntraSimulator.AutomationClientSecret,
            ["scope"] = EntraSimulator.ConsoleClientId + "/.default",
        });
        using var answer = await entra.PostAsync(new Uri($"{_console.Cloud.EntraInstance}{SimulatedCloudHost.TenantId}/oauth2/v2.0/token"), form);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("access_token").GetString()!;
    }
}
