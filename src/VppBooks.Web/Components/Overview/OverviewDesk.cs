using VppBooks.Core.Overview;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Overview;

/// <summary>The first page's way to Core and to the schedule.</summary>
internal sealed class OverviewDesk(OverviewReader reader, SyncSchedule schedule, TimeProvider clock, CoreActor current) : IOverviewDesk
{
    public async Task<OverviewData> ReadAsync(CancellationToken cancellationToken) => await reader.ReadAsync(await current.FindAsync(), cancellationToken);

    public async Task<DateTimeOffset?> FindNextSyncAsync(CancellationToken cancellationToken)
    {
        var standing = await schedule.ReadAsync(cancellationToken);
        return SyncTimes.Next(standing.Schedule, standing.TimeZone, clock.GetUtcNow(), 1) is [var next] ? next : null;
    }
}
