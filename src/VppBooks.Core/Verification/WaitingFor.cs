using VppBooks.Apple;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Verification;

/// <summary>What keeps a location from being read or from going on, with what is to be told about it.</summary>
internal sealed record WaitingFor(DifferenceCause Cause, DateTimeOffset? At = null, int? ErrorNumber = null, string? Name = null)
{
    /// <summary>Null: nothing does.</summary>
    public static WaitingFor? Of(Location location, DateTimeOffset now) => LocationConditions.Of(location, lastRunFailed: false, now) switch
    {
        LocationCondition.Expired => new(DifferenceCause.TokenExpired, location.TokenExpires, location.StateErrorNumber),
        LocationCondition.RevokedOrPasswordChanged => new(DifferenceCause.TokenRevoked, ErrorNumber: location.StateErrorNumber),
        LocationCondition.InvalidToken => new(DifferenceCause.TokenInvalid, ErrorNumber: location.StateErrorNumber),
        LocationCondition.UnreadableHere => new(DifferenceCause.TokenUnreadable),
        LocationCondition.ClaimedElsewhere => new(DifferenceCause.ClaimedElsewhere, Name: location.ClaimedByName),
        LocationCondition.ClaimRemoved => new(DifferenceCause.ClaimRemoved),
        LocationCondition.Paused => new(DifferenceCause.Paused, location.PausedUntil),
        _ => null,
    };

    /// <summary>What a failed reading means.</summary>
    public static WaitingFor Of(Exception failure, DateTimeOffset now) => failure switch
    {
        ClaimLostException { Seen: null } => new(DifferenceCause.ClaimRemoved),
        ClaimLostException { Seen: { } seen } => new(DifferenceCause.ClaimedElsewhere, Name: seen.Name),
        AppleRefusedException { Refusal: var refusal } => new(
            refusal.Error.Category switch
            {
                ErrorCategory.Token when refusal.Error.Number == Expired => DifferenceCause.TokenExpired,
                ErrorCategory.Token when refusal.Error.Number == Revoked => DifferenceCause.TokenRevoked,
                ErrorCategory.Token => DifferenceCause.TokenInvalid,
                ErrorCategory.Later when refusal.RetryAfter is not null => DifferenceCause.Paused,
                _ => DifferenceCause.AppleRefused,
            },
            refusal.RetryAfter is { } wait ? now + wait : null,
            refusal.Error.Number),
        AppleUnavailableException { RetryAfter: { } wait } => new(DifferenceCause.Paused, now + wait),
        AppleMalformedException => new(DifferenceCause.AppleMalformed),
        TokenUnreadableException => new(DifferenceCause.TokenUnreadable),
        _ => new(DifferenceCause.AppleUnavailable),
    };

    private const int Expired = 9621;
    private const int Revoked = 9625;
}
