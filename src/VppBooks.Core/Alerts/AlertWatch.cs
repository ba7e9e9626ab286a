using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Looks for troubles once a minute and writes what there is to tell; <see cref="AlertSender"/> sends it.</summary>
public sealed class AlertWatch(AlertBook book, AlertChannels channels, UnwrittenAlert unwritten, StorageMonitor storage, TimeProvider clock, ILogger<AlertWatch> logger) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>Looks once. What could not be looked at is not over: nothing is cleared, and the next minute looks again.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await book.RefreshAsync(cancellationToken) > 0)
            {
                channels.Wake();
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.WatchFailed(e.GetType().Name);
            if (storage.IsFull)
            {
                // What finds no room in the table can only be told past it.
                await unwritten.TellAsync(cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, clock, stoppingToken);
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.WatchFailed(e.GetType().Name);
            }
        }
    }
}

internal static partial class AlertLog      // ids 7000-7099
{
    [LoggerMessage(7001, LogLevel.Information, "Alert {Key}: {Occasion}, level {Level}")]
    public static partial void AlertChanged(this ILogger logger, string key, AlertOccasion occasion, int level);

    [LoggerMessage(7002, LogLevel.Warning, "A message to {Channel} was not taken in attempt {Attempt}: {Failure}; given up: {GivenUp}")]
    public static partial void DeliveryFailed(this ILogger logger, string channel, int attempt, string failure, bool givenUp);

    [LoggerMessage(7003, LogLevel.Warning, "Troubles could not be looked for: {Fault}; tried again in a minute")]
    public static partial void WatchFailed(this ILogger logger, string fault);

    [LoggerMessage(7004, LogLevel.Warning, "Messages that are due could not be read or written: {Fault}; tried again in a minute")]
    public static partial void SendingFailed(this ILogger logger, string fault);

    [LoggerMessage(7005, LogLevel.Warning, "Troubles of these kinds could not be looked for: {Kinds} ({Fault}); what is known of them stays as it is, and the next minute looks again")]
    public static partial void KindsUnread(this ILogger logger, string kinds, string fault);

    [LoggerMessage(7006, LogLevel.Warning, "The stored value of {Key} cannot be used: alerts follow configuration until somebody sets it again")]
    public static partial void SettingUnusable(this ILogger logger, string key);
}
