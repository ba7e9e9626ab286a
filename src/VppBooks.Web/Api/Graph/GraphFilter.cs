using System.Globalization;
using System.Text.Json.Nodes;

namespace VppBooks.Web.Api.Graph;

/// <summary>A query option that cannot be understood.</summary>
public sealed class GraphQueryException(string message) : Exception(message);

/// <summary>
/// The part of OData's <c>$filter</c> that scripts use: comparisons, <c>and or not in</c>, <c>contains startswith endswith isof</c>, null. Anything else is refused with
/// its position.
/// </summary>
internal sealed class GraphFilter
{
    private const int MaxDepth = 32;

    private readonly string _text;
    private readonly IReadOnlySet<string> _properties;
    private int _position;
    private int _depth;

    private GraphFilter(string text, IReadOnlySet<string> properties)
    {
        _text = text;
        _properties = properties;
    }

    /// <summary>Makes a predicate over wire objects.</summary>
    /// <exception cref="GraphQueryException">Not understood; says where.</exception>
    public static Func<JsonObject, bool> Parse(string text, IReadOnlySet<string> properties)
    {
        var parser = new GraphFilter(text, properties);
        var predicate = parser.Or();
        parser.SkipSpaces();
        return parser._position == text.Length ? predicate : throw parser.Fault("Nothing was expected here");
    }

    private Func<JsonObject, bool> Or()
    {
        if (++_depth > MaxDepth)
        {
            throw Fault("The expression is nested too deeply");
        }

        var left = And();
        while (Word("or"))
        {
            var (first, second) = (left, And());
            left = o => first(o) || second(o);
        }

        _depth--;
        return left;
    }

    private Func<JsonObject, bool> And()
    {
        var left = Not();
        while (Word("and"))
        {
            var (first, second) = (left, Not());
            left = o => first(o) && second(o);
        }

        return left;
    }

    private Func<JsonObject, bool> Not()
    {
        if (Word("not"))
        {
            if (++_depth > MaxDepth)
            {
                throw Fault("The expression is nested too deeply");
            }

            var inner = Not();
            _depth--;
            return o => !inner(o);
        }

        if (Sign('('))
        {
            var inner = Or();
            Expect(')');
            return inner;
        }

        return Comparison();
    }

    private Func<JsonObject, bool> Comparison()
    {
        var start = _position;
        var name = Identifier();
        if (Sign('('))
        {
            return Function(name, start);
        }

        var property = Property(name, start);
        if (Word("in"))
        {
            Expect('(');
            var values = new List<object?>();
            do
            {
                values.Add(Literal());
            }
            while (Sign(','));
            Expect(')');
            return o => values.Exists(v => Compare(Value(o, property), v) == 0);
        }

        var operation = Identifier();
        var literal = Literal();
        return operation.ToLowerInvariant() switch
        {
            "eq" => o => Compare(Value(o, property), literal) == 0,
            "ne" => o => Compare(Value(o, property), literal) != 0,
            "gt" => o => Compare(Value(o, property), literal) is > 0,
            "ge" => o => Compare(Value(o, property), literal) is >= 0,
            "lt" => o => Compare(Value(o, property), literal) is < 0,
            "le" => o => Compare(Value(o, property), literal) is <= 0,
            _ => throw Fault($"\"{operation}\" is not an operator; known are eq, ne, gt, ge, lt, le, in"),
        };
    }

    private Func<JsonObject, bool> Function(string name, int start)
    {
        if (name.Equals("isof", StringComparison.OrdinalIgnoreCase))
        {
            var type = Literal() as string ?? throw Fault("isof needs the name of a type in quotes");
            Expect(')');
            return o => ((string?)o["@odata.type"])?.TrimStart('#').Equals(type.TrimStart('#'), StringComparison.OrdinalIgnoreCase) == true;
        }

        Func<string, string, bool> test = name.ToLowerInvariant() switch
        {
            "contains" => static (value, part) => value.Contains(part, StringComparison.OrdinalIgnoreCase),
            "startswith" => static (value, part) => value.StartsWith(part, StringComparison.OrdinalIgnoreCase),
            "endswith" => static (value, part) => value.EndsWith(part, StringComparison.OrdinalIgnoreCase),
            _ => throw new GraphQueryException($"The function \"{name}\" at position {start} of $filter is not supported; known are contains, startswith, endswith, isof."),
        };
        SkipSpaces();
        var at = _position;
        var property = Property(Identifier(), at);
        Expect(',');
        var text = Literal() as string ?? throw Fault($"{name} needs a text in quotes");
        Expect(')');
        return o => Value(o, property) is string value && test(value, text);
    }

