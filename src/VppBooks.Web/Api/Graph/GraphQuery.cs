using System.Globalization;
using System.Text.Json.Nodes;

namespace VppBooks.Web.Api.Graph;

/// <summary>Query options of a collection or of one entity. An empty option counts as absent, because a public script sends one.</summary>
internal sealed class GraphQuery
{
    private const int DefaultPage = 100;
    private const int LargestPage = 999;

    // Each one makes every page dearer: "after this row" has to be asked of all of them.
    private const int MostOrders = 5;

    // With the place of the next page, and encoded, it still has to fit into a request line (VppBooksApp).
    private const int LongestOptions = 16 * 1024;

    private readonly HttpRequest _request;
    private readonly string _options;

    private GraphQuery(HttpRequest request, string options) => (_request, _options) = (request, options);

    /// <summary>Rows to pass over.</summary>
    public int Skip { get; private init; }

    /// <summary>Rows per page.</summary>
    public int Top { get; private init; }

    public bool Count { get; private init; }

    public GraphCondition? Filter { get; private init; }

    public IReadOnlyList<(string Property, bool Descending)> OrderBy { get; private init; } = [];

    /// <summary>Null: everything.</summary>
    public IReadOnlySet<string>? Select { get; private init; }

    /// <summary>Parts to bring along, each with the properties wanted of it; null for all.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>?> Expand { get; private init; } = new Dictionary<string, IReadOnlySet<string>?>();

    /// <summary>Where the page before ended, as its nextLink said; null on a first page.</summary>
    public string? SkipToken { get; private init; }

    /// <summary>The list with the filter and the order as asked for: a place in it means nothing in another one.</summary>
    public string Arrangement => Arranged(_request.Path.Value!, Option(_request, "$filter"), Option(_request, "$orderby"));

    /// <summary>The same for all of a list below <c>/deviceAppManagement</c> in its own order.</summary>
    public string ArrangementOf(string list) => Arranged($"{Below}/{list}", null, null);

    /// <exception cref="GraphQueryException">An option is not understood.</exception>
    public static GraphQuery Of(HttpRequest request, IReadOnlySet<string> properties, params Expandable[] expandable)
    {
        foreach (var key in request.Query.Keys.Where(k => k.StartsWith('$')))
        {
            if (key.ToLowerInvariant() is not ("$top" or "$skip" or "$count" or "$filter" or "$orderby" or "$select" or "$expand" or "$format" or "$skiptoken"))
            {
                throw new GraphQueryException($"The query option {key} is not supported.");
            }
        }

        var options = string.Join('&', request.Query.Where(q => q.Key.ToLowerInvariant() is not ("$skip" or "$skiptoken") && q.Value.Count > 0)
            .Select(q => $"{Uri.EscapeDataString(q.Key).Replace("%24", "$", StringComparison.Ordinal)}={Uri.EscapeDataString(q.Value.ToString())}"));
        if (options.Length > LongestOptions)
        {
            throw new GraphQueryException($"The options of the query are longer than {LongestOptions} characters. Ask in parts, with a shorter $filter each.");
        }

        return new GraphQuery(request, options)
        {
            Top = Math.Clamp(Number(request, "$top") ?? Preferred(request) ?? DefaultPage, 0, LargestPage),
            Skip = Number(request, "$skip") ?? 0,
            SkipToken = Option(request, "$skiptoken"),
            Count = Option(request, "$count")?.ToLowerInvariant() switch
            {
                null or "false" => false,
                "true" => true,
                var other => throw new GraphQueryException($"$count must be true or false; it is \"{other}\"."),
            },
            Filter = Option(request, "$filter") is { } filter ? GraphFilter.Parse(filter, properties) : null,
            OrderBy = Orders(Option(request, "$orderby") ?? "", properties),
            Select = Selected(Option(request, "$select") ?? "", properties),
            Expand = GraphExpansion.Read(Option(request, "$expand"), expandable),
        };
    }

