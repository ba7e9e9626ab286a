using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace VppBooks.Apple.Transport;

/// <summary>How long Apple may take, and what is asked again. Nothing that spends may be given to <see cref="Repeating"/>.</summary>
internal static class Resilience
{
    private const int Repeats = 3;

    /// <summary>Ends one attempt after a time; its callback throws <see cref="TimeoutRejectedException"/> then.</summary>
    /// <param name="timeout">More than zero; the pipeline's own lower limit of 10 ms does not apply.</param>
    /// <param name="clock">Measures it.</param>
    public static ResiliencePipeline Within(TimeSpan timeout, TimeProvider clock) => new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = _ => ValueTask.FromResult(timeout) })
        .Build();

    /// <summary>Makes up to four attempts, for requests that may arrive twice.</summary>
    public static ResiliencePipeline<Verdict> Repeating(AppleOptions options, TimeProvider clock)
    {
        // 1 s, 3 s, 9 s, in the proportion of the settings.
        var first = TimeSpan.FromSeconds(1) * (options.FirstBackoff / AppleOptions.DefaultFirstBackoff);
        return new ResiliencePipelineBuilder<Verdict> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<Verdict>
            {
                MaxRetryAttempts = Repeats,
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result.Again),

                // A pause is the whole location's: the next attempt waits for it at the gate, or gives up there when it lasts too long. A lost
                // connection is nobody's wish, so only this call waits.
                DelayGenerator = attempt => ValueTask.FromResult<TimeSpan?>(
                    attempt.Outcome.Result.Pause ? TimeSpan.Zero : first * Math.Pow(3, attempt.AttemptNumber)),
            })
            .Build();
    }
}
