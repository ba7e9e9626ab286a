
namespace VppBooks.Core.Locations;

/// <summary>Derives what a location's columns mean for an administrator.</summary>
public static class LocationConditions
{
    /// <summary>Clocks differ: a token counts as expired this much after its date.</summary>
    public static readonly TimeSpan ExpiryTolerance = TimeSpan.FromMinutes(5);

    /// <summary>How long before its date a token counts as expiring soon.</summary>
    public static readonly TimeSpan SoonBefore = TimeSpan.FromDays(30);

    private const int Revoked = 9625;

    /// <summary>The state now: a token whose date has passed is expired, whether or not Apple has said so.</summary>
    public static TokenState StateOf(TokenState stored, DateTimeOffset tokenExpires, DateTimeOffset now) =>
        stored is TokenState.Valid or TokenState.Unknown && tokenExpires + ExpiryTolerance <= now ? TokenState.Expired : stored;

    /// <summary>Whole days until expiry; 0 on the last day, negative after it.</summary>
    public static int DaysLeft(DateTimeOffset tokenExpires, DateTimeOffset now) => (int)Math.Floor((tokenExpires - now).TotalDays);

    /// <summary>The one thing to say about a location, worst first.</summary>
    public static LocationCondition Of(Location location, bool lastRunFailed, DateTimeOffset now) =>
        StateOf(location.State, location.TokenExpires, now) switch
        {
            TokenState.AssignedToExternalMdm => location is { ClaimedByName: null or "", ClaimedByMetadata: null } ? LocationCondition.ClaimRemoved : LocationCondition.ClaimedElsewhere,
            TokenState.Expired => LocationCondition.Expired,
            TokenState.Invalid => location.StateErrorNumber switch
            {
                LocationHealth.UnreadableHere => LocationCondition.UnreadableHere,
                Revoked => LocationCondition.RevokedOrPasswordChanged,
                _ => LocationCondition.InvalidToken,
            },
            _ when location.PausedUntil > now => LocationCondition.Paused,
            _ when location.ReadOnly => LocationCondition.ReadOnly,
            _ when lastRunFailed => LocationCondition.SyncFailed,
            _ when location.LastSyncedAt is null => LocationCondition.NeverSynced,
            _ when location.TokenExpires - now <= SoonBefore => LocationCondition.ExpiresSoon,
            _ => LocationCondition.Valid,
        };
}
