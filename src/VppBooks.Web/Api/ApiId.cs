namespace VppBooks.Web.Api;

/// <summary>Ids in addresses and bodies.</summary>
internal static class ApiId
{
    /// <summary>Reads an id spelled as every answer spells it; what is only like one, with blanks or braces, is not one.</summary>
    // The length too, because the parser passes over blanks and line ends.
    public static bool TryParse(string? text, out Guid id) => Guid.TryParseExact(text, "D", out id) && text!.Length == 36;
}
