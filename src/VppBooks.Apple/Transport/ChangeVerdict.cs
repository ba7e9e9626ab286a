using VppBooks.Apple.Wire;

namespace VppBooks.Apple.Transport;

/// <summary>
/// What became of a request that changes something. Only a documented refusal proves that nothing was done; whatever else is not an event id
/// is unknown, because a license that was spent cannot be taken back.
/// </summary>
internal static class ChangeVerdict
{
    public static ChangeOutcome Of(Answer answer)
    {
        switch (answer.Result)
        {
            case AttemptResult.NotConnected:
                return new ChangeOutcome.NotSent("Apple cannot be reached.");
            case AttemptResult.Cancelled:
                return Unknown(answer, "Canceled after it was sent.");
            case AttemptResult.TimedOut:
                return Unknown(answer, "Apple did not answer in time.");
            case AttemptResult.Broken:
                return Unknown(answer, "The connection broke after it was sent.");
        }

        var change = new WireEvent();
        WireAnswer wire = change;
        var problem = Verdict.Read(answer.Body, ref wire);
        return Judge(answer, wire, change, problem) with { Claim = wire.MdmInfo };
    }

    private static ChangeOutcome Judge(Answer answer, WireAnswer wire, WireEvent change, Exception? problem)
    {
        if (answer.Status >= 500 || answer.Status is >= 300 and < 400)
        {
            return Unknown(answer, $"Apple answered with status {answer.Status}.");
        }

        if (answer.Status == 429 && wire.ErrorNumber == 0)
        {
            // A gateway that limits the rate answers before Apple sees the request.
            return new ChangeOutcome.Refused(new(AppleErrors.For(9646), answer.Status, wire.ErrorMessage, null, answer.RetryAfter));
        }

        if (wire.ErrorNumber != 0)
        {
            return AppleErrors.ProvesNothingWasDone(wire.ErrorNumber) && string.IsNullOrEmpty(change.EventId)
                ? new ChangeOutcome.Refused(Verdict.Refusal(answer, wire))
                : Unknown(answer, $"Apple answered {wire.ErrorNumber}, which does not say whether anything was done.");
        }

        if (!answer.IsSuccess)
        {
            return Unknown(answer, $"Apple answered with status {answer.Status} and without an error number.") with { Refusal = answer.Status is 401 or 403 ? Verdict.Refusal(answer, wire) : null };
        }

        return problem is null && answer.Result == AttemptResult.Answered && !string.IsNullOrEmpty(change.EventId)
            ? new ChangeOutcome.Accepted(change.EventId, change.Envelope)
            : Unknown(answer, "Apple's answer cannot be read or names no event.");
    }

    private static ChangeOutcome.Unknown Unknown(Answer answer, string reason) => new(reason, answer.RetryAfter);
}
