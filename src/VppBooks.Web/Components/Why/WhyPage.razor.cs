using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Microsoft.JSInterop;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Sync;
using VppBooks.Core.Why;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.People;

namespace VppBooks.Web.Components.Why;

/// <summary>Why a person has a book, or does not.</summary>
public sealed partial class WhyPage
{
    private Loadable<WhyAnswer> _answer = new Loadable<WhyAnswer>.Pending();
    private (State State, string Text)? _said;
    private (Guid, Guid) _read;
    private bool _busy;

    [Parameter] public Guid PersonId { get; set; }

    [Parameter] public Guid BookId { get; set; }

    [Inject] private WhyReader Reader { get; set; } = default!;

    [Inject] private DeviceReader Devices { get; set; } = default!;

    [Inject] private SyncRequests Syncs { get; set; } = default!;

    [Inject] private InvitationLinks Links { get; set; } = default!;

    [Inject] private Invitations Invitations { get; set; } = default!;

    [Inject] private RegistrationRetries Retries { get; set; } = default!;

    [Inject] private IStringLocalizer<PeopleTexts> PeopleWords { get; set; } = default!;

    [Inject] private IJSRuntime Browser { get; set; } = default!;

    public static string Href(Guid personId, Guid bookId) => $"{PeopleListPage.Path}/{personId}/books/{bookId}";

    private string Title => _answer.Value is not { } answer ? L["Why?"]
        : answer.Holds ? L["Why does {0} have “{1}”?", answer.PersonName, Words.BookName(answer.Title, answer.AdamId)]
        : L["Why does {0} not have “{1}”?", answer.PersonName, Words.BookName(answer.Title, answer.AdamId)];

    private IReadOnlyList<Crumb> Crumbs => _answer.Value is { } answer
        ? [new(L["People"], PeopleListPage.Path), new(answer.PersonName, PersonPage.Href(answer.PersonId))]
        : [new(L["People"], PeopleListPage.Path)];

    protected override async Task OnParametersSetAsync()
    {
        if (_read == (PersonId, BookId))
        {
            return;
        }

        _read = (PersonId, BookId);
        (_answer, _said) = (new Loadable<WhyAnswer>.Pending(), null);
        await ReadAsync();
        if (_answer.Value is not null)
        {
            // The devices are slow and only a hint: everything else is on the screen before they are asked for.
            StateHasChanged();
            var devices = await LookUpAsync(() => Devices.ReadAsync(PersonId, Me, Leaving));
            if (devices.Value is not null)
            {
                await ReadAsync();
            }
        }
    }

    private async Task ReadAsync() => _answer = await LookUpAsync(() => Reader.ReadAsync(PersonId, BookId, Me, Leaving));

    private (State State, string Text) Verdict(WhyAnswer answer) => answer switch
    {
        { Holds: true, Obstacle: { } step } => (State.Warning, L["Has the book, but cannot read it yet: {0}", L.Fact(step)]),
        { Holds: true } => (State.Good, L["Has the book."]),
        { Obstacle: { State: WhyState.Waiting } step } => (State.Busy, L.Fact(step)),
        { Obstacle: { } step } => (State.Bad, L.Fact(step)),
        _ => (State.Neutral, L["Nothing stands in the way."]),
    };

    private async Task SyncAsync(Guid locationId)
    {
        _busy = true;
        var result = await LoadAsync(async () => await Syncs.RequestAsync(locationId, SyncReason.Manual, await ConfirmedAsync(), Leaving));
        _busy = false;
        _said = result.Value switch
        {
            SyncRequestResult.Queued or SyncRequestResult.AlreadyUnderWay => (State.Busy, L["The sync is under way. Look again in a moment."]),
            SyncRequestResult.TooSoon => (State.Neutral, L["The last sync began less than a minute ago. Try again in a moment."]),
            _ => (State.Bad, L["The token cannot be synced as it stands."]),
        };
    }

    // The link goes from Core to the clipboard: never into the page, where a glance or a screenshot could take it.
    private async Task ResendAsync(Guid locationId)
    {
        _busy = true;
        var answer = await LoadAsync(async () => await Invitations.ResendAsync(PersonId, locationId, await ConfirmedAsync(), Leaving));
        _busy = false;
        _said = InvitationWords.Of(PeopleWords, answer.Value);
    }

    private async Task RetryAsync(Guid locationId)
    {
        _busy = true;
        var answer = await LoadAsync(async () => await Retries.TryAgainAsync(PersonId, locationId, await ConfirmedAsync(), Leaving));
        _busy = false;
        _said = answer switch
        {
            Loadable<bool>.Ready { Value: true } => (State.Good, PeopleWords["The registration is tried again."]),
            Loadable<bool>.Ready => (State.Warning, PeopleWords["There is no refusal any more: nothing to try again."]),
            _ => (State.Bad, PeopleWords["The registration could not be tried again."]),
        };
        await ReadAsync();
    }

    private async Task InviteAsync(Guid locationId)
    {
        _busy = true;
        var answer = await LoadAsync(async () => await Links.CreateAsync(PersonId, locationId, await ConfirmedAsync(), Leaving));
        _busy = false;
        if (answer.Value is not InvitationLinkResult.Link link)
        {
            _said = (State.Bad, L["The invitation link could not be made. Sync the token and try again."]);
            return;
        }

        try
        {
            await Browser.InvokeVoidAsync("navigator.clipboard.writeText", Leaving, link.Url);
            _said = (State.Good, L["The invitation link is in the clipboard. Give it to this person only."]);
        }
        catch (JSException)
        {
            _said = (State.Bad, L["The browser did not let the link into the clipboard."]);
        }
    }
}
