using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;
using VppBooks.Web.Hosting;

namespace VppBooks.Web.SignIn;

/// <summary>Signing in and out, and choosing a language.</summary>
internal static class AccountEndpoints
{
    public const string AccessDeniedPath = "/account/access-denied";
    public const string SignedOutPath = "/account/signed-out";
    public const string FailedPath = "/account/sign-in-failed";

    extension(IEndpointRouteBuilder routes)
    {
        public void MapAccount()
        {
            var account = routes.MapGroup("/account");
            account.MapGet("/signin", (string? returnUrl) => Results.Challenge(
                new AuthenticationProperties { RedirectUri = LocalOrHome(returnUrl) }, [OpenIdConnectDefaults.AuthenticationScheme])).AllowAnonymous();
            account.MapPost("/signout", SignOut).AllowAnonymous();
            account.MapPost("/language", SetLanguage).AllowAnonymous();
        }
    }

    /// <summary>The address when it stays on this site, else the start page.</summary>
    public static string LocalOrHome(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.AsSpan().ContainsAnyInRange('\0', '\u001f') ? url : "/";

    // The form parameter makes the framework check the antiforgery token.
    private static IResult SignOut(
        [FromForm] string? returnUrl, ClaimsPrincipal user, EndedSessions ended, ILogger<EndedSessions> logger)
    {
        if (user.FindFirstValue(SessionClaims.Id) is not { } sessionId)
        {
            return Results.LocalRedirect(SignedOutPath);
        }

        ended.Add(sessionId);
        logger.SignedOut(user.ObjectId);
        return Results.SignOut(
            new AuthenticationProperties { RedirectUri = returnUrl is null ? SignedOutPath : LocalOrHome(returnUrl) },
            [CookieAuthenticationDefaults.AuthenticationScheme, OpenIdConnectDefaults.AuthenticationScheme]);
    }

    private static IResult SetLanguage(
        [FromForm] string culture, [FromForm] string? returnUrl, HttpContext context, ProgramProfile profile, TimeProvider clock)
    {
        if (!Languages.Shipped.Contains(culture, StringComparer.Ordinal))
        {
            return Results.BadRequest();
        }

        context.Response.Cookies.Append(
            profile.CookieName(Languages.CookieName),
            CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(culture)),
            new CookieOptions
            {
                Path = "/",
                HttpOnly = true,
                SameSite = SameSiteMode.Lax,
                Secure = profile.CookieSecurity == CookieSecurePolicy.Always,
                Expires = clock.GetUtcNow().AddYears(1),
                IsEssential = true,
            });
        return Results.LocalRedirect(LocalOrHome(returnUrl));
    }
}
