using System.Globalization;

namespace VppBooks.Apple;

/// <summary>Apple's dates: <c>2027-05-18T10:42:07+0000</c>, offset without a colon; <c>Z</c> and a colon are tolerated (reference 1.3).</summary>
internal static class AppleDate
{
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads a date that names its zone. Without a zone a date would be read as local time, so it is refused.</summary>
    public static bool TryParse(string? text, out DateTimeOffset utc)
    {
        utc = default;
        if (text is null || !NamesItsZone(text) ||
            !DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed))
        {
            return false;
        }

        utc = parsed.ToUniversalTime();
        return true;
    }

    // The sign of an offset stands after the time; the ones before it separate year, month and day.
    private static bool NamesItsZone(string text) =>
        text.Length > 19 && (text[^1] == 'Z' || text.AsSpan(19).IndexOfAny('+', '-') >= 0);
}
