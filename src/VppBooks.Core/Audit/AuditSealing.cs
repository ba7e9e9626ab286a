using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Audit;

/// <summary>Seals what was committed, every few seconds. Every server does it: who finds nothing left writes nothing.</summary>
public sealed class AuditSealing(AuditSealer sealer, TimeProvider clock, ILogger<AuditSealing> logger) : BackgroundService
{
    /// <summary>How long a row waits for its seal while the program runs.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await sealer.SealAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A locked or full database: rows wait, and nothing that is changed depends on their seals.
                logger.SealingFailed(e.GetType().Name);
            }
        }
    }
}
