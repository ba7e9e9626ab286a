using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Persistence;
using VppBooks.Core.Settings;

namespace VppBooks.Web.Settings;

/// <summary>When VppBooks reads Apple by itself, as it stands: what the console says wins over configuration.</summary>
public sealed class SyncSchedule(IOptions<SyncSettings> configured, IDbContextFactory<VppBooksDbContext> contexts) : SettingGroup<SyncSettings>(
    configured.Value,
    contexts,
    At(Schedule, s => s.Schedule, (s, v) => s.Schedule = v),
    At(TimeZone, s => s.TimeZone, (s, v) => s.TimeZone = v))
{
    /// <summary>Name of the group.</summary>
    public const string GroupName = "schedule";

    /// <inheritdoc cref="SyncSettings.Schedule"/>
    public static Setting<string> Schedule { get; } = new ScheduleSetting("Sync:Schedule");

    /// <inheritdoc cref="SyncSettings.TimeZone"/>
    public static Setting<string> TimeZone { get; } = new TimeZoneSetting("Sync:TimeZone");

    /// <inheritdoc/>
    public override string Name => GroupName;

    /// <inheritdoc/>
    protected override SyncSettings Copy(SyncSettings options) => new() { Schedule = options.Schedule, TimeZone = options.TimeZone };
}

/// <summary>Times of day, or a Quartz cron expression.</summary>
internal sealed class ScheduleSetting(string key) : Setting<string>(key)
{
    protected override string Form => "a Quartz cron expression such as \"0 0 6,18 * * ?\", or times of day such as \"06:00, 18:30\"";

    public override string Write(string value) => value;

    public override string? FaultOf(string value) =>
        FaultOfForm(value)
        ?? (!SyncTimes.GoesOn(value) ? $"{Key} must go on; \"{value}\" comes to an end."
            : SyncTimes.LeastGap(value) < SyncTimes.Shortest ? $"{Key} must leave Apple {SyncTimes.Shortest.TotalMinutes} minutes between two syncs; \"{value}\" does not."
            : null);

    /// <summary>A schedule that stands is followed even if it leaves Apple little time or comes to an end: no sync at all would be worse.</summary>
    protected override string? FaultOfStanding(string value) => FaultOfForm(value);

    protected override bool TryRead(string text, out string value)
    {
        value = text.Trim();
        return true;
    }

    private string? FaultOfForm(string value) => SyncTimes.CronOf(value) is null ? $"{Key} must be {Form}; it is \"{value}\"." : null;
}

/// <summary>An IANA or Windows id; empty: the server's own zone.</summary>
internal sealed class TimeZoneSetting(string key) : Setting<string>(key)
{
    protected override string Form => "a time zone such as \"Europe/Amsterdam\"";

    public override string Write(string value) => value;

    public override string? FaultOf(string value) => SyncTimes.ZoneOf(value) is null ? $"{Key} must be {Form}; it is \"{value}\"." : null;

    protected override bool TryRead(string text, out string value)
    {
        value = text.Trim();
        return true;
    }
}
