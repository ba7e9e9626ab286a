using System.Net;

namespace VppBooks.Web.Settings;

/// <summary>Checks that several sections share.</summary>
internal static class Check
{
    /// <summary>An absolute https address; plain http is allowed on this machine only.</summary>
    public static IEnumerable<string> WebAddress(string key, string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
        {
            return [];
        }

        return [$"{key} must be an absolute https:// address (http:// only on this machine); it is \"{value}\"."];
    }

    public static IEnumerable<string> Range(string key, TimeSpan value, TimeSpan least, TimeSpan most) =>
        value >= least && value <= most ? [] : [$"{key} must be between {least} and {most}; it is {value}."];

    public static IEnumerable<string> Range(string key, int value, int least, int most) =>
        value >= least && value <= most ? [] : [$"{key} must be between {least} and {most}; it is {value}."];

    public static IEnumerable<string> Addresses(string key, IEnumerable<string> values) =>
        values.Where(v => !IPAddress.TryParse(v, out _)).Select(v => $"{key} must hold IP addresses; \"{v}\" is none.");

    public static IEnumerable<string> Networks(string key, IEnumerable<string> values) =>
        values.Where(v => !IPNetwork.TryParse(v, out _)).Select(v => $"{key} must hold networks such as 10.0.0.0/8; \"{v}\" is none.");
}
