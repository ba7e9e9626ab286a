using System.Text.RegularExpressions;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Exports;

/// <summary>Every table of the console can be taken away as a file, or is named here with the reason why not.</summary>
public sealed partial class EveryTableTests
{
    private static readonly string _screens = Path.Combine(Repository.Root, "src/VppBooks.Web/Components");

    // A table that has no link itself: the components around it, up to the one that has it.
    private static readonly Dictionary<string, string[]> _linkedBy = new()
    {
        ["Catalog/AssignmentTable.razor"] = ["Catalog/BookGroups.razor"],
        ["Catalog/BookPeopleTable.razor"] = ["Catalog/BookPeopleList.razor"],
        ["Catalog/BookTable.razor"] = ["Catalog/BooksPage.razor"],
        ["Locations/TokenTable.razor"] = ["Locations/TokensPage.razor"],
        ["Monitor/VerifyTable.razor"] = ["Monitor/VerifyPage.razor"],
        ["Reports/HistoryTable.razor"] = ["Reports/HistoryView.razor", "Reports/HistoryPage.razor"],
        ["Reports/UsageTable.razor"] = ["Reports/UsagePage.razor"],
    };

    private static readonly Dictionary<string, string> _without = new()
    {
        ["Assignments/PlanDifference.razor"] = "Two columns of one moment: a plan that went stale before and after.",
        ["Catalog/BookOverview.razor"] = "The counts of one book; they are in the list of books and in that of its people.",
        ["Locations/TokenBooks.razor"] = "The list of books with the filter of a token.",
        ["Why/WhyStory.razor"] = "The life of one license; the activity of the person and the book has it.",
    };

    [Fact]
    public void Every_table_has_an_export_or_a_reason()
    {
        var components = Directory.GetFiles(_screens, "*.razor", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(_screens, f).Replace('\\', '/'), File.ReadAllText);
        var tables = components.Where(c => Table().IsMatch(c.Value)).Select(c => c.Key).ToList();
        Assert.True(tables.Count > 25, $"{tables.Count} tables");

        Assert.DoesNotContain(tables, t => !Link().IsMatch(components[t]) && !_linkedBy.ContainsKey(t) && !_without.ContainsKey(t));
        foreach (var (table, around) in _linkedBy)
        {
            Assert.Contains(table, tables);
            foreach (var (inner, outer) in around.Prepend(table).Zip(around))
            {
                Assert.Contains($"<{Path.GetFileNameWithoutExtension(inner)} ", components[outer], StringComparison.Ordinal);
            }

            Assert.Matches(Link(), components[around[^1]]);
        }

        Assert.DoesNotContain(_without.Keys, t => !tables.Contains(t) || Link().IsMatch(components[t]));
    }

    [Fact]
    public void Every_link_leads_to_a_list_and_every_list_has_a_link()
    {
        var linked = Directory.GetFiles(_screens, "*.razor", SearchOption.AllDirectories)
            .SelectMany(f => List().Matches(File.ReadAllText(f)).Select(m => m.Groups["list"].Value)).Where(l => !l.Contains('@', StringComparison.Ordinal)).ToHashSet();
        var mapped = Directory.GetFiles(Path.Combine(_screens, "Exports"), "*Endpoints.cs")
            .SelectMany(f => Mapped().Matches(File.ReadAllText(f)).Select(m => m.Groups["list"].Value)).ToHashSet();
        Assert.True(mapped.Count > 25, $"{mapped.Count} lists");

        // Two lists share a component, which chooses between them.
        Assert.Equal(mapped.Except(["stuck-copies", "copies-with-leavers"]).Order(StringComparer.Ordinal), linked.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("<table\\b|<FluentDataGrid\\b")]
    private static partial Regex Table();

    [GeneratedRegex("<ExportLink\\b")]
    private static partial Regex Link();

    [GeneratedRegex("<ExportLink [^>]*List=\"(?<list>[^\"]+)\"")]
    private static partial Regex List();

    [GeneratedRegex("MapGet\\(\"/(?<list>[a-z-]+)\"")]
    private static partial Regex Mapped();
}
