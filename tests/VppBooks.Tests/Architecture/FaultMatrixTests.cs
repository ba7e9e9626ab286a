using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace VppBooks.Tests.Architecture;

/// <summary>Every fault that the product promises to survive has a test that carries its number.</summary>
public sealed partial class FaultMatrixTests
{
    [Fact]
    public void Every_fault_has_a_test_with_its_number_in_the_name()
    {
        var proven = Sources().SelectMany(file => TestMethod.Matches(File.ReadAllText(file))).Select(m => int.Parse(m.Groups["number"].Value, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet();

        var missing = Enumerable.Range(1, 56).Where(n => !proven.Contains(n)).Select(n => $"F{n}").ToList();

        Assert.True(missing.Count == 0, $"No test carries the number of: {string.Join(", ", missing)}.");
    }

    private static IEnumerable<string> Sources([CallerFilePath] string here = "")
    {
        var tests = new DirectoryInfo(here).Parent!.Parent!.Parent!.FullName;
        return Directory.EnumerateFiles(tests, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));
    }

    // A fact or theory whose name begins with the number; a word in a comment proves nothing.
    [GeneratedRegex(@"\[(Fact|Theory)[^\n]*\](\s*\[[^\n]*\])*\s*public (async )?(void|Task) F(?<number>\d+)_\w+\(", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TestMethod { get; }
}
