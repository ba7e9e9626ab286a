using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Identity.Web;
using Microsoft.IdentityModel.Validators;
using VppBooks.SimulatedCloud.Entra;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>An application made as the console is, signing people in against the stand-in for Entra.</summary>
public sealed class ConsoleStandIn : IAsyncLifetime
{
    private WebApplication _app = null!;

    internal SimulatedMicrosoft Microsoft { get; private set; } = null!;

    public string Url => $"http://localhost:{new Uri(_app.Urls.Single()).Port}";

    public async ValueTask InitializeAsync()
    {
        Microsoft = await SimulatedMicrosoft.StartAsync();
        _app = Build(Microsoft);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await Microsoft.DisposeAsync();
    }

    private static WebApplication Build(SimulatedMicrosoft microsoft)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureAd:Instance"] = microsoft.Entra.Instance,
            ["AzureAd:TenantId"] = microsoft.Entra.TenantId,
            ["AzureAd:ClientId"] = EntraSimulator.ConsoleClientId,
            ["AzureAd:ClientSecret"] = EntraSimulator.ConsoleClientSecret,
        });
        var section = builder.Configuration.GetSection("AzureAd");
        builder.Services.AddAuthentication(OpenIdConnectDefaults.AuthenticationScheme).AddMicrosoftIdentityWebApp(options =>
        {
            section.Bind(options);
            options.ResponseType = "code";
            options.ResponseMode = "query";
            options.UsePkce = true;
            // Query mode comes back by a top-level GET, so Lax is enough and plain http on loopback works.
            options.CorrelationCookie.SameSite = SameSiteMode.Lax;
            options.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.NonceCookie.SameSite = SameSiteMode.Lax;
            options.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        builder.Services.AddAuthentication().AddMicrosoftIdentityWebApi(section, JwtBearerDefaults.AuthenticationScheme);

        builder.Services.Configure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, options => options.BackchannelHttpHandler = microsoft.Handler());
        builder.Services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, options => options.BackchannelHttpHandler = microsoft.Handler());
        builder.Services.AddHttpClient("entra").ConfigurePrimaryHttpMessageHandler(microsoft.Handler);
        builder.Services.Configure<AadIssuerValidatorOptions>(options => options.HttpClientName = "entra");

        builder.Services.AddAuthorizationBuilder().AddPolicy("api", policy => policy
            .AddAuthenticationSchemes(JwtBearerDefaults.AuthenticationScheme).RequireRole("VppBooks.Administrator"));
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/me", Me).RequireAuthorization();
        app.MapGet("/landing", () => "landed");
        app.MapGet("/api/admin", () => "ok").RequireAuthorization("api");
        app.MapGet("/signin", (string hint) => Results.Challenge(
            new OpenIdConnectChallengeProperties { RedirectUri = "/me", Parameters = { ["login_hint"] = hint } },
            [OpenIdConnectDefaults.AuthenticationScheme]));
        return app;
    }

    private static IResult Me(ClaimsPrincipal person) => Results.Json(new
    {
        name = person.Identity!.Name,
        roles = string.Join(',', person.FindAll(ClaimTypes.Role).Select(claim => claim.Value)),
    });
}
