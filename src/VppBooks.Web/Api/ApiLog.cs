namespace VppBooks.Web.Api;

internal static partial class ApiLog      // ids 1300-1379
{
    [LoggerMessage(1300, LogLevel.Error, "The answer to a request with an Idempotency-Key could not be kept; the same request would be served again after two minutes")]
    public static partial void AnswerNotKept(this ILogger logger, Exception exception);
}
