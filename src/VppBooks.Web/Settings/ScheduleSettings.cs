namespace VppBooks.Web.Settings;

/// <summary>When VppBooks reads Apple by itself.</summary>
public sealed class SyncSettings : ISettings
{
    public static string Section => "Sync";

    /// <summary>Times of day, or Quartz cron; each location starts some minutes later so that they do not all start at once.</summary>
    public string Schedule { get; set; } = "0 0 6,18 * * ?";

    /// <summary>IANA or Windows id; empty means the server's own zone.</summary>
    public string TimeZone { get; set; } = "";

    public IEnumerable<string> Faults() => [.. SyncSchedule.Schedule.FaultsOf(Schedule), .. SyncSchedule.TimeZone.FaultsOf(TimeZone)];
}

/// <summary>Where the scheduler remembers its jobs.</summary>
public enum SchedulerStore
{
    /// <summary>In VppBooks' own database.</summary>
    Database,

    /// <summary>Nowhere: jobs are lost on restart. For tests.</summary>
    Memory,
}

/// <summary>How jobs are kept and run.</summary>
public sealed class SchedulerSettings : ISettings
{
    public static string Section => "Scheduler";

    /// <summary>Default <see cref="SchedulerStore.Database"/>.</summary>
    public SchedulerStore Store { get; set; } = SchedulerStore.Database;

    /// <summary>Jobs at once, 1 to 64; default 8.</summary>
    public int Threads { get; set; } = 8;

    public IEnumerable<string> Faults() => Check.Range("Scheduler:Threads", Threads, 1, 64);
}
