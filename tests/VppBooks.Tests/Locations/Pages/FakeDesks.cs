using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Overview;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Overview;
using VppBooks.Web.Components.Sync;

namespace VppBooks.Tests.Locations.Pages;

/// <summary>Answers what a test says; throws when it says nothing.</summary>
internal sealed class FakeTokenDesk : ITokenDesk
{
    public string Role { get; set; } = AppRoles.Administrator;

    public Func<Task<IReadOnlyList<LocationSummary>>> List { get; set; } = () => Task.FromResult<IReadOnlyList<LocationSummary>>([]);

    public Func<LocationDetail?> Find { get; set; } = () => null;

    public Func<InspectTokenResult> Inspect { get; set; } = () => throw new NotSupportedException();

    public Func<CreateLocation, CreateLocationResult> Create { get; set; } = _ => throw new NotSupportedException();

    public Func<ChangeLocationResult> Change { get; set; } = () => throw new NotSupportedException();

    public DeletionPreview? Preview { get; set; }

    public List<string> Asked { get; } = [];

    public Task<Actor> WhoAsync() => Task.FromResult(new Actor(ActorKind.Person, "1", "Anna", Actor.ForRoles([Role])));

    public Task<IReadOnlyList<LocationSummary>> ListAsync(CancellationToken cancellationToken) => List();

    public Task<LocationDetail?> FindAsync(Guid id, CancellationToken cancellationToken) => Task.FromResult(Find());

    public Task<BookPage> ListBooksAsync(Guid id, int skip, int take, CancellationToken cancellationToken) => Task.FromResult(new BookPage([], 0));

    public async Task<InspectTokenResult> InspectAsync(Stream file, CancellationToken cancellationToken)
    {
        var content = new MemoryStream();
        await file.CopyToAsync(content, cancellationToken);
        Asked.Add($"inspect {content.Length}");
        return Inspect();
    }

    public Task<CreateLocationResult> CreateAsync(CreateLocation request, CancellationToken cancellationToken)
    {
        Asked.Add($"create {request.Name} {request.CountryOrRegion} take:{request.TakeControl} unclaimed:{request.AllowUnclaimed} consent:{request.ConsentGranted}");
        return Task.FromResult(Create(request));
    }

    public Task<ChangeLocationResult> RenewAsync(Guid id, TokenUpload token, CancellationToken cancellationToken) => DoAsync($"renew {((TokenUpload.Ticket)token).Value}");

    public Task<ChangeLocationResult> UpdateAsync(Guid id, LocationChange change, int expectedVersion, CancellationToken cancellationToken) => DoAsync($"update {change.Name} at {expectedVersion}");

    public Task<ChangeLocationResult> TakeControlAsync(Guid id, CancellationToken cancellationToken) => DoAsync("take control");

    public Task<DeletionPreview?> PreviewDeletionAsync(Guid id, CancellationToken cancellationToken) => Task.FromResult(Preview);

    public Task<ChangeLocationResult> DeleteAsync(Guid id, CancellationToken cancellationToken) => DoAsync("delete");

    private Task<ChangeLocationResult> DoAsync(string what)
    {
        Asked.Add(what);
        return Task.FromResult(Change());
    }
}

internal sealed class FakeSyncDesk : ISyncDesk
{
    public SyncRequestResult Answer { get; set; } = new SyncRequestResult.Queued();

    public Func<Task<SyncRunPage>> Runs { get; set; } = () => Task.FromResult(new SyncRunPage([], 0));

    public int Canceled { get; private set; }

    public Task<SyncRequestResult> RequestAsync(Guid tokenId, CancellationToken cancellationToken) => Task.FromResult(Answer);

    public Task<SyncAllResult> RequestAllAsync(CancellationToken cancellationToken) => Task.FromResult(new SyncAllResult(2, 1, 0, 1));

    public Task<bool> CancelAsync(Guid tokenId, CancellationToken cancellationToken)
    {
        Canceled++;
        return Task.FromResult(true);
    }

    public Task<SyncRunPage> ListRunsAsync(Guid tokenId, int skip, int take, CancellationToken cancellationToken) => Runs();
}

internal sealed class FakeOverviewDesk : IOverviewDesk
{
    public Func<Task<OverviewData>> Data { get; set; } = () => throw new NotSupportedException();

    public Task<OverviewData> ReadAsync(CancellationToken cancellationToken) => Data();

    public Task<DateTimeOffset?> FindNextSyncAsync(CancellationToken cancellationToken) => Task.FromResult<DateTimeOffset?>(null);
}

internal sealed class FakeLicenseUseDesk : ILicenseUseDesk
{
    public Func<Task<LicenseUseData>> Data { get; set; } = () => Task.FromResult(new LicenseUseData([], 12, 0, 0, null));

    public int Reads { get; private set; }

    public Task<LicenseUseData> ReadAsync(DateOnly today, int days, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        Reads++;
        return Data();
    }
}
