using System.Globalization;
using System.Text.RegularExpressions;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Reports;

/// <summary>The tones of stacked bars, by the numbers of the Web Content Accessibility Guidelines.</summary>
public sealed partial class ChartColorTests
{
    private static readonly string _charts = Read("reports.css");
    private static readonly string _shell = Read("app.css");

    public static TheoryData<string> Themes { get; } = [":root", ":root[data-first=\"dark\"]"];

    [Theory]
    [MemberData(nameof(Themes))]
    public void Every_part_stands_out_from_the_bar_and_the_page_and_those_side_by_side_from_each_other(string theme)
    {
        var parts = Values(Block(_charts, theme)).Where(v => v.Key.StartsWith("--vb-chart-", StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => v.Value).ToList();
        var behind = Values(Block(_shell, theme)).Where(v => v.Key is "--vb-back" or "--vb-back-quiet").Select(v => v.Value).ToList();
        Assert.Equal((5, 2), (parts.Count, behind.Count));

        Assert.All(parts, p => Assert.All(behind, b => Assert.True(Contrast(p, b) >= 3, $"{p} on {b}: {Contrast(p, b):0.00}")));
        foreach (var (one, next) in parts.Zip(parts.Skip(1)).Append((parts[0], parts[2])))
        {
            Assert.True(Contrast(one, next) >= 1.5, $"{one} beside {next}: {Contrast(one, next):0.00}");
        }
    }

    [Fact]
    public void A_line_in_the_color_of_the_bar_is_drawn_around_every_part()
    {
        var bar = Block(_charts, ".bar");
        Assert.Contains("background: var(--vb-back-quiet)", bar, StringComparison.Ordinal);

        var part = Block(_charts, ".bar path");
        Assert.Contains("stroke: var(--vb-back-quiet)", part, StringComparison.Ordinal);
        Assert.Matches(@"stroke-width: [1-9]\d*px", part);
        // The picture is stretched to the width of the page; the line is not.
        Assert.Contains("vector-effect: non-scaling-stroke", part, StringComparison.Ordinal);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, "src/VppBooks.Web/wwwroot", file));

    private static string Block(string css, string selector)
    {
        var begin = css.IndexOf("\n" + selector + " {", StringComparison.Ordinal) is var at and >= 0 ? at : css.StartsWith(selector + " {", StringComparison.Ordinal) ? 0 : throw new InvalidOperationException($"No rule for {selector}.");
        return css[begin..css.IndexOf('}', begin)];
    }

    private static Dictionary<string, string> Values(string block) => Value().Matches(block).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["color"].Value);

    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string color)
    {
        var digits = color.Length == 4 ? string.Concat(color[1..].Select(d => new string(d, 2))) : color[1..];
        var parts = Enumerable.Range(0, 3).Select(i => int.Parse(digits.AsSpan(i * 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * parts[0]) + (0.7152 * parts[1]) + (0.0722 * parts[2]);
    }

    // The shell takes its colors from the UI library and names what they are without it: the same.
    [GeneratedRegex(@"(?<name>--[a-z0-9-]+): (var\(--[A-Za-z0-9]+, )?(?<color>#[0-9a-f]{3,6})\b")]
    private static partial Regex Value();
}
