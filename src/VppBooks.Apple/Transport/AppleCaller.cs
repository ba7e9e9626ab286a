using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Polly;
using VppBooks.Apple.Wire;

namespace VppBooks.Apple.Transport;

/// <summary>
/// Makes the calls of a location: reads with patience, changes exactly once. Repeating wraps the whole attempt and not the message handler: whether
/// to try again stands in the body, the wait belongs to the location and not to one call, and every attempt has to pass the gate.
/// </summary>
internal sealed class AppleCaller(Exchange exchange, ServiceConfigCache serviceConfig, AppleOptions options, TimeProvider clock, Random random, AppleTelemetry telemetry, ILogger logger)
{
    /// <summary>How long a read waits in all for a pause to end before it gives up.</summary>
    private static readonly TimeSpan ReadPatience = TimeSpan.FromMinutes(2);

    /// <summary>How long a change waits; after that its caller had better plan anew.</summary>
    private static readonly TimeSpan ChangePatience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, RateGate> _gates = new(StringComparer.Ordinal);
    private readonly ResiliencePipeline<Verdict> _repeating = Resilience.Repeating(options, clock);

    public RateGate Gate(string locationKey) => _gates.GetOrAdd(locationKey, _ => new RateGate(clock, options.FirstBackoff, random));

    /// <summary>Sends a request that may be repeated until it is answered for good.</summary>
    /// <param name="create">Makes an empty answer for each attempt.</param>
    /// <param name="checkClaim">Whether the answer must carry the location's claim.</param>
    public async Task<T> ReadAsync<T>(AppleLocation location, string path, byte[]? body, Func<T> create, bool checkClaim, CancellationToken cancellationToken)
        where T : WireAnswer
    {
        var gate = Gate(location.Key);
        var deadline = gate.Now + ReadPatience;
        var attempt = 0;
        AppleException? failure = null;
        T? wire = null;
        var verdict = await _repeating.ExecuteAsync(
            async stopping =>
            {
                var limits = await serviceConfig.GetAsync(stopping);
                if (!await EnterAsync(gate, limits.MaxRequestsPerSecond, deadline, stopping))
                {
                    throw new AppleUnavailableException(failure?.Message ?? "Apple asked us to wait.", gate.PauseLeft, failure);
                }

                location.Meter?.Count();
                var sentAt = gate.Now;
                using var request = Requests.Create(options, location, path, body);
                using var activity = AppleTelemetry.Begin(path);
                using var answer = await exchange.SendAsync(request, stopping);
                if (answer.Result == AttemptResult.Cancelled)
                {
                    throw new OperationCanceledException(answer.Error!.Message, answer.Error, stopping);
                }

                wire = create();
                var verdict = Verdict.Of(answer, wire);
                Settle(location, gate, sentAt, answer, verdict.Pause);
                failure = verdict.Failure;
                telemetry.Ended(path, Word(failure), failure is null ? 0 : wire.ErrorNumber != 0 ? wire.ErrorNumber : answer.Status, gate.Now - sentAt, activity);
                attempt++;
                if (failure is not null)
                {
                    logger.ReadFailed(location.Key, attempt, answer.Status, failure.Message);
                }

                if (failure is AppleRefusedException { Refusal.Error.Number: 9634 })
                {
                    serviceConfig.Forget();
                }

                return verdict;
            },
            cancellationToken);
        if (verdict.Failure is not null)
        {
            ThrowIfForeign(location, wire!, checkClaim);
            throw verdict.Pause ? new AppleUnavailableException(verdict.Failure.Message, gate.PauseLeft is var left && left > TimeSpan.Zero ? left : null, verdict.Failure) : verdict.Failure;
        }

        if (wire!.TokenExpiresUnreadable)
        {
            logger.TokenExpiryUnreadable(location.Key);
        }

        ThrowIfClaimLost(location, wire, checkClaim);
        return wire;
    }

