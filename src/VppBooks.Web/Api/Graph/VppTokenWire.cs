using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VppBooks.Core.Locations;

namespace VppBooks.Web.Api.Graph;

/// <summary>Enum words and dates as Graph writes them.</summary>
internal static class Wire
{
    /// <summary>Sent where the schema forbids null: clients read it as "never".</summary>
    public const string Never = "0001-01-01T00:00:00Z";

    public static string Date(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Word(TokenState state) => state switch
    {
        TokenState.Valid => "valid",
        TokenState.Expired => "expired",
        TokenState.Invalid => "invalid",
        TokenState.AssignedToExternalMdm => "assignedToExternalMDM",
        _ => "unknown",
    };

    public static string Word(SyncStatus status) => status switch
    {
        SyncStatus.InProgress => "inProgress",
        SyncStatus.Completed => "completed",
        SyncStatus.Failed => "failed",
        _ => "none",
    };

    public static string Word(AccountType type) => type == AccountType.Education ? "education" : "business";

    public static int Int32(long value) => (int)Math.Clamp(value, 0, int.MaxValue);
}

/// <summary><c>microsoft.graph.vppToken</c>.</summary>
internal static class VppTokenWire
{
    public static readonly IReadOnlySet<string> Properties = new HashSet<string>
    {
        "id", "organizationName", "vppTokenAccountType", "appleId", "expirationDateTime", "lastSyncDateTime", "token", "lastModifiedDateTime", "state", "lastSyncStatus",
        "automaticallyUpdateApps", "countryOrRegion", "displayName", "locationName", "claimTokenManagementFromExternalMdm", "dataSharingConsentGranted", "roleScopeTagIds",
        "tokenActionResults",
    };

    private static readonly string[] _texts =
    [
        "id", "organizationName", "vppTokenAccountType", "appleId", "expirationDateTime", "lastSyncDateTime", "token", "lastModifiedDateTime", "state", "lastSyncStatus",
        "countryOrRegion", "displayName", "locationName",
    ];

    private static readonly string[] _flags = ["automaticallyUpdateApps", "claimTokenManagementFromExternalMdm", "dataSharingConsentGranted"];

    /// <summary>Checks also what is accepted and ignored because Apple or the file says it (parity paper §4.4).</summary>
    /// <exception cref="GraphQueryException">A property has another type.</exception>
    public static void DemandTypes(JsonElement body)
    {
        foreach (var name in _texts)
        {
            _ = body.Text(name);
        }

        foreach (var name in _flags)
        {
            _ = body.Flag(name);
        }
    }

    /// <summary>The secret is write-only: <c>token</c> is always null.</summary>
    public static JsonObject From(LocationSummary location) => new()
    {
        ["@odata.type"] = "#microsoft.graph.vppToken",
        ["id"] = location.PublicId.ToString(),
        ["organizationName"] = location.OrganizationName,
        ["vppTokenAccountType"] = Wire.Word(location.AccountType),
        ["appleId"] = location.AppleAccount,
        ["expirationDateTime"] = Wire.Date(location.TokenExpires),
        ["lastSyncDateTime"] = location.LastSyncedAt is { } synced ? Wire.Date(synced) : Wire.Never,
        ["token"] = null,
        ["lastModifiedDateTime"] = Wire.Date(location.ModifiedAt),
        ["state"] = Wire.Word(location.State),
        ["lastSyncStatus"] = Wire.Word(location.SyncWaiting ? SyncStatus.InProgress : location.SyncStatus),
        ["automaticallyUpdateApps"] = false,
        ["countryOrRegion"] = location.CountryOrRegion.ToLowerInvariant(),
        ["displayName"] = location.Name,
        ["locationName"] = location.LocationName,
        ["claimTokenManagementFromExternalMdm"] = false,
        ["dataSharingConsentGranted"] = location.ConsentGranted,
        ["roleScopeTagIds"] = new JsonArray("0"),
        ["tokenActionResults"] = new JsonArray(),
    };
}
