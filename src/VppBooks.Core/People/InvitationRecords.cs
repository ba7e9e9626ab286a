using VppBooks.Core.Mail;

namespace VppBooks.Core.People;

/// <summary>Answer of <see cref="Invitations.ResendAsync"/>.</summary>
public abstract record ResendResult
{
    private ResendResult()
    {
    }

    /// <summary>It is in the outbox and leaves within a minute.</summary>
    public sealed record Queued : ResendResult;

    /// <summary>There is nothing to send.</summary>
    public sealed record NotAvailable(InvitationObstacle Obstacle) : ResendResult;

    /// <summary>One was sent a moment ago, or is about to be.</summary>
    /// <param name="Until">From when it may be sent again.</param>
    public sealed record TooSoon(DateTimeOffset Until) : ResendResult;
}

/// <summary>Answer of <see cref="Invitations.ResendManyAsync"/>.</summary>
/// <param name="Queued">Mails in the outbox now.</param>
/// <param name="TooSoon">Registrations that got one lately.</param>
/// <param name="NotAvailable">Registrations without, by reason.</param>
public sealed record ResendManyResult(int Queued, int TooSoon, IReadOnlyDictionary<InvitationObstacle, int> NotAvailable);

/// <summary>One mail to a person about one registration.</summary>
/// <param name="LocationPublicId">The location.</param>
/// <param name="LocationName">Name of its token.</param>
/// <param name="Kind">Invitation, reminder, or sent again.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Failure">Why it was not sent, or not yet.</param>
/// <param name="QueuedAt">When it was asked for.</param>
/// <param name="SentAt">When the mail server took it; null while it has not.</param>
/// <param name="NextAt">When it is tried; null once nothing more happens.</param>
public sealed record SentInvitation(
    Guid LocationPublicId, string LocationName, MailKind Kind, MailState State, MailFailure Failure, DateTimeOffset QueuedAt, DateTimeOffset? SentAt, DateTimeOffset? NextAt);
