using Microsoft.Extensions.Options;
using Quartz;
using VppBooks.Core.Overview;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Overview;

/// <summary>The first page's way to Core and to the schedule.</summary>
internal sealed class OverviewDesk(OverviewReader reader, IOptions<SyncSettings> schedule, TimeProvider clock, CoreActor current) : IOverviewDesk
{
    public async Task<OverviewData> ReadAsync(CancellationToken cancellationToken) => await reader.ReadAsync(await current.FindAsync(), cancellationToken);

    public DateTimeOffset? NextSync()
    {
        var zone = schedule.Value.TimeZone.Length > 0 ? TimeZoneInfo.FindSystemTimeZoneById(schedule.Value.TimeZone) : TimeZoneInfo.Local;
        var cron = new CronExpression(schedule.Value.Schedule, zone);
        return cron.GetNextValidTimeAfter(clock.GetUtcNow());
    }
}
