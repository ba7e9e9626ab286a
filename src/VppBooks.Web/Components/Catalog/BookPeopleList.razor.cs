using Microsoft.AspNetCore.Components;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Catalog;

/// <summary>The people of a book: who has it, who is about to, and why not.</summary>
public sealed partial class BookPeopleList
{
    private const int PageSize = 50;

    private static readonly LicenseState[] _states =
    [
        LicenseState.Assigned, LicenseState.Reserved, LicenseState.Submitted, LicenseState.Waiting, LicenseState.Failed, LicenseState.Unknown, LicenseState.Held,
        LicenseState.Vanished,
    ];

    private Loadable<BookPeoplePage> _people = new Loadable<BookPeoplePage>.Pending();
    private (Guid Book, string? Search, string? State, int? Page, int Changes)? _read;
    private LicenseState? _state;
    private int _page = 1;
    private int _foreign;
    private int _round;

    [Parameter, EditorRequired] public required Guid BookId { get; set; }

    /// <summary>Raised whenever the book changed, to read again.</summary>
    [Parameter] public int Changes { get; set; }

    [SupplyParameterFromQuery(Name = "q")] private string? Search { get; set; }

    [SupplyParameterFromQuery(Name = "state")] private string? State { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? Page { get; set; }

    [Inject] private BookPeople People { get; set; } = default!;

    [Inject] private NavigationManager Addresses { get; set; } = default!;

    protected override Task OnParametersSetAsync()
    {
        var asked = (BookId, Search, State, Page, Changes);
        if (_read == asked)
        {
            return Task.CompletedTask;
        }

        _read = asked;
        _state = Address.Parse<LicenseState>(State);
        _page = Math.Max(1, Page ?? 1);
        return ReadAsync();
    }

    private async Task ReadAsync()
    {
        var round = ++_round;
        var query = new BookPeopleQuery { Search = Search, State = _state, Skip = (_page - 1) * PageSize, Take = PageSize };
        var people = await LookUpAsync(() => People.ListAsync(BookId, query, Me, Leaving));
        if (round == _round)
        {
            _foreign = people.Value?.Foreign ?? 0;
            _people = people.EmptyWhen(p => p.Rows.Count == 0);
        }
    }

    private void Go(string? search, LicenseState? state, int page) => Addresses.NavigateTo(HrefOf(search, state, page), replace: search != Search);

    private string HrefOf(string? search, LicenseState? state, int page) => Address.Of(
        $"{BookListState.Path}/{BookId}",
        ("tab", BookDetailPage.PeopleTab),
        ("q", search),
        ("state", state is { } one ? Address.Word(one) : null),
        ("page", Address.PageText(page)));
}
