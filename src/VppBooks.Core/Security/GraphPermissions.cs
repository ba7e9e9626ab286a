namespace VppBooks.Core.Security;

/// <summary>
/// The permissions that Intune's scripts hold, under Microsoft Graph's names: as app roles of a program, or as scopes that a client was allowed. They count on the
/// addresses that have Graph's shape and nowhere else.
/// </summary>
/// <remarks>Source: Microsoft Graph, "Microsoft Graph permissions reference", device management.</remarks>
public static class GraphPermissions
{
    /// <summary>Reads books, tokens, categories, assignments, states and audit events.</summary>
    public const string AppsRead = "DeviceManagementApps.Read.All";

    /// <summary>The same, and changes tokens, categories and assignments.</summary>
    public const string AppsReadWrite = "DeviceManagementApps.ReadWrite.All";

    /// <summary>Reads tokens.</summary>
    public const string ServiceConfigRead = "DeviceManagementServiceConfig.Read.All";

    /// <summary>Reads, uploads, renews, syncs and deletes tokens.</summary>
    public const string ServiceConfigReadWrite = "DeviceManagementServiceConfig.ReadWrite.All";

    private const Permissions Reading = Permissions.Read | Permissions.ReadTokens | Permissions.ReadActivity;
    private const Permissions Tokens = Permissions.ReadTokens | Permissions.ManageTokens | Permissions.SyncNow;

    private static readonly Dictionary<string, Permissions> _known = new(StringComparer.OrdinalIgnoreCase)
    {
        [AppsRead] = Reading,
        [AppsReadWrite] = Reading | Tokens | Permissions.ManageBooks | Permissions.Assign,
        [ServiceConfigRead] = Permissions.ReadTokens,
        [ServiceConfigReadWrite] = Tokens,
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> Names => _known.Keys;

    /// <summary>Whether it is one of them.</summary>
    public static bool Contains(string name) => _known.ContainsKey(name);

    /// <summary>What they allow together; names that are none of them allow nothing.</summary>
    public static Permissions Of(IEnumerable<string> names)
    {
        var allowed = Permissions.None;
        foreach (var name in names)
        {
            allowed |= _known.GetValueOrDefault(name);
        }

        return allowed;
    }
}
