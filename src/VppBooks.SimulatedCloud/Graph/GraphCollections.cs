using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Lists: filters, searches, orders, counts and cuts into pages. Use under the directory's gate.</summary>
internal sealed class GraphCollections(GraphTypes types, GraphSimulator simulator)
{
    private const int DirectoryMaxPage = 999;
    private const int DeviceMaxPage = 1000;
    private const int DefaultPage = 100;
    private const int SnapshotsKept = 8;

    // Large groups are read page after page: sorting 100,000 members anew for each would cost more than the rest together.
    private readonly Dictionary<string, (int Position, object[] Items)> _snapshots = new(StringComparer.Ordinal);

    /// <param name="type">Type of every item; null when people, groups and devices are mixed.</param>
    public GraphAnswer List(GraphRequest request, GraphType? type, string context, Func<IEnumerable<object>> source)
    {
        var rules = type ?? types.User;
        Check(request, rules);
        var size = PageSize(request, rules);
        var token = SkipToken.Read(request);
        var items = Items(request, type, source, token);
        var start = token is null ? 0 : StartAfter(items, token, rules);
        var page = items.AsSpan(start, Math.Min(size, items.Length - start)).ToArray();
        var more = start + page.Length < items.Length;
        var selected = type?.Selected(request.Option("$select"));

        return GraphAnswer.Json(writer =>
        {
            writer.WriteString("@odata.context", $"{request.Root}/$metadata#{context}");
            if (request.WantsCount && (request.IsEventual || !rules.IsDirectoryObject))
            {
                writer.WriteNumber("@odata.count", items.Length);
            }

            if (more)
            {
                writer.WriteString("@odata.nextLink", request.Link("$skiptoken", SkipToken.Write(start + page.Length, IdOf(page[^1], rules))));
            }

            writer.WriteStartArray("value");
            foreach (var item in page)
            {
                writer.WriteStartObject();
                WriteMember(writer, request, type, selected, item);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>The plain number of <c>/$count</c>.</summary>
    public static GraphAnswer Count(GraphRequest request, GraphType type, Func<IEnumerable<object>> source)
    {
        if (!request.IsEventual && type.IsDirectoryObject)
        {
            throw GraphErrorException.BadRequest("$count is not currently supported.");
        }

        var count = Matching(request, type, source()).Count();
        return new(200, Encoding.UTF8.GetBytes(count.ToString(CultureInfo.InvariantCulture)), "text/plain");
    }

    private void WriteMember(Utf8JsonWriter writer, GraphRequest request, GraphType? type, GraphProperty[]? selected, object item)
    {
        if (type is null)
        {
            var own = types.For(item);
            writer.WriteString("@odata.type", "#microsoft.graph." + own.Name);
            // In a mixed list a property counts where it exists; elsewhere it is left out.
            var names = request.Option("$select")?.Split(',', StringSplitOptions.TrimEntries);
            selected = names is null
                ? own.Selected(null)
                : [.. own.Properties.Where(property => names.Contains(property.Name, StringComparer.OrdinalIgnoreCase))];
        }

        GraphType.Write(writer, item, selected!);
    }

    private object[] Items(GraphRequest request, GraphType? type, Func<IEnumerable<object>> source, SkipToken? token)
    {
        var key = request.Link("$skiptoken", "");
        var position = simulator.Changes.Position;
        if (token is not null && _snapshots.TryGetValue(key, out var snapshot) && snapshot.Position == position)
        {
            return snapshot.Items;
        }

        var items = (type is null ? source() : Matching(request, type, source())).ToArray();
        Sort(items, request, type);
        if (items.Length > DefaultPage)
        {
            if (_snapshots.Count >= SnapshotsKept)
            {
                _snapshots.Clear();
            }

            _snapshots[key] = (position, items);
        }

        return items;
    }

    private static IEnumerable<object> Matching(GraphRequest request, GraphType type, IEnumerable<object> items)
    {
        if (request.Option("$filter") is { } filter)
        {
            items = items.Where(ODataFilter.Parse(filter, type, out _));
        }

        return request.Option("$search") is { } search ? items.Where(ODataSearch.Parse(search, type)) : items;
    }

    private static void Sort(object[] items, GraphRequest request, GraphType? type)
    {
        Func<object, Guid> id = type is null ? GraphTypes.IdOf : type.Id;
        if (request.Option("$orderby") is not { } order || type is null)
        {
            Array.Sort(items, (left, right) => id(left).CompareTo(id(right)));
            return;
        }

        var parts = order.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var property = type.Find(parts[0]);
        var sign = parts.Length > 1 && string.Equals(parts[1], "desc", StringComparison.OrdinalIgnoreCase) ? -1 : 1;
        Array.Sort(items, (left, right) =>
        {
            var byValue = sign * Compare(property.Read(left), property.Read(right));
            return byValue != 0 ? byValue : id(left).CompareTo(id(right));
        });
    }

    private static int Compare(object? left, object? right) => left is string or null && right is string or null
        ? CultureInfo.InvariantCulture.CompareInfo.Compare(left as string, right as string, CompareOptions.IgnoreCase)
        : Comparer<object>.Default.Compare(left, right);

    // The offset is right while nothing changed; otherwise the last item seen tells where to go on.
    private static int StartAfter(object[] items, SkipToken token, GraphType type)
    {
        if (token.Offset > 0 && token.Offset <= items.Length && IdOf(items[token.Offset - 1], type) == token.Last)
        {
            return token.Offset;
        }

        var place = Array.FindIndex(items, item => IdOf(item, type) == token.Last);
        return place >= 0 ? place + 1 : Math.Min(token.Offset, items.Length);
    }

    private static Guid IdOf(object item, GraphType type) => type.IsDirectoryObject ? GraphTypes.IdOf(item) : type.Id(item);

    private static void Check(GraphRequest request, GraphType type)
    {
        var advanced = false;
        if (request.Option("$filter") is { } filter)
        {
            ODataFilter.Parse(filter, type, out advanced);
        }

        if (!type.IsDirectoryObject)
        {
            return;
        }

        if (request.Option("$search") is not null && !request.IsEventual)
        {
            throw GraphErrorException.UnsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'");
        }

        if (advanced && !(request.IsEventual && request.WantsCount))
        {
            throw GraphErrorException.UnsupportedQuery("Unsupported or invalid query filter clause specified. It may need the header 'ConsistencyLevel: eventual' and $count=true.");
        }

        if (request.Option("$orderby") is not null
            && (request.Option("$filter") ?? request.Option("$search")) is not null
            && !(request.IsEventual && request.WantsCount))
        {
            throw GraphErrorException.UnsupportedQuery("Sorting not supported for current query.");
        }
    }

    private static int PageSize(GraphRequest request, GraphType type)
    {
        var max = type.IsDirectoryObject ? DirectoryMaxPage : DeviceMaxPage;
        if (request.Option("$top") is not { } top)
        {
            return type.IsDirectoryObject ? DefaultPage : max;
        }

        return int.TryParse(top, CultureInfo.InvariantCulture, out var size) && size >= 1 && size <= max
            ? size
            : throw new GraphErrorException(400, "Request_BadRequest", $"Invalid page size specified: '{top}'. Must be between 1 and {max} inclusive.");
    }

    private sealed record SkipToken(int Offset, Guid Last)
    {
        public static string Write(int offset, Guid last) => Base64UrlEncoder.Encode(JsonSerializer.Serialize(new SkipToken(offset, last)));

        public static SkipToken? Read(GraphRequest request)
        {
            if (request.Option("$skiptoken") is not { } text)
            {
                return null;
            }

            try
            {
                return JsonSerializer.Deserialize<SkipToken>(Base64UrlEncoder.Decode(text));
            }
            catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException)
            {
                throw new GraphErrorException(400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.");
            }
        }
    }
}
