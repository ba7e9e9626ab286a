using System.Net;

namespace VppBooks.Apple.Transport;

/// <summary>Which addresses may be asked at all, and which may see a token. Addresses in Apple's answers are data, not orders.</summary>
internal sealed class TrustedHosts(AppleOptions options)
{
    private readonly Uri _base = new(options.BaseUrl);
    private readonly Uri _lookup = new(options.StoreLookupUrl);

    /// <summary>Whether a request with a token may go there: the configured host, or Apple's own over https.</summary>
    public bool MaySeeToken(Uri address) => SameOrigin(address, _base) || IsAppleHost(address) || (IsLoopback(address) && IsLoopback(_base));

    /// <summary>Whether titles may be looked up there.</summary>
    public bool IsLookup(Uri address) => MaySeeToken(address) || SameOrigin(address, _lookup);

    /// <summary>Whether covers may be fetched from there: Apple's picture hosts, or beside a look-up that is not Apple's.</summary>
    public bool IsArtwork(Uri address) =>
        IsAppleHost(address) || IsHostUnder(address, "mzstatic.com") || SameOrigin(address, _base) || SameOrigin(address, _lookup) ||
        (IsLoopback(address) && (IsLoopback(_base) || IsLoopback(_lookup)));

    public static bool IsLoopback(Uri address) =>
        address.Scheme is "http" or "https" &&
        (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    private static bool IsAppleHost(Uri address) => IsHostUnder(address, "apple.com");

    private static bool IsHostUnder(Uri address, string domain) =>
        address.Scheme == "https" && address.IsDefaultPort && address.UserInfo.Length == 0 &&
        (address.IdnHost.Equals(domain, StringComparison.OrdinalIgnoreCase) || address.IdnHost.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));

    private static bool SameOrigin(Uri address, Uri configured) =>
        address.UserInfo.Length == 0 && address.Scheme == configured.Scheme && address.Port == configured.Port &&
        address.IdnHost.Equals(configured.IdnHost, StringComparison.OrdinalIgnoreCase);
}
