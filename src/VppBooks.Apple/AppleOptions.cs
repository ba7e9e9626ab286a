namespace VppBooks.Apple;

/// <summary>Where and how Apple is reached.</summary>
public sealed class AppleOptions
{
    internal static readonly TimeSpan DefaultFirstBackoff = TimeSpan.FromSeconds(5);

    /// <summary>Root of App and Book Management, without a trailing slash.</summary>
    public string BaseUrl { get; set; } = "https://vpp.itunes.apple.com/mdm/v2";

    /// <summary>Public store look-up, used where the one of service config does not answer.</summary>
    public string StoreLookupUrl { get; set; } = "https://itunes.apple.com/lookup";

    /// <summary>Longest wait for one request, 5 s to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Pages requested at the same time, 1 to 5 (Apple allows five).</summary>
    public int ParallelPages { get; set; } = 5;

    /// <summary>Largest answer that is read, in bytes.</summary>
    public int MaxResponseBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>
    /// First wait of a location after a refusal for the rate, or an outage, that does not say how long to wait; each further one is three times
    /// as long, up to 5 min. Default 5 s; shorter only against the simulated cloud.
    /// </summary>
    public TimeSpan FirstBackoff { get; set; } = DefaultFirstBackoff;
}
