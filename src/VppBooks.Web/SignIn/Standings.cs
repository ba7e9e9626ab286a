using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.Extensions.Options;
using VppBooks.Core.Directory;
using VppBooks.Web.Settings;

namespace VppBooks.Web.SignIn;

/// <summary>What is known of somebody's sign-in.</summary>
internal enum SessionStanding
{
    /// <summary>Account and roles are as they were at sign-in.</summary>
    Holds,

    /// <summary>Nobody could tell for so long that nothing may be changed any more.</summary>
    Unconfirmed,

    /// <summary>The account is disabled or gone, or a role was withdrawn.</summary>
    Over,
}

/// <summary>Asks the directory now and then whether people who are signed in still may, once for all sessions and pages of a person.</summary>
internal sealed class Standings(StandingReader reader, IOptions<SignInSettings> signIn, IOptions<ConsoleSettings> console, TimeProvider clock, ILogger<Standings> logger)
{
    /// <summary>Nobody waits longer for the directory; what it says later counts the next time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, Known> _people = new();

    /// <summary>How a session stands. Signing in is a confirmation as well: Entra has just given the roles.</summary>
    public async Task<SessionStanding> FindAsync(ClaimsPrincipal user, DateTimeOffset signedIn, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(user.ObjectId, out var id))
        {
            // An account that the directory cannot be asked about is not one of ours.
            return SessionStanding.Over;
        }

        var person = _people.GetOrAdd(id, _ => new Known());
        if (clock.GetUtcNow() - Confirmed(person, signedIn) >= console.Value.RecheckEvery)
        {
            await AskAsync(id, person, signedIn, cancellationToken);
        }

        if (person.Said is { } said && said.At >= signedIn)
        {
            return said.Standing.Enabled && Roles.All.Where(user.IsInRole).All(said.Standing.Roles.Contains)
                ? Within(said.At)
                : SessionStanding.Over;
        }

        return Within(signedIn);
    }

    private SessionStanding Within(DateTimeOffset confirmed) => clock.GetUtcNow() - confirmed <= console.Value.KeepRolesFor ? SessionStanding.Holds : SessionStanding.Unconfirmed;

    private static DateTimeOffset Confirmed(Known person, DateTimeOffset signedIn) => person.Said is { } said && said.At > signedIn ? said.At : signedIn;

    private async Task AskAsync(Guid id, Known person, DateTimeOffset signedIn, CancellationToken cancellationToken)
    {
        Task asking;
        TimeSpan patience;
        lock (person)
        {
            var now = clock.GetUtcNow();
            if (person.Asking is { IsCompleted: false })
            {
                patience = Patience - (now - person.AskedAt);
            }
            else if (now < person.NotBefore || now - Confirmed(person, signedIn) < console.Value.RecheckEvery)
            {
                return;
            }
            else
            {
                (person.AskedAt, patience) = (now, Patience);
                person.Asking = ReadAsync(id, person);
            }

            asking = person.Asking;
        }

        if (patience > TimeSpan.Zero)
        {
            await Task.WhenAny(asking, Task.Delay(patience, clock, cancellationToken));
        }
    }

    // Outlives the request that asked: others wait for the same answer.
    private async Task ReadAsync(Guid id, Known person)
    {
        await Task.Yield();
        try
        {
            // The moment of asking: what changes while the directory answers is found the next time.
            var at = clock.GetUtcNow();
            person.Said = new Saying(await reader.ReadAsync(id, signIn.Value.ClientId, CancellationToken.None), at);
            Forget(at - console.Value.AbsoluteTimeout);
        }
        catch (DirectoryException e)
        {
            logger.StandingNotRead(id, e.GetType().Name, e.Message);
            person.NotBefore = clock.GetUtcNow() + PauseAfterFailure;
        }
    }

    private void Forget(DateTimeOffset before)
    {
        foreach (var (id, _) in _people.Where(p => p.Value.Said?.At < before))
        {
            _people.TryRemove(id, out _);
        }
    }

    private sealed class Known
    {
        private volatile Saying? _said;

        public Saying? Said
        {
            get => _said;
            set => _said = value;
        }

        public Task? Asking { get; set; }

        public DateTimeOffset AskedAt { get; set; }

        public DateTimeOffset NotBefore { get; set; }
    }

    private sealed record Saying(Standing Standing, DateTimeOffset At);
}
