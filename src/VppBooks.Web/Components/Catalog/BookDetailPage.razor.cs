using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Assignments;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Catalog;

/// <summary>All about one book: its counts, the groups that are given it, the people who have it.</summary>
public sealed partial class BookDetailPage
{
    public const string GroupsTab = "groups";
    public const string PeopleTab = "people";
    public const string WaitingTab = "waiting";
    public const string StockTab = "stock";
    public const string ThenTab = "then";
    public const string ActivityTab = "activity";
    private const string OverviewTab = "overview";

    private Loadable<BookDetail> _book = new Loadable<BookDetail>.Pending();
    private string _tab = OverviewTab;
    private (State State, string Text)? _notice;
    private ChangeWatch? _watch;
    private Guid _read;
    private int _changes;
    private bool _pickerOpen;

    [Parameter] public Guid Id { get; set; }

    [SupplyParameterFromQuery(Name = "tab")] private string? Tab { get; set; }

    /// <summary>Opens the picker at once: the row menu of the list links here.</summary>
    [SupplyParameterFromQuery(Name = "assign")] private bool? Assign { get; set; }

    [Inject] private BookCatalog Catalog { get; set; } = default!;

    [Inject] private SyncRequests Syncs { get; set; } = default!;

    [Inject] private ChangeFeed Feed { get; set; } = default!;

    [Inject] private TimeProvider Clock { get; set; } = default!;

    [Inject] private NavigationManager Addresses { get; set; } = default!;

    [Inject] private IDialogService Dialogs { get; set; } = default!;

    [Inject] private IStringLocalizer<SyncTexts> SyncWords { get; set; } = default!;

    public static string Href(Guid id, string? tab = null) => Address.Of($"{BookListState.Path}/{id}", ("tab", tab));

    public static string AssignHref(Guid id) => Address.Of($"{BookListState.Path}/{id}", ("tab", GroupsTab), ("assign", "true"));

    public static string PeopleHref(Guid id, LicenseState state) => Address.Of($"{BookListState.Path}/{id}", ("tab", PeopleTab), ("state", Address.Word(state)));

    protected override async Task OnParametersSetAsync()
    {
        _tab = Tab is GroupsTab or PeopleTab or WaitingTab or StockTab or ThenTab || (Tab == ActivityTab && May(Permissions.ReadActivity)) ? Tab : OverviewTab;
        if (_read != Id)
        {
            _read = Id;
            _notice = null;
            _book = new Loadable<BookDetail>.Pending();
            await ReadAsync();
        }
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            _watch = new ChangeWatch(Feed, Clock, TimeSpan.FromSeconds(1), Concerns, () => InvokeAsync(ReadAgainAsync));
        }

        if (Assign == true && RendererInfo.IsInteractive && !_pickerOpen && _book.Value is { } detail && May(Permissions.Assign) && !detail.Book.NoLongerReported)
        {
            _ = OpenPicker();
        }
    }

    protected override void Dispose(bool disposing)
    {
        _watch?.Dispose();
        base.Dispose(disposing);
    }

    // The store's address comes from outside: only a plain https link is offered.
    private static string? StoreUrl(BookDetail detail) =>
        Uri.TryCreate(detail.StoreUrl, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.AbsoluteUri : null;

    private Tabs.Tab[] TabsOf(BookDetail detail) =>
    [
        new(OverviewTab, L["Overview"], Href(Id)),
        new(GroupsTab, L["Groups assigned"], Href(Id, GroupsTab), detail.Book.Assignments),
        new(PeopleTab, L["People"], Href(Id, PeopleTab)),
        new(WaitingTab, L["Waiting list"], Href(Id, WaitingTab), detail.Book.Waiting),
        new(StockTab, L["Forecast"], Href(Id, StockTab)),
        new(ThenTab, L["Past days"], Href(Id, ThenTab)),
        .. May(Permissions.ReadActivity) ? (Tabs.Tab[])[new(ActivityTab, L["Activity"], Href(Id, ActivityTab))] : [],
    ];

    private bool Concerns(Change change) => _book.Value is { Book: var book } && change switch
    {
        Change.OfBook one => one.BookId == book.BookId,
        Change.OfLocation location => location.LocationId == book.LocationId,
        _ => false,
    };

    private async Task ReadAgainAsync()
    {
        // A refresh that fails leaves what is shown.
        var fresh = await LookUpAsync(() => Catalog.FindAsync(Id, Me, Leaving));
        _book = fresh is Loadable<BookDetail>.Failed ? _book : fresh;
        _changes++;
        StateHasChanged();
    }

    private async Task ReadAsync() => _book = await LookUpAsync(() => Catalog.FindAsync(Id, Me, Leaving));

    private async Task SyncAsync()
    {
        if (_book.Value is { Book: var book })
        {
            var result = await LoadAsync(async () => await Syncs.RequestAsync(book.LocationPublicId, SyncReason.Manual, await ConfirmedAsync(), Leaving));
            _notice = SyncWords.Say(result.Value, book.TokenName);
        }
    }

    private async Task OpenPicker()
    {
        if (_pickerOpen || _book.Value is not { Book: var book })
        {
            return;
        }

        _pickerOpen = true;
        var planId = await AssignPanel.AskAsync(Dialogs, Id, Words.BookName(book.Title, book.AdamId), L["Assign groups"]);
        if (planId is { } plan)
        {
            Addresses.NavigateTo(PlanPage.Href(Id, plan));
            return;
        }

        if (Assign == true)
        {
            Addresses.NavigateTo(Href(Id, _tab == OverviewTab ? null : _tab), replace: true);
        }

        _pickerOpen = false;
    }
}
