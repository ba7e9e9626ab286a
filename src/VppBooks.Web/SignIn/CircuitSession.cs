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
    private readonly Lock _lock = new();
    private CancellationTokenSource? _watching;
    private volatile string? _sessionId;
    private volatile bool _over;
    private bool _closed;

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
        lock (_lock)
        {
            _closed = true;
            Stop();
        }
    }

    private void Watch(Task<AuthenticationState> state)
    {
        var user = state.IsCompletedSuccessfully ? state.Result.User : _nobody;
        lock (_lock)
        {
            Stop();
            _sessionId = user.FindFirstValue(SessionClaims.Id);
            if (_sessionId is not null && !_closed)
            {
                _watching = new CancellationTokenSource();
                _ = WatchAsync(user, _watching.Token);
            }
        }
    }

    private async Task WatchAsync(ClaimsPrincipal user, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(LookAgain, _clock, stop);
                var now = await _sessions.CheckAsync(user, stop);
                if (now is null)
                {
                    End();
                }
                else if (!ReferenceEquals(now, user))
                {
                    // Ends this watch; a person who stays is watched anew.
                    Become(now);
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
            End();
        }
    }

    private void OnEnded(object? sender, SessionEndedEventArgs e)
    {
        if (string.Equals(e.SessionId, _sessionId, StringComparison.Ordinal))
        {
            End();
        }
    }

    private void End()
    {
        _over = true;
        Become(_nobody);
    }

    private void Become(ClaimsPrincipal user)
    {
        SetAuthenticationState(Task.FromResult(new AuthenticationState(user)));

        // Another thread may have ended the sign-in meanwhile: whichever of the two comes last, the page is nobody's.
        if (_over && !ReferenceEquals(user, _nobody))
        {
            SetAuthenticationState(Task.FromResult(new AuthenticationState(_nobody)));
        }
    }

    private void Stop()
    {
        _watching?.Cancel();
        _watching?.Dispose();
        _watching = null;
    }
}
