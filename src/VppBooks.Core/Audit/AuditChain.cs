using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Audit;

/// <summary>A sequence of rows in which each one's hash covers the one before: no row can be changed, removed or put in between unnoticed.</summary>
public enum AuditChain : byte
{
    /// <summary>What people and the system did: <see cref="AuditEvent"/>.</summary>
    Events = 1,

    /// <summary>What became of licenses: <see cref="Licenses.LicenseChange"/>.</summary>
    Licenses = 2,
}

/// <summary>A row that has, or gets, its place in a chain.</summary>
public interface IChained
{
    long Id { get; }

    /// <summary>Place in the chain, from 1 without a gap; null until sealed, which takes some seconds.</summary>
    long? Sequence { get; }

    /// <summary>SHA-256 over the hash before and the row; null until sealed.</summary>
    byte[]? Hash { get; }

    /// <summary>When it was sealed; part of the hash.</summary>
    DateTimeOffset? SealedAt { get; }
}

/// <summary>A row's place in its chain.</summary>
/// <param name="RowId">The row.</param>
/// <param name="Sequence">Place, from 1.</param>
/// <param name="Hash">32 bytes.</param>
/// <param name="SealedAt">Now.</param>
public sealed record AuditSeal(long RowId, long Sequence, byte[] Hash, DateTimeOffset SealedAt);

/// <summary>Where a chain ends. Changed in the transaction that seals rows, and only by whoever knows the former end: two servers cannot fork a chain.</summary>
public sealed class AuditChainHead
{
    public AuditChain Id { get; init; }

    /// <summary>Rows in the chain.</summary>
    public long Sequence { get; set; }

    /// <summary>The last row's hash; zeros while the chain is empty.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>When rows were sealed last; null while the chain is empty.</summary>
    public DateTimeOffset? SealedAt { get; set; }

    /// <summary>Sequence and hash, sealed with the key ring, so that nobody without it can move the end; null while the chain is empty.</summary>
    public byte[]? Signature { get; set; }
}

internal sealed class AuditChainHeadConfiguration : IEntityTypeConfiguration<AuditChainHead>
{
    public void Configure(EntityTypeBuilder<AuditChainHead> head)
    {
        head.ToTable("AuditChainHeads");
        head.Property(h => h.Id).ValueGeneratedNever();
        head.Property(h => h.Hash).HasMaxLength(AuditHash.Length).IsFixedLength();
        head.Property(h => h.Signature).HasMaxLength(4000);
        head.HasData(
            new AuditChainHead { Id = AuditChain.Events, Hash = new byte[AuditHash.Length] },
            new AuditChainHead { Id = AuditChain.Licenses, Hash = new byte[AuditHash.Length] });
    }
}
