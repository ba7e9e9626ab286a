namespace VppBooks.Web.Components.Reports;

/// <summary>A bar of a chart.</summary>
/// <param name="Label">What it stands for.</param>
/// <param name="Values">Lengths of its parts, in the order of the legend; 0 or more.</param>
/// <param name="Text">What is said at its end.</param>
public sealed record BarRow(string Label, IReadOnlyList<long> Values, string Text);
