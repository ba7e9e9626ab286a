using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;

namespace VppBooks.Core.Exports;

/// <summary>
/// Fields and lines of comma-separated values as RFC 4180 has them. Spreadsheets take some beginnings for formulas: a text that begins so gets an apostrophe
/// before it, whoever wrote it. Where the list separator is a semicolon, as in most of Europe, a spreadsheet splits a line there and not at commas; quotation marks
/// around a field are then in the middle of a cell and protect nothing. So what follows a semicolon, a tab or the end of a line within a text counts as a beginning too.
/// </summary>
public static partial class CsvText
{
    /// <summary>End of a line.</summary>
    public const string NewLine = "\r\n";

    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\0");
    private static readonly SearchValues<char> Separators = SearchValues.Create(";\t\r\n");
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    /// <summary>A line without its end.</summary>
    public static string Line(IEnumerable<object?> values) => string.Join(',', values.Select(Field));

    /// <summary>One field. Moments in UTC, days as they are, numbers without separators, nothing for null.</summary>
    public static string Field(object? value)
    {
        var text = value switch
        {
            null => "",
            string one => Harmless(one),
            DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            DateTimeOffset moment => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            bool flag => flag ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => throw new ArgumentException($"A {value.GetType().Name} is no value of a list.", nameof(value)),
        };
        return text.AsSpan().ContainsAny(Quoted) || text.StartsWith(' ') || text.EndsWith(' ') ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;
    }

    private static string Harmless(string text)
    {
        var whole = text.AsSpan().ContainsAny(Separators) ? BeginningWithin.Replace(text, "'") : text;
        return whole.Length > 0 && Formula.Contains(whole[0]) ? "'" + whole : whole;
    }

    // Quotation marks are doubled on the way out: a cell that begins with two of them begins, to the spreadsheet, with what follows.
    [GeneratedRegex("""(?<=[;\t\r\n])(?="*[=+\-@\0])""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BeginningWithin { get; }
}
