using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Audit;

/// <summary>How far the chains have been handed on to a file or to syslog, and which server does it.</summary>
public sealed class AuditForwarding
{
    /// <summary>Names the target, so that another one begins anew.</summary>
    public required string Target { get; init; }

    /// <summary>Last row of <see cref="AuditChain.Events"/> that was handed on.</summary>
    public long Events { get; set; }

    /// <summary>Last row of <see cref="AuditChain.Licenses"/> that was handed on.</summary>
    public long Licenses { get; set; }

    /// <summary>The process that hands on; empty for none.</summary>
    public required string Owner { get; set; }

    /// <summary>When another process may take over.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}

internal sealed class AuditForwardingConfiguration : IEntityTypeConfiguration<AuditForwarding>
{
    public void Configure(EntityTypeBuilder<AuditForwarding> forwarding)
    {
        forwarding.ToTable("AuditForwardings");
        forwarding.HasKey(f => f.Target);
        forwarding.Property(f => f.Target).HasMaxLength(256);
        forwarding.Property(f => f.Owner).HasMaxLength(64).IsUnicode(false);
    }
}
