using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Audit;

/// <summary>Who did what, when, to what: written in the transaction of the change itself (I9), and sealed into <see cref="AuditChain.Events"/> afterwards.</summary>
public sealed class AuditEvent : IChained
{
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    public ActorKind ActorKind { get; init; }

    public required string ActorId { get; init; }

    public required string ActorName { get; init; }

    /// <summary>Stable name such as <c>location.created</c>, <c>plan.committed</c>, <c>licenses.assigned</c>.</summary>
    public required string Action { get; init; }

    public int? LocationId { get; init; }

    public int? BookId { get; init; }

    public int? GroupId { get; init; }

    public int? PersonId { get; init; }

    public long? OperationId { get; init; }

    /// <summary>Before and after, counts, reasons: a small JSON object; never a secret.</summary>
    public string? Details { get; init; }

    /// <summary>The request or the turn of work that it was part of: the trace id that the log has as well; null when there was none.</summary>
    public string? Correlation { get; init; }

    public long? Sequence { get; init; }

    public byte[]? Hash { get; init; }

    public DateTimeOffset? SealedAt { get; init; }
}

/// <summary>Adds audit rows to the context whose changes they describe.</summary>
public static class AuditTrail
{
    /// <summary>Adds a row; it is saved with the change, or not at all.</summary>
    /// <param name="db">The context of the change.</param>
    /// <param name="actor">Who acts.</param>
    /// <param name="at">Now.</param>
    /// <param name="action">Stable name of the action.</param>
    /// <param name="about">What it is about.</param>
    /// <param name="details">Serialized as JSON; null for none.</param>
    public static void Audit(this VppBooksDbContext db, Actor actor, DateTimeOffset at, string action, AuditSubject about, object? details = null) =>
        db.AuditEvents.Add(new AuditEvent
        {
            At = at,
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            ActorName = actor.DisplayName,
            Action = action,
            LocationId = about.LocationId,
            BookId = about.BookId,
            GroupId = about.GroupId,
            PersonId = about.PersonId,
            OperationId = about.OperationId,
            Details = details is null ? null : System.Text.Json.JsonSerializer.Serialize(details, System.Text.Json.JsonSerializerOptions.Web),
            Correlation = System.Diagnostics.Activity.Current?.TraceId.ToHexString(),
        });
}

/// <summary>What an audit row is about.</summary>
public readonly record struct AuditSubject(int? LocationId = null, int? BookId = null, int? GroupId = null, int? PersonId = null, long? OperationId = null);

internal sealed class AuditEventConfiguration : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> audit)
    {
        audit.HasIndex(a => a.At);
        audit.HasIndex(a => new { a.Action, a.At });
        audit.HasIndex(a => a.BookId);
        audit.HasIndex(a => a.LocationId);
        audit.HasIndex(a => a.PersonId);
        audit.HasIndex(a => a.GroupId);
        audit.HasIndex(a => a.ActorId);
        audit.HasIndex(a => a.Sequence);
        audit.Property(a => a.ActorId).HasMaxLength(64);
        audit.Property(a => a.ActorName).HasMaxLength(256);
        audit.Property(a => a.Action).HasMaxLength(64).IsUnicode(false);
        audit.Property(a => a.Correlation).HasMaxLength(64).IsUnicode(false);
        audit.Property(a => a.Hash).HasMaxLength(AuditHash.Length).IsFixedLength();
    }
}
