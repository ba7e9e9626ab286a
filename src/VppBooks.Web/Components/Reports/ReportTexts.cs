namespace VppBooks.Web.Components.Reports;

/// <summary>Words of the reports, the forecast and the shopping list.</summary>
public sealed class ReportTexts;
