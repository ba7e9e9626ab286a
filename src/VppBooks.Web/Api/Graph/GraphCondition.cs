using System.Text.Json.Nodes;
using VppBooks.Core.Catalog;

namespace VppBooks.Web.Api.Graph;

/// <summary>A <c>$filter</c> that was understood: applied to wire objects at hand, or handed to the database.</summary>
internal abstract record GraphCondition
{
    private GraphCondition()
    {
    }

    /// <summary>Whether a wire object passes.</summary>
    public abstract bool Admits(JsonObject entity);

    /// <summary>The same condition for books in the database.</summary>
    /// <exception cref="GraphQueryException">A property that the database cannot compare.</exception>
    public abstract BookCondition ForBooks();

    private static BookCondition.Always Unset(string property, bool holds) =>
        property == ManagedEBookWire.NeverSet ? new BookCondition.Always(holds) : throw new GraphQueryException($"$filter cannot use \"{property}\".");

    public sealed record All(IReadOnlyList<GraphCondition> Parts) : GraphCondition
    {
        public override bool Admits(JsonObject entity) => Parts.All(p => p.Admits(entity));

        public override BookCondition ForBooks() => new BookCondition.All([.. Parts.Select(p => p.ForBooks())]);
    }

    public sealed record Any(IReadOnlyList<GraphCondition> Parts) : GraphCondition
    {
        public override bool Admits(JsonObject entity) => Parts.Any(p => p.Admits(entity));

        public override BookCondition ForBooks() => new BookCondition.Any([.. Parts.Select(p => p.ForBooks())]);
    }

    public sealed record Not(GraphCondition Part) : GraphCondition
    {
        public override bool Admits(JsonObject entity) => !Part.Admits(entity);

        public override BookCondition ForBooks() => new BookCondition.Not(Part.ForBooks());
    }

    public sealed record Compare(string Property, BookComparison Comparison, object? Value) : GraphCondition
    {
        public override bool Admits(JsonObject entity)
        {
            var order = GraphFilter.Compare(GraphFilter.Value(entity, Property), Value);
            return Comparison switch
            {
                BookComparison.Greater => order is > 0,
                BookComparison.GreaterOrEqual => order is >= 0,
                BookComparison.Less => order is < 0,
                BookComparison.LessOrEqual => order is <= 0,
                _ => order == 0,
            };
        }

        public override BookCondition ForBooks() => ManagedEBookWire.Fields.TryGetValue(Property, out var field)
            ? new BookCondition.Compare(field, Comparison, Value)
            : Unset(Property, Value is null && Comparison == BookComparison.Equal);
    }

    public sealed record Match(string Property, TextPlace Place, string Text) : GraphCondition
    {
        public override bool Admits(JsonObject entity) => GraphFilter.Value(entity, Property) is string value && Place switch
        {
            TextPlace.Start => value.StartsWith(Text, StringComparison.OrdinalIgnoreCase),
            TextPlace.End => value.EndsWith(Text, StringComparison.OrdinalIgnoreCase),
            _ => value.Contains(Text, StringComparison.OrdinalIgnoreCase),
        };

        public override BookCondition ForBooks() => ManagedEBookWire.Fields.TryGetValue(Property, out var field)
            ? new BookCondition.Match(field, Place, Text)
            : Unset(Property, holds: false);
    }

    public sealed record IsOf(string Type) : GraphCondition
    {
        public override bool Admits(JsonObject entity) => Is((string?)entity["@odata.type"]);

        public override BookCondition ForBooks() => new BookCondition.Always(Is(ManagedEBookWire.Type));

        public bool Is(string? type) => type?.TrimStart('#').Equals(Type.TrimStart('#'), StringComparison.OrdinalIgnoreCase) == true;
    }
}
