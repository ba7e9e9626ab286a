namespace VppBooks.Web;

/// <summary>Words that many screens share; inject <c>IStringLocalizer&lt;SharedTexts&gt;</c>.</summary>
public sealed class SharedTexts;
