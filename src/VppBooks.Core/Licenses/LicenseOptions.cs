namespace VppBooks.Core.Licenses;

/// <summary>How carefully licenses are spent.</summary>
public sealed class LicenseOptions
{
    public const string SectionName = "Licenses";

    /// <summary>
    /// Assign limited books to people who were invited and have not accepted. Off: the license of a person who never accepts would be lost
    /// for good (reference 6.3). Unlimited free books are always assigned at once.
    /// </summary>
    public bool AssignBeforeAcceptance { get; set; }

    /// <summary>How long after an attempt with unknown outcome its absence at Apple may first be believed. 1 s to 24 h; 10 minutes is what Apple's own advice implies.</summary>
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Shortest time between the two reads that must agree on the absence. 1 s to 1 h.</summary>
    public TimeSpan UnknownReadsApart { get; set; } = TimeSpan.FromSeconds(60);
}
