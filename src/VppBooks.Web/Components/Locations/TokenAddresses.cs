namespace VppBooks.Web.Components.Locations;

/// <summary>Addresses of the screens about tokens.</summary>
public static class TokenAddresses
{
    public const string List = "/tenant/connectors/apple-vpp-tokens";

    /// <summary>The list with the panel open.</summary>
    public const string Create = List + "?panel=create";

    public static string Of(Guid id) => $"{List}/{id}";

    /// <summary>The token's page with a panel open: <c>renew</c> or <c>edit</c>.</summary>
    public static string Panel(Guid id, string panel) => $"{List}/{id}?panel={panel}";

    public static string Tab(Guid id, string tab) => $"{List}/{id}?tab={tab}";
}
