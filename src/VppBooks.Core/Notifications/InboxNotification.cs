using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Notifications;

/// <summary>
/// What a notification of Apple's hints at, stored before it is acknowledged. People's addresses and invitation codes in it are not kept: a notification
/// is never believed, it only says what to read (F35).
/// </summary>
public sealed class InboxNotification
{
    public long Id { get; init; }

    public int LocationId { get; init; }

    /// <summary>Apple's id; the same one again has no effect.</summary>
    public required string NotificationId { get; init; }

    /// <summary>Apple's type, such as <c>ASSET_COUNT</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The event it speaks of; null when it names none.</summary>
    public string? EventId { get; init; }

    /// <summary>The assets it names, as <c>adamId:pricingParam</c> separated by commas; null when it names none.</summary>
    public string? Assets { get; init; }

    /// <summary>Apple's number when it tells of a failure.</summary>
    public int? ErrorNumber { get; init; }

    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When what it hints at had been read; null: not yet.</summary>
    public DateTimeOffset? FoldedAt { get; set; }
}

internal sealed class InboxNotificationConfiguration : IEntityTypeConfiguration<InboxNotification>
{
    public void Configure(EntityTypeBuilder<InboxNotification> notification)
    {
        notification.ToTable("InboxNotifications");
        notification.HasIndex(n => new { n.LocationId, n.NotificationId }).IsUnique();
        notification.HasIndex(n => new { n.LocationId, n.FoldedAt });
        notification.Property(n => n.NotificationId).HasMaxLength(128);
        notification.Property(n => n.Type).HasMaxLength(64);
        notification.Property(n => n.EventId).HasMaxLength(128);
        notification.Property(n => n.Assets).HasMaxLength(4000).IsUnicode(false);
        notification.HasOne<Location>().WithMany().HasForeignKey(n => n.LocationId).OnDelete(DeleteBehavior.Cascade);
    }
}
