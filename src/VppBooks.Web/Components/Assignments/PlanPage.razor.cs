using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Assignments;

/// <summary>A plan before it is committed, and how far it has come afterwards.</summary>
public sealed partial class PlanPage
{
    private const int FailedShown = 10;

    private Loadable<PlanView> _plan = new Loadable<PlanView>.Pending();
    private Loadable<BookDetail> _book = new Loadable<BookDetail>.Pending();
    private LocationDetail? _location;
    private PlanView? _was;
    private PlanProgress? _progress;
    private BookPeoplePage? _failed;
    private IReadOnlyList<string?> _removed = [];
    private (Guid Plan, Guid? Was)? _read;
    private PlanOutcome? _shown;
    private ChangeWatch? _watch;
    private string _bookName = "";
    private string? _message;
    private int _linesPage = 1;
    private PlanProgressView? _progressView;
    private bool _busy;
    private bool _justCommitted;

    [Parameter] public Guid BookId { get; set; }

    [Parameter] public Guid PlanId { get; set; }

    /// <summary>The outcome whose people are open.</summary>
    [SupplyParameterFromQuery(Name = "show")] private string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? Page { get; set; }

    /// <summary>The plan that this one replaces, to show the difference.</summary>
    [SupplyParameterFromQuery(Name = "was")] private Guid? Was { get; set; }

    [Inject] private PlanViews Plans { get; set; } = default!;

    [Inject] private AssignmentDesk Desk { get; set; } = default!;

    [Inject] private PlanDecisions Decisions { get; set; } = default!;

    [Inject] private BookCatalog Catalog { get; set; } = default!;

    [Inject] private BookPeople People { get; set; } = default!;

    [Inject] private LocationDirectory Locations { get; set; } = default!;

    [Inject] private ChangeFeed Feed { get; set; } = default!;

    [Inject] private TimeProvider Clock { get; set; } = default!;

    [Inject] private NavigationManager Addresses { get; set; } = default!;

    [Inject] private IStringLocalizer<PlanRefusalTexts> Refusals { get; set; } = default!;

    private string Title => _book.Value is null ? L["Plan"] : L["Plan: {0}", _bookName];

    public static string Href(Guid bookId, Guid planId, Guid? was = null) => Address.Of($"{BookListState.Path}/{bookId}/plan/{planId}", ("was", was?.ToString()));

    protected override async Task OnParametersSetAsync()
    {
        _shown = Address.Parse<PlanOutcome>(Show);
        _linesPage = Math.Max(1, Page ?? 1);
        if (_read != (PlanId, Was) && !(_justCommitted && _read?.Plan == PlanId))
        {
            _plan = new Loadable<PlanView>.Pending();
            _message = null;
            _read = (PlanId, Was);
            await ReadAsync();
        }

        _read = (PlanId, Was);
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_justCommitted && _progressView is not null)
        {
            // The button that had the focus is gone; the eye and the screen reader go on where things happen now.
            _justCommitted = false;
            await _progressView.FocusAsync();
        }

