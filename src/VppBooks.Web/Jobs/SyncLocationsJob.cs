using Microsoft.Extensions.Options;
using Quartz;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Jobs;

/// <summary>
/// Asks for a sync of every location, twice a day by default. Asking is a row that the location's worker picks up, so running it on two servers, or
/// late after a pause, asks once.
/// </summary>
[DisallowConcurrentExecution]
public sealed class SyncLocationsJob(SyncRequests requests, LocationDirectory locations, LocationExpiry expiry, TimeProvider clock) : IJob
{
    private static readonly TimeSpan LongestGap = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestSpread = TimeSpan.FromMinutes(30);
    private static readonly JobKey Key = new("all-locations", "sync");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        // Expired tokens cannot be synced; saying so does not need Apple.
        await expiry.MarkAsync(cancellationToken);
        var all = await locations.ListAsync(Actor.System, cancellationToken);
        // Not all at once: Apple, the directory and our own database serve them one after the other.
        var gap = TimeSpan.FromTicks(Math.Min(LongestGap.Ticks, LongestSpread.Ticks / Math.Max(1, all.Count)));
        for (var i = 0; i < all.Count; i++)
        {
            if (i > 0)
            {
                await Task.Delay(gap, clock, cancellationToken);
            }

            await requests.RequestAsync(all[i].PublicId, SyncReason.Schedule, Actor.System, cancellationToken);
        }
    }

    internal static IJobDetail Detail() => JobBuilder.Create<SyncLocationsJob>().WithIdentity(Key).StoreDurably().RequestRecovery().Build();

    /// <summary>Missed times are made up for once (a server that was off for three days syncs once, not six times).</summary>
    internal static ITrigger Trigger(SyncSettings settings) => TriggerBuilder.Create()
        .WithIdentity("schedule", "sync")
        .ForJob(Key)
        .WithCronSchedule(settings.Schedule, cron => cron
            .InTimeZone(settings.TimeZone.Length > 0 ? TimeZoneInfo.FindSystemTimeZoneById(settings.TimeZone) : TimeZoneInfo.Local)
            .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
        .Build();
}

/// <summary>Puts the schedule of the settings into the scheduler at start; repeating it changes nothing.</summary>
internal sealed class SyncScheduling(ISchedulerFactory schedulers, IOptions<SyncSettings> settings) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var scheduler = await schedulers.GetScheduler(stoppingToken);
        var job = SyncLocationsJob.Detail();
        var trigger = SyncLocationsJob.Trigger(settings.Value);
        // A schedule that stands keeps its own memory of missed times: replacing it at every start would forget them.
        if (await scheduler.GetTrigger(trigger.Key, stoppingToken) is ICronTrigger standing
            && standing.CronExpressionString == settings.Value.Schedule
            && standing.TimeZone.Id == ((ICronTrigger)trigger).TimeZone.Id)
        {
            return;
        }

        await scheduler.ScheduleJob(job, [trigger], ScheduleJobOptions.Replacing, stoppingToken);
    }
}
