using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Identity.Web;

namespace VppBooks.Web.SignIn;

/// <summary>Who acts: the signed-in person or the API client of this request or page.</summary>
public interface ICurrentActor
{
    /// <summary>The claims, empty when nobody is signed in.</summary>
    Task<ClaimsPrincipal> FindAsync();

    /// <summary>The same before something is changed: of a person in a page the directory has said a moment ago that account and roles still hold.</summary>
    Task<ClaimsPrincipal> ConfirmAsync() => FindAsync();
}

/// <summary>Reads the request's user in an endpoint and the circuit's user in a page.</summary>
internal sealed class CurrentActor(IHttpContextAccessor requests, IServiceProvider services, Sessions sessions) : ICurrentActor
{
    private static readonly ClaimsPrincipal _nobody = new(new ClaimsIdentity());

    public Task<ClaimsPrincipal> FindAsync() => FindAsync(forChange: false);

    public Task<ClaimsPrincipal> ConfirmAsync() => FindAsync(forChange: true);

    private async Task<ClaimsPrincipal> FindAsync(bool forChange)
    {
        // A circuit keeps the context of the request that opened it; that one must not answer for the page later.
        if (requests.HttpContext is { } context && !context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal))
        {
            return context.User;
        }

        // Looked at for every action: a page that stays open must not act for a sign-in that is over.
        var user = (await services.GetRequiredService<AuthenticationStateProvider>().GetAuthenticationStateAsync()).User;
        return user.Identity?.IsAuthenticated == true ? await sessions.CheckAsync(user, CancellationToken.None, forChange) ?? _nobody : user;
    }
}

/// <summary>The facts the console shows about a signed-in person.</summary>
public static class PersonClaims
{
    extension(ClaimsPrincipal user)
    {
        public string DisplayName => user.FindFirstValue("name") ?? user.FindFirstValue(ClaimTypes.Name) ?? user.Address;

        /// <summary>User principal name, or nothing for an API client.</summary>
        public string Address => user.FindFirstValue("preferred_username") ?? user.FindFirstValue(ClaimTypes.Upn) ?? "";

        /// <summary>The directory's object id, the only thing about a person that is logged.</summary>
        public string? ObjectId => user.GetObjectId();

        /// <summary>The console's roles in the token, under either name that a claim of it may have.</summary>
        public IEnumerable<string> GrantedRoles => user.FindAll(c => c.Type is ClaimTypes.Role or "roles").Select(c => c.Value).Where(Roles.All.Contains);

        public bool HasConsoleRole => Roles.All.Any(user.IsInRole);
    }
}
