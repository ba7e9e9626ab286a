namespace VppBooks.Web.Api.Graph;

/// <summary>What <c>$expand</c> may bring along.</summary>
/// <param name="Name">The navigation property.</param>
/// <param name="Properties">What its entities have.</param>
internal sealed record Expandable(string Name, IReadOnlySet<string> Properties);

/// <summary>Reads <c>$expand</c>: names, each perhaps with its own <c>($select=…)</c>.</summary>
internal static class GraphExpansion
{
    /// <summary>The properties wanted of each part; null for all of them.</summary>
    /// <exception cref="GraphQueryException">Not understood.</exception>
    public static IReadOnlyDictionary<string, IReadOnlySet<string>?> Read(string? text, Expandable[] allowed)
    {
        var parts = new Dictionary<string, IReadOnlySet<string>?>(StringComparer.Ordinal);
        foreach (var item in Split(text ?? ""))
        {
            var open = item.IndexOf('(', StringComparison.Ordinal);
            var name = (open < 0 ? item : item[..open]).Trim();
            var part = Array.Find(allowed, a => a.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw new GraphQueryException($"$expand cannot use \"{name}\".");
            if (open >= 0 && !item.EndsWith(')'))
            {
                throw new GraphQueryException("A closing parenthesis is missing in $expand.");
            }

            parts[part.Name] = open < 0 ? null : Nested(item[(open + 1)..^1], part);
        }

        return parts;
    }

    private static HashSet<string>? Nested(string options, Expandable part)
    {
        HashSet<string>? selected = null;
        foreach (var option in options.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            selected = option.StartsWith("$select=", StringComparison.OrdinalIgnoreCase)
                ? GraphQuery.Selected(option["$select=".Length..], part.Properties)
                : throw new GraphQueryException($"Inside $expand only $select is supported, not \"{option}\".");
        }

        return selected;
    }

    // At commas that are not inside parentheses.
    private static IEnumerable<string> Split(string text)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] is '(' or ')')
            {
                depth += text[i] == '(' ? 1 : -1;
            }
            else if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } item)
                {
                    yield return item;
                }

                start = i + 1;
            }
        }
    }
}
