namespace VppBooks.Web.Settings;

/// <summary>The console itself.</summary>
public sealed class ConsoleSettings : ISettings
{
    public static string Section => "Console";

    /// <summary>Shown in the header beside the product's name.</summary>
    public string Organization { get; set; } = "";

    /// <summary>A sign-in ends after this long without a request; 5 minutes to 24 hours, default 1 hour.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>A sign-in ends after this long in any case; 15 minutes to 7 days, default 12 hours.</summary>
    public TimeSpan AbsoluteTimeout { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How often the directory is asked whether a signed-in account and its roles still hold; 1 second to 4 minutes, default 4 minutes. A page looks every minute, so both end within five.</summary>
    public TimeSpan RecheckEvery { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>How long a sign-in keeps its roles while the directory cannot be asked; then it only reads. 5 minutes to 24 hours, default 1 hour.</summary>
    public TimeSpan KeepRolesFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Open pages one person may have; 1 to 100, default 10.</summary>
    public int CircuitsPerPerson { get; set; } = 10;

    public IEnumerable<string> Faults() =>
    [
        .. Check.Range("Console:IdleTimeout", IdleTimeout, TimeSpan.FromMinutes(5), TimeSpan.FromHours(24)),
        .. Check.Range("Console:AbsoluteTimeout", AbsoluteTimeout, TimeSpan.FromMinutes(15), TimeSpan.FromDays(7)),
        .. Check.Range("Console:RecheckEvery", RecheckEvery, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(4)),
        .. Check.Range("Console:KeepRolesFor", KeepRolesFor, TimeSpan.FromMinutes(5), TimeSpan.FromHours(24)),
        .. Check.Range("Console:CircuitsPerPerson", CircuitsPerPerson, 1, 100),
    ];
}

/// <summary>The proxies whose word about the caller's address and scheme is believed.</summary>
public sealed class ReverseProxySettings : ISettings
{
    public static string Section => "ReverseProxy";

    /// <summary>IP addresses; none by default, then forwarded headers are ignored.</summary>
    public List<string> KnownProxies { get; } = [];

    /// <summary>Networks such as <c>10.0.0.0/8</c>.</summary>
    public List<string> KnownNetworks { get; } = [];

    public IEnumerable<string> Faults() =>
        [.. Check.Addresses("ReverseProxy:KnownProxies", KnownProxies), .. Check.Networks("ReverseProxy:KnownNetworks", KnownNetworks)];
}

/// <summary>
/// How many requests one caller may send. Those of the API are as many as Intune allows a program for books: a thousand that read and a hundred that change in 20 seconds,
/// the burst and what comes in meanwhile together.
/// </summary>
/// <remarks>Source: Microsoft Graph, "Microsoft Graph service-specific throttling limits", Intune.</remarks>
public sealed class RateLimitSettings : ISettings
{
    public static string Section => "RateLimit";

    /// <summary>Requests for pages and exports that may come at once; 10 to 100,000, default 300. Static files and open connections do not count.</summary>
    public int Burst { get; set; } = 300;

    /// <summary>The same per second that are allowed for long; 1 to 10,000, default 50.</summary>
    public int PerSecond { get; set; } = 50;

    /// <summary>Reading requests to the API that may come at once; 1 to 100,000, default 500. They do not count as others.</summary>
    public int ReadBurst { get; set; } = 500;

    /// <summary>Reading requests to the API per second that are allowed for long; 1 to 10,000, default 25.</summary>
    public int ReadsPerSecond { get; set; } = 25;

    /// <summary>Changing requests to the API that may come at once; 1 to 100,000, default 60. They do not count as others.</summary>
    public int WriteBurst { get; set; } = 60;

    /// <summary>Changing requests to the API per second that are allowed for long; 1 to 10,000, default 2.</summary>
    public int WritesPerSecond { get; set; } = 2;

    /// <summary>How many callers at their limits of the API are served together; 1 to 1,000, default 2. Callers whom it refuses do not count.</summary>
    public int Callers { get; set; } = 2;

    public IEnumerable<string> Faults() =>
    [
        .. Check.Range("RateLimit:Burst", Burst, 10, 100_000),
        .. Check.Range("RateLimit:PerSecond", PerSecond, 1, 10_000),
        .. Check.Range("RateLimit:ReadBurst", ReadBurst, 1, 100_000),
        .. Check.Range("RateLimit:ReadsPerSecond", ReadsPerSecond, 1, 10_000),
        .. Check.Range("RateLimit:WriteBurst", WriteBurst, 1, 100_000),
        .. Check.Range("RateLimit:WritesPerSecond", WritesPerSecond, 1, 10_000),
        .. Check.Range("RateLimit:Callers", Callers, 1, 1_000),
    ];
}
