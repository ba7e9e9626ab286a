using System.Net;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Hosting;

public sealed class BrowserSecurityTests(RunningConsole console) : IClassFixture<RunningConsole>
{
    [Theory]
    [InlineData("/account/signed-out")]
    [InlineData("/app.css")]
    [InlineData("/api/anything")]
    [InlineData("/health/live")]
    [InlineData("/")]
    public async Task Every_answer_tells_the_browser_what_to_refuse(string path)
    {
        using var answer = await console.Client.GetAsync(path);

        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        var directives = policy.Split("; ").Select(d => d.Split(' ', 2)).ToDictionary(d => d[0], d => d[1]);
        Assert.Equal("'self'", directives["default-src"]);
        Assert.Equal("'self'", directives["script-src"]);
        Assert.Equal("'none'", directives["object-src"]);
        Assert.Equal("'none'", directives["frame-ancestors"]);
        Assert.Equal("'self'", directives["base-uri"]);
        Assert.Equal($"'self' ws://{console.Client.BaseAddress!.Authority}", directives["connect-src"]);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
    }

    [Fact]
    public async Task Page_holds_no_script_of_its_own()
    {
        var page = await console.Client.GetStringAsync("/account/signed-out");

        Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)[^>]*>", page);
        Assert.DoesNotMatch(@"\son\w+=", page);
    }

    [Fact]
    public async Task Word_of_an_unknown_proxy_is_not_believed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-Forwarded-Host", "elsewhere.example");
        request.Headers.Add("X-Forwarded-Proto", "https");

        using var answer = await console.Client.SendAsync(request);

        Assert.DoesNotContain("elsewhere", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }
}

public sealed class TrafficTests
{
    [Fact]
    public async Task Caller_beyond_the_limit_is_told_to_wait_and_changes_have_a_limit_of_their_own()
    {
        await using var console = new RunningConsole(["--RateLimit:Burst=10", "--RateLimit:PerSecond=1", "--RateLimit:WriteBurst=2", "--RateLimit:WritesPerSecond=1"]);
        await console.InitializeAsync();

        List<HttpResponseMessage> changes = [];
        for (var i = 0; i < 8; i++)
        {
            changes.Add(await console.Client.PostAsync("/v1.0/deviceAppManagement/vppTokens", content: null));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, changes[0].StatusCode);
        Assert.True(changes.First(a => a.StatusCode == HttpStatusCode.TooManyRequests).Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await console.Client.GetAsync("/v1.0/deviceAppManagement/vppTokens")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await console.Client.PostAsync("/v1.0/$batch", content: null)).StatusCode);

        List<HttpResponseMessage> answers = [];
        for (var i = 0; i < 30; i++)
        {
            answers.Add(await console.Client.GetAsync("/api/anything"));
        }

        var refused = answers.First(a => a.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Assert.Contains("\"TooManyRequests\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await console.Client.GetAsync("/health/live")).StatusCode);
    }
}
