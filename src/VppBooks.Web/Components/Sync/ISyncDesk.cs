using VppBooks.Core.Sync;

namespace VppBooks.Web.Components.Sync;

/// <summary>What the screens about syncs read and ask for, as the signed-in person.</summary>
/// <exception cref="Core.Security.NotAllowedException">The person's role does not allow what was asked.</exception>
public interface ISyncDesk
{
    /// <summary>Asks for a sync of one token by hand.</summary>
    Task<SyncRequestResult> RequestAsync(Guid tokenId, CancellationToken cancellationToken);

    /// <summary>Asks for a sync of every token that can be synced.</summary>
    Task<SyncAllResult> RequestAllAsync(CancellationToken cancellationToken);

    /// <summary>Stops the sync of a token; false when none runs here.</summary>
    Task<bool> CancelAsync(Guid tokenId, CancellationToken cancellationToken);

    /// <summary>Runs of a token, newest first.</summary>
    Task<SyncRunPage> ListRunsAsync(Guid tokenId, int skip, int take, CancellationToken cancellationToken);
}
