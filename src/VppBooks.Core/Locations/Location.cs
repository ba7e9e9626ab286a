using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Locations;

/// <summary>
/// State of a location's token, in Microsoft Graph's words (parity paper T7). Graph's word for a second token of the same location is missing: such a one is refused at
/// upload, and the database holds a location once.
/// </summary>
public enum TokenState : byte
{
    /// <summary>Not checked yet.</summary>
    Unknown = 0,

    /// <summary>Works.</summary>
    Valid = 1,

    /// <summary>Its year is over.</summary>
    Expired = 2,

    /// <summary>Apple refuses it: revoked, password of its account changed, or unreadable here.</summary>
    Invalid = 3,

    /// <summary>Another device management claims the location.</summary>
    AssignedToExternalMdm = 4,
}

/// <summary>The kind of Apple account behind a token.</summary>
public enum AccountType : byte
{
    /// <summary>Apple Business.</summary>
    Business = 0,

    /// <summary>Apple School Manager.</summary>
    Education = 1,
}

/// <summary>Outcome of the last sync, in Microsoft Graph's words (parity paper Y4).</summary>
public enum SyncStatus : byte
{
    /// <summary>Never synced.</summary>
    None = 0,

    /// <summary>Running or about to run.</summary>
    InProgress = 1,

    /// <summary>The last one succeeded.</summary>
    Completed = 2,

    /// <summary>The last one failed; the numbers are older.</summary>
    Failed = 3,
}

/// <summary>How VppBooks hears of changes at Apple.</summary>
public enum NotificationState : byte
{
    /// <summary>No public address is configured, or none was registered yet: VppBooks asks.</summary>
    Polling = 0,

    /// <summary>Apple knows our address and delivered its test.</summary>
    Registered = 1,

    /// <summary>Apple could not deliver its test to our address (9728): VppBooks asks, and tries again later.</summary>
    Unreachable = 2,

    /// <summary>Apple refused the registration for another reason.</summary>
    Refused = 3,
}

/// <summary>Why a sync runs.</summary>
public enum SyncReason : byte
{
    /// <summary>Twice a day.</summary>
    Schedule = 0,

    /// <summary>Somebody pressed Sync now.</summary>
    Manual = 1,

    /// <summary>A token was uploaded or renewed.</summary>
    Upload = 2,

    /// <summary>Apple's notification.</summary>
    Notification = 3,

    /// <summary>Control was taken from another device management, or a backup restored.</summary>
    TakeOver = 4,

    /// <summary>The program started, or its database may be an older copy: nothing is written before Apple was read.</summary>
    Start = 5,
}

/// <summary>
/// Apple's unit that owns licenses, with the content token that speaks for it. A deleted location keeps its row, without the secret, so that
/// the ledger stays whole and the same location found again later continues it.
/// </summary>
public sealed class Location : IVersioned
{
    public int Id { get; init; }

    /// <summary>The id that screens and the API use.</summary>
    public Guid PublicId { get; init; }

    /// <summary>Apple's identity of the location; renewals are matched by it.</summary>
    public required string UId { get; init; }

    /// <summary>The administrator's name for the token.</summary>
    public required string Name { get; set; }

    public required string OrganizationName { get; set; }

    public required string LocationName { get; set; }

    /// <summary>The Apple account tied to the program, as typed by the administrator.</summary>
    public required string AppleAccount { get; set; }

    public AccountType AccountType { get; set; }

    /// <summary>Two upper-case letters of the store whose titles are shown.</summary>
    public required string CountryOrRegion { get; set; }

    /// <summary><c>enterprisestore</c> or <c>volumestore</c>; passed to the look-up of titles.</summary>
    public string? DefaultPlatform { get; set; }

    /// <summary>Where an administrator renews the token.</summary>
    public string? WebsiteUrl { get; set; }

    /// <summary>The sealed content token; null once deleted.</summary>
    public byte[]? TokenSecret { get; set; }

    /// <summary>Fingerprint of the token, to know the same file again.</summary>
    public string? TokenFingerprint { get; set; }

    public DateTimeOffset TokenExpires { get; set; }

    public TokenState State { get; set; }

    /// <summary>Apple's error number behind <see cref="State"/>, if there was one.</summary>
    public int? StateErrorNumber { get; set; }

    /// <summary>Apple lets this token read but not assign (parity paper T18).</summary>
    public bool ReadOnly { get; set; }

    /// <summary>The <c>mdmInfo.id</c> we claim the location with: one per installation and location.</summary>
    public Guid ClaimId { get; init; }

    /// <summary>Apple confirmed our claim; from then on every answer must carry it.</summary>
    public bool ClaimConfirmed { get; set; }

