using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>What the browser is told to refuse on our behalf, and what we refuse from it.</summary>
internal static class BrowserSecurity
{
    /// <summary>Item of a request whose page has a script of its own in it: the number, used once, that lets it run.</summary>
    public const string ScriptNonce = "VppBooks.ScriptNonce";

    extension(IServiceCollection services)
    {
        public void AddBrowserSecurity(ProgramProfile profile)
        {
            services.AddAntiforgery(o =>
            {
                o.Cookie.Name = profile.CookieName("VppBooks.Antiforgery");
                o.Cookie.Path = "/";
                o.Cookie.SecurePolicy = profile.CookieSecurity;
                o.Cookie.SameSite = SameSiteMode.Strict;
                o.SuppressXFrameOptionsHeader = true; // frame-ancestors says it
            });
            services.AddHsts(o =>
            {
                o.MaxAge = TimeSpan.FromDays(365);
                o.IncludeSubDomains = false;
            });
            services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ReverseProxySettings>>(Trust);
        }
    }

    extension(WebApplication app)
    {
        public void UseBrowserSecurity(ProgramProfile profile)
        {
            if (!profile.PlainHttp)
            {
                app.UseHsts();
                app.Use(RequireHttps);
            }

            var policy = PolicyAround(FormTargets(app.Configuration, profile));
            app.Use((context, next) =>
            {
                // At the last moment: the error handler clears what was set before it.
                context.Response.OnStarting(() => SetHeaders(context, policy));
                return next(context);
            });
            app.Use(RequireOwnOrigin);
        }
    }

    private static Task SetHeaders(HttpContext context, string policy)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = policy.Replace("{socket}", Socket(context.Request), StringComparison.Ordinal)
            .Replace("script-src 'self'", context.Items[ScriptNonce] is string nonce ? $"script-src 'self' 'nonce-{nonce}'" : "script-src 'self'", StringComparison.Ordinal);
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        return Task.CompletedTask;
    }

    // Styles: Fluent sets style attributes. Scripts: files of ours only.
    private static string PolicyAround(string formTargets) =>
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + $"connect-src 'self' {{socket}}; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'{formTargets}";

    // Signing out is a form, and a browser applies form-action to the redirects that follow it.
    private static string FormTargets(IConfiguration configuration, ProgramProfile profile)
    {
        string?[] addresses = [configuration["AzureAd:Instance"], profile.PortalUrl];
        var origins = addresses.Select(a => Uri.TryCreate(a, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : null)
            .OfType<string>().Distinct(StringComparer.Ordinal);
        return string.Concat(origins.Select(o => " " + o));
    }

    private static string Socket(HttpRequest request) => (request.IsHttps ? "wss://" : "ws://") + request.Host.Value;

    private static async Task RequireHttps(HttpContext context, RequestDelegate next)
    {
        if (context.Request.IsHttps || context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        await context.Response.WriteAsync(
            "VppBooks answers over https only. If a proxy ends TLS in front of it, name the proxy in ReverseProxy:KnownProxies.", context.RequestAborted);
    }

    // Browsers let any site open a WebSocket to us with our cookies; only the origin tells them apart.
    private static Task RequireOwnOrigin(HttpContext context, RequestDelegate next)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0
            && context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal)
            && !string.Equals(origin, $"{context.Request.Scheme}://{context.Request.Host.Value}", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        return next(context);
    }

    private static void Trust(ForwardedHeadersOptions options, IOptions<ReverseProxySettings> settings)
    {
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in settings.Value.KnownProxies.Select(IPAddress.Parse))
        {
            options.KnownProxies.Add(proxy);
        }

        foreach (var network in settings.Value.KnownNetworks.Select(n => System.Net.IPNetwork.Parse(n)))
        {
            options.KnownIPNetworks.Add(network);
        }

        // With both lists empty the middleware would believe everybody.
        options.ForwardedHeaders = options.KnownProxies.Count + options.KnownIPNetworks.Count == 0
            ? ForwardedHeaders.None
            : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
    }
}
