using System.Diagnostics;
using Microsoft.Playwright;

namespace VppBooks.EndToEnd.Tests;

/// <summary>One Chromium for all tests, started by the first that needs it. Tests never skip: without a browser they fail and say what to do.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    // What the driver switches off by itself and the tests rely on (of two lists a browser reads the last one only), then what costs a process per window or per
    // hop to the sign-in page and shows nothing to a test: the address bar's own pages, a spare process, one process per site.
    private static readonly string[] _withoutFeatures =
    [
        "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "GlobalMediaControls", "HttpsUpgrades", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
        "Translate", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
        "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess", "IsolateOrigins", "site-per-process",
    ];

    private static readonly SemaphoreSlim _one = new(1);
    private static int _users;
    private static IPlaywright? _playwright;
    private static IBrowser? _browser;

    private static readonly string[] _places =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/usr/bin/microsoft-edge",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        @"C:\Program Files\Google\Chrome\Application\chrome.exe", @"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ];

    /// <summary>How long a test waits for what a page is to do, in milliseconds.</summary>
    public const float Patience = 60_000;

    private bool _uses;

    public IBrowser Browser => _browser ?? throw new InvalidOperationException("The browser has not been started.");

    public async ValueTask InitializeAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (_browser is null)
            {
                var executable = Find() ?? await InstallAsync() ?? throw new InvalidOperationException(
                    "No browser found. Install Chromium, Google Chrome or Microsoft Edge, or name one in VPPBOOKS_TEST_BROWSER. On Debian: apt-get install chromium.");
                _playwright ??= await Playwright.CreateAsync();
                // On a machine that has much else to do: what comes late has come, what does not come fails a little later.
                Assertions.SetDefaultExpectTimeout(Patience);
                _browser = await _playwright.Chromium.LaunchAsync(new()
                {
                    ExecutablePath = executable,
                    Args = ["--no-sandbox", "--disable-site-isolation-trials", $"--disable-features={string.Join(',', _withoutFeatures)}"],
                });
            }

            _users++;
            _uses = true;
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (!_uses || --_users > 0)
            {
                return;
            }

            if (_browser is not null)
            {
                await _browser.DisposeAsync();
            }

            _playwright?.Dispose();
            (_browser, _playwright, _uses) = (null, null, false);
        }
        finally
        {
            _one.Release();
        }
    }

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("VPPBOOKS_TEST_BROWSER");
        return !string.IsNullOrEmpty(named) ? named : Array.Find(_places, File.Exists);
    }

    private static async Task<string?> InstallAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
        {
            return null;
        }

        await RunAsync("apt-get", "update", "-qq");
        await RunAsync("apt-get", "install", "-y", "-qq", "chromium");
        return Find();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
        })!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync(), process.WaitForExitAsync());
    }
}
