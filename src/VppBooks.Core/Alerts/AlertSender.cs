using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Alerts;

/// <summary>Sends what there is to tell, beside <see cref="AlertWatch"/>: whatever receivers do, troubles are looked for.</summary>
public sealed class AlertSender(AlertChannels channels, TimeProvider clock, ILogger<AlertSender> logger) : BackgroundService
{
    private static readonly TimeSpan _every = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Not awaited to its end: a receiver that does not answer keeps nobody but itself waiting.
                await channels.BeginDueAsync(stoppingToken);
                await channels.ForgetOldAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.SendingFailed(e.GetType().Name);
            }

            await WaitAsync(stoppingToken);
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var woken = channels.Wakes.ReadAsync(waiting.Token).AsTask();
        await Task.WhenAny(woken, Task.Delay(_every, clock, waiting.Token));
        await waiting.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }
}
