using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Entra;

internal static class EntraEndpoints
{
    /// <summary>Maps sign-in at the root and under <c>/entra</c>, and its switches under <c>/_sim/entra</c>.</summary>
    /// <remarks>At the root because an authority is host plus tenant; under <c>/entra</c> because the plain-http port is shared with the other stand-ins.</remarks>
    public static void MapEntra(this WebApplication app, EntraSimulator entra)
    {
        var tokens = new EntraTokens(entra);
        var authorize = new AuthorizeEndpoint(entra, tokens);
        var token = new TokenEndpoint(entra, tokens);
        foreach (var prefix in new[] { "", "/entra" })
        {
            var tenant = app.MapGroup(prefix + "/{tenant}").AddEndpointFilter(async (context, next) =>
                IsTenant(entra, context.HttpContext.Request.RouteValues["tenant"] as string)
                    ? await next(context)
                    : TokenEndpoint.Refuse("invalid_tenant", 90002, "Tenant not found. Check to make sure you have the correct tenant ID.", entra.Clock));
            tenant.MapGet("/v2.0/.well-known/openid-configuration", () => Results.Json(Discovery(entra)));
            tenant.MapGet("/.well-known/openid-configuration", () => Results.Json(Discovery(entra)));
            tenant.MapGet("/discovery/v2.0/keys", () => Results.Json(Keys(entra)));
            tenant.MapGet("/discovery/keys", () => Results.Json(Keys(entra)));
            tenant.MapMethods("/oauth2/v2.0/authorize", ["GET", "POST"], (Delegate)authorize.HandleAsync);
            tenant.MapPost("/oauth2/v2.0/token", (Delegate)token.HandleAsync);
            tenant.MapMethods("/oauth2/v2.0/logout", ["GET", "POST"], (Delegate)authorize.SignOutAsync);
        }

        MapControl(app, entra);
    }

    private static void MapControl(WebApplication app, EntraSimulator entra)
    {
        var control = app.MapGroup("/_sim/entra");
        control.MapGet("/", () => Results.Json(new
        {
            tokenLifetimeSeconds = entra.TokenLifetime.TotalSeconds,
            issuer = entra.Issuer,
        }));
        control.MapPost("/people/{person}/disable", (string person) => Found(entra.SetEnabled(person, enabled: false)));
        control.MapPost("/people/{person}/enable", (string person) => Found(entra.SetEnabled(person, enabled: true)));
        control.MapPost("/token-lifetime", (double seconds) =>
        {
            entra.TokenLifetime = TimeSpan.FromSeconds(seconds);
            return Results.NoContent();
        });

        static IResult Found(bool found) => found ? Results.NoContent() : Results.NotFound();
    }

    private static bool IsTenant(EntraSimulator entra, string? tenant) =>
        tenant is "common" or "organizations"
        || string.Equals(tenant, entra.TenantId, StringComparison.OrdinalIgnoreCase)
        || string.Equals(tenant, DemoDirectory.Domain, StringComparison.OrdinalIgnoreCase);

    private static JsonObject Discovery(EntraSimulator entra)
    {
        var tenant = entra.Instance + entra.TenantId;
        return new()
        {
            ["issuer"] = entra.Issuer,
            // Plain http on purpose: only this address is opened by a person's browser, which would warn of the certificate.
            ["authorization_endpoint"] = $"{entra.BrowserRoot}/entra/{entra.TenantId}/oauth2/v2.0/authorize",
            ["end_session_endpoint"] = $"{entra.BrowserRoot}/entra/{entra.TenantId}/oauth2/v2.0/logout",
            ["token_endpoint"] = tenant + "/oauth2/v2.0/token",
            ["jwks_uri"] = tenant + "/discovery/v2.0/keys",
            ["response_types_supported"] = Array("code", "id_token", "code id_token"),
            ["response_modes_supported"] = Array("query", "fragment", "form_post"),
            ["subject_types_supported"] = Array("pairwise"),
            ["id_token_signing_alg_values_supported"] = Array("RS256"),
            ["token_endpoint_auth_methods_supported"] = Array("client_secret_post", "client_secret_basic"),
            ["code_challenge_methods_supported"] = Array("S256"),
            ["scopes_supported"] = Array("openid", "profile", "email", "offline_access"),
            ["claims_supported"] = Array("sub", "iss", "aud", "exp", "iat", "nonce", "name", "oid", "tid", "ver", "preferred_username", "roles"),
            ["frontchannel_logout_supported"] = true,
            ["http_logout_supported"] = true,
            ["request_uri_parameter_supported"] = false,
            ["tenant_region_scope"] = "EU",
            ["cloud_instance_name"] = new Uri(entra.Instance).Host,
        };
    }

    private static JsonObject Keys(EntraSimulator entra)
    {
        var key = entra.PublicKey;
        return new()
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["alg"] = "RS256",
                ["kid"] = entra.KeyId,
                ["n"] = Base64UrlEncoder.Encode(key.Modulus),
                ["e"] = Base64UrlEncoder.Encode(key.Exponent),
                ["issuer"] = entra.Issuer,
            }),
        };
    }

    private static JsonArray Array(params string[] values) => [.. values.Select(value => (JsonNode)value)];
}
