using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Catalog;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>eBookInstallSummary</c>, <c>userInstallStateSummary</c> and <c>deviceInstallState</c>.</summary>
internal static class BookStatesWire
{
    public static readonly IReadOnlySet<string> SummaryProperties = new HashSet<string>
    {
        "id", "installedDeviceCount", "failedDeviceCount", "notInstalledDeviceCount", "installedUserCount", "failedUserCount", "notInstalledUserCount",
    };

    public static readonly IReadOnlySet<string> UserProperties = new HashSet<string> { "id", "userName", "installedDeviceCount", "failedDeviceCount", "notInstalledDeviceCount" };

    public static readonly IReadOnlySet<string> DeviceProperties = new HashSet<string>
    {
        "id", "deviceName", "deviceId", "lastSyncDateTime", "installState", "errorCode", "osVersion", "osDescription", "userName",
    };

    public const string UserType = "#microsoft.graph.userInstallStateSummary";
    public const string DeviceType = "#microsoft.graph.deviceInstallState";

    public static JsonObject From(Guid bookId, BookStateCounts counts) => new()
    {
        ["@odata.type"] = "#microsoft.graph.eBookInstallSummary",
        ["id"] = bookId.ToString(),
        ["installedDeviceCount"] = 0,
        ["failedDeviceCount"] = counts.Devices[HoldingState.Failed],
        ["notInstalledDeviceCount"] = counts.Devices[HoldingState.Underway],
        ["installedUserCount"] = counts.People[HoldingState.Assigned],
        ["failedUserCount"] = counts.People[HoldingState.Failed],
        ["notInstalledUserCount"] = counts.People[HoldingState.Underway],
    };

    public static JsonObject From(BookUser user, bool withDevices)
    {
        var entity = new JsonObject
        {
            ["@odata.type"] = UserType,
            ["id"] = user.PersonId.ToString(),
            ["userName"] = user.UserPrincipalName,
            ["installedDeviceCount"] = 0,
            ["failedDeviceCount"] = user.State == HoldingState.Failed ? user.Devices.Count : 0,
            ["notInstalledDeviceCount"] = user.State == HoldingState.Underway ? user.Devices.Count : 0,
        };
        if (withDevices)
        {
            entity["deviceStates"] = new JsonArray([.. user.Devices.Select(From)]);
        }

        return entity;
    }

    public static JsonObject From(BookDevice device) => new()
    {
        ["@odata.type"] = DeviceType,
        ["id"] = IdOf(device),
        ["deviceName"] = device.Name,
        ["deviceId"] = device.DeviceId?.ToString(),
        ["lastSyncDateTime"] = device.LastSeenAt is { } seen ? Wire.Date(seen) : Wire.Never,
        ["installState"] = Word(device.State),
        ["errorCode"] = device.ErrorNumber?.ToString(CultureInfo.InvariantCulture),
        ["osVersion"] = device.OsVersion,
        ["osDescription"] = device.Platform,
        ["userName"] = device.UserPrincipalName,
    };

    /// <summary>What is known of a device whose owner stands so with the book.</summary>
    public static string Word(HoldingState state) => state switch
    {
        HoldingState.Failed => "failed",
        HoldingState.Assigned => "unknown",
        _ => "notInstalled",
    };

    /// <summary>The same at every read. A device whose id is not known has a number until it is read again.</summary>
    public static string IdOf(BookDevice device) => device.DeviceId is { } id ? $"{device.PersonId:N}_{id:N}" : string.Create(CultureInfo.InvariantCulture, $"{device.PersonId:N}_{device.Number}");
}
