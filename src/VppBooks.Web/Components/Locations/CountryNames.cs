using System.Globalization;

namespace VppBooks.Web.Components.Locations;

/// <summary>Countries and regions in the reader's language.</summary>
internal static class CountryNames
{
    /// <summary>The name of two letters; the letters themselves when there is none.</summary>
    /// <remarks>A region's own display name comes in the region's language; the name of the reader's language spoken there does not.</remarks>
    public static string Of(string code)
    {
        try
        {
            var name = CultureInfo.GetCultureInfo($"{CultureInfo.CurrentUICulture.TwoLetterISOLanguageName}-{code}").NativeName;
            var (start, end) = (name.IndexOf('(', StringComparison.Ordinal), name.LastIndexOf(')'));
            return start >= 0 && end > start ? name[(start + 1)..end] : code;
        }
        catch (CultureNotFoundException)
        {
            return code;
        }
    }

    /// <summary>All of them by name, and <paramref name="also"/> even when it is not among them.</summary>
    public static IReadOnlyList<(string Code, string Name)> All(string also) =>
    [
        .. CultureInfo.GetCultures(CultureTypes.SpecificCultures)
            .Select(c => c.Name.Split('-')[^1])
            .Where(code => code.Length == 2 && code.All(char.IsAsciiLetterUpper))
            .Append(also)
            .Where(code => code.Length == 2)
            .Distinct(StringComparer.Ordinal)
            .Select(code => (Code: code, Name: Of(code)))
            .OrderBy(c => c.Name, StringComparer.CurrentCulture),
    ];
}
