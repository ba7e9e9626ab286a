using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Kiota.Abstractions;

namespace VppBooks.Core.Devices;

/// <summary>Reads a person's managed devices, and whether Apple Books is on them, from Microsoft Graph.</summary>
/// <remarks>
/// Needs the application permission <c>DeviceManagementManagedDevices.Read.All</c>. Apps of one device are a beta address; it is known to throttle, so nobody may wait for it
/// who has something else to do. Source: Microsoft Graph, "managedDevice", "detectedApp".
/// </remarks>
public sealed class GraphDevices(GraphServiceClient graph, ILogger<GraphDevices> logger)
{
    private const string BooksName = "Books";
    private const int FirstVersionThatListsSystemApps = 26;
    private const int MostPages = 50;
    private static readonly string[] _properties = ["id", "deviceName", "operatingSystem", "osVersion", "deviceEnrollmentType", "managedDeviceOwnerType", "lastSyncDateTime"];

    /// <summary>All devices of one person; null when the directory's device management may not be read (401, 403).</summary>
    /// <exception cref="HttpRequestException">No answer, or none that can be used; what was read so far is thrown away.</exception>
    public async Task<IReadOnlyList<PersonDevice>?> ListAsync(Guid personDirectoryId, CancellationToken cancellationToken)
    {
        try
        {
            var devices = new List<PersonDevice>();
            var asked = graph.Users[personDirectoryId.ToString()].ManagedDevices;
            var page = await asked.GetAsync(request => request.QueryParameters.Select = _properties, cancellationToken);
            for (var pages = 1; ; pages++)
            {
                foreach (var device in page?.Value ?? throw new HttpRequestException("The directory answered without a list of devices."))
                {
                    devices.Add(await DescribeAsync(device, cancellationToken));
                }

                if (page.OdataNextLink is null)
                {
                    return devices;
                }

                page = await asked.WithUrl(Checked(page.OdataNextLink, pages)).GetAsync(null, cancellationToken);
            }
        }
        catch (ApiException e) when (e.ResponseStatusCode is 401 or 403)
        {
            logger.DevicesNotPermitted(e.ResponseStatusCode);
            return null;
        }
        catch (ApiException e) when (e.ResponseStatusCode == 404)
        {
            // Gone from the directory: has no devices there.
            return [];
        }
#pragma warning disable CA1031 // Whatever the SDK, the sign-in or the network throws, it means one thing: no answer.
        catch (Exception e) when (e is not HttpRequestException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.DevicesNotRead(e.GetType().Name);
            throw new HttpRequestException("The devices cannot be read.", e);
        }
    }

    private async Task<PersonDevice> DescribeAsync(Microsoft.Graph.Models.ManagedDevice device, CancellationToken cancellationToken)
    {
        var platform = Cut(device.OperatingSystem, 32) ?? "";
        return new PersonDevice(
            Cut(device.DeviceName, 256) ?? "",
            platform,
            Cut(device.OsVersion, 64),
            device.DeviceEnrollmentType is not (DeviceEnrollmentType.AppleBulkWithoutUser or DeviceEnrollmentType.DeviceEnrollmentManager),
            AppleDevices.IsPlatform(platform) ? await FindBooksAsync(device, cancellationToken) : BooksApp.Unknown,
            device.LastSyncDateTime)
        {
            DeviceId = Guid.TryParse(device.Id, out var id) ? id : null,
        };
    }

    private async Task<BooksApp> FindBooksAsync(Microsoft.Graph.Models.ManagedDevice device, CancellationToken cancellationToken)
    {
        var home = graph.RequestAdapter.BaseUrl ?? "https://graph.microsoft.com/v1.0";
        var address = $"{home[..home.LastIndexOf('/')]}/beta/deviceManagement/managedDevices/{Uri.EscapeDataString(device.Id ?? "")}/detectedApps";
        var any = false;
        for (var pages = 1; ; pages++)
        {
            DetectedAppCollectionResponse? page;
            try
            {
                page = await graph.DeviceManagement.DetectedApps.WithUrl(address).GetAsync(null, cancellationToken);
            }
            catch (ApiException e) when (e.ResponseStatusCode is not (401 or 403))
            {
                // The inventory is a hint and its address a beta one: without it the device is still a device.
                return BooksApp.Unknown;
            }

            foreach (var app in page?.Value ?? [])
            {
                any = true;
                if (string.Equals(app.DisplayName, BooksName, StringComparison.OrdinalIgnoreCase) || string.Equals(app.DisplayName, "Apple Books", StringComparison.OrdinalIgnoreCase))
                {
                    return BooksApp.Present;
                }
            }

            if (page?.OdataNextLink is null)
            {
                return any && ListsSystemApps(device) ? BooksApp.Absent : BooksApp.Unknown;
            }

            address = Checked(page.OdataNextLink, pages);
        }
    }

    /// <summary>System apps are in the inventory of company devices from iOS and iPadOS 26 on; personal devices report managed apps only (parity paper 2.4).</summary>
    private static bool ListsSystemApps(Microsoft.Graph.Models.ManagedDevice device) =>
        device.OperatingSystem is { } platform && AppleDevices.IsTablet(platform)
        && device.ManagedDeviceOwnerType == ManagedDeviceOwnerType.Company
        && int.TryParse((device.OsVersion ?? "").Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
        && version >= FirstVersionThatListsSystemApps;

    private static string? Cut(string? text, int length) => text is null || text.Length <= length ? text : text[..length];

    /// <summary>A link to the next page leads where the first page came from, or it is not followed: our sign-in goes along with it.</summary>
    private string Checked(string nextLink, int pages)
    {
        var home = new Uri(graph.RequestAdapter.BaseUrl ?? "https://graph.microsoft.com/v1.0");
        return pages < MostPages && Uri.TryCreate(nextLink, UriKind.Absolute, out var next)
            && Uri.Compare(home, next, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? nextLink
            : throw new HttpRequestException("The directory's link to the next page is not followed.");
    }
}

internal static partial class DeviceLog      // ids 5200-5299
{
    [LoggerMessage(5200, LogLevel.Information, "Managed devices may not be read: status {Status}")]
    public static partial void DevicesNotPermitted(this ILogger logger, int status);

    [LoggerMessage(5201, LogLevel.Warning, "Managed devices could not be read: {Failure}")]
    public static partial void DevicesNotRead(this ILogger logger, string failure);
}
