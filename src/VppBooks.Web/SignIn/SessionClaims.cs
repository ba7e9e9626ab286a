using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Options;
using VppBooks.Web.Settings;

namespace VppBooks.Web.SignIn;

/// <summary>What a sign-in remembers about itself, so that it can end: when it began and which one it is.</summary>
internal static class SessionClaims
{
    public const string Id = "vppbooks_session";
    private const string Began = "vppbooks_began";

    public static void Stamp(ClaimsPrincipal user, DateTimeOffset now)
    {
        var identity = (ClaimsIdentity)user.Identity!;
        identity.AddClaim(new Claim(Id, Guid.NewGuid().ToString("N")));
        identity.AddClaim(new Claim(Began, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>False once the person signed out or the longest allowed time is over.</summary>
    public static bool Holds(ClaimsPrincipal user, EndedSessions ended, DateTimeOffset now, TimeSpan longest) =>
        user.FindFirstValue(Id) is { } id
        && !ended.Contains(id)
        && long.TryParse(user.FindFirstValue(Began), CultureInfo.InvariantCulture, out var began)
        && now < DateTimeOffset.FromUnixTimeSeconds(began) + longest;
}

internal sealed class SessionEndedEventArgs(string sessionId) : EventArgs
{
    public string SessionId => sessionId;
}

/// <summary>Sign-ins that ended by signing out, kept until they would have ended by themselves.</summary>
internal sealed class EndedSessions(TimeProvider clock, IOptions<ConsoleSettings> console)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new(StringComparer.Ordinal);

    /// <summary>Raised with the session's id; open pages of that session close themselves.</summary>
    public event EventHandler<SessionEndedEventArgs>? Ended;

    public bool Contains(string sessionId) => _ended.ContainsKey(sessionId);

    public void Add(string sessionId)
    {
        var now = clock.GetUtcNow();
        foreach (var (id, _) in _ended.Where(e => e.Value < now))
        {
            _ended.TryRemove(id, out _);
        }

        _ended[sessionId] = now + console.Value.AbsoluteTimeout;
        Ended?.Invoke(this, new SessionEndedEventArgs(sessionId));
    }
}

/// <summary>A circuit's user: anonymous from the moment the sign-in it belongs to has ended.</summary>
internal sealed class CircuitSession : RevalidatingServerAuthenticationStateProvider
{
    private readonly EndedSessions _ended;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _longest;
    private string? _sessionId;

    public CircuitSession(ILoggerFactory loggers, EndedSessions ended, TimeProvider clock, IOptions<ConsoleSettings> console)
        : base(loggers)
    {
        _ended = ended;
        _clock = clock;
        _longest = console.Value.AbsoluteTimeout;
        _ended.Ended += OnEnded;
        AuthenticationStateChanged += Remember;
    }

    protected override TimeSpan RevalidationInterval => TimeSpan.FromMinutes(1);

    protected override Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        Task.FromResult(SessionClaims.Holds(authenticationState.User, _ended, _clock.GetUtcNow(), _longest));

    protected override void Dispose(bool disposing)
    {
        _ended.Ended -= OnEnded;
        base.Dispose(disposing);
    }

    private void Remember(Task<AuthenticationState> state) =>
        _sessionId = state.IsCompletedSuccessfully ? state.Result.User.FindFirstValue(SessionClaims.Id) : null;

    private void OnEnded(object? sender, SessionEndedEventArgs e)
    {
        if (string.Equals(e.SessionId, _sessionId, StringComparison.Ordinal))
        {
            SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity()))));
        }
    }
}
