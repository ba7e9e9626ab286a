using System.Globalization;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Options;
using Microsoft.Identity.Web;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using VppBooks.Web.Api;
using VppBooks.Web.Hosting;
using VppBooks.Web.Settings;

namespace VppBooks.Web.SignIn;

/// <summary>Sign-in with Entra for the console (code with PKCE, cookie) and bearer tokens for the API.</summary>
internal static class SignInSetup
{
    public const string PathSelected = "VppBooks";

    extension(IServiceCollection services)
    {
        public IServiceCollection AddSignIn(IConfiguration configuration, ProgramProfile profile)
        {
            var section = configuration.GetSection(SignInSettings.Section);
            services.AddAuthentication(PathSelected)
                .AddPolicyScheme(PathSelected, null, o => o.ForwardDefaultSelector = Select)
                .AddMicrosoftIdentityWebApp(o =>
                {
                    section.Bind(o);
                    o.ResponseType = OpenIdConnectResponseType.Code;
                    o.ResponseMode = OpenIdConnectResponseMode.Query;
                    o.UsePkce = true;
                });
            services.AddAuthentication().AddMicrosoftIdentityWebApi(section, JwtBearerDefaults.AuthenticationScheme);

            services.Configure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, o => Narrow(o, profile));
            services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
                .Configure<IOptions<ConsoleSettings>, TimeProvider>((cookie, console, clock) => Harden(cookie, console.Value, clock, profile));
            services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, o =>
            {
                o.MapInboundClaims = true;
                var validated = o.Events?.OnTokenValidated;
                (o.Events ??= new JwtBearerEvents()).OnTokenValidated = async context =>
                {
                    await (validated?.Invoke(context) ?? Task.CompletedTask);
                    await RecheckAsync(context);
                    if (context is { Result: null, Principal: { } user } && ApiRoutes.IsGraph(context.HttpContext.Request.Path))
                    {
                        context.Principal = BearerClaims.ShownOnGraph(user);
                    }
                };
            });

            services.AddAuthorization(Policies.Register);
            services.AddSingleton<Microsoft.AspNetCore.Authorization.IAuthorizationMiddlewareResultHandler, RefusalHandler>();
            services.AddCascadingAuthenticationState();
            services.AddScoped<AuthenticationStateProvider, CircuitSession>();
            services.AddHttpContextAccessor();
            services.AddScoped<ICurrentActor, CurrentActor>();
            services.AddSingleton<EndedSessions>();
            services.AddSingleton<Standings>();
            services.AddSingleton<Sessions>();
            return services;
        }
    }

    // API routes know only bearer tokens, so a browser's cookie cannot be used against them.
    // Exports and the description of the API serve people who are signed in, and scripts with a token.
    private static string Select(HttpContext context) => ApiRoutes.AnswersPrograms(context)
        || (context.Request.Path.StartsWithSegments("/exports", StringComparison.OrdinalIgnoreCase) && context.Request.Headers.Authorization.Count > 0)
        ? JwtBearerDefaults.AuthenticationScheme
        : CookieAuthenticationDefaults.AuthenticationScheme;

    /// <summary>A token of a person is good for an hour, the person perhaps not: what holds for open pages holds for it. A program that acts for itself has no account to ask about.</summary>
    private static async Task RecheckAsync(Microsoft.AspNetCore.Authentication.JwtBearer.TokenValidatedContext context)
    {
        if (context.Result is not null || context.Principal is not { } user || CoreActor.IsProgram(user))
        {
            return;
        }

        var issued = long.TryParse(user.FindFirst("iat")?.Value, CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.MinValue;
        var standings = context.HttpContext.RequestServices.GetRequiredService<Standings>();
        switch (await standings.FindAsync(user, issued, forChange: false, context.HttpContext.RequestAborted))
        {
            case SessionStanding.Over:
                context.Fail("The account is disabled or gone, or a role was withdrawn.");
                break;
            case SessionStanding.Unconfirmed:
                context.Principal = SessionClaims.Marked(user, readOnly: true);
                break;
        }
    }

    private static void Narrow(OpenIdConnectOptions options, ProgramProfile profile)
    {
        options.SignedOutRedirectUri = AccountEndpoints.SignedOutPath;

        // Entra answers with a top-level GET (response_mode=query), so these cookies need not travel in cross-site posts.
        options.NonceCookie.SameSite = SameSiteMode.Lax;
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.NonceCookie.SecurePolicy = profile.CookieSecurity;
        options.CorrelationCookie.SecurePolicy = profile.CookieSecurity;
        var failed = options.Events.OnRemoteFailure;
        options.Events.OnRemoteFailure = async context =>
        {
            await failed(context);
            if (context.Result is null)
            {
                var logger = context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("VppBooks.SignIn");
                logger.SignInFailed(context.Failure?.GetType().Name ?? "unknown", context.HttpContext.TraceIdentifier);
                context.HandleResponse();
                context.Response.Redirect(AccountEndpoints.FailedPath);
            }
        };
        var validated = options.Events.OnTokenValidated;
        options.Events.OnTokenValidated = async context =>
        {
            await validated(context);
            SessionClaims.Stamp(context.Principal!, context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
        };
    }

    private static void Harden(CookieAuthenticationOptions cookie, ConsoleSettings console, TimeProvider clock, ProgramProfile profile)
    {
        cookie.Cookie.Name = profile.CookieName("VppBooks.Session");
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.Path = "/";
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = profile.CookieSecurity;
        cookie.ExpireTimeSpan = console.IdleTimeout;
        cookie.SlidingExpiration = true;
        cookie.TimeProvider = clock;
        cookie.ForwardChallenge = OpenIdConnectDefaults.AuthenticationScheme;
        cookie.AccessDeniedPath = AccountEndpoints.AccessDeniedPath;
        cookie.Events.OnValidatePrincipal = async context =>
        {
            var sessions = context.HttpContext.RequestServices.GetRequiredService<Sessions>();
            if (await sessions.CheckAsync(context.Principal!, context.HttpContext.RequestAborted) is { } user)
            {
                context.ReplacePrincipal(user);
            }
            else
            {
                context.RejectPrincipal();
                await context.HttpContext.RequestServices.GetRequiredService<Microsoft.AspNetCore.Authentication.IAuthenticationService>()
                    .SignOutAsync(context.HttpContext, CookieAuthenticationDefaults.AuthenticationScheme, null);
            }
        };
    }
}
