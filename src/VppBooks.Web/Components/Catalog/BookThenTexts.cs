namespace VppBooks.Web.Components.Catalog;

/// <summary>Words about a book as it was on a day of the past.</summary>
public sealed class BookThenTexts;
