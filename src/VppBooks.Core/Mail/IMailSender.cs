namespace VppBooks.Core.Mail;

/// <summary>A message ready to be sent. Prints nothing: address and text are private.</summary>
/// <param name="ToName">Name of the recipient; may be empty.</param>
/// <param name="ToAddress">Mail address of the recipient.</param>
/// <param name="Subject">One line.</param>
/// <param name="Text">The plain part.</param>
/// <param name="Html">The HTML part: a whole document.</param>
public sealed record Letter(string ToName, string ToAddress, string Subject, string Text, string Html)
{
    public override string ToString() => "[mail]";
}

/// <summary>What became of one try.</summary>
public abstract record MailOutcome
{
    private MailOutcome()
    {
    }

    /// <summary>The mail server took it.</summary>
    public sealed record Sent : MailOutcome;

    /// <summary>Certainly not sent.</summary>
    /// <param name="Failure">Why.</param>
    /// <param name="Permanent">Another try would end in the same way.</param>
    public sealed record NotSent(MailFailure Failure, bool Permanent) : MailOutcome;

    /// <summary>Perhaps sent: the answer was lost.</summary>
    public sealed record Unclear : MailOutcome;
}

/// <summary>Hands one message to the mail server.</summary>
public interface IMailSender
{
    /// <summary>Tries once; every failure of the server is an outcome, not an exception.</summary>
    Task<MailOutcome> SendAsync(Letter letter, CancellationToken cancellationToken);
}

/// <summary>Makes the message of the kinds it knows, at the moment of sending.</summary>
public interface IMailComposer
{
    /// <summary>Whether this is the one for a kind.</summary>
    bool Composes(MailKind kind);

    /// <summary>The earliest moment at which the kind may leave: <paramref name="now"/>, or the end of quiet hours.</summary>
    DateTimeOffset MayLeaveAt(MailKind kind, DateTimeOffset now);

    /// <summary>The message; null when it is not needed any more.</summary>
    Task<Letter?> ComposeAsync(OutboxMail mail, CancellationToken cancellationToken);
}
