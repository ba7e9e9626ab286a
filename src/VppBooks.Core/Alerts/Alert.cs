using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>What an alert is about.</summary>
public enum AlertKind : byte
{
    /// <summary>A token ends soon: 60, 30, 14, 7 and 1 day before.</summary>
    TokenExpiring = 0,

    /// <summary>A token's year is over.</summary>
    TokenExpired = 1,

    /// <summary>Apple refuses a token: revoked, or the password of its account changed.</summary>
    TokenRefused = 2,

    /// <summary>Another device management claims a location.</summary>
    TokenClaimedElsewhere = 3,

    /// <summary>A token may only read.</summary>
    TokenReadOnly = 4,

    /// <summary>A token cannot be decrypted here: the key ring lost its key.</summary>
    TokenUnreadable = 5,

    /// <summary>The last sync failed.</summary>
    SyncFailing = 6,

    /// <summary>Nothing has been published for longer than it should be.</summary>
    SyncStale = 7,

    /// <summary>People wait for licenses of a book.</summary>
    StockShort = 8,

    /// <summary>Few licenses of a book are left.</summary>
    StockLow = 9,

    /// <summary>People of a location have not accepted their invitation for long.</summary>
    PeopleStuck = 10,

    /// <summary>The outcome of an operation has been unknown for long.</summary>
    OperationUnknown = 11,

    /// <summary>The directory cannot be read.</summary>
    DirectoryFailing = 12,

    /// <summary>The certificate that protects the key ring ends soon or has ended.</summary>
    CertificateExpiring = 13,

    /// <summary>The database has no room.</summary>
    StorageFull = 14,

    /// <summary>Rows of the audit trail get no seal.</summary>
    AuditNotSealed = 15,

    /// <summary>An end of the audit trail was not signed by this installation.</summary>
    AuditNotSigned = 16,

    /// <summary>Sealed rows of the audit trail do not reach a file or a syslog server.</summary>
    AuditNotForwarded = 17,

    /// <summary>Syncs publish what they could read, and none has read everything for longer than it should be.</summary>
    SyncIncomplete = 18,

    /// <summary>Apple has refused to register people of a location for long.</summary>
    PeopleRefused = 19,

    /// <summary>Copies of a location were refused by Apple or have not moved for long.</summary>
    CopiesUnserved = 20,
}

/// <summary>How bad it is.</summary>
public enum AlertSeverity : byte
{
    /// <summary>Nothing is broken yet.</summary>
    Warning = 0,

    /// <summary>Something does not work until a person acts.</summary>
    Critical = 1,
}

/// <summary>One trouble, from its first sight to its end and, when it comes back, to its next. Holds no name or address of a person.</summary>
public sealed class Alert : IVersioned
{
    /// <summary>As much of a name as is kept: titles in the store can be longer.</summary>
    public const int SubjectLength = 256;

    public int Id { get; init; }

    public Guid PublicId { get; init; }

    /// <summary>Kind and subject, such as <c>StockShort:17</c>: one row per trouble, however often it returns.</summary>
    public required string Key { get; init; }

    public AlertKind Kind { get; init; }

    public AlertSeverity Severity { get; set; }

    /// <summary>Rises when it gets worse: a higher level is told again.</summary>
    public int Level { get; set; }

    public int? LocationId { get; init; }

    public int? BookId { get; init; }

    /// <summary>Name of the token or title; null when the kind says it all.</summary>
    public string? Subject { get; set; }

    /// <summary>How many people, licenses or operations; null when the kind has no number.</summary>
    public int? Count { get; set; }

    /// <summary>Apple's error number, where there is one.</summary>
    public int? ErrorNumber { get; set; }

    /// <summary>The moment it is about: the end of a token, the age of numbers.</summary>
    public DateTimeOffset? About { get; set; }

    /// <summary>When it was seen first, this time.</summary>
    public DateTimeOffset RaisedAt { get; set; }

    /// <summary>When it ended; null: it has not.</summary>
    public DateTimeOffset? ClearedAt { get; set; }

    /// <summary>The level that was told last; null: not told since it was raised.</summary>
    public int? ToldLevel { get; set; }

    /// <summary>When somebody took notice; null: nobody, or it got worse since.</summary>
    public DateTimeOffset? AcknowledgedAt { get; set; }

    public string? AcknowledgedByName { get; set; }

    /// <summary>Until when nobody wants to hear of it.</summary>
    public DateTimeOffset? SnoozedUntil { get; set; }

    public int Version { get; set; }
}

/// <summary>What is told.</summary>
public enum AlertOccasion : byte
{
    /// <summary>It is new, or has come back.</summary>
    Raised = 0,

    /// <summary>It got worse.</summary>
    Worse = 1,

    /// <summary>It goes on after it was put off.</summary>
    Reminder = 2,

    /// <summary>It is over.</summary>
    Cleared = 3,

    /// <summary>Somebody tries the channel.</summary>
    Test = 4,
}

/// <summary>One message to one receiver, kept until it was taken.</summary>
public sealed class AlertDelivery
{
    public long Id { get; init; }

    public Guid PublicId { get; init; }

    /// <summary>The alert; null for a test, and for many at once.</summary>
    public int? AlertId { get; init; }

    public AlertOccasion Occasion { get; init; }

    /// <summary>Name of the receiver in the settings, such as <c>webhook:0</c> or <c>mail</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>What is said, as it was when it happened.</summary>
    public required string Body { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is tried next; null: never again.</summary>
    public DateTimeOffset? DueAt { get; set; }

    public int Attempts { get; set; }

    /// <summary>When it was taken; null: not yet.</summary>
    public DateTimeOffset? DeliveredAt { get; set; }

    /// <summary>Why it was not taken in the last attempt that failed: a status or the kind of fault, without an address or a secret. Null: none failed.</summary>
    public string? Failure { get; set; }

    /// <summary>When that attempt failed; null: none did, or it was given up with another.</summary>
    public DateTimeOffset? FailedAt { get; set; }
}

internal sealed class AlertConfiguration : IEntityTypeConfiguration<Alert>, IEntityTypeConfiguration<AlertDelivery>
{
    public void Configure(EntityTypeBuilder<Alert> alert)
    {
        alert.HasIndex(a => a.Key).IsUnique();
        alert.HasIndex(a => a.PublicId).IsUnique();
        alert.HasIndex(a => a.ClearedAt);
        alert.Property(a => a.Key).HasMaxLength(64).IsUnicode(false);
        alert.Property(a => a.Subject).HasMaxLength(Alert.SubjectLength);
        alert.Property(a => a.AcknowledgedByName).HasMaxLength(256);
    }

    public void Configure(EntityTypeBuilder<AlertDelivery> delivery)
    {
        delivery.HasIndex(d => d.DueAt);
        delivery.HasIndex(d => d.AlertId);
        delivery.Property(d => d.Channel).HasMaxLength(32).IsUnicode(false);
        delivery.Property(d => d.Failure).HasMaxLength(128);
    }
}
