using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Directory;

internal static partial class DirectoryLog      // ids 5000-5099
{
    [LoggerMessage(5000, LogLevel.Information, "Group {GroupId} read: {Members} members, {Added} added, {Removed} removed")]
    public static partial void MembersRead(this ILogger logger, int groupId, int members, int added, int removed);

    [LoggerMessage(5001, LogLevel.Warning, "Group {GroupId} is not in the directory any more: {State}")]
    public static partial void GroupGone(this ILogger logger, int groupId, GroupState state);

    [LoggerMessage(5002, LogLevel.Information, "All users read: {Users} found, {Gone} gone")]
    public static partial void AllUsersRead(this ILogger logger, int users, int gone);

    [LoggerMessage(5004, LogLevel.Warning, "The members of assigned groups could not be read: {Failure}; tried again in a minute")]
    public static partial void WatchFailed(this ILogger logger, string failure);

    [LoggerMessage(5005, LogLevel.Information, "What changed in the directory since the last time is not known ({Kind}): it is read again completely")]
    public static partial void ChangesUnknown(this ILogger logger, CursorKind kind);

    [LoggerMessage(5003, LogLevel.Warning, "The directory cannot be read: {Reason}; status {Status}, request-id {RequestId}")]
    public static partial void ReadFailed(this ILogger logger, string reason, int status, string? requestId);
}
