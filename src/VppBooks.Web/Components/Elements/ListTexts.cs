namespace VppBooks.Web.Components.Elements;

/// <summary>Words around lists: pages, search, filters.</summary>
public sealed class ListTexts;
