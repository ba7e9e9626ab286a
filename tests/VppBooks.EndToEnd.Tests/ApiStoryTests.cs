using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Graph;
using Microsoft.Graph.DeviceAppManagement.ManagedEBooks.Item.Assign;
using Microsoft.Graph.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using VppBooks.Core.Assignments;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.Web;

namespace VppBooks.EndToEnd.Tests;

/// <summary>What a school does once a year, with nothing but Microsoft's client for Graph.</summary>
public sealed class ApiStoryTests : IAsyncLifetime
{
    private const string Education = "3104477120056218";
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("vppbooks-api-").FullName;
    private VppBooksApp _app = null!;

    private SimulatedCloudHost Cloud => _app.Cloud!;

    public async ValueTask InitializeAsync()
    {
        _app = await VppBooksApp.CreateAsync(ConsoleFixture.Arguments(_folder), CancellationToken.None);
        await _app.Web.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.Web.StopAsync();
        await _app.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Class_gets_a_limited_book()
    {
        var address = new Uri(_app.Address);
        var caller = new Automation(await TokenAsync(), address.Host);
        var manage = new GraphServiceClient(new BaseBearerTokenAuthenticationProvider(caller), new Uri(address, "v1.0").ToString()).DeviceAppManagement;

        var token = await manage.VppTokens.PostAsync(new VppToken
        {
            Token = Encoding.ASCII.GetString(Cloud.Apple.IssueToken(Education)),
            AdditionalData = { ["displayName"] = "Noordrand Education", ["dataSharingConsentGranted"] = true },
        });
        await UntilAsync(async () => (await manage.VppTokens[token!.Id].GetAsync())!.LastSyncStatus == VppTokenSyncStatus.Completed);

        var books = await manage.ManagedEBooks.GetAsync(r =>
        {
            r.QueryParameters.Filter = $"vppTokenId eq {token!.Id} and totalLicenseCount ge 100";
            r.QueryParameters.Orderby = ["totalLicenseCount desc"];
        });
        var book = books!.Value!.Cast<IosVppEBook>().First(b => b.TotalLicenseCount - b.UsedLicenseCount >= 60);
        var atApple = Cloud.Apple.Assets(Education).Single(a => a.Title == book.DisplayName && a.PricingParam == "STDQ");
        Assert.Equal(CountsOf(atApple.Counts), (book.TotalLicenseCount, book.UsedLicenseCount));

        await manage.ManagedEBooks[book.Id].Assign.PostAsync(new AssignPostRequestBody
        {
            ManagedEBookAssignments = [new ManagedEBookAssignment { InstallIntent = InstallIntent.Required, Target = new GroupAssignmentTarget { GroupId = ClassId().ToString() } }],
        });
        await SettledAsync(Guid.Parse(book.Id!));

        var after = (IosVppEBook)(await manage.ManagedEBooks[book.Id].GetAsync())!;
        Assert.Equal(CountsOf(Cloud.Apple.Counts(Education, atApple.AdamId)), (after.TotalLicenseCount, after.UsedLicenseCount));
        Assert.InRange(after.UsedLicenseCount!.Value - book.UsedLicenseCount!.Value, 20, 28);
        var assignment = Assert.Single((await manage.ManagedEBooks[book.Id].Assignments.GetAsync())!.Value!);
        Assert.Equal(InstallIntent.Required, assignment.InstallIntent);
    }

    private static (int? Total, int? Used) CountsOf(AssetCounts counts) => (counts.Total, counts.Assigned);

    private Guid ClassId()
    {
        lock (Cloud.Directory.Gate)
        {
            return Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 5B").Id;
        }
    }

    private async Task SettledAsync(Guid bookId)
    {
        var plans = _app.Web.Services.GetRequiredService<PlanViews>();
        var plan = await plans.FindLatestCommittedAsync(bookId, Actor.System, CancellationToken.None);
        await UntilAsync(async () => await plans.ProgressAsync(plan!.Id, Actor.System, CancellationToken.None) is { Settled: true, Assigned: > 0 });
    }

    private static async Task UntilAsync(Func<Task<bool>> happened)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        while (!await happened())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), patience.Token);
        }
    }

    /// <summary>What a script gets from Entra with its own client secret.</summary>
    private async Task<string> TokenAsync()
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => Cloud.EntraCertificate!.Equals(shown) } };
        using var entra = new HttpClient(handler);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = EntraSimulator.AutomationClientId,
            ["client_secret"] = EntraSimulator.AutomationClientSecret,
            ["scope"] = EntraSimulator.ConsoleClientId + "/.default",
        });
        using var answer = await entra.PostAsync(new Uri($"{Cloud.EntraInstance}{SimulatedCloudHost.TenantId}/oauth2/v2.0/token"), form);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("access_token").GetString()!;
    }

    private sealed class Automation(string token, string host) : IAccessTokenProvider
    {
        public AllowedHostsValidator AllowedHostsValidator { get; } = new([host]);

        public Task<string> GetAuthorizationTokenAsync(Uri uri, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(AllowedHostsValidator.IsUrlHostValid(uri) ? token : "");
    }
}
