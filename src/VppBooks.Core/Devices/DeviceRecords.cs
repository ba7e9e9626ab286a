namespace VppBooks.Core.Devices;

/// <summary>Whether Apple Books is on a device. Inventories leave system apps out more often than not, so absence is told only where it can be known.</summary>
public enum BooksApp : byte
{
    /// <summary>The inventory cannot say.</summary>
    Unknown = 0,

    /// <summary>In the inventory.</summary>
    Present = 1,

    /// <summary>The inventory lists system apps and does not list it.</summary>
    Absent = 2,
}

/// <summary>How the last read of a person's devices went.</summary>
public enum DeviceReadOutcome : byte
{
    /// <summary>Not tried yet.</summary>
    NeverRead = 0,

    /// <summary>The list is complete as of its time.</summary>
    Read = 1,

    /// <summary>The permission <c>DeviceManagementManagedDevices.Read.All</c> is missing, or there is no device management in the directory.</summary>
    ConsentMissing = 2,

    /// <summary>Throttled or down; what is shown is older.</summary>
    Unavailable = 3,
}

/// <summary>One managed device of a person.</summary>
/// <param name="Name">Its name in the device management.</param>
/// <param name="Platform">Operating system, such as <c>iPadOS</c>.</param>
/// <param name="OsVersion">Version; null when not reported.</param>
/// <param name="UserAffinity">Enrolled for this person; books reach nobody on a device enrolled without a user (parity paper S18).</param>
/// <param name="BooksApp">Whether Apple Books is on it.</param>
/// <param name="LastSeenAt">Last contact with the device management; null when never.</param>
public sealed record PersonDevice(string Name, string Platform, string? OsVersion, bool UserAffinity, BooksApp BooksApp, DateTimeOffset? LastSeenAt)
{
    /// <summary>The directory's id of it; null when it told none.</summary>
    public Guid? DeviceId { get; init; }

    /// <summary>Whether Apple Books runs on it at all.</summary>
    internal bool CanReadBooks => AppleDevices.IsPlatform(Platform);
}

/// <summary>Which operating systems are Apple's.</summary>
internal static class AppleDevices
{
    /// <summary>iPhones and iPads.</summary>
    public static bool IsTablet(string platform) => platform.StartsWith("iOS", StringComparison.OrdinalIgnoreCase) || platform.StartsWith("iPadOS", StringComparison.OrdinalIgnoreCase);

    /// <summary>Those, and Macs.</summary>
    public static bool IsPlatform(string platform) => IsTablet(platform) || platform.StartsWith("macOS", StringComparison.OrdinalIgnoreCase);
}

/// <summary>What is known of a person's devices.</summary>
/// <param name="Outcome">How the last read went.</param>
/// <param name="ReadAt">Age of the list; null: never read.</param>
/// <param name="Devices">The devices, by name; of the last successful read.</param>
public sealed record PersonDevices(DeviceReadOutcome Outcome, DateTimeOffset? ReadAt, IReadOnlyList<PersonDevice> Devices)
{
    /// <summary>Nothing known.</summary>
    public static PersonDevices Nothing { get; } = new(DeviceReadOutcome.NeverRead, null, []);
}
