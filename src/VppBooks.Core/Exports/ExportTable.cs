namespace VppBooks.Core.Exports;

/// <summary>A list on its way out.</summary>
/// <param name="Name">Names the list, such as <c>books</c>.</param>
/// <param name="Columns">Stable English names of its columns.</param>
/// <param name="Rows">Values in the order of the columns, read while they are written: memory does not grow with the list.</param>
public sealed record ExportTable(string Name, IReadOnlyList<string> Columns, IAsyncEnumerable<object?[]> Rows);
