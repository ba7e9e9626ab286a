using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using Microsoft.Extensions.Options;
using VppBooks.Web.Settings;

namespace VppBooks.Web.SignIn;

/// <summary>What a sign-in remembers about itself, so that it can end: when it began and which one it is.</summary>
internal static class SessionClaims
{
    public const string Id = "vppbooks_session";
    private const string Began = "vppbooks_began";
    private const string ReadOnly = "vppbooks_read_only";

    public static void Stamp(ClaimsPrincipal user, DateTimeOffset now)
    {
        var identity = (ClaimsIdentity)user.Identity!;
        identity.AddClaim(new Claim(Id, Guid.NewGuid().ToString("N")));
        identity.AddClaim(new Claim(Began, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>False once the person signed out or the longest allowed time is over.</summary>
    public static bool Holds(ClaimsPrincipal user, EndedSessions ended, DateTimeOffset now, TimeSpan longest) =>
        user.FindFirstValue(Id) is { } id && !ended.Contains(id) && BeganAt(user) is { } began && now < began + longest;

    /// <summary>When the person signed in; null for a principal that no sign-in made.</summary>
    public static DateTimeOffset? BeganAt(ClaimsPrincipal user) =>
        long.TryParse(user.FindFirstValue(Began), CultureInfo.InvariantCulture, out var began) ? DateTimeOffset.FromUnixTimeSeconds(began) : null;

    /// <summary>Whether the roles could not be confirmed for so long that they only read.</summary>
    public static bool IsReadOnly(ClaimsPrincipal user) => user.HasClaim(c => c.Type == ReadOnly);

    /// <summary>The person with or without the mark of <see cref="IsReadOnly"/>; the same object when it is right already.</summary>
    public static ClaimsPrincipal Marked(ClaimsPrincipal user, bool readOnly)
    {
        if (IsReadOnly(user) == readOnly)
        {
            return user;
        }

        var marked = user.Clone();
        var identity = (ClaimsIdentity)marked.Identity!;
        if (readOnly)
        {
            identity.AddClaim(new Claim(ReadOnly, "true"));
        }
        else
        {
            identity.RemoveClaim(identity.FindFirst(ReadOnly));
        }

        return marked;
    }
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
