using Microsoft.JSInterop;

namespace VppBooks.Web.Components.Elements;

/// <summary>The server's clock in the browser's time zone; one per open page.</summary>
public sealed class BrowserTimeProvider(TimeProvider clock, IJSRuntime js) : TimeProvider, IDisposable
{
    private static readonly TimeSpan _tick = TimeSpan.FromSeconds(30);
    private TimeZoneInfo _zone = TimeZoneInfo.Utc;
    private ITimer? _timer;
    private EventHandler? _changed;

    /// <summary>Raised when the zone becomes known and every half minute, for texts such as "5 minutes ago".</summary>
    public event EventHandler Changed
    {
        add
        {
            _changed += value;
            _timer ??= clock.CreateTimer(_ => _changed?.Invoke(this, EventArgs.Empty), null, _tick, _tick);
        }
        remove => _changed -= value;
    }

    public override TimeZoneInfo LocalTimeZone => _zone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);

    public void Dispose() => _timer?.Dispose();

    /// <summary>Asks the browser; an answer we do not know leaves the times in UTC.</summary>
    public async Task ReadZoneAsync()
    {
        var id = await js.InvokeAsync<string?>("vppBooks.timeZone");
        if (id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && !zone.Equals(_zone))
        {
            _zone = zone;
            _changed?.Invoke(this, EventArgs.Empty);
        }
    }

    public DateTimeOffset ToLocal(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, _zone);
}
