using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.Tests.Shell;
using VppBooks.Web.SignIn;

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
    private static readonly string[] _tight = ["--RateLimit:WriteBurst=4", "--RateLimit:WritesPerSecond=1", "--RateLimit:Callers=1"];

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
        await using var console = new RunningConsole(_tight);
        await console.InitializeAsync();
        var (one, other) = (await console.AutomationAsync(), await ProgramAsync(console, Roles.Administrator));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var answers = new List<HttpStatusCode>();
        foreach (var program in Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? one : other))
        {
            answers.Add(await DeleteAsync(console, program));
        }

        // Each by itself could have sent four at once, and one more every second.
        Assert.InRange(answers.Count(a => a != HttpStatusCode.TooManyRequests), 4, 4 + (int)clock.Elapsed.TotalSeconds + 1);
    }

    [Fact]
    public async Task Strangers_use_up_the_limit_of_their_own_address_and_of_nobody_else()
    {
        await using var console = new RunningConsole([.. _tight, "--ReverseProxy:KnownProxies:0=127.0.0.1"]);
        await console.InitializeAsync();
        var program = await console.AutomationAsync();
        var powerless = await ProgramAsync(console, "Something.Else");
        var guess = new AuthenticationHeaderValue("Bearer", "guess");
        foreach (var (authorization, refusal, address) in new (AuthenticationHeaderValue?, HttpStatusCode, Func<int, string>)[]
        {
            (null, HttpStatusCode.Unauthorized, _ => "192.0.2.1"),
            (guess, HttpStatusCode.Unauthorized, _ => "192.0.2.2"),
            (guess, HttpStatusCode.Unauthorized, i => $"2001:db8::{i + 1:x}"),
            (powerless, HttpStatusCode.Forbidden, i => $"198.51.100.{i + 1}"),
        })
        {
            var answers = new List<HttpStatusCode>();
            for (var i = 0; i < 12; i++)
            {
                answers.Add(await DeleteAsync(console, authorization, address(i)));
            }

            Assert.Equal(refusal, answers[0]);
            Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        }

        // From an address that guesses, too.
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync(console, program, "192.0.2.2"));
        }
    }

    [Fact]
    public void Limits_of_the_API_are_Intunes_in_its_stretch_of_time()
    {
        var settings = new VppBooks.Web.Settings.RateLimitSettings();

        Assert.Equal((1_000, 100, 2), (settings.ReadBurst + (20 * settings.ReadsPerSecond), settings.WriteBurst + (20 * settings.WritesPerSecond), settings.Callers));
    }

    private static async Task<HttpStatusCode> DeleteAsync(RunningConsole console, AuthenticationHeaderValue? authorization, string? address = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1.0/deviceAppManagement/vppTokens/{Guid.NewGuid()}");
        request.Headers.Authorization = authorization;
        if (address is not null)
        {
            request.Headers.Add("X-Forwarded-For", address);
        }

        using var answer = await console.Client.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<AuthenticationHeaderValue> ProgramAsync(RunningConsole console, string role)
    {
        var program = new EntraApplication(Guid.NewGuid().ToString(), "secret", [role]);
        console.Cloud.Entra.Register(program);
        return await console.ProgramAsync(program);
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
