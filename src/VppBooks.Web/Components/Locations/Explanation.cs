namespace VppBooks.Web.Components.Locations;

/// <summary>Why something stands as it does, and what to do about it.</summary>
/// <param name="Cause">A sentence.</param>
/// <param name="Remedy">A sentence; null when there is nothing to do.</param>
public sealed record Explanation(string Cause, string? Remedy);
