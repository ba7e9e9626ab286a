using System.Globalization;
using System.Text.Json;

namespace VppBooks.Apple.Store;

/// <summary>Reads the store's answers, in which every part may be missing, null or of another type.</summary>
internal static class Json
{
    /// <summary>A text or the digits of a number, at most 1,000 characters unless told otherwise; null for anything else.</summary>
    public static string? Text(JsonElement element, string name, int longest = 1000)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value))
        {
            return null;
        }

        var text = value.ValueKind switch { JsonValueKind.String => Decode(value), JsonValueKind.Number => value.GetRawText(), _ => null };
        return string.IsNullOrWhiteSpace(text) ? null : text.Length <= longest ? text : text[..longest];
    }

    public static IReadOnlyList<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(Decode).OfType<string>().Take(50)]
            : [];

    public static DateOnly? Date(JsonElement element, string name) =>
        Text(element, name) is { Length: >= 10 } text && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;

    /// <summary>An address for a person to follow; https only.</summary>
    public static string? Link(JsonElement element, string name) =>
        Text(element, name, 2000) is { } text && Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == "https" ? text : null;

    // Half a surrogate pair cannot become a string.
    private static string? Decode(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
