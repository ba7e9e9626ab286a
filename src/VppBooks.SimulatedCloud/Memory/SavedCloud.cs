using System.Text.Json;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Memory;

/// <summary>The contents of a state file.</summary>
internal sealed record SavedCloud
{
    /// <summary>Raised when an older file cannot be read any more, or would be misunderstood.</summary>
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required int Seed { get; init; }

    public required OrganizationSize Size { get; init; }

    public required SavedApple Apple { get; init; }

    /// <summary>A <see cref="SavedDirectory"/>; null while the directory is the one of the seed.</summary>
    public JsonElement? Directory { get; init; }
}

/// <summary>What Apple's stand-in knows. Switches and faults are of one run and not in it.</summary>
internal sealed record SavedApple
{
    /// <summary>Restarts since the state of the seed: ids of one run must not come back in the next.</summary>
    public int Run { get; init; }

    /// <summary>How far the clock was moved on.</summary>
    public TimeSpan ClockAhead { get; init; }

    public required IReadOnlyList<SavedLocation> Locations { get; init; }

    public required IReadOnlyList<LedgerEntry> Ledger { get; init; }
}

/// <summary>The directory after somebody changed it.</summary>
internal sealed class SavedDirectory
{
    public required IReadOnlyList<SimulatedPerson> People { get; init; }

    public required IReadOnlyList<SimulatedGroup> Groups { get; init; }

    public required IReadOnlyList<Deleted<SimulatedPerson>> DeletedPeople { get; init; }

    public required IReadOnlyList<Deleted<SimulatedGroup>> DeletedGroups { get; init; }

    internal sealed record Deleted<T>(T Entity, DateTimeOffset At);
}
