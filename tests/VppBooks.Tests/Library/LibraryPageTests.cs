using System.Net;
using System.Text.RegularExpressions;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Library;

public sealed partial class LibraryPageTests(RunningConsole console) : IClassFixture<RunningConsole>
{
    [Fact]
    public async Task Page_is_plain_private_HTML_whose_forms_work_without_scripts_and_need_the_token()
    {
        using var reader = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = console.Client.BaseAddress };
        using var asked = await reader.GetAsync("/library");
        using var answer = await reader.GetAsync($"{asked.RequestMessage!.RequestUri}&sim_person={Uri.EscapeDataString("reader@noordrand.example")}");
        var page = await answer.Content.ReadAsStringAsync();

        Assert.Equal("/library", answer.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("<h1>My library</h1>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("blazor", page, StringComparison.OrdinalIgnoreCase);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.DoesNotContain("href=\"/\"", page, StringComparison.Ordinal);

        var token = TokenField().Match(page);
        using var without = await reader.PostAsync("/library/get", Form(("book", $"{Guid.NewGuid()}")));
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
        using var with = await reader.PostAsync("/library/get", Form(("book", $"{Guid.NewGuid()}"), (token.Groups[1].Value, token.Groups[2].Value)));
        Assert.Contains("This book is not offered to you.", await with.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var invitation = await reader.PostAsync("/library/invitation", Form(("location", $"{Guid.NewGuid()}"), (token.Groups[1].Value, token.Groups[2].Value)));
        Assert.Contains("said=NoInvitation", invitation.RequestMessage!.RequestUri!.Query, StringComparison.Ordinal);
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));

    [GeneratedRegex("name=\"(__RequestVerificationToken)\" value=\"([^\"]+)\"")]
    private static partial Regex TokenField();
}
