namespace VppBooks.Web.Components.Groups;

/// <summary>Words of the pages about groups.</summary>
public sealed class GroupTexts;
