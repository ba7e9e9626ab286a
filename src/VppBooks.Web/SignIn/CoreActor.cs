using System.Security.Claims;
using VppBooks.Core.Security;

namespace VppBooks.Web.SignIn;

/// <summary>The signed-in person or API client as Core knows it.</summary>
public sealed class CoreActor(ICurrentActor current)
{
    /// <summary>What is left while nobody can say whether the roles still hold.</summary>
    private const Permissions Unconfirmed = Permissions.Read | Permissions.ReadTokens | Permissions.ReadActivity | Permissions.ReadSettings | Permissions.Export;

    /// <summary>Read afresh for every action, so that an ended sign-in ends with the page still open.</summary>
    public async Task<Actor> FindAsync() => From(await current.FindAsync());

    /// <inheritdoc cref="ICurrentActor.ConfirmAsync"/>
    public async Task<Actor> ConfirmAsync() => From(await current.ConfirmAsync());

    /// <summary>An API client without a person is named by its application id.</summary>
    public static Actor From(ClaimsPrincipal user)
    {
        var address = user.Address;
        var application = user.FindFirstValue("azp") ?? user.FindFirstValue("appid");
        return new Actor(
            BearerClaims.IsSession(user) ? ActorKind.Person : IsProgram(user) ? ActorKind.Program : ActorKind.Api,
            user.ObjectId ?? application ?? "anonymous",
            address.Length > 0 ? user.DisplayName : application ?? user.DisplayName,
            user.Identity?.IsAuthenticated == true ? PermissionsOf(user) & (SessionClaims.IsReadOnly(user) ? Unconfirmed : ~Permissions.None) : Permissions.None);
    }

    /// <summary>Whether a program acts in nobody's name: only a token that a person let it have says what for.</summary>
    public static bool IsProgram(ClaimsPrincipal user) => !BearerClaims.IsSession(user) && BearerClaims.Scopes(user) is null;

    /// <summary>
    /// The console's roles, and of a program what Graph calls its permissions. Scopes are what a person let a client do: they never add to the person's own rights, and
    /// without the console's own they narrow them.
    /// </summary>
    private static Permissions PermissionsOf(ClaimsPrincipal user)
    {
        var byRole = Actor.ForRoles(user.GrantedRoles);
        if (BearerClaims.IsSession(user))
        {
            return byRole;
        }

        var onGraph = BearerClaims.IsOnGraph(user);
        return BearerClaims.Scopes(user) is not { } scopes ? byRole | (onGraph ? GraphPermissions.Of(BearerClaims.Roles(user)) : Permissions.None)
            : BearerClaims.AllowTheConsole(scopes) ? byRole
            : onGraph ? byRole & GraphPermissions.Of(scopes)
            : Permissions.None;
    }
}
