using System.Net.Http.Headers;
using System.Text.Json;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.Web;

namespace VppBooks.Tests.Shell;

/// <summary>The real program on free loopback ports with its simulated cloud and a database of its own; its scheduler forgets.</summary>
public sealed class RunningConsole : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-console-").FullName;
    private readonly List<string> _arguments;
    private VppBooksApp? _app;

    public RunningConsole()
        : this([])
    {
    }

    internal RunningConsole(IEnumerable<string> more) => _arguments =
    [
        "--environment=Development", "--urls=http://127.0.0.1:0", "--SimulatedCloud:Enabled=true", "--SimulatedCloud:Port=0", "--SimulatedCloud:EntraPort=0",
        $"--ConnectionStrings:VppBooks=Data Source={Path.Combine(_folder, "vppbooks.db")};Default Timeout=30;Pooling=False", "--SimulatedCloud:StateFile=", "--Scheduler:Store=Memory", "--Serilog:MinimumLevel:Default=Fatal", "--Serilog:MinimumLevel:Override:Microsoft=Fatal", .. more,
    ];

    /// <summary>Follows no redirect and keeps no cookie.</summary>
    public HttpClient Client { get; private set; } = null!;

    public SimulatedCloudHost Cloud => _app!.Cloud!;

    public IServiceProvider Services => _app!.Web.Services;

    public async ValueTask InitializeAsync()
    {
        _app = await VppBooksApp.CreateAsync([.. _arguments], CancellationToken.None);
        await _app.Web.StartAsync();
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(_app.Address) };
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_app is not null)
        {
            await _app.Web.StopAsync();
            await _app.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>An access token for the demo's API client, whose role is Administrator.</summary>
    public Task<AuthenticationHeaderValue> AutomationAsync() => ProgramAsync(new EntraApplication(EntraSimulator.AutomationClientId, EntraSimulator.AutomationClientSecret, []));

    /// <summary>An access token for a program that is registered.</summary>
    internal async Task<AuthenticationHeaderValue> ProgramAsync(EntraApplication program)
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => Cloud.EntraCertificate!.Equals(shown) } };
        using var entra = new HttpClient(handler);
        using var answer = await entra.PostAsync(
            new Uri($"{Cloud.EntraInstance}{SimulatedCloudHost.TenantId}/oauth2/v2.0/token"),
            new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = program.ClientId,
                ["client_secret"] = program.Secret,
                ["scope"] = "b1a7c0de-0000-4000-8000-000000000001/.default",
            }));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return new AuthenticationHeaderValue("Bearer", JsonDocument.Parse(body).RootElement.GetProperty("access_token").GetString());
    }
}
