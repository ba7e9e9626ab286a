namespace VppBooks.Web.Settings;

/// <summary>Apple's addresses.</summary>
public sealed class AppleSettings : ISettings
{
    public static string Section => "Apple";

    /// <summary>Root of App and Book Management, without a trailing slash.</summary>
    public string BaseUrl { get; set; } = "https://vpp.itunes.apple.com/mdm/v2";

    /// <summary>Public store look-up, used where the address from service config does not work.</summary>
    public string StoreLookupUrl { get; set; } = "https://itunes.apple.com/lookup";

    public IEnumerable<string> Faults() =>
        [.. Check.WebAddress("Apple:BaseUrl", BaseUrl), .. Check.WebAddress("Apple:StoreLookupUrl", StoreLookupUrl)];
}

/// <summary>Microsoft Graph's address.</summary>
public sealed class GraphSettings : ISettings
{
    public static string Section => "Graph";

    /// <summary>Root with version, without a trailing slash.</summary>
    public string BaseUrl { get; set; } = "https://graph.microsoft.com/v1.0";

    public IEnumerable<string> Faults() => Check.WebAddress("Graph:BaseUrl", BaseUrl);
}