    /// <summary>Name of the device management that claims the location when it is not ours.</summary>
    public string? ClaimedByName { get; set; }

    public string? ClaimedByMetadata { get; set; }

    /// <summary>The administrator agreed that people's ids are sent to Apple.</summary>
    public bool ConsentGranted { get; set; }

    /// <summary>No write to Apple before one complete read: set at first connection, after a restore and after a foreign claim (I14).</summary>
    public bool MustReadFirst { get; set; }

    /// <summary>People came into the directory's copy: records at Apple that nobody here knows are to be compared with them.</summary>
    public bool RecognizeWanted { get; set; }

    /// <summary>Apple asked for no further requests before this moment.</summary>
    public DateTimeOffset? PausedUntil { get; set; }

    public SyncStatus SyncStatus { get; set; }

    /// <summary>A sync is asked for and has not begun; null when none is. Survives a restart, and one wish is one run however often it is repeated.</summary>
    public SyncReason? SyncWanted { get; set; }

    /// <summary>Display name of whoever asked for it.</summary>
    public string? SyncWantedByName { get; set; }

    /// <summary>Start of the last successful sync: the age of every number of this location.</summary>
    public DateTimeOffset? LastSyncedAt { get; set; }

    /// <summary>Last time users and assignments were read in full.</summary>
    public DateTimeOffset? LastFullSyncAt { get; set; }

    /// <summary>Version to ask the next users delta with; moves only with the data it describes (I6).</summary>
    public string? UsersVersionId { get; set; }

    /// <summary>Version to ask the next assignments delta with.</summary>
    public string? AssignmentsVersionId { get; set; }

    public NotificationState NotificationState { get; set; }

    /// <summary>The address that Apple confirmed; null: none.</summary>
    public string? NotificationUrl { get; set; }

    /// <summary>SHA-256 of the secret that Apple sends with notifications; the secret itself is not kept.</summary>
    public byte[]? NotificationSecretHash { get; set; }

    /// <summary>SHA-256 of the secret before it, good until Apple confirmed the new one.</summary>
    public byte[]? NotificationFormerHash { get; set; }

    /// <summary>Apple's number behind <see cref="NotificationState"/>, if there was one.</summary>
    public int? NotificationErrorNumber { get; set; }

    /// <summary>Last attempt to register, or last time that Apple's record was compared with ours.</summary>
    public DateTimeOffset? NotificationCheckedAt { get; set; }

    /// <summary>Arrival of the last notification that was acted upon; of newer ones the inbox knows.</summary>
    public DateTimeOffset? NotificationLastAt { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ModifiedAt { get; set; }

    public DateTimeOffset? DeletedAt { get; set; }

    public int Version { get; set; }

    /// <summary>Whether changes may be sent to Apple now, as far as the location itself is concerned.</summary>
    public bool CanWrite => DeletedAt is null && State == TokenState.Valid && ClaimConfirmed && !ReadOnly && !MustReadFirst;
}

internal sealed class LocationConfiguration : IEntityTypeConfiguration<Location>
{
    public void Configure(EntityTypeBuilder<Location> location)
    {
        location.HasIndex(l => l.PublicId).IsUnique();
        location.HasIndex(l => l.UId).IsUnique();
        location.Property(l => l.UId).HasMaxLength(64).IsUnicode(false);
        location.Property(l => l.Name).HasMaxLength(256);
        location.Property(l => l.OrganizationName).HasMaxLength(256);
        location.Property(l => l.LocationName).HasMaxLength(256);
        location.Property(l => l.AppleAccount).HasMaxLength(320);
        location.Property(l => l.CountryOrRegion).HasMaxLength(2).IsUnicode(false);
        location.Property(l => l.DefaultPlatform).HasMaxLength(64).IsUnicode(false);
        location.Property(l => l.WebsiteUrl).HasMaxLength(512);
        location.Property(l => l.TokenSecret).HasMaxLength(8000);
        location.Property(l => l.TokenFingerprint).HasMaxLength(64).IsUnicode(false);
        location.Property(l => l.ClaimedByName).HasMaxLength(256);
        location.Property(l => l.ClaimedByMetadata).HasMaxLength(512);
        location.Property(l => l.SyncWantedByName).HasMaxLength(256);
        location.Property(l => l.UsersVersionId).HasMaxLength(128).IsUnicode(false);
        location.Property(l => l.AssignmentsVersionId).HasMaxLength(128).IsUnicode(false);
        location.Property(l => l.NotificationUrl).HasMaxLength(512);
        location.Property(l => l.NotificationSecretHash).HasMaxLength(32).IsFixedLength();
        location.Property(l => l.NotificationFormerHash).HasMaxLength(32).IsFixedLength();
        location.Ignore(l => l.CanWrite);
    }
}
