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
internal sealed class Standings(StandingReader reader, IOptions<SignInSettings> signIn, IOptions<ConsoleSettings> console, TimeProvider clock, ILogger<Standings> logger) : IDisposable
{
    /// <summary>Nobody waits longer for the directory; what it says later counts the next time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Longest time for one person, retries and waiting for a place included: a directory that hangs is asked anew.</summary>
    private static readonly TimeSpan LongestAsking = TimeSpan.FromSeconds(30);

    /// <summary>Changes within this time rest on one answer: an evening's clicks are not an evening's questions.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, Known> _people = new();

    // After a restart everybody is unknown at once; the directory serves other work too. Readers, who are many, do not stand before those who may spend.
    private readonly SemaphoreSlim _places = new(8);
    private readonly SemaphoreSlim _readersPlaces = new(2);

    private long _forgotAt = clock.GetTimestamp();

    public void Dispose()
    {
        _places.Dispose();
        _readersPlaces.Dispose();
    }

    /// <summary>How a session stands. Signing in is a confirmation as well: Entra has just given the roles.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="signedIn">When it began.</param>
    /// <param name="forChange">Whether something is about to be changed: then what was heard longer than a moment ago does not count (F56).</param>
    /// <param name="cancellationToken">Ends the waiting, not the asking.</param>
    public async Task<SessionStanding> FindAsync(ClaimsPrincipal user, DateTimeOffset signedIn, bool forChange, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(user.ObjectId, out var id))
        {
            // An account that the directory cannot be asked about is not one of ours.
            return SessionStanding.Over;
        }

        var maxAge = forChange && console.Value.RecheckEvery > Moment ? Moment : console.Value.RecheckEvery;
        if (IsDue(_people.GetValueOrDefault(id), signedIn, maxAge))
        {
            ForgetNowAndThen();
            await AskAsync(id, _people.GetOrAdd(id, _ => new Known()), user.GrantedRoles.Any(), signedIn, maxAge, cancellationToken);
        }

        if (_people.GetValueOrDefault(id)?.Said is not { } said || said.At < signedIn)
        {
            return Within(signedIn);
        }

        return said.Standing.Enabled && user.GrantedRoles.All(said.Standing.Roles.Contains) ? Within(said.At) : SessionStanding.Over;
    }

    private SessionStanding Within(DateTimeOffset confirmed) =>
        clock.GetUtcNow() - confirmed is var age && age <= console.Value.KeepRolesFor && age >= -ClockTolerance ? SessionStanding.Holds : SessionStanding.Unconfirmed;

    private bool IsDue(Known? person, DateTimeOffset signedIn, TimeSpan maxAge)
    {
        var confirmed = person?.Said is { } said && said.At > signedIn ? said.At : signedIn;
        // What lies in the future was written before the clock was set back, and says nothing of its age.
        return clock.GetUtcNow() - confirmed is var age && (age >= maxAge || age < -ClockTolerance);
    }

    private async Task AskAsync(Guid id, Known person, bool hasRole, DateTimeOffset signedIn, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        Task asking;
        TimeSpan patience;
        lock (person.Lock)
        {
            var now = clock.GetUtcNow();
            if (person.Asking is { IsCompleted: false })
            {
                patience = now < person.AskedAt ? TimeSpan.Zero : Patience - (now - person.AskedAt);
            }
            else if (now < person.NotBefore || !IsDue(person, signedIn, maxAge))
            {
                return;
            }
            else
            {
                // Outlives the request or page that asked, and its place to run: others wait for the same answer.
                (person.AskedAt, patience) = (now, Patience);
                person.Asking = Task.Run(() => ReadAsync(id, person, hasRole ? _places : _readersPlaces), CancellationToken.None);
            }

            asking = person.Asking;
        }

        if (patience > TimeSpan.Zero)
        {
            // Late or never: then what is known already decides.
            await asking.WaitAsync(patience, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(Guid id, Known person, SemaphoreSlim places)
    {
        using var longest = new CancellationTokenSource(LongestAsking, clock);
        try
        {
            await places.WaitAsync(longest.Token);
            try
            {
                // The moment of asking: what changes while the directory answers is found the next time.
                var at = clock.GetUtcNow();
                person.Said = new Saying(await reader.ReadAsync(id, signIn.Value.ClientId, longest.Token), at);
            }
            finally
            {
                places.Release();
            }
        }
        catch (Exception e) when (e is DirectoryException or OperationCanceledException)
        {
            logger.StandingNotRead(id, e.GetType().Name, e.Message);
            lock (person.Lock)
            {
                person.NotBefore = clock.GetUtcNow() + PauseAfterFailure;
            }
        }
    }

    // Whoever was last asked about before the oldest sign-in there can be has none that holds.
    private void ForgetNowAndThen()
    {
        var last = Volatile.Read(ref _forgotAt);
        if (clock.GetElapsedTime(last) < console.Value.RecheckEvery || Interlocked.CompareExchange(ref _forgotAt, clock.GetTimestamp(), last) != last)
        {
            return;
        }

        var before = clock.GetUtcNow() - console.Value.AbsoluteTimeout;
        foreach (var (id, _) in _people.Where(p => p.Value.WasAskedBefore(before)))
        {
            _people.TryRemove(id, out _);
        }
    }

    private sealed class Known
    {
        private volatile Saying? _said;

        public Lock Lock { get; } = new();

        public Saying? Said
        {
            get => _said;
            set => _said = value;
        }

        public Task? Asking { get; set; }

        public DateTimeOffset AskedAt { get; set; }

        public DateTimeOffset NotBefore { get; set; }

        public bool WasAskedBefore(DateTimeOffset moment)
        {
            lock (Lock)
            {
                return Asking is { IsCompleted: true } && AskedAt < moment;
            }
        }
    }

    private sealed record Saying(Standing Standing, DateTimeOffset At);
}
