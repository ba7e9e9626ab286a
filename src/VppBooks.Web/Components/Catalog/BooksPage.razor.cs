using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Microsoft.JSInterop;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Catalog;

/// <summary>All books of all tokens.</summary>
public sealed partial class BooksPage
{
    private const string StoredColumns = "vppbooks:book-columns";

    private BookListState _state = new();
    private Loadable<BookPage> _books = new Loadable<BookPage>.Pending();
    private Loadable<BookFacets> _facets = new Loadable<BookFacets>.Pending();
    private HashSet<BookColumn> _hidden = [];
    private (State State, string Text)? _notice;
    private ChangeWatch? _watch;
    private DateTimeOffset? _oldest;
    private bool _noToken;
    private bool _reading;
    private int _round;

    [SupplyParameterFromQuery(Name = "q")] private string? Search { get; set; }

    [SupplyParameterFromQuery(Name = "token")] private Guid? Token { get; set; }

    [SupplyParameterFromQuery(Name = "genre")] private string? Genre { get; set; }

    [SupplyParameterFromQuery(Name = "category")] private Guid? Category { get; set; }

    [SupplyParameterFromQuery(Name = "language")] private string? Language { get; set; }

    [SupplyParameterFromQuery(Name = "state")] private string? Standing { get; set; }

    [SupplyParameterFromQuery(Name = "sort")] private string? Sort { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? Page { get; set; }

    [Inject] private BookCatalog Catalog { get; set; } = default!;

    [Inject] private SyncRequests Syncs { get; set; } = default!;

    [Inject] private ChangeFeed Feed { get; set; } = default!;

    [Inject] private TimeProvider Clock { get; set; } = default!;

    [Inject] private NavigationManager Addresses { get; set; } = default!;

    [Inject] private IStringLocalizer<SyncTexts> SyncWords { get; set; } = default!;

    [Inject] private IJSRuntime Browser { get; set; } = default!;

    protected override Task OnParametersSetAsync()
    {
        var state = BookListState.Parse(Search, Token, Genre, Category, Language, Standing, Sort, Page);
        if (state == _state && _books is not Loadable<BookPage>.Pending)
        {
            return Task.CompletedTask;
        }

        _state = state;
        _notice = null;
        return ReadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _watch = new ChangeWatch(Feed, Clock, TimeSpan.FromSeconds(1.5), c => c is Change.OfBook or Change.OfLocation, () => InvokeAsync(ReadAgainAsync));
            var stored = await Browser.InvokeAsync<string?>("localStorage.getItem", StoredColumns);
            if (stored is not null)
            {
                _hidden = [.. stored.Split(',').Select(Address.Parse<BookColumn>).OfType<BookColumn>()];
                StateHasChanged();
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        _watch?.Dispose();
        base.Dispose(disposing);
    }

    private async Task ReadAgainAsync()
    {
        await ReadAsync(again: true);
        StateHasChanged();
    }

    private Task ReadAsync() => ReadAsync(again: false);

    // A refresh that fails leaves what is shown.
    private async Task ReadAsync(bool again)
    {
        var round = ++_round;
        var state = _state;
        _reading = true;
        if (_facets is not Loadable<BookFacets>.Ready { Value.Locations.Count: > 0 } || _books is not Loadable<BookPage>.Ready)
        {
            _facets = await LoadAsync(() => Catalog.ListFacetsAsync(Me, Leaving));
        }

        var books = (await LoadAsync(() => Catalog.ListAsync(state.Query, Me, Leaving))).EmptyWhen(p => p.Rows.Count == 0);
        if (round != _round)
        {
            return; // An answer to a question nobody asks any more.
        }

        _books = again && books is Loadable<BookPage>.Failed && _books is Loadable<BookPage>.Ready ? _books : books;
        _reading = false;
        _noToken = !state.Filtered && books is Loadable<BookPage>.Empty && _facets is Loadable<BookFacets>.Ready { Value.Locations.Count: 0 };
        _oldest = books.Value?.Rows.Min(b => b.LastSyncedAt);
        if (books is Loadable<BookPage>.Empty && state.Page > 1)
        {
            Addresses.NavigateTo((state with { Page = 1 }).Href, replace: true);
        }
    }

    private void Go(BookListState state) => Addresses.NavigateTo(state.Href, replace: state.Search != _state.Search);

    private async Task ToggleAsync(BookColumn column)
    {
        if (!_hidden.Remove(column))
        {
            _hidden.Add(column);
        }

        await Browser.InvokeVoidAsync("localStorage.setItem", StoredColumns, string.Join(',', _hidden.Select(Address.Word)));
    }

    private async Task SyncAsync(BookRow book)
    {
        var result = await LoadAsync(async () => await Syncs.RequestAsync(book.LocationPublicId, SyncReason.Manual, await ConfirmedAsync(), Leaving));
        _notice = SyncWords.Say(result.Value, book.TokenName);
    }

    private async Task SyncAllAsync()
    {
        var result = await LoadAsync(async () => await Syncs.RequestAllAsync(SyncReason.Manual, await ConfirmedAsync(), Leaving));
        _notice = SyncWords.Say(result.Value);
    }
}
