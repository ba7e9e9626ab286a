using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Verification;

internal static partial class VerificationLog      // ids 2600-2699
{
    [LoggerMessage(2601, LogLevel.Information, "Verified {Checked} of {Locations} locations: {Differences} differences, {Unexplained} without an explanation")]
    public static partial void Verified(this ILogger logger, int @checked, int locations, int differences, int unexplained);

    [LoggerMessage(2602, LogLevel.Warning, "Location {LocationId} could not be verified: {Failure} {ErrorNumber}")]
    public static partial void NotVerified(this ILogger logger, int locationId, string failure, int? errorNumber);

    [LoggerMessage(2603, LogLevel.Error, "The verification failed")]
    public static partial void VerificationFailed(this ILogger logger, Exception failure);
}
