using System.Collections;
using System.Globalization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Reads the part of <c>$filter</c> that Graph understands on groups, users and devices.</summary>
/// <remarks>Comparison ignores case, as the directory does.</remarks>
internal sealed class ODataFilter
{
    private readonly GraphType _type;
    private readonly List<string> _tokens;
    private int _next;

    private ODataFilter(string text, GraphType type)
    {
        _type = type;
        _tokens = Split(text);
    }

    /// <summary>Whether a part was used that needs <c>ConsistencyLevel: eventual</c> and <c>$count=true</c>.</summary>
    private bool IsAdvanced { get; set; }

    public static Func<object, bool> Parse(string text, GraphType type, out bool isAdvanced)
    {
        var filter = new ODataFilter(text, type);
        var matches = filter.Either();
        if (filter._next < filter._tokens.Count)
        {
            throw Invalid();
        }

        isAdvanced = filter.IsAdvanced && type.IsDirectoryObject;
        return matches;
    }

    private Func<object, bool> Either()
    {
        var left = Both();
        while (Take("or"))
        {
            var (first, second) = (left, Both());
            left = entity => first(entity) || second(entity);
        }

        return left;
    }

    private Func<object, bool> Both()
    {
        var left = Single();
        while (Take("and"))
        {
            var (first, second) = (left, Single());
            left = entity => first(entity) && second(entity);
        }

        return left;
    }

    private Func<object, bool> Single()
    {
        if (Take("not"))
        {
            IsAdvanced = true;
            var inner = Single();
            return entity => !inner(entity);
        }

        if (Take("("))
        {
            var inner = Either();
            Expect(")");
            return inner;
        }

        var name = Next();
        return name.ToLowerInvariant() switch
        {
            "startswith" => Text((value, part) => value.StartsWith(part, StringComparison.OrdinalIgnoreCase)),
            "endswith" => Advanced(Text((value, part) => value.EndsWith(part, StringComparison.OrdinalIgnoreCase))),
            "contains" when !_type.IsDirectoryObject => Text((value, part) => value.Contains(part, StringComparison.OrdinalIgnoreCase)),
            "contains" => throw GraphErrorException.UnsupportedQuery("Unsupported Query."),
            _ when name.EndsWith("/any", StringComparison.OrdinalIgnoreCase) => Any(_type.Find(name[..^4])),
            _ => Comparison(_type.Find(name)),
        };
    }

    private Func<object, bool> Comparison(GraphProperty property)
    {
        var operation = Next().ToLowerInvariant();
        if (operation == "in")
        {
            Expect("(");
            var values = new List<object?>();
            do
            {
                values.Add(Literal(Next()));
            }
            while (Take(","));
            Expect(")");
            return entity => values.Exists(value => Compare(property.Read(entity), value) == 0);
        }

        var literal = Literal(Next());
        return operation switch
        {
            "eq" => entity => Compare(property.Read(entity), literal) == 0,
            "ne" => Advanced(entity => Compare(property.Read(entity), literal) != 0),
            "gt" => entity => Compare(property.Read(entity), literal) > 0,
            "ge" => entity => Compare(property.Read(entity), literal) >= 0,
            "lt" => entity => Compare(property.Read(entity), literal) < 0,
            "le" => entity => Compare(property.Read(entity), literal) <= 0,
            _ => throw Invalid(),
        };
    }

    // groupTypes/any(c:c eq 'Unified')
    private Func<object, bool> Any(GraphProperty property)
    {
        Expect("(");
        var variable = Next();
        Expect(":");
        if (Next() != variable || !string.Equals(Next(), "eq", StringComparison.OrdinalIgnoreCase))
        {
            throw Invalid();
        }

        var literal = Literal(Next());
        Expect(")");
        return entity => property.Read(entity) is IEnumerable values && values.Cast<object?>().Any(value => Compare(value, literal) == 0);
    }

    private Func<object, bool> Text(Func<string, string, bool> test)
    {
        Expect("(");
        var property = _type.Find(Next());
        Expect(",");
        var part = Literal(Next()) as string ?? throw Invalid();
        Expect(")");
        return entity => property.Read(entity) is { } value && test(value.ToString()!, part);
    }

    private Func<object, bool> Advanced(Func<object, bool> filter)
    {
        IsAdvanced = true;
        return filter;
    }

    private static object? Literal(string token) => token switch
    {
        ['\'', .. var inner, '\''] => inner.Replace("''", "'", StringComparison.Ordinal),
        _ when string.Equals(token, "null", StringComparison.OrdinalIgnoreCase) => null,
        _ when bool.TryParse(token, out var flag) => flag,
        _ when int.TryParse(token, CultureInfo.InvariantCulture, out var number) => number,
        _ when Guid.TryParse(token, out var id) => id.ToString(),
        _ when DateTimeOffset.TryParse(token, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
        _ => throw Invalid(),
    };

    // Null equals only itself and is neither above nor below anything.
    private static int? Compare(object? value, object? literal) => (value, literal) switch
    {
        (null, null) => 0,
        (null, _) or (_, null) => null,
        (bool left, bool right) => left.CompareTo(right),
        (int left, int right) => left.CompareTo(right),
        (DateTimeOffset left, DateTimeOffset right) => left.CompareTo(right),
        _ => string.Compare(value.ToString(), literal.ToString(), StringComparison.OrdinalIgnoreCase),
    };

    private bool Take(string token)
    {
        if (_next >= _tokens.Count || !string.Equals(_tokens[_next], token, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        _next++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw Invalid();
        }
    }

    private string Next() => _next < _tokens.Count ? _tokens[_next++] : throw Invalid();

    private static GraphErrorException Invalid() => new(400, "Request_BadRequest", "Invalid filter clause");

    private static List<string> Split(string text)
    {
        var tokens = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }

            if (text[i] == '\'')
            {
                // Two quotes inside a text stand for one.
                do
                {
                    i = text.IndexOf('\'', i + 1);
                    if (i < 0)
                    {
                        throw Invalid();
                    }

                    i++;
                }
                while (i < text.Length && text[i] == '\'');
            }
            else if (text[i] is '(' or ')' or ',')
            {
                i++;
            }
            else
            {
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] is not ('(' or ')' or ',' or '\''))
                {
                    i++;
                }
            }

            AddToken(tokens, text[start..i]);
        }

        return tokens;
    }

    // "c:c" of a lambda is three tokens, "2026-01-01T00:00:00Z" is one.
    private static void AddToken(List<string> tokens, string token)
    {
        var colon = token.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !char.IsLetter(token[0]))
        {
            tokens.Add(token);
            return;
        }

        tokens.AddRange([token[..colon], ":"]);
        if (colon + 1 < token.Length)
        {
            tokens.Add(token[(colon + 1)..]);
        }
    }
}
