namespace VppBooks.Web.Hosting;

/// <summary>How this process runs, decided once at start.</summary>
/// <param name="PlainHttp">True where the console is served without TLS: the demo and development.</param>
/// <param name="Demo">True while the simulated cloud runs inside this process; screens say so, nothing else asks.</param>
/// <param name="PortalUrl">The simulated cloud's portal page, when there is one.</param>
public sealed record ProgramProfile(bool PlainHttp, bool Demo, string? PortalUrl)
{
    /// <summary>True for a command that reads and reports: nothing listens, and standard output belongs to the report.</summary>
    public bool Command { get; init; }

    public CookieSecurePolicy CookieSecurity => PlainHttp ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;

    /// <summary>With the prefix that ties a cookie to this host over https, where there is https.</summary>
    public string CookieName(string name) => PlainHttp ? name : "__Host-" + name;
}
