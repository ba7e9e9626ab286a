namespace VppBooks.Web.Api;

internal static partial class ApiLog      // ids 1300-1379
{
    [LoggerMessage(1300, LogLevel.Error, "The answer to a request with an Idempotency-Key could not be kept; the same request would be served again after two minutes")]
    public static partial void AnswerNotKept(this ILogger logger, Exception exception);

    [LoggerMessage(1301, LogLevel.Error, "Request {Step} of a batch failed; the others are answered")]
    public static partial void BatchStepFailed(this ILogger logger, Exception exception, string step);

    [LoggerMessage(1302, LogLevel.Warning, "It could not be noted that a request with an Idempotency-Key is still being served")]
    public static partial void OwnerNotRenewed(this ILogger logger, Exception exception);
}
