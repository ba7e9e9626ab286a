using System.Security.Claims;
using VppBooks.Core.Security;

namespace VppBooks.Web.SignIn;

/// <summary>What a bearer token says of its client, and where it was shown.</summary>
internal static class BearerClaims
{
    private const string OnGraph = "vppbooks_on_graph";
    private const string LongScope = "http://schemas.microsoft.com/identity/claims/scope";

    // The scope of the console itself, as its registration exposes it.
    private const string Console = "access_as_user";

    /// <summary>Whether it is no token, but a person's session in the console.</summary>
    public static bool IsSession(ClaimsPrincipal user) => user.HasClaim(c => c.Type == SessionClaims.Id);

    /// <summary>What a person let the client do; null for a program that acts in nobody's name.</summary>
    public static IReadOnlyList<string>? Scopes(ClaimsPrincipal user)
    {
        var claims = user.FindAll(c => c.Type is "scp" or LongScope).ToList();
        return claims.Count == 0 ? null : [.. claims.SelectMany(c => c.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <summary>Whether the person let the client do in the console whatever they may do themselves. A scope that nobody here knows allows nothing.</summary>
    public static bool AllowTheConsole(IReadOnlyList<string> scopes) => scopes.Contains(Console, StringComparer.OrdinalIgnoreCase);

    /// <summary>App roles of whatever service, as the token has them.</summary>
    public static IEnumerable<string> Roles(ClaimsPrincipal user) => user.FindAll(c => c.Type is ClaimTypes.Role or "roles").Select(c => c.Value);

    /// <summary>Whether the token was shown on an address in Graph's shape. Only we can have said so: what comes in a token has its issuer.</summary>
    public static bool IsOnGraph(ClaimsPrincipal user) => user.HasClaim(c => c is { Type: OnGraph, Issuer: ClaimsIdentity.DefaultIssuer });

    /// <summary>The same token, as one that was shown there.</summary>
    public static ClaimsPrincipal ShownOnGraph(ClaimsPrincipal user)
    {
        var shown = user.Clone();
        ((ClaimsIdentity)shown.Identity!).AddClaim(new Claim(OnGraph, "true"));
        return shown;
    }
}
