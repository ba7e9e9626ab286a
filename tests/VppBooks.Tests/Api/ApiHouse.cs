using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Architecture;
using VppBooks.Tests.Shell;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>The running program and callers of its API: Microsoft's own client, and plain HTTP for what that client would never send.</summary>
public sealed class ApiHouse : IAsyncLifetime
{
    public const string Education = DemoOrganization.EducationUId;
    public const string Business = DemoOrganization.BusinessUId;
    public const string Library = DemoOrganization.LibraryUId;

    private readonly RunningConsole _console;

    public ApiHouse()
        : this([])
    {
    }

    internal ApiHouse(IEnumerable<string> more) => _console = new RunningConsole(["--RateLimit:Burst=100000", "--RateLimit:PerSecond=10000", "--RateLimit:ReadBurst=100000", "--RateLimit:ReadsPerSecond=10000", "--RateLimit:WriteBurst=100000", "--RateLimit:WritesPerSecond=10000", .. more]);

    public SimulatedCloudHost Cloud => _console.Cloud;

    public IServiceProvider Services => _console.Services;

    public Uri Address => _console.Client.BaseAddress!;

    public ValueTask InitializeAsync() => _console.InitializeAsync();

    public ValueTask DisposeAsync() => _console.DisposeAsync();

    /// <summary>A token of a person who has these app roles, and no others.</summary>
    public string TokenOf(params string[] roles) => TokenFor($"api://{EntraSimulator.ConsoleClientId}/access_as_user", roles);

    /// <summary>A token of somebody in the directory, with the roles of now.</summary>
    public string TokenOf(SimulatedPerson person) => Token(person, $"api://{EntraSimulator.ConsoleClientId}/access_as_user");

    /// <summary>A token of a program that acts in nobody's name; its role is Administrator.</summary>
    public async Task<string> ProgramTokenAsync() => (await _console.AutomationAsync()).Parameter!;

    /// <summary>A token of a program that was registered with these app roles, as Entra hands it out.</summary>
    public async Task<string> ProgramTokenAsync(params string[] roles)
    {
        var program = new EntraApplication(Guid.NewGuid().ToString(), "secret", roles);
        Cloud.Entra.Register(program);
        return (await _console.ProgramAsync(program)).Parameter!;
    }

    /// <summary>A token of a person with a role, whose client was allowed these scopes and no others.</summary>
    public string ScopedToken(string role, params string[] scopes) =>
        TokenFor(string.Join(' ', scopes.Select(s => $"api://{EntraSimulator.ConsoleClientId}/{s}")), role);

    /// <summary>A token of the same person for another service.</summary>
    public string TokenForGraph() => TokenFor("https://graph.microsoft.com/.default", Roles.Administrator);

    /// <summary>Microsoft's client, set up as customers have to: its token goes to the hosts it is told to trust.</summary>
    public GraphServiceClient Graph(string role = Roles.Administrator) =>
        new(new BaseBearerTokenAuthenticationProvider(new Caller(TokenOf(role), Address.Host)), new Uri(Address, "v1.0").ToString());