        if (firstRender)
        {
            // Another server may do the work, and its changes are not told here: look now and then as well.
            _watch = new ChangeWatch(Feed, Clock, TimeSpan.FromMilliseconds(700), Concerns, () => InvokeAsync(ReadAgainAsync), idle: TimeSpan.FromSeconds(15));
        }
    }

    protected override void Dispose(bool disposing)
    {
        _watch?.Dispose();
        base.Dispose(disposing);
    }

    private string HrefOf(PlanOutcome? outcome, int page) => Address.Of(
        $"{BookListState.Path}/{BookId}/plan/{PlanId}",
        ("was", Was?.ToString()),
        ("show", outcome is { } one ? Address.Word(one) : null),
        ("page", Address.PageText(page)));

    private bool Concerns(Change change) => _plan.Value is { } plan && IsCommitted(plan) && change switch
    {
        Change.OfBook book => book.LocationId == plan.LocationId,
        Change.OfLocation location => location.LocationId == plan.LocationId,
        _ => false,
    };

    private async Task ReadAgainAsync()
    {
        if (_plan.Value is { } shown && IsCommitted(shown) && !_busy)
        {
            if (shown.State != PlanState.Committed)
            {
                // It may have been decided on, or its undo window may have ended.
                var plan = await LookUpAsync(() => Plans.FindAsync(PlanId, Me, Leaving));
                _plan = plan is Loadable<PlanView>.Ready ? plan : _plan;
            }

            await ReadProgressAsync();
            StateHasChanged();
        }
    }

    private async Task ReadAsync()
    {
        _book = await LookUpAsync(() => Catalog.FindAsync(BookId, Me, Leaving));
        if (_book.Value is { Book: var book })
        {
            _bookName = Words.BookName(book.Title, book.AdamId);
            _location = (await LookUpAsync(() => Locations.FindAsync(book.LocationPublicId, Me, Leaving))).Value;
        }

        _was = Was is { } was ? (await LookUpAsync(() => Plans.FindAsync(was, Me, Leaving))).Value : null;
        var plan = await LookUpAsync(() => Plans.FindAsync(PlanId, Me, Leaving));
        plan = plan.EmptyWhen(p => p.BookId != BookId);
        _removed = plan.Value is { State: PlanState.Draft } draft ? await FindRemovedAsync(draft) : [];
        if (plan.Value is { } read && IsCommitted(read))
        {
            await ReadProgressAsync();
        }

        _plan = plan;
    }

    private async Task<IReadOnlyList<string?>> FindRemovedAsync(PlanView draft)
    {
        var rows = (await LoadAsync(() => Plans.ListAssignmentsAsync(BookId, Me, Leaving))).Value ?? [];
        return [.. rows.Where(r => !draft.Assignments.Any(a => a.GroupId == r.GroupId)).Select(r => r.GroupName)];
    }

    private async Task ReadProgressAsync()
    {
        if ((await LoadAsync(() => Plans.ProgressAsync(PlanId, Me, Leaving))).Value is not { } progress)
        {
            return;
        }

        _progress = progress;
        _failed = progress.Failed == 0
            ? null
            : (await LookUpAsync(() => People.ListAsync(BookId, new BookPeopleQuery { State = LicenseState.Failed, Take = FailedShown }, Me, Leaving))).Value;
    }

    private async Task PlanAgainAsync()
    {
        if (_plan.Value is not { } plan)
        {
            return;
        }

        _busy = true;
        var wish = new PlanRequest(BookId, [.. plan.Assignments.Select(a => new WishedAssignment(a.GroupId, a.Intent))]);
        var answer = await LoadAsync(async () => await Desk.PlanAsync(wish, await ConfirmedAsync(), Leaving));
        _busy = false;
        switch (answer.Value)
        {
            case PlanResult.Planned { Plan: var newer }:
                Addresses.NavigateTo(Href(BookId, newer.Id, newer.SameCountsAs(plan) ? null : plan.Id), replace: true);
                break;
            case PlanResult.Refused { Refusal: var refusal }:
                _message = Refusals.Say(refusal, refusal.Index is { } index && index < plan.Assignments.Count ? Words.GroupName(plan.Assignments[index].GroupName) : null);
                break;
            default:
                _message = L["The plan could not be made. Try again."];
                break;
        }
    }

    private async Task CommitAsync(CommitOptions how)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        _message = null;
        var answer = await LoadAsync(async () => await Desk.CommitAsync(PlanId, how, await ConfirmedAsync(), Leaving));
        _busy = false;
        switch (answer.Value)
        {
            case CommitResult.Committed:
                await ReadAsync();
                _justCommitted = true;
                Addresses.NavigateTo(Href(BookId, PlanId), replace: true);
                break;
            case CommitResult.Stale { NewPlan: var newer }:
                Addresses.NavigateTo(Href(BookId, newer.Id, PlanId), replace: true);
                break;
            case CommitResult.Refused { Refusal: var refusal }:
                _message = Refusals.Say(refusal, null);
                break;
            default:
                _message = L["It is not known whether the plan was committed. Load this page again: it shows what is true."];
                break;
        }
    }

    private async Task DecideAsync(Func<Guid, Actor, CancellationToken, Task<DecisionResult>> decide)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        _message = null;
        var answer = await LoadAsync(async () => await decide(PlanId, await ConfirmedAsync(), Leaving));
        _busy = false;
        _message = answer.Value switch
        {
            DecisionResult.Done => null,
            DecisionResult.Refused { Refusal: var refusal } => Refusals.Say(refusal, null),
            _ => L["It is not known whether the decision was recorded. Load this page again: it shows what is true."],
        };
        await ReadAsync();
    }

    /// <summary>Somebody decided for it, whatever has become of its licenses.</summary>
    private static bool IsCommitted(PlanView plan) => plan.State is PlanState.Committed or PlanState.Undoable or PlanState.AwaitingApproval;

    private static State Tone(PlanState state) => state switch
    {
        PlanState.Committed => State.Good,
        PlanState.Stale or PlanState.AwaitingApproval => State.Warning,
        PlanState.Undoable => State.Waiting,
        _ => State.Neutral,
    };

    private string Name(PlanState state) => state switch
    {
        PlanState.Committed => L["Committed"],
        PlanState.Stale => L["Out of date"],
        PlanState.AwaitingApproval => L["Waiting for approval"],
        PlanState.Undoable => L["Can be called back"],
        PlanState.Undone => L["Called back"],
        PlanState.Rejected => L["Not approved"],
        _ => L["Not committed"],
    };
}
