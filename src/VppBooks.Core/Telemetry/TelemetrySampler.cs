using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Telemetry;

/// <summary>Keeps the figures behind the gauges fresh. Runs only where somebody collects them.</summary>
public sealed class TelemetrySampler(TelemetryReader reader, ProductTelemetry telemetry, TimeProvider clock, ILogger<TelemetrySampler> logger) : BackgroundService
{
    /// <summary>How old a gauge may be.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            await SampleAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task SampleAsync(CancellationToken cancellationToken)
    {
        try
        {
            telemetry.Figures = await reader.ReadAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Old figures would look like health: their absence is what alert rules notice.
            telemetry.Figures = TelemetryFigures.None;
            logger.SampleFailed(e.GetType().Name);
        }
    }
}

internal static partial class TelemetryLog      // ids 7900-7999
{
    [LoggerMessage(7901, LogLevel.Warning, "The figures for metrics could not be read: {Fault}")]
    public static partial void SampleFailed(this ILogger logger, string fault);
}
