using Microsoft.AspNetCore.Components;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Web.Components.Elements;
using Icons = Microsoft.FluentUI.AspNetCore.Components.Icons;

namespace VppBooks.Web.Components.Locations;

public sealed partial class TokensPage
{
    private Loadable<IReadOnlyList<LocationSummary>> _tokens = new Loadable<IReadOnlyList<LocationSummary>>.Pending();
    private Permissions _may;
    private Outcome? _outcome;

    /// <summary><c>create</c> opens the panel on arrival.</summary>
    [SupplyParameterFromQuery(Name = "panel")] public string? Panel { get; set; }

    private bool MayManage => _may.HasFlag(Permissions.ManageTokens);

    private bool MaySync => _may.HasFlag(Permissions.SyncNow);

    private string? NoSyncAll => _tokens switch
    {
        Loadable<IReadOnlyList<LocationSummary>>.Ready ready when ready.Value.Any(t => Texts.NoSync(t) is null) => null,
        Loadable<IReadOnlyList<LocationSummary>>.Ready ready when ready.Value.All(TokenTexts.Syncing) => L["All syncs are under way already."].Value,
        Loadable<IReadOnlyList<LocationSummary>>.Ready => L["None of the tokens can be synced as they stand."].Value,
        Loadable<IReadOnlyList<LocationSummary>>.Empty => L["There is no token to sync yet."].Value,
        _ => L["The list of tokens has not been read yet."].Value,
    };

    [Inject] private TokenTexts Texts { get; set; } = default!;

    protected override async Task OnInitializedAsync()
    {
        _outcome = Pending.Take();
        _may = (await Desk.WhoAsync()).Permissions;
        await ReadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender && Panel == "create" && MayManage)
        {
            await CreateAsync();
        }
    }

    protected override bool Concerns(Change change) => change is Change.OfLocation or Change.OfSync;

    protected override async Task RefreshAsync() => _tokens = await LoadAgainAsync(_tokens, () => Desk.ListAsync(Leaving), Logger);

    private async Task ReadAsync() => _tokens = await LoadAsync(() => Desk.ListAsync(Leaving), Logger);

    private async Task CreateAsync()
    {
        if (await Actions.CreateAsync() is { } created)
        {
            Addresses.NavigateTo(TokenAddresses.Of(created));
        }
        else if (Panel is not null)
        {
            Addresses.NavigateTo(TokenAddresses.List, replace: true);
        }
    }

    private async Task SyncAllAsync() => await TellAsync(await Actions.SyncAllAsync());

    private List<MenuEntry> MenuOf(LocationSummary token)
    {
        List<MenuEntry> entries = [];
        if (MaySync)
        {
            entries.Add(new MenuEntry(L["Sync"], new Icons.Regular.Size20.ArrowSync(), async () => await TellAsync(await Actions.SyncAsync(token))) { Unavailable = Texts.NoSync(token) });
        }

        if (MayManage)
        {
            entries.Add(new MenuEntry(L["Edit"], new Icons.Regular.Size20.Edit(), async () => await TellAsync(await Actions.EditAsync(token.PublicId))));
            entries.Add(new MenuEntry(L["Renew"], new Icons.Regular.Size20.ArrowUpload(), async () => await TellAsync(await Actions.RenewAsync(token.PublicId))));
            entries.Add(new MenuEntry(L["Delete"], new Icons.Regular.Size20.Delete(), async () => await TellAsync(await Actions.DeleteAsync(token))) { Destructive = true });
        }

        return entries;
    }

    private async Task TellAsync(Outcome? outcome)
    {
        if (outcome is not null)
        {
            _outcome = outcome;
            await RefreshAsync();
            StateHasChanged();
        }
    }
}
