using Quartz;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Jobs;

/// <summary>Keeps the scheduler in step with the schedule that stands, whichever server it was changed on; repeating it changes nothing.</summary>
internal sealed class SyncScheduling(ISchedulerFactory schedulers, SyncSchedule schedule, TimeProvider clock, ILogger<SyncScheduling> logger) : BackgroundService
{
    /// <summary>How often it looks for a change.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        (string Schedule, string TimeZone)? known = null;
        do
        {
            try
            {
                var standing = await schedule.ReadAsync(stoppingToken);
                if (known != (standing.Schedule, standing.TimeZone))
                {
                    await ApplyAsync(await schedulers.GetScheduler(stoppingToken), standing, stoppingToken);
                    known = (standing.Schedule, standing.TimeZone);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.ScheduleNotRead(e.GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static async Task ApplyAsync(IScheduler scheduler, SyncSettings standing, CancellationToken cancellationToken)
    {
        var job = SyncLocationsJob.Detail();
        var wanted = SyncLocationsJob.Triggers(standing);
        var there = await scheduler.GetTriggersOfJob(job.Key, cancellationToken);
        // A schedule that stands keeps its own memory of missed times: replacing it at every start would forget them.
        if (there.Count == wanted.Count && wanted.All(w => there.Any(t => IsSame((ICronTrigger)w, t))))
        {
            return;
        }

        await scheduler.ScheduleJob(job, [.. wanted], ScheduleJobOptions.Replacing, cancellationToken);
        await scheduler.UnscheduleJobs([.. there.Select(t => t.Key).Except(wanted.Select(w => w.Key))], cancellationToken);
    }

    private static bool IsSame(ICronTrigger wanted, ITrigger there) =>
        there is ICronTrigger cron && cron.Key.Equals(wanted.Key) && cron.CronExpressionString == wanted.CronExpressionString && cron.TimeZone.Id == wanted.TimeZone.Id;
}

internal static partial class ScheduleLog      // ids 1390-1399
{
    [LoggerMessage(1391, LogLevel.Error, "The schedule of syncs could not be brought in step with the settings: {Fault}; tried again in a moment")]
    public static partial void ScheduleNotRead(this ILogger logger, string fault);
}
