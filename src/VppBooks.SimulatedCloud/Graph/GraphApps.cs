using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>The app inventory Intune would have gathered from the devices.</summary>
internal static class GraphApps
{
    /// <summary>One row for each app and version, as Intune lists them.</summary>
    public static IEnumerable<DetectedApp> All(SimulatedDirectory directory) => directory.Devices.Values
        .SelectMany(On)
        .GroupBy(app => app.Id)
        .Select(same => same.First() with { DeviceCount = same.Count() });

    /// <summary>Apps of one device; none at all when its inventory is unknown, which is not the same as an inventory without Books.</summary>
    public static IEnumerable<DetectedApp> On(SimulatedDevice device)
    {
        if (device.BooksAppInstalled is not { } hasBooks)
        {
            yield break;
        }

        var platform = device.OperatingSystem == "macOS" ? "macOS" : "iOS";
        yield return App("Keynote", "15.1", platform);
        if (hasBooks)
        {
            yield return App("Books", device.OsVersion.StartsWith("18", StringComparison.Ordinal) ? "7.9" : "8.1", platform);
        }
    }

    private static DetectedApp App(string name, string version, string platform) =>
        new(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name + version + platform))), name, version, platform, 0);
}
