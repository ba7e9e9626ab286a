using Microsoft.AspNetCore.Components;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Locations;

public sealed partial class TokenPage
{
    private const string ActivityTab = "activity";

    private Loadable<LocationDetail?> _token = new Loadable<LocationDetail?>.Pending();
    private Permissions _may;
    private Outcome? _outcome;
    private Guid _read;
    private string? _opened;

    [Parameter] public Guid Id { get; set; }

    /// <summary><c>books</c>, <c>activity</c>, or the sync runs.</summary>
    [SupplyParameterFromQuery(Name = "tab")] public string? Tab { get; set; }

    /// <summary><c>renew</c> or <c>edit</c> opens that panel on arrival.</summary>
    [SupplyParameterFromQuery(Name = "panel")] public string? Panel { get; set; }

    private LocationSummary? Summary => (_token as Loadable<LocationDetail?>.Ready)?.Value?.Summary;

    private bool MayManage => _may.HasFlag(Permissions.ManageTokens);

    private bool MaySync => _may.HasFlag(Permissions.SyncNow);

    private bool Books => Tab == "books";

    private bool ShowsActivity => Tab == ActivityTab && _may.HasFlag(Permissions.ReadActivity);

    protected override async Task OnInitializedAsync()
    {
        _outcome = Pending.Take();
        _may = (await Desk.WhoAsync()).Permissions;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_read != Id)
        {
            _read = Id;
            _token = new Loadable<LocationDetail?>.Pending();
            await ReadAsync();
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (Panel is not { } panel)
        {
            _opened = null;
        }
        else if (_opened != panel && MayManage && Summary is not null)
        {
            _opened = panel;
            await (panel == "renew" ? RenewAsync() : panel == "edit" ? EditAsync() : Task.CompletedTask);
            Addresses.NavigateTo(TokenAddresses.Of(Id), replace: true);
        }
    }

    protected override bool Concerns(Change change) => Summary is { } token && change switch
    {
        Change.OfLocation location => location.LocationId == token.Id,
        Change.OfSync sync => sync.LocationId == token.Id,
        _ => false,
    };

    protected override async Task RefreshAsync() => _token = await LoadAgainAsync(_token, () => Desk.FindAsync(Id, Leaving), Logger);

    private async Task ReadAsync() => _token = await LoadAsync(() => Desk.FindAsync(Id, Leaving), Logger);

    private async Task SyncAsync() => await TellAsync(await Actions.SyncAsync(Summary!));

    private async Task CancelAsync() => await TellAsync(await Actions.CancelSyncAsync(Summary!));

    private async Task EditAsync() => await TellAsync(await Actions.EditAsync(Id));

    private async Task RenewAsync() => await TellAsync(await Actions.RenewAsync(Id));

    private async Task TakeControlAsync() => await TellAsync(await Actions.TakeControlAsync(Summary!));

    private async Task DeleteAsync()
    {
        var outcome = await Actions.DeleteAsync(Summary!);
        if (outcome is { State: State.Good })
        {
            Pending.Leave(outcome);
            Addresses.NavigateTo(TokenAddresses.List);
        }
        else
        {
            await TellAsync(outcome);
        }
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
