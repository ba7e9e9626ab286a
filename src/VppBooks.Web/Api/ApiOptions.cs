using System.Globalization;
using Microsoft.Extensions.Primitives;
using VppBooks.Web.Api.Graph;

namespace VppBooks.Web.Api;

/// <summary>Options in the query of our own API; one that cannot be understood is refused by name.</summary>
internal sealed class ApiOptions(HttpRequest request)
{
    /// <exception cref="GraphQueryException">Given twice.</exception>
    public string? Text(string name) => request.Query.TryGetValue(name, out var values) && !StringValues.IsNullOrEmpty(values)
        ? values.Count == 1 ? values.ToString() : throw new GraphQueryException($"{name} is given twice.")
        : null;

    /// <exception cref="GraphQueryException">No number, or out of its range.</exception>
    public int? Number(string name, int least, int most) => Text(name) is not { } text
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new GraphQueryException($"{name} must be a whole number from {least} to {most}.");

    /// <exception cref="GraphQueryException">No id.</exception>
    public Guid? Id(string name) => Text(name) is not { } text ? null : ApiId.TryParse(text, out var id) ? id : throw new GraphQueryException($"{name} must be an id.");

    /// <exception cref="GraphQueryException">No moment.</exception>
    public DateTimeOffset? Moment(string name) => Text(name) is not { } text
        ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment
            : throw new GraphQueryException($"{name} must be a moment such as 2026-12-31T00:00:00Z.");

    /// <exception cref="GraphQueryException">No day.</exception>
    public static DateOnly Day(string name, string text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day > DateOnly.MinValue && day < DateOnly.MaxValue.AddDays(-1)
        ? day
        : throw new GraphQueryException($"{name} must be a day such as 2026-08-31.");

    /// <summary>The place behind which a page of a list begins; null for a first page.</summary>
    /// <exception cref="GraphQueryException">Not one of ours, or of another list.</exception>
    public IReadOnlyList<string>? Cursor(GraphSkipTokens tokens, string list) => Text("cursor") is not { } cursor ? null : tokens.Read(cursor, list) ?? throw ForeignCursor();

    /// <summary>The place that the words of a cursor name.</summary>
    /// <exception cref="GraphQueryException">They are of another list.</exception>
    public static T Place<T>(IReadOnlyList<string> words, Func<IReadOnlyList<string>, T> read)
    {
        try
        {
            return read(words);
        }
        catch (FormatException)
        {
            throw ForeignCursor();
        }
    }

    public static GraphQueryException ForeignCursor() => new("cursor must be one that an earlier page of this list gave, in the order of now. Start again without it.");

    /// <exception cref="GraphQueryException">None of the words.</exception>
    public T? Word<T>(string name)
        where T : struct, Enum => Text(name) is not { } text
            ? null
            : !char.IsAsciiDigit(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var word) && Enum.IsDefined(word)
                ? word
                : throw new GraphQueryException($"{name} must be one of {string.Join(", ", Enum.GetNames<T>().Select(n => char.ToLowerInvariant(n[0]) + n[1..]))}.");
}
