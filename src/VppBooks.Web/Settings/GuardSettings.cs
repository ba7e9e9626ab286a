using VppBooks.Core.Licenses;

namespace VppBooks.Web.Settings;

/// <summary>How carefully licenses are spent.</summary>
public sealed class LicensesSettings : ISettings
{
    // What the ledger's rules state as the least. A request may be under way for its time-out, its owner may be taken for dead a lease period late, and Apple works on what arrived
    // for as long as it takes: absence that is believed too early is a license bought twice.
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LeastApart = TimeSpan.FromMinutes(1);

    public static string Section => "Licenses";

    /// <summary>Assign limited books to people who have not accepted their invitation; off, because such a license may be lost for good.</summary>
    public bool AssignBeforeAcceptance { get; set; }

    /// <summary>How long after an attempt with unknown outcome its absence at Apple may be believed; 2 minutes to a day, from 1 s against a stand-in.</summary>
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Least time between the two reads that must agree on the absence; 1 s to an hour.</summary>
    public TimeSpan UnknownReadsApart { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a committed plan can be called back before anything is sent; 0 to 7 days, zero sends at once.</summary>
    public TimeSpan UndoWindow { get; set; }

    /// <summary>Plans for more licenses than this need a second person's approval; 0 or more, empty: none does.</summary>
    public int? ApprovalThreshold { get; set; }

    /// <summary>Whether a program that acts in nobody's name may approve; off, because it is not a second person.</summary>
    public bool ProgramsMayApprove { get; set; }

    /// <summary>What one caller committed for a book within this time counts together; 0 to a day, zero looks at each plan by itself.</summary>
    public TimeSpan GuardWindow { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Plans for at least this many licenses ask for the number to be typed; 1 or more.</summary>
    public int TypeNumberFrom { get; set; } = 100;

    /// <summary>New members of assigned groups that are more than this share of those before, and more than <see cref="GrowthPeople"/>, are held for approval; 0 to 10.</summary>
    public double GrowthShare { get; set; } = 0.2;

    /// <inheritdoc cref="GrowthShare"/>
    public int GrowthPeople { get; set; } = 100;

    /// <summary>More new members than this are held in any case; 1 or more.</summary>
    public int GrowthLimit { get; set; } = 500;

    /// <summary>The address of Apple is this machine: a stand-in, whose licenses nobody paid for.</summary>
    internal bool StandIn { get; set; }

    public IEnumerable<string> Faults() =>
    [
        .. LicenseGuards.UndoWindow.FaultsOf(UndoWindow),
        .. LicenseGuards.ApprovalThreshold.FaultsOf(ApprovalThreshold),
        .. LicenseGuards.GuardWindow.FaultsOf(GuardWindow),
        .. LicenseGuards.TypeNumberFrom.FaultsOf(TypeNumberFrom),
        .. LicenseGuards.GrowthShare.FaultsOf(GrowthShare),
        .. LicenseGuards.GrowthPeople.FaultsOf(GrowthPeople),
        .. LicenseGuards.GrowthLimit.FaultsOf(GrowthLimit),
        .. Check.Range("Licenses:UnknownAfter", UnknownAfter, StandIn ? TimeSpan.FromSeconds(1) : Shortest, TimeSpan.FromDays(1)),
        .. Check.Range("Licenses:UnknownReadsApart", UnknownReadsApart, StandIn ? TimeSpan.FromSeconds(1) : LeastApart, TimeSpan.FromHours(1)),
    ];
}
