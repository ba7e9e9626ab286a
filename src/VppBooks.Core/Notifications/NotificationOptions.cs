namespace VppBooks.Core.Notifications;

/// <summary>Where Apple reaches this program.</summary>
public sealed class NotificationOptions
{
    public const string SectionName = "Notifications";

    /// <summary>Path under which every location has an address of its own.</summary>
    public const string Path = "/apple/notifications";

    /// <summary>
    /// The https address that Apple can reach, host and path only, without a trailing slash; empty: VppBooks asks Apple instead of being told. May be set
    /// until the first location is served, because some programs learn their address only when they listen.
    /// </summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>The address to register for a location; null when there is none.</summary>
    public string? AddressOf(Guid locationPublicId) => PublicUrl.Length == 0 ? null : $"{PublicUrl.TrimEnd('/')}{Path}/{locationPublicId:D}";
}
