using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
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
        await using var console = new RunningConsole(["--RateLimit:ReadBurst=10", "--RateLimit:ReadsPerSecond=1", "--RateLimit:WriteBurst=2", "--RateLimit:WritesPerSecond=1", "--RateLimit:Callers=3"]);
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
        await DemandLimitInBatchAsync(console);
    }

    [Fact]
    public async Task Callers_of_the_API_share_a_limit()
    {
        await using var console = new RunningConsole(["--RateLimit:WriteBurst=4", "--RateLimit:WritesPerSecond=1", "--RateLimit:Callers=1"]);
        await console.InitializeAsync();
        var program = await console.AutomationAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var answers = new List<HttpStatusCode>();
        foreach (var authorization in Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? program : null))
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1.0/deviceAppManagement/vppTokens/{Guid.NewGuid()}");
            request.Headers.Authorization = authorization;
            using var answer = await console.Client.SendAsync(request);
            answers.Add(answer.StatusCode);
        }

        // Each by itself could have sent four at once, and one more every second.
        Assert.InRange(answers.Count(a => a != HttpStatusCode.TooManyRequests), 4, 4 + (int)clock.Elapsed.TotalSeconds + 1);
    }

    [Fact]
    public void Limits_of_the_API_are_Intunes_in_its_stretch_of_time()
    {
        var settings = new VppBooks.Web.Settings.RateLimitSettings();

        Assert.Equal((1_000, 100, 2), (settings.ReadBurst + (20 * settings.ReadsPerSecond), settings.WriteBurst + (20 * settings.WritesPerSecond), settings.Callers));
    }

    /// <summary>Each request in a batch is counted by itself: some are served, and the rest is told to wait.</summary>
    private static async Task DemandLimitInBatchAsync(RunningConsole console)
    {
        using var batch = new HttpRequestMessage(HttpMethod.Post, "/beta/$batch")
        {
            Content = JsonContent.Create(new { requests = Enumerable.Range(0, 20).Select(i => new { id = $"{i}", method = "DELETE", url = $"/deviceAppManagement/vppTokens/{Guid.NewGuid()}" }) }),
        };
        batch.Headers.Authorization = await console.AutomationAsync();
        using var answer = await console.Client.SendAsync(batch);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var steps = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal(404, steps[0].GetProperty("status").GetInt32());
        var throttled = steps.First(s => s.GetProperty("status").GetInt32() == 429);
        Assert.True(int.Parse(throttled.GetProperty("headers").GetProperty("Retry-After").GetString()!, System.Globalization.CultureInfo.InvariantCulture) >= 1);
        Assert.Equal("TooManyRequests", throttled.GetProperty("body").GetProperty("error").GetProperty("code").GetString());
    }
}
