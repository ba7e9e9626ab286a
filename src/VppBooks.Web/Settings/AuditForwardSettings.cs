namespace VppBooks.Web.Settings;

/// <summary>How syslog is spoken.</summary>
public enum SyslogProtocol
{
    /// <summary>One datagram per row; what the network loses is lost.</summary>
    Udp,

    /// <summary>One connection, RFC 6587 octet counting.</summary>
    Tcp,
}

/// <summary>Where sealed rows of the audit trail are handed on to; nowhere unless a file or a host is named.</summary>
public sealed class AuditForwardSettings : ISettings
{
    public static string Section => "Audit:Forward";

    /// <summary>A file that gets one JSON object per line; empty: none.</summary>
    public string File { get; set; } = "";

    /// <summary>A syslog server; empty: none.</summary>
    public string SyslogHost { get; set; } = "";

    /// <summary>Its port, 1 to 65535.</summary>
    public int SyslogPort { get; set; } = 514;

    /// <summary>Udp or Tcp.</summary>
    public SyslogProtocol SyslogProtocol { get; set; } = SyslogProtocol.Tcp;

    public IEnumerable<string> Faults() =>
    [
        .. Check.Range("Audit:Forward:SyslogPort", SyslogPort, 1, 65535),
        .. SyslogHost.Length == 0 || Uri.CheckHostName(SyslogHost) != UriHostNameType.Unknown ? (string[])[] : [$"Audit:Forward:SyslogHost must be a host name or an address; it is \"{SyslogHost}\"."],
        .. File.Length == 0 || Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(File))) ? (string[])[] : [$"Audit:Forward:File must lie in a folder that exists; it is \"{File}\"."],
    ];
}
