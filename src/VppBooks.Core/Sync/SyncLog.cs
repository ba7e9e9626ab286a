using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Sync;

internal static partial class SyncLog      // ids 3000-3049; titles have 3050-3099
{
    [LoggerMessage(3000, LogLevel.Information, "Sync {RunId} of location {LocationId} begins, full: {Full}")]
    public static partial void SyncBegins(this ILogger logger, int runId, int locationId, bool full);

    [LoggerMessage(3001, LogLevel.Information, "Sync {RunId} of location {LocationId} ended as {Result}: {Requests} requests, {Rows} rows changed")]
    public static partial void SyncEnded(this ILogger logger, int runId, int locationId, SyncResult result, int requests, int rows);

    [LoggerMessage(3002, LogLevel.Warning, "Sync {RunId} of location {LocationId} failed in {Phase} with {Code}")]
    public static partial void SyncFailed(this ILogger logger, Exception exception, int runId, int locationId, SyncPhase phase, string code);

    [LoggerMessage(3003, LogLevel.Warning, "Sync {RunId} of location {LocationId} had been interrupted")]
    public static partial void SyncInterrupted(this ILogger logger, int runId, int locationId);

    [LoggerMessage(3004, LogLevel.Information, "Sync {RunId}: counts of {Books} books differ from the ledger; they are read completely")]
    public static partial void BooksDiffer(this ILogger logger, int runId, int books);

    [LoggerMessage(3005, LogLevel.Information, "Sync {RunId}: data moved while reading {List}")]
    public static partial void DataMoved(this ILogger logger, int runId, string list);

    [LoggerMessage(3006, LogLevel.Information, "Location {LocationId} is read before anything is written to Apple: {Why}")]
    public static partial void ReadFirst(this ILogger logger, int locationId, string why);
}
