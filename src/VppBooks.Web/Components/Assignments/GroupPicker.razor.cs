using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Assignments;

/// <summary>Composes the complete list of a book's assignments: one intent per group.</summary>
public sealed partial class GroupPicker
{
    private static readonly Intent[] _intents = [Intent.Required, Intent.Available, Intent.Excluded];

    private readonly List<Pick> _picks = [];
    private readonly List<string?> _removed = [];
    private Loadable<object> _standing = new Loadable<object>.Pending();
    private Loadable<IReadOnlyList<GroupChoice>> _found = new Loadable<IReadOnlyList<GroupChoice>>.Pending();
    private Intent _intent = Intent.Required;
    private string? _search;
    private string? _message;
    private bool _planning;
    private int _round;

    [Parameter, EditorRequired] public required Guid BookId { get; set; }

    [Parameter, EditorRequired] public required string BookName { get; set; }

    [Inject] private PlanViews Plans { get; set; } = default!;

    [Inject] private AssignmentDesk Desk { get; set; } = default!;

    [Inject] private GroupCatalog Groups { get; set; } = default!;

    [Inject] private IStringLocalizer<PlanRefusalTexts> Refusals { get; set; } = default!;

    /// <summary>Makes the plan of what is picked; null when that is refused, with the reason on the panel.</summary>
    public async Task<Guid?> PlanAsync()
    {
        if (_planning || _standing is not Loadable<object>.Ready)
        {
            return null;
        }

        if (_removed.Count == 0 && !_picks.Exists(p => p.Changed))
        {
            Tell(L["Nothing is changed yet: add, change or remove a group first."]);
            return null;
        }

        Tell(null, planning: true);
        var wish = new PlanRequest(BookId, [.. _picks.Select(p => new WishedAssignment(p.GroupId, p.Intent))]);
        var answer = await LoadAsync(async () => await Desk.PlanAsync(wish, await ConfirmedAsync(), Leaving));
        switch (answer.Value)
        {
            case PlanResult.Planned planned:
                return planned.Plan.Id;
            case PlanResult.Refused { Refusal: var refusal }:
                Tell(Refusals.Say(refusal, refusal.Index is { } index && index < _picks.Count ? Words.GroupName(_picks[index].Name) : null));
                return null;
            default:
                Tell(L["The plan could not be made. Try again."]);
                return null;
        }
    }

    protected override async Task OnInitializedAsync()
    {
        await base.OnInitializedAsync();
        await Task.WhenAll(ReadAsync(), FindAsync());
    }

    private static string Key(Guid? groupId) => groupId?.ToString() ?? "all";

    private static IEnumerable<Intent> IntentsOf(Guid? groupId) => groupId is null ? _intents.Where(i => i != Intent.Excluded) : _intents;

    private void Tell(string? message, bool planning = false)
    {
        _message = message;
        _planning = planning;
        StateHasChanged();
    }

    private async Task ReadAsync()
    {
        var rows = await LoadAsync(() => Plans.ListAssignmentsAsync(BookId, Me, Leaving));
        _picks.Clear();
        _removed.Clear();
        _picks.AddRange((rows.Value ?? []).Select(r => new Pick(r.GroupId, r.GroupName, r.Intent, r.Intent)));
        _standing = rows is Loadable<IReadOnlyList<AssignmentRow>>.Failed failed ? new Loadable<object>.Failed(failed.Reference) : new Loadable<object>.Ready(_picks);
    }

    private Task SearchAsync(string? text)
    {
        _search = text;
        return FindAsync();
    }

    private async Task FindAsync()
    {
        var round = ++_round;
        var found = await LoadAsync(() => Groups.SearchDirectoryAsync(_search, Me, Leaving));
        if (round == _round)
        {
            _found = found;
        }
    }

    private bool IsPicked(Guid? groupId) => _picks.Exists(p => p.GroupId == groupId);

    private void Add(Guid? groupId, string? name)
    {
        if (!IsPicked(groupId))
        {
            _removed.Remove(name);
            _picks.Add(new Pick(groupId, name, _intent, Standing(groupId)));
            _message = null;
        }
    }

    private void Remove(Pick pick)
    {
        _picks.Remove(pick);
        if (pick.Standing is { } standing)
        {
            _given[Key(pick.GroupId)] = standing;
            _removed.Add(pick.Name);
        }

        _message = null;
    }

    private void Change(Pick pick, ChangeEventArgs e)
    {
        if (Enum.TryParse<Intent>(e.Value?.ToString(), out var intent) && Enum.IsDefined(intent) && _picks.IndexOf(pick) is >= 0 and var index)
        {
            _picks[index] = pick with { Intent = intent };
            _message = null;
        }
    }

    // A group taken away and added again is not new.
    private readonly Dictionary<string, Intent> _given = [];

    private Intent? Standing(Guid? groupId) => _given.TryGetValue(Key(groupId), out var intent) ? intent : null;

    private string Detail(GroupChoice group) => string.Join(" · ", new[]
    {
        Words.Of(group.Kind),
        group.MemberCount is { } members ? L["{0} members", members.ToString("N0", CultureInfo.CurrentCulture)].Value : null,
        group.Description,
    }.Where(t => !string.IsNullOrWhiteSpace(t)));

    private string? ObstacleOf(GroupChoice group) => group.Obstacle switch
    {
        GroupObstacle.DeviceGroup => L["Its members are devices. Books go to people: choose a group of users."].Value,
        GroupObstacle.NotSecurityEnabled => L["It is not security-enabled. Choose a security group."].Value,
        GroupObstacle.Deleted => L["It was deleted in the directory."].Value,
        _ => null,
    };

    private string Meaning(Intent intent) => intent switch
    {
        Intent.Required => L["Each member takes a license"],
        Intent.Excluded => L["Members get nothing through other groups"],
        _ => L["Members may take it; a license is spent only then"],
    };
}
