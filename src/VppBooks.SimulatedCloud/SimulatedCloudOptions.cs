namespace VppBooks.SimulatedCloud;

/// <summary>How large the simulated organization is.</summary>
public enum OrganizationSize
{
    /// <summary>The demo school group: 3 locations, about 60 books, 1,200 people, 40 groups.</summary>
    Demo,

    /// <summary>2,000 books, 100,000 people, 1,000,000 assignments at one location, for measuring.</summary>
    District,

    /// <summary>2 locations, 8 books with stocks of a few copies, 14 people, 6 groups: one of every kind that behaves differently, and little else.</summary>
    Tiny,
}

/// <summary>How the stand-ins start.</summary>
public sealed class SimulatedCloudOptions
{
    public const string SectionName = "SimulatedCloud";

    /// <summary>Port of the stand-ins and the portal page on plain http; 0 takes a free one.</summary>
    public int Port { get; set; } = 5081;

    /// <summary>Port of the sign-in stand-in's https endpoints; 0 takes a free one.</summary>
    public int EntraPort { get; set; } = 5082;

    /// <summary>Port of a mail server on loopback that keeps what it is given and shows it on the portal; 0 takes a free one, null: there is none.</summary>
    public int? SmtpPort { get; set; }

    public OrganizationSize Size { get; set; } = OrganizationSize.Demo;

    /// <summary>Rows per page of Apple's lists.</summary>
    public int PageSize { get; set; } = 500;

    /// <summary>Added to every answer of Apple's stand-in.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.Zero;

    /// <summary>Requests per second and location before 9646; 0 switches the limit off.</summary>
    public int MaxRequestsPerSecond { get; set; } = 15;

    /// <summary>Everything random comes from this seed.</summary>
    public int Seed { get; set; } = 20260901;

    /// <summary>Listens on all addresses, as a container must; otherwise on loopback only.</summary>
    public bool ListenAnyIP { get; set; }

    /// <summary>Address under which a person's browser reaches the stand-ins, for links in invitations; empty = the address of the caller.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>
    /// File that the stand-ins for Apple and the directory keep their state in, so that it outlives the process; empty = nothing is kept. Switches and
    /// faults are never kept.
    /// </summary>
    public string StateFile { get; set; } = "";
}
