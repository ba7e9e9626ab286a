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
    internal static IReadOnlyList<ITrigger> Triggers(SyncSettings settings) =>
    [
        .. SyncTimes.CronOf(settings.Schedule)!.Select((cron, i) => TriggerBuilder.Create()
            .WithIdentity(i == 0 ? "schedule" : $"schedule-{i + 1}", "sync")
            .ForJob(Key)
            .WithCronSchedule(cron, c => c.InTimeZone(SyncTimes.ZoneOf(settings.TimeZone)!).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build()),
    ];
}
