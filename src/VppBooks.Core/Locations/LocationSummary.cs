namespace VppBooks.Core.Locations;

/// <summary>What a location's state means for an administrator. Screens have a cause and a remedy for each.</summary>
public enum LocationCondition
{
    /// <summary>Works.</summary>
    Valid = 0,

    /// <summary>Works; the token expires within 30 days.</summary>
    ExpiresSoon,

    /// <summary>The token's year is over.</summary>
    Expired,

    /// <summary>Apple revoked the token; usually the password of the account that downloaded it changed.</summary>
    RevokedOrPasswordChanged,

    /// <summary>Apple does not accept the token for another reason; the error number says which.</summary>
    InvalidToken,

    /// <summary>The stored token cannot be decrypted on this installation.</summary>
    UnreadableHere,

    /// <summary>Another device management claims the location.</summary>
    ClaimedElsewhere,

    /// <summary>Our claim has been removed at Apple and nobody else holds the location.</summary>
    ClaimRemoved,

    /// <summary>Apple lets the token read but not change anything.</summary>
    ReadOnly,

    /// <summary>Stored, first sync not finished.</summary>
    NeverSynced,

    /// <summary>Apple asked for no requests until <see cref="LocationSummary.PausedUntil"/>.</summary>
    Paused,

    /// <summary>The token works, but the last sync failed: the numbers are older.</summary>
    SyncFailed,
}

/// <summary>One token as lists and API show it.</summary>
public sealed record LocationSummary
{
    /// <summary>Internal number, to match <see cref="Signals.Change"/>; never shown.</summary>
    public required int Id { get; init; }

    public required Guid PublicId { get; init; }

    public required string Name { get; init; }

    public required string OrganizationName { get; init; }

    public required string LocationName { get; init; }

    public required string AppleAccount { get; init; }

    public required AccountType AccountType { get; init; }

    public required string CountryOrRegion { get; init; }

    /// <summary>State now: <see cref="TokenState.Expired"/> as soon as the date has passed, whether or not Apple said so.</summary>
    public required TokenState State { get; init; }

    public required LocationCondition Condition { get; init; }

    /// <summary>Apple's number behind the state; null when there is none.</summary>
    public required int? StateErrorNumber { get; init; }

    public required bool ReadOnly { get; init; }

    /// <summary>Name of the device management that holds the location, when it is not ours.</summary>
    public required string? ClaimedByName { get; init; }

    public required string? ClaimedByMetadata { get; init; }

    public required DateTimeOffset TokenExpires { get; init; }

    /// <summary>Whole days until expiry; 0 on the last day, negative after it.</summary>
    public required int DaysLeft { get; init; }

    /// <summary>Books that Apple reports.</summary>
    public required int Books { get; init; }

    /// <summary>Licenses owned, unlimited titles left out.</summary>
    public required long LicensesTotal { get; init; }

    /// <summary>Licenses assigned, unlimited titles left out.</summary>
    public required long LicensesUsed { get; init; }

    /// <summary>Licenses free at Apple, unlimited titles left out.</summary>
    public required long LicensesFree { get; init; }

    /// <summary>Licenses assigned of unlimited titles.</summary>
    public required long UnlimitedUsed { get; init; }

    /// <summary>Age of every number from Apple; null: never synced.</summary>
    public required DateTimeOffset? LastSyncedAt { get; init; }

    public required SyncStatus SyncStatus { get; init; }

    /// <summary>A sync is asked for and has not begun.</summary>
    public required bool SyncWaiting { get; init; }

    /// <summary>Why the latest run failed; null when it did not.</summary>
    public required LocationSyncError? LastError { get; init; }

    public required DateTimeOffset? PausedUntil { get; init; }

    /// <summary>The administrator agreed that ids of people are sent to Apple.</summary>
    public bool ConsentGranted { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>For <c>ETag</c> and <see cref="LocationEnrollment.UpdateAsync"/>.</summary>
    public required int Version { get; init; }

    /// <summary>How the program hears of changes at Apple.</summary>
    public NotificationStanding Notifications { get; init; } = new(NotificationState.Polling, null, null);
}

/// <summary>Error of the latest sync run.</summary>
public sealed record LocationSyncError(Guid RunPublicId, DateTimeOffset At, string Code, int? ErrorNumber, string? Detail);

/// <summary>One token as its page shows it.</summary>
public sealed record LocationDetail
{
    public required LocationSummary Summary { get; init; }

    public required string UId { get; init; }

    public required string? DefaultPlatform { get; init; }

    public required string? WebsiteUrl { get; init; }

    public required bool ConsentGranted { get; init; }

    /// <summary>Apple confirmed our claim.</summary>
    public required bool ManagedByUs { get; init; }

    /// <summary>No change is sent before one complete read.</summary>
    public required bool MustReadFirst { get; init; }

    public required DateTimeOffset? LastFullSyncAt { get; init; }

    /// <summary>People registered through us, retired ones left out.</summary>
    public required int People { get; init; }

    /// <summary>Records at Apple that others made.</summary>
    public required int ForeignRecords { get; init; }

    /// <summary>Group assignments of its books.</summary>
    public required int Assignments { get; init; }
}

/// <summary>How Apple's notifications of a location stand.</summary>
/// <param name="State">Whether Apple tells, or is asked.</param>
/// <param name="ErrorNumber">Apple's number when it refused; null otherwise.</param>
/// <param name="LastAt">Arrival of the last one that was stored, acted upon or not yet; null: none yet.</param>
public sealed record NotificationStanding(NotificationState State, int? ErrorNumber, DateTimeOffset? LastAt);
