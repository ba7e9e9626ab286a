using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Mail;

/// <summary>What a mail is about; each kind has an <see cref="IMailComposer"/>.</summary>
public enum MailKind : byte
{
    /// <summary>The first invitation of a registration.</summary>
    Invitation = 0,

    /// <summary>Sent by itself while an invitation is not accepted.</summary>
    Reminder = 1,

    /// <summary>Sent again because somebody asked for it.</summary>
    Resent = 2,
}

/// <summary>Where a mail stands.</summary>
public enum MailState : byte
{
    /// <summary>To be sent from <see cref="OutboxMail.NextAt"/> on.</summary>
    Queued = 0,

    /// <summary>A server is speaking to the mail server about it.</summary>
    Sending = 1,

    /// <summary>The mail server took it.</summary>
    Sent = 2,

    /// <summary>Refused for good, or given up after the allowed tries.</summary>
    Failed = 3,

    /// <summary>Not needed any more when its turn came.</summary>
    Dropped = 4,

    /// <summary>The connection or the program ended before the mail server's answer: perhaps sent. Never sent again by itself.</summary>
    Unclear = 5,
}

/// <summary>Why a mail was not sent, or not yet.</summary>
public enum MailFailure : byte
{
    /// <summary>It was not.</summary>
    None = 0,

    /// <summary>The mail server cannot be reached.</summary>
    Unreachable = 1,

    /// <summary>The mail server does not accept user and password.</summary>
    SignIn = 2,

    /// <summary>The mail server refuses the recipient.</summary>
    Recipient = 3,

    /// <summary>The mail server refuses the sender.</summary>
    Sender = 4,

    /// <summary>The mail server refuses the message.</summary>
    Message = 5,

    /// <summary>The connection or the program ended before the answer.</summary>
    AnswerLost = 6,

    /// <summary>The reason for it had gone: accepted meanwhile, no address, no link.</summary>
    NotNeeded = 7,
}

/// <summary>A mail that is to be sent, or was. Holds neither text nor link: both are made when it is sent.</summary>
public sealed class OutboxMail
{
    public long Id { get; init; }

    public MailKind Kind { get; init; }

    /// <summary>Names the reason, such as <c>invitation:17</c>; unique, so that a reason makes one mail.</summary>
    public required string Reason { get; init; }

    /// <summary>Who gets it, at the mail address of the moment it is sent; null when <see cref="Address"/> says.</summary>
    public int? PersonId { get; init; }

    public int? LocationId { get; init; }

    /// <summary>The registration that it invites to; null for other kinds.</summary>
    public int? VppUserId { get; init; }

    /// <summary>Where it goes when it is not to a person we know.</summary>
    public string? Address { get; init; }

    public MailState State { get; set; }

    public MailFailure Failure { get; set; }

    /// <summary>Tries so far.</summary>
    public int Attempts { get; set; }

    public DateTimeOffset QueuedAt { get; init; }

    /// <summary>When it may be tried; null once nothing more happens.</summary>
    public DateTimeOffset? NextAt { get; set; }

    /// <summary>When the last try began; null before the first.</summary>
    public DateTimeOffset? TriedAt { get; set; }

    /// <summary>When the mail server took it.</summary>
    public DateTimeOffset? SentAt { get; set; }

    /// <summary>The first mail of a registration: when its acceptance was recorded.</summary>
    public DateTimeOffset? AcceptedAt { get; set; }
}

internal sealed class OutboxMailConfiguration : IEntityTypeConfiguration<OutboxMail>
{
    // No foreign keys: what was sent stays on record when a registration is replaced.
    public void Configure(EntityTypeBuilder<OutboxMail> mail)
    {
        mail.ToTable("OutboxMails");
        mail.HasIndex(m => m.Reason).IsUnique();
        mail.HasIndex(m => new { m.State, m.NextAt });
        mail.HasIndex(m => m.PersonId);
        mail.HasIndex(m => m.VppUserId);
        mail.Property(m => m.Reason).HasMaxLength(128).IsUnicode(false);
        mail.Property(m => m.Address).HasMaxLength(320);
        mail.Property(m => m.Kind).HasConversion<byte>();
        mail.Property(m => m.State).HasConversion<byte>();
        mail.Property(m => m.Failure).HasConversion<byte>();
    }
}
