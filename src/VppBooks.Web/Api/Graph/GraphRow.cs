using System.Text.Json;
using System.Text.Json.Nodes;

namespace VppBooks.Web.Api.Graph;

/// <summary>A row of a list that is all at hand.</summary>
/// <param name="Entity">As it is sent, with an id that no other row has.</param>
/// <param name="Natural">What the list is ordered by where nobody asks for another order: texts, numbers (<see cref="decimal"/>) or null.</param>
internal sealed record GraphRow(JsonObject Entity, params IReadOnlyList<object?> Natural);

/// <summary>
/// The order of a list that is all at hand, and places in it. A place is what its row was ordered by, and not its number: so nobody comes twice or gets lost when
/// others come or go meanwhile, and the page behind a row is found when that row is gone itself.
/// </summary>
internal sealed class GraphRowOrder(GraphQuery query)
{
    private readonly bool[] _descending = [.. query.OrderBy.Select(o => o.Descending)];

    /// <summary>Rows that pass the filter, in order; ids break ties.</summary>
    public List<GraphRow> Arrange(IEnumerable<GraphRow> rows) =>
        [.. rows.Where(r => query.Admits(r.Entity)).Select(r => (Row: r, Keys: KeysOf(r))).Order(Comparer<(GraphRow Row, List<object?> Keys)>.Create((a, b) => Compare(a.Keys, b.Keys))).Select(r => r.Row)];

    /// <summary>Those behind a place.</summary>
    /// <exception cref="GraphQueryException">The place is one of another list.</exception>
    public IEnumerable<GraphRow> Behind(IEnumerable<GraphRow> arranged, IReadOnlyList<string> place)
    {
        var keys = place.Select(Value).ToList();
        return arranged.SkipWhile(r => KeysOf(r) is var own && own.Count == keys.Count ? Compare(own, keys) <= 0 : throw GraphSkipTokens.Foreign());
    }

    /// <summary>The place of a row.</summary>
    public IReadOnlyList<string> PlaceOf(GraphRow row) => [.. KeysOf(row).Select(k => JsonSerializer.Serialize(k))];

    private List<object?> KeysOf(GraphRow row) => [.. query.OrderBy.Count == 0 ? row.Natural : query.OrderBy.Select(o => GraphFilter.Value(row.Entity, o.Property)), (string?)row.Entity["id"]];

    private int Compare(List<object?> left, List<object?> right)
    {
        for (var i = 0; i < left.Count; i++)
        {
            var order = (left[i], right[i]) switch
            {
                (null, null) => 0,
                (null, _) => -1,
                (_, null) => 1,
                var (a, b) => GraphFilter.Compare(a, b) ?? 0,
            };
            if (order != 0)
            {
                return i < _descending.Length && _descending[i] ? -order : order;
            }
        }

        return 0;
    }

    private static object? Value(string written)
    {
        using var parsed = JsonDocument.Parse(written);
        return parsed.RootElement.ValueKind switch
        {
            JsonValueKind.String => parsed.RootElement.GetString(),
            JsonValueKind.Number => parsed.RootElement.GetDecimal(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };
    }
}
