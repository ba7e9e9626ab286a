using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Looks for troubles once a minute and sends what there is to tell.</summary>
public sealed class AlertWatch(AlertBook book, AlertChannels channels, UnwrittenAlert unwritten, StorageMonitor storage, TimeProvider clock, ILogger<AlertWatch> logger) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>Looks once, and sends what is due.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await book.RefreshAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // What could not be looked at is not over: nothing is cleared, and the next minute looks again.
            logger.WatchFailed(e.GetType().Name);
            if (storage.IsFull)
            {
                // What finds no room in the table can only be told past it.
                await unwritten.TellAsync(cancellationToken);
                return;
            }
        }

        // What is written already is sent whatever became of the look.
        await channels.SendDueAsync(cancellationToken);
        await channels.ForgetOldAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(stoppingToken);
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

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var woken = channels.Wakes.ReadAsync(waiting.Token).AsTask();
        await Task.WhenAny(woken, Task.Delay(Every, clock, waiting.Token));
        await waiting.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
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
}
