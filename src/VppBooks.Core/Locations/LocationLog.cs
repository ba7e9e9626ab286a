using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Locations;

internal static partial class LocationLog      // ids 4000-4099
{
    [LoggerMessage(4000, LogLevel.Information, "Token of location {LocationId} stored; claim: {Claim}; continues an earlier one: {Revived}")]
    public static partial void LocationStored(this ILogger logger, int locationId, string claim, bool revived);

    [LoggerMessage(4001, LogLevel.Information, "Token of location {LocationId} renewed; state {State}")]
    public static partial void TokenRenewed(this ILogger logger, int locationId, TokenState state);

    [LoggerMessage(4002, LogLevel.Warning, "Control of location {LocationId} taken")]
    public static partial void ControlTaken(this ILogger logger, int locationId);

    [LoggerMessage(4003, LogLevel.Warning, "Location {LocationId} deleted; {Canceled} unsent licenses canceled, {Assignments} assignments removed")]
    public static partial void LocationDeleted(this ILogger logger, int locationId, int canceled, int assignments);

    [LoggerMessage(4004, LogLevel.Information, "Upload refused: {Code}, Apple's number {ErrorNumber}")]
    public static partial void UploadRefused(this ILogger logger, string code, int? errorNumber);

    [LoggerMessage(4005, LogLevel.Warning, "Token of location {LocationId} has expired")]
    public static partial void TokenExpired(this ILogger logger, int locationId);
}
