using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Entra;

/// <summary>Stand-in for Microsoft Entra ID: one tenant, two registered applications and whatever is registered besides, no passwords.</summary>
/// <remarks>Safe for concurrent use. Everything it knows is forgotten with the object, signing key included.</remarks>
public sealed class EntraSimulator(SimulatedDirectory directory, TimeProvider clock) : IDisposable
{
    /// <summary>Application id of the console and of its API.</summary>
    public const string ConsoleClientId = "b1a7c0de-0000-4000-8000-000000000001";

    public const string ConsoleClientSecret = "demo-console-secret";

    /// <summary>Application that calls the API without a person.</summary>
    public const string AutomationClientId = "vppbooks-automation";

    public const string AutomationClientSecret = "demo-secret";

    private static readonly TimeSpan CodeLifetime = TimeSpan.FromMinutes(10);

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly string _keyId = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(12));
    private readonly ConcurrentDictionary<string, Grant> _codes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Grant> _refreshTokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Guid> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, EntraApplication> _applications = new(StringComparer.Ordinal)
    {
        [ConsoleClientId] = new(ConsoleClientId, ConsoleClientSecret, []),
        [AutomationClientId] = new(
            AutomationClientId, AutomationClientSecret, ["VppBooks.Administrator", "DeviceManagementApps.ReadWrite.All", "DeviceManagementServiceConfig.ReadWrite.All"]),
    };

    private long _tokenLifetimeTicks = TimeSpan.FromHours(1).Ticks;

    /// <summary>Https root with a trailing slash; issuers and token addresses start with it.</summary>
    public string Instance { get; private set; } = "https://localhost:5082/";

    /// <summary>Plain http root without a trailing slash; where a browser is sent to sign in.</summary>
    public string BrowserRoot { get; private set; } = "http://localhost:5081";

    public string TenantId { get; } = SimulatedCloudHost.TenantId;

    /// <summary>The <c>iss</c> of every token.</summary>
    public string Issuer => $"{Instance}{TenantId}/v2.0";

    /// <summary>Lifetime of the tokens issued from now on; one hour unless changed.</summary>
    public TimeSpan TokenLifetime
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _tokenLifetimeTicks));
        set => Interlocked.Exchange(ref _tokenLifetimeTicks, value.Ticks);
    }

    internal SimulatedDirectory Directory => directory;

    internal TimeProvider Clock => clock;

    internal SigningCredentials SigningCredentials =>
        new(new RsaSecurityKey(_rsa) { KeyId = _keyId }, SecurityAlgorithms.RsaSha256);

    internal RSAParameters PublicKey => _rsa.ExportParameters(includePrivateParameters: false);

    internal string KeyId => _keyId;

    /// <summary>Says where the stand-in can be reached; ports are known only once the server listens.</summary>
    /// <param name="instance">Https root with a trailing slash, such as <c>https://localhost:5082/</c>.</param>
    /// <param name="browserRoot">Plain http root, such as <c>http://localhost:5081</c>.</param>
    public void ListenAt(string instance, string browserRoot)
    {
        Instance = instance.TrimEnd('/') + "/";
        BrowserRoot = browserRoot.TrimEnd('/');
    }

    /// <summary>Lets a person sign in, or no longer.</summary>
    /// <remarks>Delta queries do not learn of it; the Graph stand-in's <c>DisablePerson</c> tells them.</remarks>
    /// <param name="person">Object id or sign-in name.</param>
    /// <returns>False when there is no such person.</returns>
    public bool SetEnabled(string person, bool enabled)
    {
        lock (directory.Gate)
        {
            if (Find(person) is not { } found)
            {
                return false;
            }

            found.AccountEnabled = enabled;
            return true;
        }
    }

    /// <summary>Registers an application, or gives a known one another secret and other roles.</summary>
    public void Register(EntraApplication application)
    {
        ArgumentNullException.ThrowIfNull(application);
        _applications[application.ClientId] = application;
    }

    internal EntraApplication? FindApplication(string clientId) => _applications.GetValueOrDefault(clientId);

    internal string IssueCode(Grant grant)
    {
        var now = clock.GetUtcNow();
        foreach (var (code, old) in _codes)
        {
            if (old.IssuedAt + CodeLifetime < now)
            {
                _codes.TryRemove(code, out _);
            }
        }

        return Keep(_codes, grant with { IssuedAt = now });
    }

    /// <summary>What a code stands for; a code is good once and for ten minutes.</summary>
    internal Grant? TakeCode(string code) =>
        _codes.TryRemove(code, out var grant) && grant.IssuedAt + CodeLifetime >= clock.GetUtcNow() ? grant : null;

    internal string IssueRefreshToken(Grant grant) => Keep(_refreshTokens, grant);

    internal Grant? FindRefreshToken(string token) => _refreshTokens.GetValueOrDefault(token);

    internal string StartSession(Guid person)
    {
        var id = Secret();
        _sessions[id] = person;
        return id;
    }

    internal void EndSession(string? id)
    {
        if (id is not null)
        {
            _sessions.TryRemove(id, out _);
        }
    }

    internal SimulatedPerson? FindSession(string? id)
    {
        if (id is null || !_sessions.TryGetValue(id, out var person))
        {
            return null;
        }

        lock (directory.Gate)
        {
            return directory.People.GetValueOrDefault(person);
        }
    }

    /// <summary>A person by object id, sign-in name or mail address.</summary>
    internal SimulatedPerson? FindPerson(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        lock (directory.Gate)
        {
            return Find(text.Trim());
        }
    }

    public void Dispose() => _rsa.Dispose();

    private SimulatedPerson? Find(string text) => Guid.TryParse(text, out var id)
        ? directory.People.GetValueOrDefault(id)
        : directory.People.Values.FirstOrDefault(person =>
            string.Equals(person.UserPrincipalName, text, StringComparison.OrdinalIgnoreCase)
            || string.Equals(person.Mail, text, StringComparison.OrdinalIgnoreCase));

    private static string Keep(ConcurrentDictionary<string, Grant> store, Grant grant)
    {
        var secret = Secret();
        store[secret] = grant;
        return secret;
    }

    private static string Secret() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
}

/// <summary>An application that may ask for tokens.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Secret">Its secret.</param>
/// <param name="Roles">App roles of the console's API that an administrator granted it.</param>
public sealed record EntraApplication(string ClientId, string Secret, IReadOnlyList<string> Roles);

/// <summary>What a person allowed an application, kept between the browser's visit and the application's.</summary>
internal sealed record Grant(
    Guid Person, string ClientId, string RedirectUri, string Scope, string? Nonce, string? CodeChallenge, DateTimeOffset IssuedAt);
