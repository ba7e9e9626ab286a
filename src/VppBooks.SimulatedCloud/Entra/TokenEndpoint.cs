using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Entra;

/// <summary>Exchanges codes, refresh tokens and application secrets for tokens, refusing with Entra's own error numbers.</summary>
internal sealed class TokenEndpoint(EntraSimulator entra, EntraTokens tokens)
{
    public async Task<IResult> HandleAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!context.Request.HasFormContentType)
        {
            return Refuse("invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.");
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (clientId, secret) = Client(context, form);
        if (entra.FindApplication(clientId) is not { Secret: var expected })
        {
            return Refuse("unauthorized_client", 700016, $"Application with identifier '{clientId}' was not found in the directory '{DemoDirectory.OrganizationName}'.");
        }

        if (secret != expected)
        {
            return Refuse("invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.", status: 401);
        }

        return form["grant_type"].ToString() switch
        {
            "client_credentials" => ForApplication(clientId, form["scope"].ToString()),
            "authorization_code" => ForCode(clientId, form),
            "refresh_token" => ForRefreshToken(clientId, form),
            var other => Refuse("unsupported_grant_type", 70003, $"The app requested an unsupported grant type '{other}'."),
        };
    }

    private IResult ForApplication(string clientId, string scope)
    {
        if (!scope.EndsWith("/.default", StringComparison.Ordinal) || scope.Contains(' ', StringComparison.Ordinal))
        {
            return Refuse("invalid_scope", 70011, $"The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.");
        }

        return tokens.FindResource(scope) is { } resource
            ? Results.Json(Answer(tokens.ApplicationAccessToken(clientId, resource)))
            : UnknownResource(scope);
    }

    private IResult ForCode(string clientId, IFormCollection form)
    {
        if (entra.TakeCode(form["code"].ToString()) is not { } grant || grant.ClientId != clientId)
        {
            return Refuse("invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity or was already redeemed. Send a new interactive authorization request.");
        }

        if (grant.RedirectUri != form["redirect_uri"].ToString())
        {
            return Refuse("invalid_grant", 500112, "The reply address does not match the reply address provided when requesting the authorization code.");
        }

        if (grant.CodeChallenge is not null && grant.CodeChallenge != Challenge(form["code_verifier"].ToString()))
        {
            return Refuse("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.");
        }

        return ForPerson(grant, form["scope"].ToString(), withIdToken: true);
    }

    private IResult ForRefreshToken(string clientId, IFormCollection form) =>
        entra.FindRefreshToken(form["refresh_token"].ToString()) is { } grant && grant.ClientId == clientId
            ? ForPerson(grant with { Nonce = null }, form["scope"].ToString(), withIdToken: grant.Scope.Contains("openid", StringComparison.Ordinal))
            : Refuse("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.");

    private IResult ForPerson(Grant grant, string scope, bool withIdToken)
    {
        if (entra.FindPerson(grant.Person.ToString()) is not { AccountEnabled: true } person)
        {
            return Refuse("invalid_grant", 50057, "The user account is disabled.");
        }

        scope = scope.Length == 0 ? grant.Scope : scope;
        if (tokens.FindResource(scope) is not { } resource)
        {
            return UnknownResource(scope);
        }

        if (resource.Unknown is { } unknown)
        {
            return Refuse("invalid_scope", 650053, $"The application asked for scope '{unknown}' that doesn't exist on the resource '{resource.Audience}'. Contact the app vendor.");
        }

        var answer = Answer(tokens.PersonAccessToken(person, grant.ClientId, resource));
        answer["scope"] = scope;
        answer["client_info"] = Base64UrlEncoder.Encode(JsonSerializer.Serialize(new { uid = person.Id, utid = entra.TenantId }));
        if (withIdToken)
        {
            answer["id_token"] = tokens.IdToken(person, grant.ClientId, grant.Nonce);
        }

        if (grant.Scope.Contains("offline_access", StringComparison.Ordinal))
        {
            answer["refresh_token"] = entra.IssueRefreshToken(grant);
        }

        return Results.Json(answer);
    }

    private JsonObject Answer(string accessToken)
    {
        var seconds = (int)entra.TokenLifetime.TotalSeconds;
        return new()
        {
            ["token_type"] = "Bearer",
            ["expires_in"] = seconds,
            ["ext_expires_in"] = seconds,
            ["access_token"] = accessToken,
        };
    }

    private static (string ClientId, string Secret) Client(HttpContext context, IFormCollection form)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return (form["client_id"].ToString(), form["client_secret"].ToString());
        }

        try
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(header[6..])).Split(':', 2);
            return (WebUtility.UrlDecode(pair[0]), pair.Length == 2 ? WebUtility.UrlDecode(pair[1]) : "");
        }
        catch (FormatException)
        {
            return ("", "");
        }
    }

    private static string Challenge(string verifier) => Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    private IResult UnknownResource(string scope) =>
        Refuse("invalid_resource", 500011, $"The resource principal named {scope} was not found in the tenant named {DemoDirectory.OrganizationName}.");

    private IResult Refuse(string error, int number, string description, int status = 400) => Refuse(error, number, description, entra.Clock, status);

    public static IResult Refuse(string error, int number, string description, TimeProvider clock, int status = 400)
    {
        var now = clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var trace = Guid.NewGuid().ToString();
        return Results.Json(
            new JsonObject
            {
                ["error"] = error,
                ["error_description"] = string.Create(CultureInfo.InvariantCulture, $"AADSTS{number}: {description} Trace ID: {trace} Timestamp: {now}"),
                ["error_codes"] = new JsonArray(number),
                ["timestamp"] = now,
                ["trace_id"] = trace,
                ["correlation_id"] = trace,
            },
            statusCode: status);
    }
}
