using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>A fresh stand-in on a free port with a clock of its own, spoken to over HTTP.</summary>
internal sealed class SimulatedApple : IAsyncDisposable
{
    /// <summary>Location that no other MDM manages.</summary>
    public const string Education = "3104477120056218";

    public const string Business = "3104477120056341";

    /// <summary>Location that another MDM has claimed.</summary>
    public const string Library = "3104477120056907";

    /// <summary>An asset that is owned nowhere until a test buys it.</summary>
    public const string NewBook = "9000000001";

    private readonly HttpClient _http = new();

    private SimulatedApple(SimulatedCloudHost host, FakeTimeProvider clock)
    {
        Host = host;
        Clock = clock;
        Token = Encoding.ASCII.GetString(host.Apple.IssueToken(Education));
    }

    public SimulatedCloudHost Host { get; }

    public FakeTimeProvider Clock { get; }

    public AppleSimulator Apple => Host.Apple;

    public AppleSwitches Switches => Host.Apple.Switches;

    /// <summary>Sent with every request; null sends none.</summary>
    public string? Token { get; set; }

    public HttpClient Http => _http;

    public static async Task<SimulatedApple> StartAsync(Action<SimulatedCloudOptions>? configure = null)
    {
        var options = new SimulatedCloudOptions { Port = 0, EntraPort = 0, MaxRequestsPerSecond = 0 };
        configure?.Invoke(options);
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 9, 1, 8, 0, 0, TimeSpan.Zero));
        return new SimulatedApple(await SimulatedCloudHost.StartAsync(options, clock, TestContext.Current.CancellationToken), clock);
    }

    public Task<Reply> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, Host.AppleBaseUrl + path));

    public Task<Reply> PostAsync(string path, object body) => SendAsync(new HttpRequestMessage(HttpMethod.Post, Host.AppleBaseUrl + path) { Content = Json(body) });

    public Task<Reply> PostTextAsync(string path, string body, string contentType = "application/json") =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, Host.AppleBaseUrl + path) { Content = new StringContent(body, Encoding.UTF8, contentType) });

    public async Task<Reply> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            if (Token is not null && request.Headers.Authorization is null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Token);
            }

            using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            return new Reply((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers.RetryAfter);
        }
    }

    public Task<Reply> AssociateAsync(IEnumerable<string> users, params string[] adamIds) =>
        PostAsync("/assets/associate", new { assets = adamIds.Select(id => new { adamId = id, pricingParam = "STDQ" }), clientUserIds = users });

    /// <summary>Sends a change, lets its event finish and returns what status says.</summary>
    public async Task<Reply> FinishAsync(Task<Reply> change)
    {
        var accepted = await change;
        Assert.Equal((200, 0), (accepted.Status, accepted.ErrorNumber));
        Apple.FinishEvents();
        return await GetAsync("/status?eventId=" + accepted.Text("eventId"));
    }

    public Task<Reply> CreateAsync(params string[] clientUserIds) => FinishAsync(PostAsync("/users/create", new { users = clientUserIds.Select(id => new { clientUserId = id }) }));

    /// <summary>Buys the new book for a test.</summary>
    public void Stock(int licenses, string adamId = NewBook, string pricingParam = "STDQ") => Apple.Buy(Education, adamId, pricingParam, licenses);

    public AssetCounts Counts(string adamId = NewBook, string pricingParam = "STDQ") => Apple.Counts(Education, adamId, pricingParam);

    /// <summary>A Managed Apple Account of the directory that nobody uses at the location yet.</summary>
    public string FreeManagedAccount()
    {
        var taken = Apple.Users(Education).Select(u => u.Account).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return ManagedAccounts().First(account => !taken.Contains(account) && !Apple.AccountsOfAnotherOrganization.Contains(account));
    }

    /// <summary>A Managed Apple Account of the directory that an earlier MDM's user sits on.</summary>
    public string TakenManagedAccount()
    {
        var taken = Apple.Users(Education).Where(u => u.Status == "Associated").Select(u => u.Account).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return ManagedAccounts().First(taken.Contains);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Host.DisposeAsync();
    }

    private List<string> ManagedAccounts()
    {
        lock (Host.Directory.Gate)
        {
            return [.. Host.Directory.People.Values.Select(p => p.ManagedAppleAccount).OfType<string>()];
        }
    }

    private static JsonContent Json(object body) => JsonContent.Create(body, new MediaTypeHeaderValue("application/json"));
}

internal sealed record Reply(int Status, string Body, RetryConditionHeaderValue? RetryAfter)
{
    public JsonElement Json => field.ValueKind == JsonValueKind.Undefined ? field = JsonDocument.Parse(Body).RootElement : field;

    public int ErrorNumber => Body.StartsWith('{') && Json.TryGetProperty("errorNumber", out var number) ? number.GetInt32() : 0;

    public string? Text(string name) => Json.TryGetProperty(name, out var value) ? value.GetString() : null;

    public int Number(string name) => Json.GetProperty(name).GetInt32();

    public bool Has(string name) => Json.TryGetProperty(name, out _);

    public IReadOnlyList<JsonElement> List(string name) => [.. Json.GetProperty(name).EnumerateArray()];
}
