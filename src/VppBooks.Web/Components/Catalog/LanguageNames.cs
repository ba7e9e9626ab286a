using System.Globalization;

namespace VppBooks.Web.Components.Catalog;

/// <summary>Names of languages in the reader's own.</summary>
internal static class LanguageNames
{
    /// <summary>The name behind a code such as <c>nl</c>; what is no known code is shown as it is.</summary>
    public static string Of(string language)
    {
        if (language.Length is not (2 or 3 or 5))
        {
            return language;
        }

        try
        {
            var culture = CultureInfo.GetCultureInfo(language, predefinedOnly: true);
            var name = culture.DisplayName;
            return name.Length == 0 ? language : char.ToUpper(name[0], CultureInfo.CurrentUICulture) + name[1..];
        }
        catch (CultureNotFoundException)
        {
            return language;
        }
    }
}
