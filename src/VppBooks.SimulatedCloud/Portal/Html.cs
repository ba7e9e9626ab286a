using System.Text;
using System.Text.Encodings.Web;

namespace VppBooks.SimulatedCloud.Portal;

/// <summary>Text that is HTML already; anything else put into it is encoded.</summary>
internal sealed class Html
{
    private readonly StringBuilder _text = new();

    private Html()
    {
    }

    public static Html Empty => new();

    public static Html Of(ref Handler content)
    {
        var html = new Html();
        html._text.Append(content.ToString());
        return html;
    }

    public override string ToString() => _text.ToString();

    /// <summary>Encodes the holes of an interpolated string unless they hold HTML.</summary>
    [System.Runtime.CompilerServices.InterpolatedStringHandler]
    public readonly ref struct Handler(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + (formattedCount * 16));

        public void AppendLiteral(string text) => _text.Append(text);

        public void AppendFormatted(Html html) => _text.Append(html);

        public void AppendFormatted(IEnumerable<Html> parts) => _text.AppendJoin("", parts);

        public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

        public void AppendFormatted(int number) => _text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{number}");

        public override string ToString() => _text.ToString();
    }
}
