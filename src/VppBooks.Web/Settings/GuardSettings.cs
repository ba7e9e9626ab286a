namespace VppBooks.Web.Settings;

/// <summary>How carefully licenses are spent.</summary>
public sealed class LicensesSettings : ISettings
{
    public static string Section => "Licenses";

    /// <summary>Assign limited books to people who have not accepted their invitation; off, because such a license may be lost for good.</summary>
    public bool AssignBeforeAcceptance { get; set; }

    /// <summary>How long after an attempt with unknown outcome its absence at Apple may be believed; 1 s to a day.</summary>
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Least time between the two reads that must agree on the absence; 1 s to an hour.</summary>
    public TimeSpan UnknownReadsApart { get; set; } = TimeSpan.FromSeconds(60);

    public IEnumerable<string> Faults() =>
    [
        .. Check.Range("Licenses:UnknownAfter", UnknownAfter, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        .. Check.Range("Licenses:UnknownReadsApart", UnknownReadsApart, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
    ];
}
