using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Sync;

/// <summary>How a run ended.</summary>
public enum SyncResult : byte
{
    /// <summary>Not ended.</summary>
    Running = 0,

    /// <summary>Everything read and published.</summary>
    Succeeded = 1,

    /// <summary>Nothing published: the numbers are those of the run before.</summary>
    Failed = 2,

    /// <summary>Stopped by an administrator or by shutting down; nothing published.</summary>
    Canceled = 3,

    /// <summary>Data moved while reading: additions published, nothing removed; the next run completes it.</summary>
    Partial = 4,
}

/// <summary>The part of a run that is under way.</summary>
public enum SyncPhase : byte
{
    /// <summary>Waiting for the location's lease.</summary>
    Waiting = 0,

    /// <summary>Service limits, claim.</summary>
    Claim = 1,

    /// <summary>Books and counts.</summary>
    Books = 2,

    /// <summary>People.</summary>
    People = 3,

    /// <summary>Assignments.</summary>
    Assignments = 4,

    /// <summary>Titles and covers from the store.</summary>
    Titles = 5,

    /// <summary>One transaction that makes it all visible.</summary>
    Publish = 6,

    /// <summary>Ended.</summary>
    Done = 7,
}

/// <summary>One pass over one location.</summary>
public sealed class SyncRun
{
    public int Id { get; init; }

    public Guid PublicId { get; init; }

    public int LocationId { get; init; }

    public SyncReason Reason { get; init; }

    /// <summary>Display name of whoever asked; null for the schedule.</summary>
    public string? RequestedByName { get; init; }

    /// <summary>Users and assignments were read in full, not as a delta.</summary>
    public bool Full { get; set; }

    public SyncResult Result { get; set; }

    public SyncPhase Phase { get; set; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Requests sent to Apple's management service.</summary>
    public int Requests { get; set; }

    public int Pages { get; set; }

    public int BooksRead { get; set; }

    public int PeopleRead { get; set; }

    public int AssignmentsRead { get; set; }

    /// <summary>Rows of books, people, licenses and holdings that publishing inserted, changed or removed.</summary>
    public int RowsChanged { get; set; }

    /// <summary>Milliseconds per phase as JSON, for the history.</summary>
    public string? Phases { get; set; }

    /// <summary>Apple's number, if a refusal ended the run.</summary>
    public int? ErrorNumber { get; set; }

    /// <summary>Stable code such as <c>UpstreamMalformed</c>, <c>AppleUnavailable</c>, <c>ClaimLost</c>.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>What went wrong and what to do, English; no personal data.</summary>
    public string? ErrorDetail { get; set; }
}

internal sealed class SyncRunConfiguration : IEntityTypeConfiguration<SyncRun>
{
    public void Configure(EntityTypeBuilder<SyncRun> run)
    {
        run.HasIndex(r => r.PublicId).IsUnique();
        run.HasIndex(r => new { r.LocationId, r.StartedAt });
        run.Property(r => r.RequestedByName).HasMaxLength(256);
        run.Property(r => r.Phases).HasMaxLength(1024);
        run.Property(r => r.ErrorCode).HasMaxLength(64).IsUnicode(false);
        run.Property(r => r.ErrorDetail).HasMaxLength(1024);
        run.HasOne<Location>().WithMany().HasForeignKey(r => r.LocationId).OnDelete(DeleteBehavior.Cascade);
    }
}
