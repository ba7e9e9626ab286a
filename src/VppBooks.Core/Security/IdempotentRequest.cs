using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Security;

/// <summary>A request that carried an <c>Idempotency-Key</c>, and its answer: the same request again gets the same answer and does nothing (F53).</summary>
public sealed class IdempotentRequest
{
    public long Id { get; init; }

    /// <summary>Who sent it: keys of different callers have nothing to do with each other.</summary>
    public required string ActorId { get; init; }

    public required string Key { get; init; }

    /// <summary>SHA-256 of method, path and body in hex: another request under the same key is refused (F54).</summary>
    public required string Fingerprint { get; init; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>HTTP status of the answer; null while the request is being served.</summary>
    public int? Status { get; set; }

    public string? ContentType { get; set; }

    public string? Body { get; set; }

    /// <summary>The answer's <c>Location</c> header; null when it had none.</summary>
    public string? Location { get; set; }

    /// <summary>Its other headers as a JSON object; null when it had none, and in rows of an older version.</summary>
    public string? Headers { get; set; }
}

internal sealed class IdempotentRequestConfiguration : IEntityTypeConfiguration<IdempotentRequest>
{
    public void Configure(EntityTypeBuilder<IdempotentRequest> request)
    {
        request.ToTable("IdempotentRequests");
        request.HasIndex(r => new { r.ActorId, r.Key }).IsUnique();
        request.HasIndex(r => r.CreatedAt);
        request.Property(r => r.ActorId).HasMaxLength(64);
        request.Property(r => r.Key).HasMaxLength(128).IsUnicode(false);
        request.Property(r => r.Fingerprint).HasMaxLength(64).IsUnicode(false);
        request.Property(r => r.ContentType).HasMaxLength(128).IsUnicode(false);
        request.Property(r => r.Location).HasMaxLength(512);
        request.Property(r => r.Headers).HasMaxLength(1024);
    }
}