    /// <summary>Sends a request that changes something, exactly once. Does not throw, not even for the caller's cancellation.</summary>
    public async Task<ChangeOutcome> ChangeAsync(AppleLocation location, string path, byte[] body, CancellationToken cancellationToken)
    {
        var gate = Gate(location.Key);
        try
        {
            var limits = await serviceConfig.GetAsync(cancellationToken);
            if (!await EnterAsync(gate, limits.MaxRequestsPerSecond, gate.Now + ChangePatience, cancellationToken))
            {
                logger.ChangeHeldBack(location.Key, path);
                return new ChangeOutcome.NotSent("Apple asked us to wait.");
            }

            // The wait may have been long: only now is it certain that the request would leave at once.
            if (location.MayChange is { } ask && await ask(cancellationToken) is { } reason)
            {
                logger.ChangeHeldBack(location.Key, path);
                return new ChangeOutcome.NotSent(reason);
            }

            if (gate.PauseLeft > TimeSpan.Zero)
            {
                logger.ChangeHeldBack(location.Key, path);
                return new ChangeOutcome.NotSent("Apple asked us to wait.");
            }
        }
        catch (OperationCanceledException)
        {
            return new ChangeOutcome.NotSent("Canceled before it was sent.");
        }
#pragma warning disable CA1031 // Whoever may not be asked has not agreed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.ChangeHeldBack(location.Key, path);
            return new ChangeOutcome.NotSent($"It could not be checked whether it may be sent ({exception.GetType().Name}).");
        }

        location.Meter?.Count();
        var sentAt = gate.Now;
        using var request = Requests.Create(options, location, path, body);
        using var activity = AppleTelemetry.Begin(path);
        using var answer = await exchange.SendAsync(request, cancellationToken);
        var outcome = ChangeVerdict.Of(answer);
        telemetry.Ended(path, Word(outcome), outcome is ChangeOutcome.Refused refused ? refused.Refusal.Error.Number : outcome is ChangeOutcome.Accepted ? 0 : answer.Status, gate.Now - sentAt, activity);
        Settle(location, gate, sentAt, answer, pause: answer.Status is 429 or >= 500 || outcome is ChangeOutcome.Refused { Refusal.Error.Category: ErrorCategory.Later } || (answer.RetryAfter is not null && answer.Status is >= 300 and < 400));
        logger.ChangeSent(location.Key, path, answer.Status, outcome.GetType().Name);
        return outcome;
    }

    private async ValueTask<bool> EnterAsync(RateGate gate, int perSecond, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var asked = gate.Now;
        var entered = await gate.TryEnterAsync(perSecond, deadline, cancellationToken);
        telemetry.Waited(gate.Now - asked, entered);
        return entered;
    }

    private static string Word(AppleException? failure) => failure switch
    {
        null => "ok",
        AppleRefusedException => "refused",
        AppleMalformedException => "malformed",
        _ => "unavailable",
    };

    private static string Word(ChangeOutcome outcome) => outcome switch
    {
        ChangeOutcome.Accepted => "ok",
        ChangeOutcome.Refused => "refused",
        ChangeOutcome.NotSent => "unavailable",
        _ => "unknown",
    };

    private void Settle(AppleLocation location, RateGate gate, TimeSpan sentAt, Answer answer, bool pause)
    {
        if (pause)
        {
            gate.Pause(sentAt, answer.RetryAfter);
            logger.LocationPaused(location.Key, answer.Status, gate.PausedUntil);
        }
        else if (answer.Result == AttemptResult.Answered)
        {
            gate.Answered(sentAt);
        }
    }

    // A refusal need not carry the claim; when it carries another's, that is as good as a success that does.
    private static void ThrowIfForeign(AppleLocation location, WireAnswer answer, bool checkClaim)
    {
        if (checkClaim && location.ExpectedClaimId is { } expected && answer.MdmInfo is { } seen && seen.Id != expected)
        {
            throw new ClaimLostException(seen);
        }
    }

    private static void ThrowIfClaimLost(AppleLocation location, WireAnswer answer, bool checkClaim)
    {
        if (checkClaim && location.ExpectedClaimId is { } expected && answer.MdmInfo?.Id != expected)
        {
            throw new ClaimLostException(answer.MdmInfo);
        }
    }
}
