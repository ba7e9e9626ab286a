using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Telemetry;

/// <summary>What gauges show, read together at one moment.</summary>
/// <param name="At">When it was read.</param>
/// <param name="Locations">Connected locations.</param>
/// <param name="Licenses">Licenses by location and state: assigned ones by Apple's counts of all books, unlimited ones too; all others by the rows of the ledger.</param>
/// <param name="Operations">Operations that have not ended, by location, kind and state.</param>
public sealed record TelemetryFigures(
    DateTimeOffset At,
    IReadOnlyList<LocationFigures> Locations,
    IReadOnlyList<LicenseFigures> Licenses,
    IReadOnlyList<OperationFigures> Operations)
{
    /// <summary>Nothing was read yet.</summary>
    public static TelemetryFigures None { get; } = new(default, [], [], []);
}

/// <summary>One location. Counts are Apple's, of books with a stock.</summary>
/// <param name="Location">Public id.</param>
/// <param name="Name">The token's name.</param>
/// <param name="State">State of the token.</param>
/// <param name="Expires">When the token ends.</param>
/// <param name="SyncStatus">How the last sync went.</param>
/// <param name="SyncedAt">Age of the numbers: the last sync that published, or the creation when there was none.</param>
/// <param name="Total">Licenses owned.</param>
/// <param name="Used">Licenses used.</param>
/// <param name="Free">Licenses free.</param>
public sealed record LocationFigures(
    Guid Location, string Name, TokenState State, DateTimeOffset Expires, SyncStatus SyncStatus, DateTimeOffset SyncedAt, long Total, long Used, long Free);

/// <summary>Licenses of one location in one state.</summary>
public sealed record LicenseFigures(Guid Location, LicenseState State, long Count);

/// <summary>Operations of one location, kind and state.</summary>
/// <param name="Location">Public id.</param>
/// <param name="Kind">What was asked of Apple.</param>
/// <param name="State">Where they stand.</param>
/// <param name="Count">How many.</param>
/// <param name="Oldest">When the oldest of them was written down.</param>
public sealed record OperationFigures(Guid Location, OperationKind Kind, OperationState State, int Count, DateTimeOffset Oldest);
