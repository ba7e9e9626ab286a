namespace VppBooks.Web.Components.Exports;

/// <summary>Words around exports.</summary>
public sealed class ExportTexts;
