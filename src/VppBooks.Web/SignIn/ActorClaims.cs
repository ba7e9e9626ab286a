using System.Security.Claims;
using VppBooks.Core.Security;

namespace VppBooks.Web.SignIn;

/// <summary>The signed-in person as Core sees them.</summary>
public static class ActorClaims
{
    extension(ClaimsPrincipal user)
    {
        /// <summary>A person of the console, with what their app roles allow.</summary>
        public Actor ToActor() =>
            new(ActorKind.Person, user.ObjectId ?? user.Address, user.DisplayName, Actor.ForRoles(Roles.All.Where(user.IsInRole)));
    }
}
