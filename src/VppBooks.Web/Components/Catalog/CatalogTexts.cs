namespace VppBooks.Web.Components.Catalog;

/// <summary>Words of the pages about books.</summary>
public sealed class CatalogTexts;
