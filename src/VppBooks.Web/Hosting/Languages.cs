using System.Globalization;
using Microsoft.AspNetCore.Localization;

namespace VppBooks.Web.Hosting;

/// <summary>The languages VppBooks speaks. English is the language of the keys; each other one has a .resx beside the class it serves.</summary>
public static class Languages
{
    public const string CookieName = "VppBooks.Language";

    /// <summary>The first is the default.</summary>
    public static IReadOnlyList<string> Shipped { get; } = ["en", "nl"];

    internal static void Configure(RequestLocalizationOptions options, ProgramProfile profile)
    {
        CultureInfo[] cultures = [.. Shipped.Select(CultureInfo.GetCultureInfo)];
        options.DefaultRequestCulture = new RequestCulture(cultures[0]);
        options.SupportedCultures = cultures;
        options.SupportedUICultures = cultures;
        options.RequestCultureProviders =
        [
            new CookieRequestCultureProvider { CookieName = profile.CookieName(CookieName) },
            new AcceptLanguageHeaderRequestCultureProvider(),
        ];
    }
}
