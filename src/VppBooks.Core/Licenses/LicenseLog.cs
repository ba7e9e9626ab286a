using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Licenses;

internal static partial class LicenseLog      // ids 2000-2099
{
    [LoggerMessage(2001, LogLevel.Information, "Operation {OperationId} at location {LocationId}: {Kind} with {Tasks} tasks accepted as event {EventId}")]
    public static partial void OperationAccepted(this ILogger logger, long operationId, int locationId, OperationKind kind, int tasks, string eventId);

    [LoggerMessage(2002, LogLevel.Warning, "Operation {OperationId} at location {LocationId}: {Kind} refused with {ErrorNumber}")]
    public static partial void OperationRefused(this ILogger logger, long operationId, int locationId, OperationKind kind, int errorNumber);

    [LoggerMessage(2003, LogLevel.Warning, "Operation {OperationId} at location {LocationId}: outcome of {Kind} unknown ({Reason}); it will be read, not repeated")]
    public static partial void OperationUnknown(this ILogger logger, long operationId, int locationId, OperationKind kind, string reason);

    [LoggerMessage(2004, LogLevel.Information, "Operation {OperationId} at location {LocationId} settled as {State}: {Done} of {Tasks} tasks done")]
    public static partial void OperationSettled(this ILogger logger, long operationId, int locationId, OperationState state, int done, int tasks);

    [LoggerMessage(2005, LogLevel.Warning, "Apple stopped the work at location {LocationId}: {Failure} {ErrorNumber}")]
    public static partial void AppleStoppedWork(this ILogger logger, int locationId, string failure, int? errorNumber);

    [LoggerMessage(2006, LogLevel.Warning, "Took over {Operations} operations of an earlier owner at location {LocationId}; their outcome will be read")]
    public static partial void OperationsAdopted(this ILogger logger, int operations, int locationId);

    [LoggerMessage(2007, LogLevel.Information, "Operation {OperationId} at location {LocationId} was not sent: {Reason}")]
    public static partial void OperationNotSent(this ILogger logger, long operationId, int locationId, string reason);

    [LoggerMessage(2009, LogLevel.Warning, "The lease on location {LocationId} could not be renewed this time: {Failure}")]
    public static partial void RenewalFailed(this ILogger logger, int locationId, string failure);

    [LoggerMessage(2010, LogLevel.Warning, "Operation {OperationId} at location {LocationId} could not be looked up: {Failure}; later again")]
    public static partial void LookUpFailed(this ILogger logger, long operationId, int locationId, string failure);

    [LoggerMessage(2008, LogLevel.Error, "Work on location {LocationId} failed")]
    public static partial void WorkFailed(this ILogger logger, int locationId, Exception failure);
}
