using System.Security.Claims;
using Microsoft.Extensions.Options;
using VppBooks.Web.Settings;

namespace VppBooks.Web.SignIn;

/// <summary>Says of a sign-in, for requests and for open pages alike, whether it still holds and what it may do.</summary>
internal sealed class Sessions(EndedSessions ended, Standings standings, TimeProvider clock, IOptions<ConsoleSettings> console, ILogger<Sessions> logger)
{
    /// <summary>The person as the sign-in stands now; null when it is over, and then over for good.</summary>
    /// <param name="user">Who.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="forChange">Whether something is about to be changed in their name.</param>
    public async Task<ClaimsPrincipal?> CheckAsync(ClaimsPrincipal user, CancellationToken cancellationToken, bool forChange = false)
    {
        if (!SessionClaims.Holds(user, ended, clock.GetUtcNow(), console.Value.AbsoluteTimeout))
        {
            return null;
        }

        switch (await standings.FindAsync(user, SessionClaims.BeganAt(user)!.Value, forChange, cancellationToken))
        {
            case SessionStanding.Over:
                logger.Withdrawn(user.ObjectId);
                ended.Add(user.FindFirstValue(SessionClaims.Id)!);
                return null;
            case SessionStanding.Unconfirmed:
                return SessionClaims.Marked(user, readOnly: true);
            default:
                return SessionClaims.Marked(user, readOnly: false);
        }
    }
}