    private string Property(string name, int at) => _properties.TryGetValueIgnoringCase(name, out var known)
        ? known
        : throw new GraphQueryException($"There is no property \"{name}\" (position {at} of $filter).");

    private object? Literal()
    {
        SkipSpaces();
        if (_position < _text.Length && _text[_position] == '\'')
        {
            return Quoted();
        }

        var start = _position;
        while (_position < _text.Length && _text[_position] is not (' ' or ',' or ')' or '('))
        {
            _position++;
        }

        var word = _text[start.._position];
        return word switch
        {
            "" => throw Fault("A value was expected"),
            "null" => null,
            "true" => true,
            "false" => false,
            _ when decimal.TryParse(word, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) => number,
            _ when Guid.TryParse(word, out var id) => id.ToString(),
            _ when DateTimeOffset.TryParse(word, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) => moment,
            _ => throw new GraphQueryException($"\"{word}\" at position {start} of $filter is not a value; texts need single quotes."),
        };
    }

    private string Quoted()
    {
        var text = new System.Text.StringBuilder();
        for (_position++; _position < _text.Length; _position++)
        {
            if (_text[_position] != '\'')
            {
                text.Append(_text[_position]);
            }
            else if (_position + 1 < _text.Length && _text[_position + 1] == '\'')
            {
                text.Append('\'');
                _position++;
            }
            else
            {
                _position++;
                return text.ToString();
            }
        }

        throw Fault("The closing quote is missing");
    }

    private string Identifier()
    {
        SkipSpaces();
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '_' or '.' or '@'))
        {
            _position++;
        }

        return _position > start ? _text[start.._position] : throw Fault("A name was expected");
    }

    private bool Word(string word)
    {
        SkipSpaces();
        var end = _position + word.Length;
        if (end > _text.Length || !_text.AsSpan(_position, word.Length).Equals(word, StringComparison.OrdinalIgnoreCase)
            || (end < _text.Length && char.IsAsciiLetterOrDigit(_text[end])))
        {
            return false;
        }

        _position = end;
        return true;
    }

    private bool Sign(char sign)
    {
        SkipSpaces();
        if (_position >= _text.Length || _text[_position] != sign)
        {
            return false;
        }

        _position++;
        return true;
    }

    private void Expect(char sign)
    {
        if (!Sign(sign))
        {
            throw Fault($"\"{sign}\" was expected");
        }
    }

    private void SkipSpaces()
    {
        while (_position < _text.Length && _text[_position] == ' ')
        {
            _position++;
        }
    }

    private GraphQueryException Fault(string what) => new($"{what} (position {_position} of $filter).");

    internal static object? Value(JsonObject entity, string property) => entity[property] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<decimal>(out var number) => number,
        JsonValue value when value.TryGetValue<long>(out var number) => (decimal)number,
        JsonValue value when value.TryGetValue<int>(out var number) => (decimal)number,
        var other => other.ToJsonString(),
    };

    /// <summary>Null when the two cannot be ordered.</summary>
    internal static int? Compare(object? left, object? right) => (left, right) switch
    {
        (null, null) => 0,
        (string text, DateTimeOffset moment) when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var own) => own.CompareTo(moment),
        (string a, string b) => string.Compare(a, b, StringComparison.OrdinalIgnoreCase),
        (decimal a, decimal b) => a.CompareTo(b),
        (bool a, bool b) => a.CompareTo(b),
        _ => null,
    };
}

internal static class PropertySets
{
    public static bool TryGetValueIgnoringCase(this IReadOnlySet<string> properties, string name, out string known)
    {
        known = properties.FirstOrDefault(p => p.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? "";
        return known.Length > 0;
    }
}
