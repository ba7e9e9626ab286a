using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Catalog;

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
    private const int MaxComparisons = 200;

    private readonly string _text;
    private readonly IReadOnlySet<string> _properties;
    private int _position;
    private int _depth;
    private int _comparisons;

    private GraphFilter(string text, IReadOnlySet<string> properties)
    {
        _text = text;
        _properties = properties;
    }

    /// <summary>Reads a filter.</summary>
    /// <exception cref="GraphQueryException">Not understood; says where.</exception>
    public static GraphCondition Parse(string text, IReadOnlySet<string> properties)
    {
        var parser = new GraphFilter(text, properties);
        var condition = parser.Or();
        parser.SkipSpaces();
        return parser._position == text.Length ? condition : throw parser.Fault("Nothing was expected here");
    }

    private GraphCondition Or()
    {
        if (++_depth > MaxDepth)
        {
            throw Fault("The expression is nested too deeply");
        }

        var parts = new List<GraphCondition> { And() };
        while (Word("or"))
        {
            parts.Add(And());
        }

        _depth--;
        return parts is [var only] ? only : new GraphCondition.Any(parts);
    }

    private GraphCondition And()
    {
        var parts = new List<GraphCondition> { Not() };
        while (Word("and"))
        {
            parts.Add(Not());
        }

        return parts is [var only] ? only : new GraphCondition.All(parts);
    }

    private GraphCondition Not()
    {
        if (Word("not"))
        {
            if (++_depth > MaxDepth)
            {
                throw Fault("The expression is nested too deeply");
            }

            var inner = Not();
            _depth--;
            return new GraphCondition.Not(inner);
        }

        if (Sign('('))
        {
            var inner = Or();
            Expect(')');
            return inner;
        }

        return Comparison();
    }

    private GraphCondition Comparison()
    {
        CountOne();
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
            var values = new List<GraphCondition>();
            do
            {
                CountOne();
                values.Add(new GraphCondition.Compare(property, BookComparison.Equal, Literal()));
            }
            while (Sign(','));
            Expect(')');
            return new GraphCondition.Any(values);
        }

        var operation = Identifier();
        var literal = Literal();
        return operation.ToLowerInvariant() switch
        {
            "eq" => new GraphCondition.Compare(property, BookComparison.Equal, literal),
            "ne" => new GraphCondition.Not(new GraphCondition.Compare(property, BookComparison.Equal, literal)),
            "gt" => new GraphCondition.Compare(property, BookComparison.Greater, literal),
            "ge" => new GraphCondition.Compare(property, BookComparison.GreaterOrEqual, literal),
            "lt" => new GraphCondition.Compare(property, BookComparison.Less, literal),
            "le" => new GraphCondition.Compare(property, BookComparison.LessOrEqual, literal),
            _ => throw Fault($"\"{operation}\" is not an operator; known are eq, ne, gt, ge, lt, le, in"),
        };
    }

    private GraphCondition Function(string name, int start)
    {
        if (name.Equals("isof", StringComparison.OrdinalIgnoreCase))
        {
            var type = Literal() as string ?? throw Fault("isof needs the name of a type in quotes");
            Expect(')');
            return new GraphCondition.IsOf(type);
        }

        var place = name.ToLowerInvariant() switch
        {
            "contains" => TextPlace.Anywhere,
            "startswith" => TextPlace.Start,
            "endswith" => TextPlace.End,
            _ => throw new GraphQueryException($"The function \"{name}\" at position {start} of $filter is not supported; known are contains, startswith, endswith, isof."),
        };
        SkipSpaces();
        var at = _position;
        var property = Property(Identifier(), at);
        Expect(',');
        var text = Literal() as string ?? throw Fault($"{name} needs a text in quotes");
        Expect(')');
        return new GraphCondition.Match(property, place, text);
    }

    private void CountOne()
    {
        if (++_comparisons > MaxComparisons)
        {
            throw Fault($"There are more than {MaxComparisons} comparisons");
        }
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
