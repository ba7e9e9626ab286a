namespace VppBooks.Web.Components.Locations;

/// <summary>Addresses of the screens about tokens, and of those they lead to.</summary>
public static class TokenAddresses
{
    public const string List = "/tenant/connectors/apple-vpp-tokens";

    private const string BookList = "/apps/ebooks";

    /// <summary>The list with the panel open.</summary>
    public const string Create = List + "?panel=create";

    public static string Of(Guid id) => $"{List}/{id}";

    /// <summary>The token's page with a panel open: <c>renew</c> or <c>edit</c>.</summary>
    public static string Panel(Guid id, string panel) => $"{List}/{id}?panel={panel}";

    /// <summary>The list of books as they stand; all of them for null.</summary>
    public static string Books(string? state) => state is null ? BookList : $"{BookList}?state={state}";

    public static string BooksOf(Guid tokenId) => $"{BookList}?token={tokenId}";

    public static string Book(Guid id) => $"{BookList}/{id}";

    public static string Tab(Guid id, string tab) => $"{List}/{id}?tab={tab}";
}
