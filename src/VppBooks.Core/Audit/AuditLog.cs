using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Audit;

internal static partial class AuditLog // ids 2700-2799
{
    [LoggerMessage(2701, LogLevel.Information, "The audit chain {Chain} has {Sequence} rows and ends with {Hash}")]
    public static partial void ChainAnchored(this ILogger logger, AuditChain chain, long sequence, string hash);

    [LoggerMessage(2702, LogLevel.Error, "The head of the audit chain {Chain} is missing; nothing is sealed until somebody has looked into the database")]
    public static partial void HeadMissing(this ILogger logger, AuditChain chain);

    [LoggerMessage(2703, LogLevel.Error, "The head of the audit chain {Chain} at {Sequence} was not signed by this installation's key ring")]
    public static partial void HeadNotSigned(this ILogger logger, AuditChain chain, long sequence);

    [LoggerMessage(2704, LogLevel.Warning, "Audit rows could not be sealed ({Failure}); they are tried again in a moment")]
    public static partial void SealingFailed(this ILogger logger, string failure);
}
