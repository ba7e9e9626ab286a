using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace VppBooks.Tests.Reports;

/// <summary>Compares the bars of a page with its tables.</summary>
internal static class ChartTable
{
    /// <summary>Every part of every bar is a number in a row of that name, under the heading that the legend has.</summary>
    public static void AssertHasBars<T>(IRenderedComponent<T> page)
        where T : IComponent
    {
        var rows = Rows(page.FindAll("table")).ToList();
        var bars = page.FindAll(".bar-row");
        Assert.NotEmpty(bars);
        Assert.Contains(bars, b => b.QuerySelector("path title") is not null);
        foreach (var bar in bars)
        {
            var label = bar.QuerySelector(".bar-label")!.TextContent;
            var parts = bar.QuerySelectorAll("path title").Select(t => t.TextContent.Split(": ")).ToList();
            Assert.True(
                rows.Exists(r => r[""].StartsWith(label, StringComparison.Ordinal) && parts.TrueForAll(p => Told(r, p[0]) == p[1])),
                $"{label} with {string.Join(", ", parts.Select(p => $"{p[0]} {p[1]}"))} is in no table.");
        }
    }

    /// <summary>Rows by their headings; the first cell under nothing, too.</summary>
    public static IEnumerable<Dictionary<string, string>> Rows(IEnumerable<IElement> tables) =>
        from table in tables
        let headings = table.QuerySelectorAll("thead th").Select(h => h.TextContent.Trim()).ToList()
        from row in table.QuerySelectorAll("tbody tr")
        let cells = row.Children.Select(c => c.TextContent.Trim()).ToList()
        select headings.Zip(cells).Append(("", cells[0])).ToDictionary(c => c.Item1, c => c.Item2);

    // The one part that is the difference of two columns.
    private static string? Told(Dictionary<string, string> row, string part) => part == "Assigned, not used" && row.TryGetValue("Assigned", out var assigned) && row.TryGetValue("Used", out var used)
        ? (int.Parse(assigned, System.Globalization.CultureInfo.InvariantCulture) - int.Parse(used, System.Globalization.CultureInfo.InvariantCulture)).ToString(System.Globalization.CultureInfo.InvariantCulture)
        : row.GetValueOrDefault(part);
}
