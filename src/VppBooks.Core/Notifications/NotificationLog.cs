using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Notifications;

internal static partial class NotificationLog      // ids 6000-6099
{
    [LoggerMessage(6000, LogLevel.Information, "Notifications of location {LocationId} are registered at Apple")]
    public static partial void NotificationsRegistered(this ILogger logger, int locationId);

    [LoggerMessage(6001, LogLevel.Warning, "Notifications of location {LocationId} could not be registered: Apple answered {ErrorNumber}")]
    public static partial void NotificationsRefused(this ILogger logger, int locationId, int errorNumber);

    [LoggerMessage(6002, LogLevel.Warning, "Notifications of location {LocationId} could not be registered this time: {Failure}")]
    public static partial void RegistrationFailed(this ILogger logger, int locationId, string failure);

    [LoggerMessage(6003, LogLevel.Warning, "Apple's record of the notifications of location {LocationId} differs from ours; they are registered again")]
    public static partial void RegistrationDiffers(this ILogger logger, int locationId);

    [LoggerMessage(6010, LogLevel.Information, "{Notifications} notifications of location {LocationId} folded: users read {Users}, assignments read {Assignments}, counts of {Books} books read, sync wanted {Sync}")]
    public static partial void NotificationsFolded(this ILogger logger, int notifications, int locationId, bool users, bool assignments, int books, bool sync);

    [LoggerMessage(6011, LogLevel.Warning, "Notifications of location {LocationId} could not be folded: {Failure} {ErrorNumber}; later again")]
    public static partial void FoldingFailed(this ILogger logger, int locationId, string failure, int? errorNumber);

    [LoggerMessage(6012, LogLevel.Information, "Notification of a type that is not used at location {LocationId}: {Type}")]
    public static partial void TypeIgnored(this ILogger logger, int locationId, string type);

    [LoggerMessage(6021, LogLevel.Warning, "Security: a notification with the secret of location {LocationId} speaks of another location")]
    public static partial void NotificationOfOtherLocation(this ILogger logger, int locationId);

    [LoggerMessage(6022, LogLevel.Error, "{Notifications} notifications could not be stored; Apple is asked to send them again")]
    public static partial void StoringFailed(this ILogger logger, int notifications, Exception failure);
}
