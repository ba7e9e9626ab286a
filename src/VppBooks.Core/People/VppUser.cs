using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Apple;
using VppBooks.Core.Locations;

namespace VppBooks.Core.People;

/// <summary>
/// Apple's record of a person at one location: a registration. Rows without a <see cref="PersonId"/> were created by others: counted as
/// not ours, never managed (parity paper S11).
/// </summary>
public sealed class VppUser
{
    public int Id { get; init; }

    public int LocationId { get; init; }

    /// <summary>Our person; null for a record that is not ours.</summary>
    public int? PersonId { get; set; }

    /// <summary>Ours: a lower-case GUID of <see cref="ClientUserIds"/>, fixed for life, the same after a return (I12). Others': whatever they chose.</summary>
    public required string ClientUserId { get; init; }

    /// <summary>Retired and active records of one id can exist side by side at Apple: this column keeps them apart.</summary>
    public bool Retired { get; set; }

    /// <summary>Apple's word; <see cref="VppUserStatus.Unknown"/> while Apple has not confirmed the record.</summary>
    public VppUserStatus Status { get; set; }

    /// <summary>Stable for one Apple Account within a location: shows two records of one person.</summary>
    public string? IdHash { get; set; }

    /// <summary>The sealed invite code of a record of ours that waits for acceptance.</summary>
    public byte[]? InviteSecret { get; set; }

    /// <summary>SHA-256 of the invite code, to see whether it changed without unsealing.</summary>
    public byte[]? InviteHash { get; set; }

    /// <summary>The operation that is changing this record now; null when none is under way.</summary>
    public long? OperationId { get; set; }

    /// <summary>Apple's number for the last refused registration; null when there was none or it was overcome.</summary>
    public int? ErrorNumber { get; set; }

    /// <summary>Apple refused the Managed Apple Account (9635): invite by mail instead. <see cref="AccountRefusals"/> says when that is told.</summary>
    public bool ManagedAccountRefused { get; set; }

    /// <summary>Apple refused the mail address (9717): register without it.</summary>
    public bool MailRefused { get; set; }

    /// <summary>The mail address is another one since the last invitation: whoever has not accepted is invited there.</summary>
    public bool MailMoved { get; set; }

    /// <summary>
    /// Something changed that Apple is to be told: the mail address or the Managed Apple Account of an active record; of a retired one, that the person is back.
    /// </summary>
    public bool UpdateWanted { get; set; }

    /// <summary>Apple refused to give books before the invitation is accepted (9609): they wait for it, free ones too.</summary>
    public bool AcceptanceRequired { get; set; }

    /// <summary>Tries to register, change or retire that had no effect.</summary>
    public byte Attempts { get; set; }

    /// <summary>When retiring it began, because the person left or was erased: <see cref="ErrorNumber"/> and <see cref="Attempts"/> speak of that since then. Null: not begun.</summary>
    public DateTimeOffset? LeavingSince { get; set; }

    public DateTimeOffset ChangedAt { get; set; }
}

internal sealed class VppUserConfiguration : IEntityTypeConfiguration<VppUser>
{
    public void Configure(EntityTypeBuilder<VppUser> user)
    {
        user.HasIndex(u => new { u.LocationId, u.ClientUserId, u.Retired }).IsUnique();
        user.HasIndex(u => new { u.PersonId, u.LocationId });
        user.HasIndex(u => u.OperationId);
        user.Property(u => u.ClientUserId).HasMaxLength(128);
        user.Property(u => u.Status).HasConversion<byte>();
        user.Property(u => u.IdHash).HasMaxLength(64).IsUnicode(false);
        user.Property(u => u.InviteSecret).HasMaxLength(512);
        user.Property(u => u.InviteHash).HasMaxLength(32);
        user.HasOne<Location>().WithMany().HasForeignKey(u => u.LocationId).OnDelete(DeleteBehavior.Restrict);
        user.HasOne<Person>().WithMany().HasForeignKey(u => u.PersonId).OnDelete(DeleteBehavior.Restrict);
    }
}
