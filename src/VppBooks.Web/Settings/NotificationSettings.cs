using VppBooks.Core.Notifications;

namespace VppBooks.Web.Settings;

/// <summary>How Apple tells VppBooks of changes.</summary>
public sealed class NotificationSettings : ISettings
{
    // Apple's maxNotificationLength, as published.
    private const int MaxAddressLength = 512;

    public static string Section => NotificationOptions.SectionName;

    /// <summary>The https address at which Apple can reach this console: host and path only. Empty: VppBooks asks Apple instead.</summary>
    public string PublicUrl { get; set; } = "";

    public IEnumerable<string> Faults()
    {
        if (PublicUrl.Length == 0)
        {
            yield break;
        }

        foreach (var fault in Check.WebAddress("Notifications:PublicUrl", PublicUrl))
        {
            yield return fault;
        }

        if (Uri.TryCreate(PublicUrl, UriKind.Absolute, out var address) && (address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0 || PublicUrl.AsSpan().ContainsAny('?', '#')))
        {
            yield return "Notifications:PublicUrl must hold host and path only, without a query, a fragment or a user name.";
        }

        if (new NotificationOptions { PublicUrl = PublicUrl }.AddressOf(Guid.Empty)!.Length > MaxAddressLength)
        {
            yield return $"Notifications:PublicUrl must be at most {MaxAddressLength - NotificationOptions.Path.Length - 37} characters long.";
        }
    }
}
