using System.Net;
using System.Text;

namespace VppBooks.Apple.Store;

/// <summary>Makes plain text of a description, which is untrusted HTML (reference 7.4).</summary>
internal static class PlainText
{
    private const int MaxLength = 20_000;

    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "blockquote", "section", "article", "hr",
    };

    // What stands between these is not for reading.
    private static readonly string[] Hidden = ["script", "style", "template", "noscript", "iframe"];

    /// <summary>The text without tags; null when nothing is left.</summary>
    public static string? FromHtml(string? html)
    {
        if (string.IsNullOrWhiteSpace(html))
        {
            return null;
        }

        var text = new StringBuilder(Math.Min(html.Length, MaxLength));
        var position = 0;
        while (position < html.Length && text.Length < MaxLength)
        {
            var open = html.IndexOf('<', position);
            if (open < 0 || open + 1 >= html.Length)
            {
                text.Append(html, position, html.Length - position);
                break;
            }

            text.Append(html, position, open - position);
            position = SkipTag(html, open, text);
        }

        // Decoded once and after the tags are gone, so that an encoded tag stays what it was: text.
        return Tidy(WebUtility.HtmlDecode(text.ToString()));
    }

    private static int SkipTag(string html, int open, StringBuilder text)
    {
        if (string.CompareOrdinal(html, open, "<!--", 0, 4) == 0)
        {
            return After(html, "-->", open + 4);
        }

        var next = html[open + 1];
        if (!char.IsAsciiLetter(next) && next is not ('/' or '!' or '?'))
        {
            text.Append('<');
            return open + 1;
        }

        var start = open + (next == '/' ? 2 : 1);
        var end = start;
        while (end < html.Length && char.IsAsciiLetterOrDigit(html[end]))
        {
            end++;
        }

        var name = html[start..end];
        if (next != '/' && Array.Exists(Hidden, hidden => hidden.Equals(name, StringComparison.OrdinalIgnoreCase)))
        {
            return After(html, ">", After(html, "</" + name, end));
        }

        // The end of one item and the beginning of the next are one line break, not two; paragraphs and explicit breaks count each.
        if (Blocks.Contains(name) && (name[0] is 'p' or 'P' or 'b' or 'B' or 'h' or 'H' || text.Length == 0 || text[^1] != '\n'))
        {
            text.Append('\n');
        }

        return After(html, ">", end);
    }

    private static int After(string html, string word, int from)
    {
        var found = from < html.Length ? html.IndexOf(word, from, StringComparison.OrdinalIgnoreCase) : -1;
        return found < 0 ? html.Length : found + word.Length;
    }

    // One empty line between paragraphs at most, no spaces at the ends of lines, no control characters.
    private static string? Tidy(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r', '\u2028', '\u2029')
            .Select(line => string.Join(' ', new string([.. line.Select(c => char.IsControl(c) ? ' ' : c)]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        var tidy = new StringBuilder(text.Length);
        var empty = false;
        foreach (var line in lines)
        {
            if (line.Length == 0)
            {
                empty = tidy.Length > 0;
                continue;
            }

            tidy.Append(tidy.Length == 0 ? "" : empty ? "\n\n" : "\n").Append(line);
            empty = false;
        }

        return tidy.Length == 0 ? null : tidy.Length <= MaxLength ? tidy.ToString() : tidy.ToString(0, MaxLength);
    }
}
