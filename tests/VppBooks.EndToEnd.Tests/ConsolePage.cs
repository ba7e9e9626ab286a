using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace VppBooks.EndToEnd.Tests;

/// <summary>A browser page in a profile of its own, with what tests of the console need.</summary>
public sealed class ConsolePage : IAsyncDisposable
{
    // Web components keep role and state where neither GetByRole nor axe looks; this mirrors both onto attributes.
    private const string Mirror = """
        (() => { const hosts = new WeakMap(), P = ElementInternals.prototype, attach = HTMLElement.prototype.attachInternals;
          HTMLElement.prototype.attachInternals = function () { const i = attach.call(this); hosts.set(i, this); return i; };
          for (const p of Object.getOwnPropertyNames(P)) { if (p !== 'role' && !p.startsWith('aria') || /Elements?$/.test(p)) continue;
            const d = Object.getOwnPropertyDescriptor(P, p); if (!d?.set) continue; const a = p === 'role' ? 'role' : 'aria-' + p.slice(4).toLowerCase();
            Object.defineProperty(P, p, { ...d, set(v) { d.set.call(this, v); const h = hosts.get(this); queueMicrotask(() => {
              if (!h || h.hasAttribute(a) && !h.__m?.has(a)) return; (h.__m ??= new Set()).add(a); v == null ? h.removeAttribute(a) : h.setAttribute(a, v); }); } }); } })();
        """;

    private static readonly AxeRunOptions _axe = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
        ResultTypes = new HashSet<ResultType> { ResultType.Violations },
    };

    private readonly ConsoleFixture _console;
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private ConsolePage(ConsoleFixture console, IBrowserContext context, IPage page)
    {
        _console = console;
        _context = context;
        Page = page;
    }

    public IPage Page { get; }

    /// <summary>What the browser's console complained of: script errors, refused resources, CSP violations.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<ConsolePage> OpenAsync(ConsoleFixture console, BrowserKind kind)
    {
        var context = await console.Browser.Browser.NewContextAsync(new()
        {
            BaseURL = console.Address,
            ColorScheme = kind.Dark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = kind.Locale,
            TimezoneId = "Europe/Amsterdam",
            ViewportSize = kind.Phone ? new() { Width = 390, Height = 844 } : new() { Width = 1280, Height = 800 },
        });
        context.SetDefaultTimeout(BrowserFixture.Patience);
        await context.AddInitScriptAsync(Mirror);
        var page = new ConsolePage(console, context, await context.NewPageAsync());
        page.Page.Console += (_, message) => page.Note(message);
        page.Page.PageError += (_, error) => page._complaints.Add(error);
        return page;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    public async Task SignInAsync(string who, string path = "/")
    {
        await Page.GotoAsync(path);
        await Page.GetByText($"{who}@noordrand.example").First.ClickAsync();
        await InteractiveAsync();
    }

    /// <summary>Goes to a page of the console and waits until it reacts to clicks.</summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        await InteractiveAsync();
    }

    /// <summary>Prerendered pages swallow clicks; this waits for the circuit. The reader's page has none and is ready at once.</summary>
    public async Task InteractiveAsync()
    {
        try
        {
            await Page.Locator("main[data-interactive=true], main[data-static]").WaitForAsync(new() { Timeout = 90_000 });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{Page.Url} does not react to clicks. {string.Join('\n', _complaints)}\n{await Page.Locator("body").InnerTextAsync()}", e);
        }
    }

    /// <summary>Fails with every rule of WCAG 2.2 A and AA, and of best practice, that the page breaks.</summary>
    public async Task AssertAccessibleAsync()
    {
        await Page.EvaluateAsync("document.querySelectorAll('[disabled]').forEach(e => e.setAttribute('aria-disabled', 'true'))");
        var context = new AxeRunContext { Exclude = [new AxeSelector(".fluent-toast-provider")] };
        var result = await Page.RunAxe(context, _axe);
        for (var look = 1; result.Violations.Length > 0 && look < 4; look++)
        {
            // A dialog that is still fading in has the contrast of a ghost: what stays wrong once it stands still is wrong.
            await Task.Delay(700);
            result = await Page.RunAxe(context, _axe);
        }

        Assert.True(result.Violations.Length == 0, string.Join('\n', result.Violations.Select(v =>
            $"{v.Id}: {v.Help}\n    {string.Join("\n    ", v.Nodes.Select(n => n.Html))}")));
    }

    /// <summary>Keeps a picture beside the test results, to be looked at by a person.</summary>
    public async Task ScreenshotAsync(string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "screenshots");
        Directory.CreateDirectory(folder);
        await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }

    private void Note(IConsoleMessage message)
    {
        // The stand-ins' pages have no favicon; that is theirs.
        if (message.Type == "error" && !message.Location.Contains("favicon.ico", StringComparison.Ordinal))
        {
            _complaints.Add(message.Text + " " + message.Location);
        }
    }
}
