using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Mail;

internal static partial class MailLog      // ids 3300-3399
{
    [LoggerMessage(3301, LogLevel.Information, "Mail {MailId} ({Kind}): {State}")]
    public static partial void MailEnded(this ILogger logger, long mailId, MailKind kind, MailState state);

    [LoggerMessage(3302, LogLevel.Warning, "Mail {MailId} ({Kind}) was not sent: {Failure}; try {Attempt}")]
    public static partial void MailNotSent(this ILogger logger, long mailId, MailKind kind, MailFailure failure, int attempt);

    [LoggerMessage(3303, LogLevel.Error, "Mails could not be worked on")]
    public static partial void MailWorkFailed(this ILogger logger, Exception failure);
}
