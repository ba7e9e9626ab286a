using System.Globalization;
using System.Net;
using System.Text;

namespace VppBooks.Core.Directory;

/// <summary>One gate for everybody who reads the directory: while it asks to be left alone, nobody asks (F36).</summary>
public sealed class DirectoryGate(TimeProvider clock)
{
    /// <summary>Longest time that is believed; a mistaken answer must not stop reading for days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private long _from;
    private TimeSpan _closedFor;
    private DateTimeOffset? _told;

    /// <summary>How long the gate stays closed, measured on the steady clock; zero when it is open.</summary>
    internal TimeSpan Remaining
    {
        get
        {
            lock (_lock)
            {
                var rest = _closedFor - clock.GetElapsedTime(_from);
                return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Until when nobody asks; null when the gate is open.</summary>
    public DateTimeOffset? ClosedUntil => Remaining is var rest && rest > TimeSpan.Zero ? clock.GetUtcNow() + rest : null;

    /// <summary>The directory asks to be left alone for a time. A shorter wish than the one that stands changes nothing.</summary>
    internal void CloseFor(TimeSpan wait)
    {
        lock (_lock)
        {
            var (rest, wished) = (_closedFor - clock.GetElapsedTime(_from), wait < Longest ? wait : Longest);
            if (wished > rest)
            {
                (_from, _closedFor) = (clock.GetTimestamp(), wished);
            }
        }
    }

    /// <summary>What another process, or this one before a restart, was told. Each moment counts once: a wall clock that jumps must not close the gate again and again.</summary>
    internal void CloseUntil(DateTimeOffset? told)
    {
        lock (_lock)
        {
            if (told == _told)
            {
                return;
            }

            _told = told;
        }

        if (told - clock.GetUtcNow() is { } wait && wait > TimeSpan.Zero)
        {
            CloseFor(wait);
        }
    }
}

/// <summary>Holds requests back while the gate is closed. Behind the retries, so that each try passes it, and before the time-out, so that waiting is not taken for silence.</summary>
internal sealed class DirectoryGateHandler(DirectoryGate gate, TimeSpan longestWait, TimeProvider clock) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        while (gate.Remaining is var wait && wait > TimeSpan.Zero)
        {
            if (wait > longestWait)
            {
                return Refusal(request, wait);
            }

            // Rounded up: a delay drops what is below a millisecond, and the loop would run at full speed until it has passed.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), clock, cancellationToken);
        }

        var answer = await base.SendAsync(request, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && DirectoryRegistration.RetryAfterOf(answer, clock) is { } asked)
        {
            gate.CloseFor(asked);
        }

        return answer;
    }

    /// <summary>What the directory would say again, without asking it.</summary>
    private static HttpResponseMessage Refusal(HttpRequestMessage request, TimeSpan wait) => new(HttpStatusCode.TooManyRequests)
    {
        RequestMessage = request,
        Headers = { { "Retry-After", Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture) } },
        Content = new StringContent("""{"error":{"code":"TooManyRequests","message":"The directory asked to be left alone."}}""", Encoding.UTF8, "application/json"),
    };
}
