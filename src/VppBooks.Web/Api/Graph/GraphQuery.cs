using System.Globalization;
using System.Text.Json.Nodes;

namespace VppBooks.Web.Api.Graph;

/// <summary>Query options of a collection or of one entity. An empty option counts as absent, because a public script sends one.</summary>
internal sealed class GraphQuery
{
    private const int DefaultPage = 100;
    private const int LargestPage = 999;

    private readonly HttpRequest _request;
    private readonly IReadOnlySet<string> _properties;

    private GraphQuery(HttpRequest request, IReadOnlySet<string> properties)
    {
        _request = request;
        _properties = properties;
    }

    /// <summary>Rows to pass over.</summary>
    public int Skip { get; private init; }

    /// <summary>Rows per page.</summary>
    public int Top { get; private init; }

    public bool Count { get; private init; }

    public Func<JsonObject, bool>? Filter { get; private init; }

    public IReadOnlyList<(string Property, bool Descending)> OrderBy { get; private init; } = [];

    /// <summary>Null: everything.</summary>
    public IReadOnlySet<string>? Select { get; private init; }

    public IReadOnlySet<string> Expand { get; private init; } = new HashSet<string>();

    /// <summary>Nothing in the options needs more than the page itself.</summary>
    public bool IsPlain => Filter is null && OrderBy.Count == 0;

    /// <exception cref="GraphQueryException">An option is not understood.</exception>
    public static GraphQuery Of(HttpRequest request, IReadOnlySet<string> properties, params string[] expandable)
    {
        foreach (var key in request.Query.Keys.Where(k => k.StartsWith('$')))
        {
            if (key.ToLowerInvariant() is not ("$top" or "$skip" or "$count" or "$filter" or "$orderby" or "$select" or "$expand" or "$format" or "$skiptoken"))
            {
                throw new GraphQueryException($"The query option {key} is not supported.");
            }
        }

        var page = Preferred(request) ?? DefaultPage;
        return new GraphQuery(request, properties)
        {
            Top = Math.Clamp(Number(request, "$top") ?? page, 0, LargestPage),
            Skip = Number(request, "$skip") ?? 0,
            Count = Option(request, "$count")?.ToLowerInvariant() switch
            {
                null or "false" => false,
                "true" => true,
                var other => throw new GraphQueryException($"$count must be true or false; it is \"{other}\"."),
            },
            Filter = Option(request, "$filter") is { } filter ? GraphFilter.Parse(filter, properties) : null,
            OrderBy = [.. List(request, "$orderby").Select(o => Order(o, properties))],
            Select = Selected(request, properties),
            Expand = Expanded(request, expandable),
        };
    }

    /// <summary>Rows that pass the filter, in order; ids break ties.</summary>
    public List<JsonObject> Arrange(IEnumerable<JsonObject> rows)
    {
        var passed = Filter is null ? rows : rows.Where(Filter);
        if (OrderBy.Count == 0)
        {
            return [.. passed];
        }

        IOrderedEnumerable<JsonObject>? ordered = null;
        foreach (var (property, descending) in OrderBy)
        {
            var comparer = Comparer<object?>.Create(static (a, b) => a is null ? (b is null ? 0 : -1) : b is null ? 1 : GraphFilter.Compare(a, b) ?? 0);
            object? Key(JsonObject o) => GraphFilter.Value(o, property);
            ordered = (ordered, descending) switch
            {
                (null, false) => passed.OrderBy(Key, comparer),
                (null, true) => passed.OrderByDescending(Key, comparer),
                (_, false) => ordered.ThenBy(Key, comparer),
                (_, true) => ordered.ThenByDescending(Key, comparer),
            };
        }

        return [.. ordered!.ThenBy(o => (string?)o["id"], StringComparer.Ordinal)];
    }

    /// <summary>Only what was selected; annotations and expanded parts stay.</summary>
    public JsonObject Project(JsonObject entity)
    {
        if (Select is null)
        {
            return entity;
        }

        foreach (var property in entity.Select(p => p.Key).Where(k => !k.StartsWith('@') && !Select.Contains(k) && !Expand.Contains(k)).ToList())
        {
            entity.Remove(property);
        }

        return entity;
    }

    /// <summary>The page after this one, on our own origin.</summary>
    public string NextLink(int skip)
    {
        var others = _request.Query.Where(q => !q.Key.Equals("$skip", StringComparison.OrdinalIgnoreCase) && q.Value.Count > 0)
            .Select(q => $"{Uri.EscapeDataString(q.Key).Replace("%24", "$", StringComparison.Ordinal)}={Uri.EscapeDataString(q.Value.ToString())}");
        return $"{Origin(_request)}{_request.PathBase}{_request.Path}?{string.Join('&', others.Append($"$skip={skip.ToString(CultureInfo.InvariantCulture)}"))}";
    }

    public static string Origin(HttpRequest request) => $"{request.Scheme}://{request.Host}";

    private static string? Option(HttpRequest request, string name)
    {
        var value = request.Query.FirstOrDefault(q => q.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value.ToString();
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }

    private static string[] List(HttpRequest request, string name) =>
        Option(request, name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static int? Number(HttpRequest request, string name) => Option(request, name) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text when text.Length <= 20 && text.All(char.IsAsciiDigit) => int.MaxValue,
        var text => throw new GraphQueryException($"{name} must be a whole number from 0; it is \"{(text.Length > 40 ? text[..40] : text)}\"."),
    };

    private static int? Preferred(HttpRequest request)
    {
        foreach (var part in request.Headers["Prefer"].ToString().Split([',', ';'], StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith("odata.maxpagesize=", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(part.AsSpan("odata.maxpagesize=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0)
            {
                request.HttpContext.Response.Headers["Preference-Applied"] = $"odata.maxpagesize={Math.Min(size, LargestPage)}";
                return size;
            }
        }

        return null;
    }

    private static (string Property, bool Descending) Order(string text, IReadOnlySet<string> properties)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > 2 || !properties.TryGetValueIgnoringCase(parts[0], out var property))
        {
            throw new GraphQueryException($"$orderby cannot use \"{text}\".");
        }

        return (property, parts.Length == 2 && parts[1].ToLowerInvariant() switch
        {
            "asc" => false,
            "desc" => true,
            _ => throw new GraphQueryException($"$orderby knows asc and desc, not \"{parts[1]}\"."),
        });
    }

    private static HashSet<string>? Selected(HttpRequest request, IReadOnlySet<string> properties)
    {
        var names = List(request, "$select");
        if (names.Length == 0 || names.Contains("*"))
        {
            return null;
        }

        return [.. names.Select(n => properties.TryGetValueIgnoringCase(n, out var known)
            ? known
            : throw new GraphQueryException($"Could not find a property named '{n}'."))];
    }

    private static HashSet<string> Expanded(HttpRequest request, string[] expandable)
    {
        var names = List(request, "$expand").Select(n => n.Split('(')[0]).ToList();
        var unknown = names.Find(n => !expandable.Contains(n, StringComparer.OrdinalIgnoreCase));
        return unknown is null
            ? [.. names.Select(n => Array.Find(expandable, e => e.Equals(n, StringComparison.OrdinalIgnoreCase))!)]
            : throw new GraphQueryException($"$expand cannot use \"{unknown}\".");
    }
}
