using System.Globalization;
using System.Resources;
using Microsoft.FluentUI.AspNetCore.Components;

namespace VppBooks.Web.Hosting;

/// <summary>The UI library's own words in the languages we ship; it brings only English.</summary>
internal sealed class LibraryTexts : IFluentLocalizer
{
    private static readonly ResourceManager _texts = new(typeof(LibraryTexts));

    public string this[string key, params object[] arguments]
    {
        get
        {
            // No parents: there is no neutral file of ours, English comes from the library itself.
            var text = _texts.GetResourceSet(CultureInfo.CurrentUICulture, createIfNotExists: true, tryParents: false)?.GetString(key);
            return text is null ? IFluentLocalizer.GetDefault(key, arguments) : string.Format(CultureInfo.CurrentCulture, text, arguments);
        }
    }
}