    /// <summary>All properties of one entity, with these parts brought along, whatever the request asks for.</summary>
    public static GraphQuery Whole(HttpRequest request, params string[] parts) => new(request, "") { Top = DefaultPage, Expand = parts.ToDictionary(p => p, _ => (IReadOnlySet<string>?)null) };

    /// <summary>Whether a row that is at hand passes the filter.</summary>
    public bool Admits(JsonObject entity) => Filter is null || Filter.Admits(entity);

    /// <summary>Only what was selected; annotations and expanded parts stay.</summary>
    public JsonObject Project(JsonObject entity)
    {
        foreach (var (part, wanted) in Expand)
        {
            foreach (var item in Items(entity[part]))
            {
                Keep(item, wanted, []);
            }
        }

        return Keep(entity, Select, Expand.Keys);
    }

    /// <summary>The page that begins at a place in the list, on our own origin.</summary>
    public string NextLink(string skipToken) =>
        $"{Origin(_request)}{_request.PathBase}{_request.Path}?{_options}{(_options.Length > 0 ? "&" : "")}$skiptoken={Uri.EscapeDataString(skipToken)}";

    /// <summary>The page that begins at a place in another list below <c>/deviceAppManagement</c>, in the version that the caller uses.</summary>
    public string LinkTo(string list, string skipToken) => $"{Origin(_request)}{_request.PathBase}{Below}/{list}?$skiptoken={Uri.EscapeDataString(skipToken)}";

    private string Below => $"/{_request.Path.Value!.Split('/')[1]}/deviceAppManagement";

    public static string Origin(HttpRequest request) => $"{request.Scheme}://{request.Host}";

    // Routes do not look at case, nor at a slash at the end.
    private static string Arranged(string path, string? filter, string? order) => $"{path.TrimEnd('/').ToLowerInvariant()}\n{filter}\n{order}";

    private static string? Option(HttpRequest request, string name)
    {
        var value = request.Query.FirstOrDefault(q => q.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value.ToString();
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int? Number(HttpRequest request, string name) => Option(request, name) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text when text.All(char.IsAsciiDigit) => int.MaxValue,
        var text => throw new GraphQueryException($"{name} must be a whole number from 0; it is \"{(text.Length > 40 ? text[..40] : text)}\"."),
    };

    // Told only where it is done: a $top is what the caller wants more.
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

    /// <summary>What rows are ordered by; a property named again orders nothing that the first did not.</summary>
    private static List<(string Property, bool Descending)> Orders(string list, IReadOnlySet<string> properties)
    {
        var orders = Split(list).Select(o => Order(o, properties)).DistinctBy(o => o.Property).Take(MostOrders + 1).ToList();
        return orders.Count <= MostOrders ? orders : throw new GraphQueryException($"$orderby takes at most {MostOrders} properties.");
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

    /// <summary>The names in a list as the type spells them; null when the list means everything.</summary>
    /// <exception cref="GraphQueryException">One is not a property of the type.</exception>
    public static HashSet<string>? Selected(string list, IReadOnlySet<string> properties)
    {
        var names = Split(list);
        return names.Length == 0 || names.Contains("*")
            ? null
            : [.. names.Select(n => properties.TryGetValueIgnoringCase(n, out var known) ? known : throw new GraphQueryException($"Could not find a property named '{n}' on type '{GraphMetadata.NameOf(properties)}'."))];
    }

    private static IEnumerable<JsonObject> Items(JsonNode? part) => part switch
    {
        JsonArray many => many.OfType<JsonObject>(),
        JsonObject one => Enumerable.Repeat(one, 1),
        _ => [],
    };

    private static JsonObject Keep(JsonObject entity, IReadOnlySet<string>? wanted, IEnumerable<string> also)
    {
        if (wanted is not null)
        {
            foreach (var property in entity.Select(p => p.Key).Where(k => !k.StartsWith('@') && !wanted.Contains(k) && !also.Contains(k.Split('@')[0])).ToList())
            {
                entity.Remove(property);
            }
        }

        return entity;
    }
}
