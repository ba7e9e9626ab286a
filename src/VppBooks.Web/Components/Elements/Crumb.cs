namespace VppBooks.Web.Components.Elements;

/// <summary>A step of the breadcrumb; without an address it is only a word.</summary>
public sealed record Crumb(string Text, string? Href = null);
