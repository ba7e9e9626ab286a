using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Licenses;

/// <summary>What an operation asks Apple to do.</summary>
public enum OperationKind : byte
{
    /// <summary>Register people.</summary>
    CreateUsers = 0,

    /// <summary>Change people's records.</summary>
    UpdateUsers = 1,

    /// <summary>Retire people.</summary>
    RetireUsers = 2,

    /// <summary>Give licenses.</summary>
    Associate = 3,
}

/// <summary>Where an operation stands.</summary>
public enum OperationState : byte
{
    /// <summary>Committed; about to be sent, or sent and the answer not recorded. After a change of owner this means <see cref="Unknown"/>.</summary>
    Intended = 0,

    /// <summary>Apple named an event.</summary>
    Submitted = 1,

    /// <summary>Every task is accounted for.</summary>
    Done = 2,

    /// <summary>Refused, or ended with failures; nothing more will happen by itself.</summary>
    Failed = 3,

    /// <summary>Nobody knows. Left only by reading Apple.</summary>
    Unknown = 4,

    /// <summary>Certainly without effect: it never left this program, or Apple asked to come back later.</summary>
    NotSent = 5,
}

/// <summary>One request to Apple that changes something, kept from intention to confirmed outcome. Sent at most once.</summary>
public sealed class Operation
{
    public long Id { get; init; }

    public Guid PublicId { get; init; }

    public int LocationId { get; init; }

    public OperationKind Kind { get; init; }

    public OperationState State { get; set; }

    /// <summary>Fence token of the owner that intended it (I4).</summary>
    public long FenceToken { get; init; }

    /// <summary>Assets × people, or people.</summary>
    public int Tasks { get; init; }

    public int TasksDone { get; set; }

    public string? EventId { get; set; }

    public int? ErrorNumber { get; set; }

    /// <summary>Why, in words for an administrator; no personal data.</summary>
    public string? Detail { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When to ask Apple again; null once nothing is to be asked.</summary>
    public DateTimeOffset? NextCheckAt { get; set; }

    /// <summary>Last time its event was asked for: Apple wants at least 30 seconds between two polls (reference 4.3).</summary>
    public DateTimeOffset? PolledAt { get; set; }

    /// <summary>Status polls so far.</summary>
    public int Polls { get; set; }

    /// <summary>First complete read in which an unknown operation's licenses were absent.</summary>
    public DateTimeOffset? FirstAbsentAt { get; set; }

    public DateTimeOffset? SettledAt { get; set; }
}

internal sealed class OperationConfiguration : IEntityTypeConfiguration<Operation>
{
    public void Configure(EntityTypeBuilder<Operation> operation)
    {
        operation.HasIndex(o => o.PublicId).IsUnique();
        operation.HasIndex(o => new { o.LocationId, o.State });
        operation.HasIndex(o => o.EventId);
        operation.Property(o => o.EventId).HasMaxLength(128).IsUnicode(false);
        operation.Property(o => o.Detail).HasMaxLength(1024);
        operation.HasOne<Location>().WithMany().HasForeignKey(o => o.LocationId).OnDelete(DeleteBehavior.Restrict);
    }
}
