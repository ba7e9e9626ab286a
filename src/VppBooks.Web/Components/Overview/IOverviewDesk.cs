using VppBooks.Core.Overview;

namespace VppBooks.Web.Components.Overview;

/// <summary>What the first page reads.</summary>
public interface IOverviewDesk
{
    Task<OverviewData> ReadAsync(CancellationToken cancellationToken);

    /// <summary>When the next sync begins by itself; null when the schedule has no next time.</summary>
    Task<DateTimeOffset?> FindNextSyncAsync(CancellationToken cancellationToken);
}
