using System.Security.Claims;
using VppBooks.Core.Security;

namespace VppBooks.Web.SignIn;

/// <summary>The signed-in person or API client as Core knows it.</summary>
public sealed class CoreActor(ICurrentActor current)
{
    /// <summary>What is left while nobody can say whether the roles still hold.</summary>
    private const Permissions Unconfirmed = Permissions.Read | Permissions.ReadActivity | Permissions.ReadSettings | Permissions.Export;

    /// <summary>Read afresh for every action, so that an ended sign-in ends with the page still open.</summary>
    public async Task<Actor> FindAsync() => From(await current.FindAsync());

    /// <summary>Permissions come from the roles alone; an API client without a person is named by its application id.</summary>
    public static Actor From(ClaimsPrincipal user)
    {
        var address = user.Address;
        var application = user.FindFirstValue("azp") ?? user.FindFirstValue("appid");
        var byBearer = user.FindFirst(SessionClaims.Id) is null;
        return new Actor(
            byBearer ? ActorKind.Api : ActorKind.Person,
            user.ObjectId ?? application ?? "anonymous",
            address.Length > 0 ? user.DisplayName : application ?? user.DisplayName,
            user.Identity?.IsAuthenticated == true ? Actor.ForRoles(user.GrantedRoles) & (SessionClaims.IsReadOnly(user) ? Unconfirmed : ~Permissions.None) : Permissions.None)
        {
            IsProgram = IsProgram(user),
        };
    }

    /// <summary>Whether a program acts in nobody's name: only a token that a person let it have says what for.</summary>
    public static bool IsProgram(ClaimsPrincipal user) =>
        user.FindFirst(SessionClaims.Id) is null && user.FindFirst("scp") is null && user.FindFirst("http://schemas.microsoft.com/identity/claims/scope") is null;
}
