using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace VppBooks.Web.SignIn;

/// <summary>A circuit's user: anonymous from the moment the sign-in it belongs to has ended, and looked at again every minute while the page is open.</summary>
internal sealed class CircuitSession : ServerAuthenticationStateProvider, IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);
    private static readonly ClaimsPrincipal _nobody = new(new ClaimsIdentity());

    private readonly EndedSessions _ended;
    private readonly Sessions _sessions;
    private readonly TimeProvider _clock;
    private readonly ILogger<CircuitSession> _logger;
    private CancellationTokenSource? _watching;
    private string? _sessionId;

    public CircuitSession(EndedSessions ended, Sessions sessions, TimeProvider clock, ILogger<CircuitSession> logger)
    {
        (_ended, _sessions, _clock, _logger) = (ended, sessions, clock, logger);
        _ended.Ended += OnEnded;
        AuthenticationStateChanged += Watch;
    }

    public void Dispose()
    {
        _ended.Ended -= OnEnded;
        AuthenticationStateChanged -= Watch;
        Stop();
    }

    private void Watch(Task<AuthenticationState> state)
    {
        var user = state.IsCompletedSuccessfully ? state.Result.User : _nobody;
        _sessionId = user.FindFirstValue(SessionClaims.Id);
        Stop();
        if (_sessionId is not null)
        {
            var watching = new CancellationTokenSource();
            _watching = watching;
            _ = WatchAsync(user, watching.Token);
        }
    }

    private async Task WatchAsync(ClaimsPrincipal user, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(LookAgain, _clock, stop);
                var now = await _sessions.CheckAsync(user, stop);
                if (!ReferenceEquals(now, user))
                {
                    // Ends this watch; a person who stays is watched anew.
                    Become(now ?? _nobody);
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The page was closed, or its user has changed.
        }
#pragma warning disable CA1031 // Whatever it was: a sign-in that cannot be looked at does not hold.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.CircuitNotChecked(e);
            Become(_nobody);
        }
    }

    private void OnEnded(object? sender, SessionEndedEventArgs e)
    {
        if (string.Equals(e.SessionId, _sessionId, StringComparison.Ordinal))
        {
            Become(_nobody);
        }
    }

    private void Become(ClaimsPrincipal user) => SetAuthenticationState(Task.FromResult(new AuthenticationState(user)));

    private void Stop()
    {
        var watching = Interlocked.Exchange(ref _watching, null);
        watching?.Cancel();
        watching?.Dispose();
    }
}
