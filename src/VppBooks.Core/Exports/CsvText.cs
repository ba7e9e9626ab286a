using System.Buffers;
using System.Globalization;

namespace VppBooks.Core.Exports;

/// <summary>
/// Fields and lines of comma-separated values as RFC 4180 has them. Spreadsheets take some beginnings for formulas: a text that begins so gets an apostrophe
/// before it, whoever wrote it.
/// </summary>
public static class CsvText
{
    /// <summary>End of a line.</summary>
    public const string NewLine = "\r\n";

    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\0");
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    /// <summary>A line without its end.</summary>
    public static string Line(IEnumerable<object?> values) => string.Join(',', values.Select(Field));

    /// <summary>One field. Moments in UTC, days as they are, numbers without separators, nothing for null.</summary>
    public static string Field(object? value)
    {
        var text = value switch
        {
            null => "",
            string one => Formula.Contains(one.Length > 0 ? one[0] : ' ') ? "'" + one : one,
            DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            DateTimeOffset moment => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            bool flag => flag ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => throw new ArgumentException($"A {value.GetType().Name} is no value of a list.", nameof(value)),
        };
        return text.AsSpan().ContainsAny(Quoted) || text.StartsWith(' ') || text.EndsWith(' ') ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;
    }
}
