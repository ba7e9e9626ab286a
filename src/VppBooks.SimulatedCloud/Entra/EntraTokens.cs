using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Entra;

/// <summary>Writes and checks the tokens of the stand-in, with the claims Entra's v2.0 tokens carry.</summary>
internal sealed class EntraTokens(EntraSimulator entra)
{
    private const string GraphAppId = "00000003-0000-0000-c000-000000000000";

    private static readonly string[] GraphRoles =
        ["GroupMember.Read.All", "User.Read.All", "Directory.Read.All", "DeviceManagementManagedDevices.Read.All"];

    /// <summary>Scopes of the console's API: its own, and those that Graph has for tokens and books.</summary>
    private static readonly string[] ConsoleScopes =
    [
        "access_as_user", "DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All", "DeviceManagementServiceConfig.Read.All",
        "DeviceManagementServiceConfig.ReadWrite.All",
    ];

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    public string IdToken(SimulatedPerson person, string clientId, string? nonce)
    {
        var claims = PersonClaims(person, clientId);
        claims["roles"] = person.AppRoles;
        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        return Sign(clientId, claims);
    }

    public string PersonAccessToken(SimulatedPerson person, string clientId, Resource resource)
    {
        var claims = PersonClaims(person, clientId);
        claims["azp"] = clientId;
        claims["scp"] = resource.Scopes;
        if (resource.IsConsole)
        {
            claims["roles"] = person.AppRoles;
        }

        return Sign(resource.Audience, claims);
    }

    public string ApplicationAccessToken(string clientId, Resource resource)
    {
        var objectId = PairwiseId("service principal", clientId)[..32];
        string[] roles = resource.IsConsole
            ? [.. entra.FindApplication(clientId)?.Roles ?? []]
            : clientId == EntraSimulator.ConsoleClientId ? GraphRoles : [];
        var id = Guid.Parse(objectId).ToString();
        return Sign(resource.Audience, new()
        {
            ["ver"] = "2.0",
            ["tid"] = entra.TenantId,
            ["oid"] = id,
            ["sub"] = id,
            ["azp"] = clientId,
            ["azpacr"] = "1",
            ["idtyp"] = "app",
            ["roles"] = roles,
        });
    }

    /// <summary>Reads the scope of a request as Entra does: all its scopes belong to one resource.</summary>
    /// <returns>Null when the resource is none of ours.</returns>
    public Resource? FindResource(string scope)
    {
        var scopes = scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var target = scopes.FirstOrDefault(each => each is not ("openid" or "profile" or "email" or "offline_access"));
        if (target is null)
        {
            return new(GraphAppId, "openid profile email User.Read", IsConsole: false);
        }

        var slash = target.LastIndexOf('/');
        var (audience, name) = slash < 0 ? ("", target) : (target[..slash], target[(slash + 1)..]);
        if (audience is EntraSimulator.ConsoleClientId or $"api://{EntraSimulator.ConsoleClientId}")
        {
            var names = scopes.Where(each => each.StartsWith(audience + "/", StringComparison.Ordinal)).Select(each => each[(audience.Length + 1)..])
                .Select(each => each == ".default" ? ConsoleScopes[0] : each).ToList();
            return new(EntraSimulator.ConsoleClientId, string.Join(' ', names), IsConsole: true) { Unknown = names.Find(each => !ConsoleScopes.Contains(each)) };
        }

        // A scope without a resource means Graph; the simulated Graph goes by its own address.
        var isGraph = audience is "" or "https://graph.microsoft.com" or "https://graph.microsoft.com/" or GraphAppId
            || (Uri.TryCreate(audience, UriKind.Absolute, out var address) && (address.IsLoopback || address.Host == new Uri(entra.Instance).Host));
        return isGraph ? new(audience.Length == 0 ? GraphAppId : audience, name == ".default" ? "User.Read" : name, IsConsole: false) : null;
    }

    /// <summary>Whether a token was signed here and has not expired; who it is for, the caller decides.</summary>
    public async Task<bool> IsValidAsync(string token)
    {
        var now = entra.Clock.GetUtcNow().UtcDateTime;
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKey = entra.SigningCredentials.Key,
            ValidateAudience = false,
            ValidIssuer = entra.Issuer,
            // The library would look at the machine's clock.
            LifetimeValidator = (_, expires, _, _) => expires > now,
        });
        return result.IsValid;
    }

    private Dictionary<string, object> PersonClaims(SimulatedPerson person, string clientId) => new()
    {
        ["ver"] = "2.0",
        ["tid"] = entra.TenantId,
        ["oid"] = person.Id.ToString(),
        ["sub"] = PairwiseId(person.Id.ToString(), clientId),
        ["name"] = person.DisplayName,
        ["given_name"] = person.GivenName,
        ["family_name"] = person.Surname,
        ["preferred_username"] = person.UserPrincipalName,
    };

    private string Sign(string audience, Dictionary<string, object> claims)
    {
        var now = entra.Clock.GetUtcNow().UtcDateTime;
        claims["uti"] = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(16));
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = entra.Issuer,
            Audience = audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + entra.TokenLifetime,
            Claims = claims,
            SigningCredentials = entra.SigningCredentials,
        });
    }

    // Like Entra's, a subject differs from application to application: nobody may use it to join data.
    private static string PairwiseId(string subject, string clientId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject + "|" + clientId)));
}

/// <param name="Audience">The <c>aud</c> of the token.</param>
/// <param name="Scopes">The <c>scp</c> of a person's token.</param>
/// <param name="IsConsole">Whether the token is for the console's own API.</param>
internal sealed record Resource(string Audience, string Scopes, bool IsConsole)
{
    /// <summary>A scope asked for that the resource does not have; null when it has them all.</summary>
    public string? Unknown { get; init; }
}
