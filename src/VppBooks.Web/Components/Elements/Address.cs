using System.Globalization;
using System.Text;

namespace VppBooks.Web.Components.Elements;

/// <summary>Builds an address within the console; parameters without a value are left out.</summary>
internal static class Address
{
    public static string Of(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var address = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (!string.IsNullOrEmpty(value))
            {
                address.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return address.ToString();
    }

    /// <summary>A page number for an address: nothing for the first page.</summary>
    public static string? PageText(int page) => page > 1 ? page.ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>The word for an enum value in an address: lower case; nothing for the default value.</summary>
    public static string? Slug<T>(T value)
        where T : struct, Enum => EqualityComparer<T>.Default.Equals(value, default) ? null : Word(value);

    /// <summary>The word for any enum value in an address.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The enum value of a word in an address; null when it is none. Numbers are no words.</summary>
    public static T? Parse<T>(string? word)
        where T : struct, Enum => word is { Length: > 0 } && char.IsAsciiLetter(word[0]) && Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null;
}
