using System.Text.RegularExpressions;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Reads <c>$search</c>: quoted clauses such as <c>"displayName:year 7"</c>, joined by AND or OR.</summary>
internal static partial class ODataSearch
{
    public static Func<object, bool> Parse(string text, GraphType type)
    {
        var clauses = ClausePattern().Matches(text);
        if (clauses.Count == 0 || ClausePattern().Replace(text, "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(word => word is not ("AND" or "OR" or "(" or ")")))
        {
            throw GraphErrorException.BadRequest($"Syntax error: character ':' is not valid at position 11 in '{text}'.");
        }

        // OR binds weaker than AND; parentheses are accepted and not needed by anyone here.
        var alternatives = new List<List<Func<object, bool>>> { new() };
        foreach (Match clause in clauses)
        {
            if (clause.Groups["joint"].Value == "OR")
            {
                alternatives.Add([]);
            }

            alternatives[^1].Add(Clause(clause.Groups["property"].Value, clause.Groups["words"].Value, type));
        }

        return entity => alternatives.Exists(all => all.TrueForAll(matches => matches(entity)));
    }

    private static Func<object, bool> Clause(string name, string words, GraphType type)
    {
        var property = type.Find(name);
        if (property.Name is not ("displayName" or "description"))
        {
            return entity => property.Read(entity) is string value && value.StartsWith(words.Trim(), StringComparison.OrdinalIgnoreCase);
        }

        // Only these two are cut into words; each word asked for must begin one.
        var asked = Words(words);
        return entity => property.Read(entity) is string value
            && Words(value) is var found
            && Array.TrueForAll(asked, word => Array.Exists(found, each => each.StartsWith(word, StringComparison.OrdinalIgnoreCase)));
    }

    private static string[] Words(string text) => [.. WordPattern().Matches(text).Select(word => word.Value)];

    [GeneratedRegex("""(?<joint>AND|OR)?\s*"(?<property>[A-Za-z]+):(?<words>[^"]*)"\s*""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ClausePattern();

    [GeneratedRegex(@"[\p{L}\p{M}]+|\p{N}+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WordPattern();
}
