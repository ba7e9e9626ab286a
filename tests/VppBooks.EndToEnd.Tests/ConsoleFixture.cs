using Microsoft.AspNetCore.Builder;
using VppBooks.SimulatedCloud;
using VppBooks.Web;

namespace VppBooks.EndToEnd.Tests;

/// <summary>The real program on free loopback ports, with its simulated cloud and a database of its own.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-e2e-").FullName;
    private readonly string[] _settings;
    private VppBooksApp? _app;

    public ConsoleFixture()
        : this([])
    {
    }

    /// <param name="settings">Settings beyond the demo's, as on the command line.</param>
    internal ConsoleFixture(string[] settings)
    {
        _settings = settings;
        Browser = new BrowserFixture();
    }

    public BrowserFixture Browser { get; }

    /// <summary>Without a trailing slash.</summary>
    public string Address => _app!.Address;

    public SimulatedCloudHost Cloud => _app!.Cloud!;

    public IServiceProvider Services => _app!.Web.Services;

    public async ValueTask InitializeAsync()
    {
        await Browser.InitializeAsync();
        _app = await VppBooksApp.CreateAsync([.. Arguments(_folder), .. _settings], CancellationToken.None);
        await _app.Web.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.Web.StopAsync();
            await _app.DisposeAsync();
        }

        await Browser.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A new browser profile on the sign-in page's far side: signed in, on the page asked for, interactive.</summary>
    /// <param name="who">Alias of a demo person, such as <c>admin</c>.</param>
    public async Task<ConsolePage> SignInAsync(string who, string path = "/", BrowserKind? kind = null)
    {
        var page = await ConsolePage.OpenAsync(this, kind ?? new BrowserKind());
        await page.SignInAsync(who, path);
        return page;
    }

    /// <summary>What the demo profile is, on free ports and with a throw-away database.</summary>
    internal static string[] Arguments(string folder) =>
    [
        "--environment=Development",
        "--urls=http://127.0.0.1:0",
        "--SimulatedCloud:Enabled=true",
        "--SimulatedCloud:Port=0",
        "--SimulatedCloud:EntraPort=0",
        // One person looks at dozens of pages; a browser on a busy machine does not always say that it has closed one, and the console keeps it for minutes then.
        "--Console:CircuitsPerPerson=100",
        $"--ConnectionStrings:VppBooks=Data Source={Path.Combine(folder, "vppbooks.db")};Default Timeout=30;Pooling=False",
        "--Serilog:MinimumLevel:Default=Warning",
    ];
}
