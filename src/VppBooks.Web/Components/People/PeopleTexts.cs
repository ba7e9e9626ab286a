namespace VppBooks.Web.Components.People;

/// <summary>Words of the pages about people.</summary>
public sealed class PeopleTexts;