    /// <summary>Signs a person of the demo in, as a browser does; returns what it sends as cookies from then on.</summary>
    public async Task<string> SignInAsync(string person)
    {
        var cookies = new CookieContainer();
        using var browser = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = Address };
        using var asked = await browser.GetAsync("/library");
        using var answer = await browser.GetAsync($"{asked.RequestMessage!.RequestUri}&sim_person={person}%40{DemoDirectory.Domain}");
        Assert.Equal("/library", answer.RequestMessage!.RequestUri!.AbsolutePath);
        return cookies.GetCookieHeader(Address);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body = null, string? token = null, string? role = Roles.Administrator, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (token is not null || role is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? TokenOf(role!));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _console.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> ReadAsync(string path, params (string Name, string Value)[] headers)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, headers: headers);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>What an administrator's script sends for a new token.</summary>
    public static VppToken NewToken(byte[] file, string name) => new()
    {
        Token = Encoding.ASCII.GetString(file),
        AppleId = "books@noordrand.example",
        VppTokenAccountType = VppTokenAccountType.Education,
        CountryOrRegion = "nl",
        AutomaticallyUpdateApps = false,
        AdditionalData = { ["displayName"] = name, ["dataSharingConsentGranted"] = true },
    };

    /// <summary>Uploads a token of a location and waits until its books are here.</summary>
    public async Task<VppToken> UploadAsync(string uId, string name)
    {
        var graph = Graph();
        var created = await graph.DeviceAppManagement.VppTokens.PostAsync(NewToken(Cloud.Apple.IssueToken(uId), name));
        return await SyncedAsync(created!.Id!);
    }

    public async Task<VppToken> SyncedAsync(string id)
    {
        var graph = Graph();
        return await UntilAsync(
            async () => (await graph.DeviceAppManagement.VppTokens[id].GetAsync())!,
            t => t.LastSyncStatus == VppTokenSyncStatus.Failed ? throw new InvalidOperationException("The sync failed.") : t.LastSyncStatus == VppTokenSyncStatus.Completed);
    }

    /// <summary>Waits until nobody works for a location any more: covers come after the books.</summary>
    public Task QuietAsync() => UntilAsync(
        async () =>
        {
            await using var db = await Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
            // Wishes first: one that is taken up between the two looks has its owner by the second.
            return await db.Locations.CountAsync(l => l.SyncWanted != null || l.SyncStatus == SyncStatus.InProgress) + await db.LocationLeases.CountAsync(l => l.Owner != "");
        },
        busy => busy == 0);

    public Guid GroupId(string name)
    {
        lock (Cloud.Directory.Gate)
        {
            return Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name).Id;
        }
    }

    /// <summary>Asks again and again until the answer is as wished.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Predicate<T> wished)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (wished(answer))
            {
                return answer;
            }

            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(2), $"After two minutes the answer was still {answer}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        }
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    /// <summary>The code of an error, after checking that its envelope is whole.</summary>
    public static async Task<JsonElement> ErrorAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode is >= 400 and < 500 or 503, $"{(int)answer.StatusCode} {text}");
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.Equal(Assert.Single(answer.Headers.GetValues("request-id")), error.GetProperty("innerError").GetProperty("request-id").GetString());
        return error;
    }

    private string TokenFor(string scope, params string[] roles)
    {
        var person = new SimulatedPerson
        {
            Id = Guid.NewGuid(),
            DisplayName = "Script",
            GivenName = "Script",
            Surname = "Writer",
            UserPrincipalName = "script@" + DemoDirectory.Domain,
        };
        person.AppRoles.AddRange(roles);
        return Token(person, scope);
    }

    private string Token(SimulatedPerson person, string scope)
    {
        var tokens = new EntraTokens(Cloud.Entra);
        return tokens.PersonAccessToken(person, EntraSimulator.ConsoleClientId, tokens.FindResource(scope)!);
    }

    private sealed class Caller(string token, string host) : IAccessTokenProvider
    {
        public AllowedHostsValidator AllowedHostsValidator { get; } = new([host]);

        public Task<string> GetAuthorizationTokenAsync(Uri uri, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(AllowedHostsValidator.IsUrlHostValid(uri) ? token : "");
    }
}

/// <summary>Callers who read the books of one location that is here already.</summary>
[CollectionDefinition(Name)]
public sealed class SyncedApi : ICollectionFixture<SyncedHouse>
{
    public const string Name = "API with books";
}

/// <summary>A house whose education location is uploaded and read.</summary>
public sealed class SyncedHouse : IAsyncLifetime
{
    // What is asked is logged, and a directory that wants to be left alone for seconds is: the tests look at both.
    public ApiHouse Api { get; } = new(
    [
        .. CapturedLog.Settings, "--Serilog:MinimumLevel:Override:Serilog.AspNetCore.RequestLoggingMiddleware=Information",
        "--Serilog:MinimumLevel:Override:Microsoft.AspNetCore.Routing=Warning", "--Directory:LongestWait=00:00:01",
    ]);

    public VppToken Token { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Api.InitializeAsync();
        Token = await Api.UploadAsync(ApiHouse.Education, "Noordrand Education");
        await Api.QuietAsync();
    }

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
