using Microsoft.Extensions.Logging;

namespace VppBooks.Apple;

/// <summary>
/// Everything this client writes to the log, ids 1000 to 1099. No token, cookie, invite code, e-mail address or notification secret is among
/// the values, and no body or address with a query.
/// </summary>
internal static partial class AppleLog
{
    [LoggerMessage(1001, LogLevel.Warning, "Apple did not answer a read for location {LocationKey} (attempt {Attempt}, status {Status}): {Reason}")]
    public static partial void ReadFailed(this ILogger logger, string locationKey, int attempt, int status, string reason);

    [LoggerMessage(1002, LogLevel.Warning, "Location {LocationKey} is left alone until {Until} because Apple answered {Status}")]
    public static partial void LocationPaused(this ILogger logger, string locationKey, int status, DateTimeOffset? until);

    [LoggerMessage(1003, LogLevel.Information, "Sent {Path} for location {LocationKey}: status {Status}, {Outcome}")]
    public static partial void ChangeSent(this ILogger logger, string locationKey, string path, int status, string outcome);

    [LoggerMessage(1004, LogLevel.Information, "Did not send {Path} for location {LocationKey}: Apple asked to wait")]
    public static partial void ChangeHeldBack(this ILogger logger, string locationKey, string path);

    [LoggerMessage(1005, LogLevel.Warning, "Apple's tokenExpirationDate for location {LocationKey} cannot be read; the old date stays")]
    public static partial void TokenExpiryUnreadable(this ILogger logger, string locationKey);

    [LoggerMessage(1006, LogLevel.Warning, "Service config cannot be read (status {Status}): {Reason}; the last known or published limits apply")]
    public static partial void ServiceConfigUnreadable(this ILogger logger, int status, string reason);

    [LoggerMessage(1007, LogLevel.Information, "The list {Path} of location {LocationKey} changed while it was read")]
    public static partial void ListMoved(this ILogger logger, string locationKey, string path);

    [LoggerMessage(1008, LogLevel.Warning, "Left out {Rows} rows of {Path} of location {LocationKey} that do not say what they are about")]
    public static partial void RowsUnusable(this ILogger logger, string locationKey, string path, int rows);

    [LoggerMessage(1020, LogLevel.Warning, "A store look-up did not answer: {Reason}")]
    public static partial void LookUpFailed(this ILogger logger, string reason);

    [LoggerMessage(1021, LogLevel.Warning, "The look-up address of service config is not one that may be asked; it is left out")]
    public static partial void LookUpNotAllowed(this ILogger logger);

    [LoggerMessage(1022, LogLevel.Information, "A cover from {Host} was left out: {Reason}")]
    public static partial void CoverLeftOut(this ILogger logger, string host, string reason);
}
