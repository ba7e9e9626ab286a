using System.Globalization;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Tests.Elements;

/// <summary>Renders one component with what the console gives to every page: words, the UI library, a clock that stands still.</summary>
public abstract class ElementContext : BunitContext
{
    protected ElementContext()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("en");
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLocalization();
        Services.AddFluentUIComponents();
        Services.AddSingleton<TimeProvider>(Clock);
        Services.AddScoped<BrowserTimeProvider>();
    }

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 9, 1, 10, 0, 0, TimeSpan.Zero));

    /// <summary>What a screen reader and an eye get, without markup and double blanks.</summary>
    protected static string Words(string markup) =>
        string.Join(' ', System.Text.RegularExpressions.Regex.Replace(markup, "<[^>]*>", " ", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
