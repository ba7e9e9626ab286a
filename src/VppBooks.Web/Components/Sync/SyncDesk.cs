using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Sync;

/// <summary>The screens' way to Core: adds who asks.</summary>
internal sealed class SyncDesk(SyncRequests requests, SyncHistory history, CoreActor current) : ISyncDesk
{
    public async Task<SyncRequestResult> RequestAsync(Guid tokenId, CancellationToken cancellationToken) =>
        await requests.RequestAsync(tokenId, SyncReason.Manual, await current.ConfirmAsync(), cancellationToken);

    public async Task<SyncAllResult> RequestAllAsync(CancellationToken cancellationToken) =>
        await requests.RequestAllAsync(SyncReason.Manual, await current.ConfirmAsync(), cancellationToken);

    public async Task<bool> CancelAsync(Guid tokenId, CancellationToken cancellationToken) =>
        await requests.CancelAsync(tokenId, await current.ConfirmAsync(), cancellationToken);

    public async Task<SyncRunPage> ListRunsAsync(Guid tokenId, int skip, int take, CancellationToken cancellationToken) =>
        await history.ListAsync(tokenId, skip, take, await WhoAsync(), cancellationToken);

    private Task<Actor> WhoAsync() => current.FindAsync();
}
