using System.Text.Json;
using VppBooks.Apple.Wire;

namespace VppBooks.Apple.Transport;

/// <summary>
/// What an answer means, for a request that may be repeated. The body is examined before the status, because Apple sends errors with HTTP 200
/// and gateways send pages with HTTP 5xx (reference 5.1).
/// </summary>
/// <param name="Failure">What to throw; null for a success.</param>
/// <param name="Again">Another attempt may help.</param>
/// <param name="Pause">The whole location has to wait before any further request.</param>
internal readonly record struct Verdict(AppleException? Failure, bool Again, bool Pause)
{
    /// <summary>Judges an answer and reads it into <paramref name="wire"/>.</summary>
    public static Verdict Of(Answer answer, WireAnswer wire)
    {
        switch (answer.Result)
        {
            case AttemptResult.NotConnected or AttemptResult.Broken:
                return new(new AppleUnavailableException("Apple cannot be reached.", answer.RetryAfter, answer.Error), Again: true, Pause: false);
            case AttemptResult.TimedOut:
                return new(new AppleUnavailableException("Apple did not answer in time.", answer.RetryAfter, answer.Error), Again: true, Pause: false);
            case AttemptResult.CutOff when answer.IsSuccess:
                return new(new AppleMalformedException("Apple's answer was cut off.", answer.Error), Again: true, Pause: false);
            case AttemptResult.Unacceptable when answer.IsSuccess:
                return new(new AppleMalformedException(answer.Error!.Message, answer.Error), Again: false, Pause: false);
        }

        var problem = Read(answer.Body, ref wire);
        if (wire.ErrorNumber != 0)
        {
            var error = AppleErrors.For(wire.ErrorNumber);
            return IsTransient(error, answer.Status)
                ? Unavailable(answer, $"Apple answered {error.Number}: {error.Meaning}")
                : new(new AppleRefusedException(Refusal(answer, wire)), Again: false, Pause: false);
        }

        return answer.Status switch
        {
            429 or 408 or >= 500 => Unavailable(answer, $"Apple answered with status {answer.Status}."),
            >= 400 => new(new AppleRefusedException(Refusal(answer, wire)), Again: false, Pause: false),
            >= 300 or < 200 => new(new AppleUnavailableException($"Apple answered with status {answer.Status}; redirects are not followed.", answer.RetryAfter), Again: false, Pause: answer.RetryAfter is not null),
            _ when problem is not null => new(new AppleMalformedException("Apple's answer cannot be read.", problem), Again: false, Pause: false),
            _ => Complete(wire),
        };
    }

    /// <summary>Reads a body; when it does not fit, looks for an error alone, which may stand in an answer of another shape.</summary>
    public static Exception? Read(ReadOnlySpan<byte> body, ref WireAnswer wire)
    {
        var problem = TryRead(body, wire);
        if (problem is not null && wire.ErrorNumber == 0)
        {
            var errorOnly = new WireAnswer();
            wire = TryRead(body, errorOnly) is null ? errorOnly : wire;
        }

        return problem;
    }

    /// <summary>A refusal with the number in the body, or the status where there is none.</summary>
    public static AppleRefusal Refusal(Answer answer, WireAnswer wire) =>
        new(AppleErrors.For(wire.ErrorNumber != 0 ? wire.ErrorNumber : answer.Status), answer.Status, wire.ErrorMessage, wire.ErrorInfo, answer.RetryAfter);

    private static Verdict Complete(WireAnswer wire)
    {
        try
        {
            wire.RequireComplete();
            return default;
        }
        catch (WireFormatException exception)
        {
            return new(new AppleMalformedException("Apple's answer lacks what was asked for.", exception), Again: false, Pause: false);
        }
    }

    private static Verdict Unavailable(Answer answer, string message) => new(new AppleUnavailableException(message, answer.RetryAfter, answer.Error), Again: true, Pause: true);

    private static bool IsTransient(AppleError error, int status) =>
        error.Category == ErrorCategory.Later || status == 429 || (status >= 500 && error.Category == ErrorCategory.Unknown);

    private static Exception? TryRead(ReadOnlySpan<byte> body, WireAnswer wire)
    {
        try
        {
            wire.Read(body);
            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or WireFormatException)
        {
            return exception;
        }
    }
}
