namespace VppBooks.Core.Licenses;

/// <summary>How carefully licenses are spent.</summary>
public sealed record LicenseOptions
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

    /// <summary>How long a committed plan can be called back before anything is sent. 0 to 7 days; zero sends at once. Whoever commits may choose a longer time.</summary>
    public TimeSpan UndoWindow { get; set; }

    /// <summary>Plans that take more licenses than this need a second person's approval; null: none does.</summary>
    public int? ApprovalThreshold { get; set; }

    /// <summary>Whether a program that acts in nobody's name counts as the second person.</summary>
    public bool ProgramsMayApprove { get; set; }

    /// <summary>
    /// What one actor committed for a book within this time counts together, for the approval and for the typed number: many small plans must not spend what one large
    /// plan may not. 0 to 1 day; zero looks at each plan by itself.
    /// </summary>
    public TimeSpan GuardWindow { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Plans for at least this many licenses, people who are made to wait included, or for which there are too few, are committed only with the number typed. 1 or more.</summary>
    public int TypeNumberFrom { get; set; } = 100;

    /// <summary>Share by which the people whom a book's Required groups reach may grow at once, as long as it is not more than <see cref="GrowthPeople"/> people. 0 to 10.</summary>
    public double GrowthShare { get; set; } = 0.2;

    /// <inheritdoc cref="GrowthShare"/>
    public int GrowthPeople { get; set; } = 100;

    /// <summary>More new people than this are held for approval, however large the groups are.</summary>
    public int GrowthLimit { get; set; } = 500;
}
