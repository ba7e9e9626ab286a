namespace VppBooks.Apple.Transport;

/// <summary>
/// The budget of one location: every request of every caller passes here (reference 2.13, 5.3). Requests leave evenly spaced rather than in
/// bursts, because a burst that the network delays arrives together with the next one and looks like twice the rate.
/// </summary>
/// <param name="clock">Measures every wait.</param>
/// <param name="firstBackoff">The first pause that Apple does not measure itself.</param>
/// <param name="random">Lengthens those pauses a little, so that locations that an outage stopped together do not come back together; null: it does not.</param>
internal sealed class RateGate(TimeProvider clock, TimeSpan firstBackoff, Random? random = null)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    // Share of a back-off that chance may add to it.
    private const double Jitter = 0.25;

    // Room for the network to deliver two requests closer together than they left; still over 97 % of the budget.
    private const double Slack = 1.025;

    private readonly Lock _lock = new();
    private readonly long _start = clock.GetTimestamp();
    private readonly Queue<TimeSpan> _sent = new();
    private TimeSpan _nextSlot;
    private TimeSpan _pausedUntil;
    private TimeSpan _lastStrike = TimeSpan.MinValue;
    private int _strikes;

    /// <summary>Monotonic: a wall clock that jumps neither lengthens nor shortens a wait.</summary>
    public TimeSpan Now => clock.GetElapsedTime(_start);

    /// <summary>Until when the location is left alone, or null.</summary>
    public DateTimeOffset? PausedUntil => PauseLeft is { } left && left > TimeSpan.Zero ? clock.GetUtcNow() + left : null;

    /// <summary>How long the pause lasts; zero or less when there is none.</summary>
    public TimeSpan PauseLeft
    {
        get
        {
            lock (_lock)
            {
                return _pausedUntil - Now;
            }
        }
    }

    /// <summary>Waits for permission to send one request now; false at once when a pause would last longer than <paramref name="deadline"/>.</summary>
    public async ValueTask<bool> TryEnterAsync(int perSecond, TimeSpan deadline, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan slot;
        lock (_lock)
        {
            slot = ReserveSlot(perSecond);
        }

        while (true)
        {
            TimeSpan wait;
            lock (_lock)
            {
                var now = Now;
                if (_pausedUntil > now)
                {
                    if (_pausedUntil > deadline)
                    {
                        return false;
                    }

                    // A slot from before the pause is void, or everyone would leave at once when it ends.
                    slot = slot < _pausedUntil ? ReserveSlot(perSecond) : slot;
                }

                var leave = slot;
                if (slot <= now && WindowIsFullUntil(now, perSecond) is { } free)
                {
                    leave = free;
                }

                // Timers count whole milliseconds, so less than one is not worth a wait.
                if (leave - now < TimerResolution)
                {
                    _sent.Enqueue(now);
                    return true;
                }

                wait = leave - now;
            }

            // Rounding up avoids waking just too early.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), clock, cancellationToken);
        }
    }

    /// <summary>
    /// Stops everyone: for as long as Apple asks, or for a back-off that triples. Requests that were already under way when the last back-off
    /// began say nothing new.
    /// </summary>
    /// <param name="sentAt"><see cref="Now"/> when the refused request left.</param>
    /// <param name="retryAfter">What Apple asked for, or null.</param>
    public void Pause(TimeSpan sentAt, TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            var now = Now;
            if (retryAfter is null)
            {
                if (sentAt <= _lastStrike)
                {
                    return;
                }

                retryAfter = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, (long)(firstBackoff.Ticks * Math.Pow(3, Math.Min(_strikes, 10)))));
                retryAfter *= 1 + (Jitter * (random?.NextDouble() ?? 0));
                _strikes++;
                _lastStrike = now;
            }

            var until = now + (retryAfter < LongestPause ? retryAfter.Value : LongestPause);
            _pausedUntil = until > _pausedUntil ? until : _pausedUntil;
            _nextSlot = _pausedUntil > _nextSlot ? _pausedUntil : _nextSlot;
        }
    }

    /// <summary>An answer came that was neither a refusal for the rate nor an outage: the next back-off starts small again.</summary>
    public void Answered(TimeSpan sentAt)
    {
        lock (_lock)
        {
            _strikes = sentAt > _lastStrike ? 0 : _strikes;
        }
    }

    private TimeSpan ReserveSlot(int perSecond)
    {
        var now = Now;
        var slot = _nextSlot > now ? _nextSlot : now;
        _nextSlot = slot + (Window * Slack / perSecond);
        return slot;
    }

    // Slots are even, but a busy machine may serve them late and bunched; what really left within the last second decides.
    private TimeSpan? WindowIsFullUntil(TimeSpan now, int perSecond)
    {
        while (_sent.TryPeek(out var oldest) && now - oldest >= Window * Slack)
        {
            _sent.Dequeue();
        }

        return _sent.Count >= perSecond ? _sent.Peek() + (Window * Slack) : null;
    }
}
