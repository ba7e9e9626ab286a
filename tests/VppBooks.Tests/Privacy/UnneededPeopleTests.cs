using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.People;
using VppBooks.Core.Privacy;
using VppBooks.Core.Security;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Privacy;

/// <summary>People who were read from the directory are kept while something needs them, and not longer.</summary>
public sealed class UnneededPeopleTests : IAsyncLifetime
{
    private readonly ForgettingHouse _house = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private CoreHouse Core => _house.Spending.Core;

    public ValueTask InitializeAsync() => _house.InitializeAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task Whom_nothing_has_needed_for_the_grace_time_is_forgotten_and_nobody_else()
    {
        // Of Class 5A, which was looked at once, nobody has a license. Some are needed for something else.
        var group = _house.Group("Class 5A");
        var members = await MembersAsync();
        Assert.Equal(group.People.Count, members.Count);
        var (waiting, registered, planned, exported, retired) = (members[0], members[1], members[2], members[3], members[4]);
        await Core.ChangeAsync(db =>
        {
            var now = Core.Clock.GetUtcNow();
            db.Licenses.Add(new() { BookId = _house.Book.Id, PersonId = waiting.Id, AdamId = _house.Book.AdamId, State = VppBooks.Core.Licenses.LicenseState.Canceled, CreatedAt = now, WantedAt = now, ChangedAt = now });
            db.VppUsers.Add(Record(registered, retired: false));
            db.VppUsers.Add(Record(retired, retired: true));
            db.Plans.Add(Plan(PlanState.AwaitingApproval));
        });
        await Core.ChangeAsync(db => db.PlanLines.Add(new PlanLine { PlanId = db.Plans.Single(p => p.State == PlanState.AwaitingApproval).Id, PersonId = planned.Id }));
        await Core.Get<PersonDataReader>().ReadAsync(exported.PublicId, CoreHouse.Admin, Cancel);
        var holder = await _house.HolderAsync();

        await ViewedAsync(Core.Clock.GetUtcNow());
        Assert.Equal(0, await ForgetAsync());
        Assert.Null((await _house.RowAsync(exported.Id))!.UnneededSince);
        Assert.Equal(ErasureResult.InDirectory, await EraseAsync(members[5]));

        await ViewedAsync(null);
        Assert.Equal(0, await ForgetAsync());
        Assert.NotNull((await _house.RowAsync(exported.Id))!.UnneededSince);
        Core.Clock.Pass(TimeSpan.FromDays(29));
        Assert.Equal(0, await ForgetAsync());
        Assert.Equal(ErasureResult.Erased, await EraseAsync(members[5]));

        Core.Clock.Pass(TimeSpan.FromDays(1.1));
        await GiveToEverybodyAsync();
        Assert.Equal(0, await ForgetAsync());
        Assert.Null((await _house.RowAsync(exported.Id))!.UnneededSince);
        await TakeBackAsync();
        Assert.Equal(0, await ForgetAsync());
        Core.Clock.Pass(TimeSpan.FromDays(30.1));
        var forgotten = await ForgetAsync();

        // A row that something refers to stays under its number; the others are gone.
        foreach (var referred in new[] { exported, retired, members[5] })
        {
            var row = (await _house.RowAsync(referred.Id))!;
            Assert.Equal((ErasedPeople.NameOf(referred.Id), "", null), (row.DisplayName, row.UserPrincipalName, row.Mail));
            Assert.NotNull(row.ErasedAt);
        }

        foreach (var kept in new[] { waiting, registered, planned, holder })
        {
            Assert.Equal((kept.DisplayName, (DateTimeOffset?)null), ((await _house.RowAsync(kept.Id))!.DisplayName, (await _house.RowAsync(kept.Id))!.ErasedAt));
        }

        foreach (var gone in members.Skip(6))
        {
            Assert.Null(await _house.RowAsync(gone.Id));
        }

        await using var db = await Core.OpenAsync();
        Assert.False(await db.PersonWords.AnyAsync(w => !db.People.Any(p => p.Id == w.PersonId), Cancel));
        Assert.True(forgotten >= members.Count - 4);
        // The third one is of Class 4A: in its plan, and without a license because the account is disabled.
        Assert.Equal(3, (await _house.Spending.AuditAsync("person.erased")).Count(a => a.ActorKind == ActorKind.System));
        Assert.Contains(await _house.Spending.AuditAsync("people.forgotten"), a => a.Details!.Contains($"\"people\":{forgotten - 3}", StringComparison.Ordinal));
        Assert.Equal(0, await ForgetAsync());

        // Needed again, they are read again, although the group did not change.
        await Core.Groups.EnsureMembersAsync([group.Id], TimeSpan.FromMinutes(5), Cancel);
        Assert.Equal(group.People.Order(), (await MembersAsync()).Select(p => p.DirectoryId).Order());
        await _house.Spending.AssertLedgerIsTrueAsync(_house.Book);
    }

    [Fact]
    public async Task Whoever_was_erased_while_their_account_lives_is_in_the_next_plan_for_all_users()
    {
        var everybody = Core.Get<PeopleReader>();
        await everybody.EnsureAllAsync(WishReader.MembersMaxAge, Cancel);
        await ViewedAsync(null);
        var (erased, forgotten) = ((await MembersAsync())[0], (await MembersAsync())[1]);
        Assert.Equal(0, await ForgetAsync());
        Assert.Equal(ErasureResult.Erased, await EraseAsync(erased));
        await PlanForEverybodyAsync(with: erased.DirectoryId);

        Core.Clock.Pass(TimeSpan.FromDays(30.1));
        await everybody.EnsureAllAsync(WishReader.MembersMaxAge, Cancel);
        Assert.NotEqual(0, await ForgetAsync());
        Assert.NotEqual(forgotten.DisplayName, (await _house.RowAsync(forgotten.Id))?.DisplayName);
        await PlanForEverybodyAsync(with: forgotten.DirectoryId);
    }

    [Fact]
    public async Task Plans_that_were_shown_and_never_committed_are_deleted_and_no_others()
    {
        var desk = Core.Get<AssignmentDesk>();
        var request = new PlanRequest(_house.Book.PublicId, [new WishedAssignment(_house.Group("Class 5A").Id, Intent.Available)]);
        var old = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(request, CoreHouse.Admin, Cancel)).Plan;
        await Core.ChangeAsync(db => db.Plans.AddRange(Plan(PlanState.Stale), Plan(PlanState.AwaitingApproval), Plan(PlanState.Undoable), Plan(PlanState.Undone), Plan(PlanState.Rejected)));
        Core.Clock.Pass(TimeSpan.FromDays(29.9));
        var shown = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(request, CoreHouse.Admin, Cancel)).Plan;
        Assert.Equal(0, await Core.Get<DraftPlans>().ForgetDueAsync(Cancel));
        Core.Clock.Pass(TimeSpan.FromDays(0.2));

        Assert.Equal(2, await Core.Get<DraftPlans>().ForgetDueAsync(Cancel));

        await using var db = await Core.OpenAsync();
        Assert.Equal(
            [PlanState.Draft, PlanState.Committed, PlanState.AwaitingApproval, PlanState.Undoable, PlanState.Undone, PlanState.Rejected],
            (await db.Plans.Select(p => p.State).Distinct().ToListAsync(Cancel)).Order());
        Assert.False(await db.PlanLines.AnyAsync(l => !db.Plans.Any(p => p.Id == l.PlanId), Cancel));
        Assert.Equal("PlanNotFound", Assert.IsType<CommitResult.Refused>(await desk.CommitAsync(old.Id, new CommitOptions(), CoreHouse.Admin, Cancel)).Refusal.Code);
        Assert.Equal(shown.Id, await db.Plans.Where(p => p.State == PlanState.Draft).Select(p => p.PublicId).SingleAsync(Cancel));
    }

    private async Task PlanForEverybodyAsync(Guid with)
    {
        var planned = await Core.Get<AssignmentDesk>().PlanAsync(
            new PlanRequest(_house.Book.PublicId, [new WishedAssignment(null, Intent.Required)]), CoreHouse.Admin, Cancel);
        var plan = Assert.IsType<PlanResult.Planned>(planned).Plan;
        await using var db = await Core.OpenAsync();
        Assert.True(await db.PlanLines.AnyAsync(l => db.Plans.Any(p => p.Id == l.PlanId && p.PublicId == plan.Id) && db.People.Any(p => p.Id == l.PersonId && p.DirectoryId == with), Cancel));
    }

    private Task<int> ForgetAsync() => Core.Get<UnneededPeople>().ForgetDueAsync(Cancel);

    private Task<ErasureResult> EraseAsync(Person person) => Core.Get<PersonErasure>().EraseAsync(person.PublicId, CoreHouse.Admin, Cancel);

    private Task ViewedAsync(DateTimeOffset? at) => Core.ChangeAsync(db => db.Groups.Single(g => g.DirectoryId == _house.Group("Class 5A").Id).ViewedAt = at);

    private Task GiveToEverybodyAsync() => Core.ChangeAsync(db => db.GroupAssignments.Add(
        new GroupAssignment { PublicId = Guid.NewGuid(), BookId = _house.Book.Id, GroupId = null, AssignedById = "1", AssignedByName = "A" }));

    private Task TakeBackAsync() => Core.ChangeAsync(db => db.GroupAssignments.RemoveRange(db.GroupAssignments));

    private VppUser Record(Person person, bool retired) => new()
    {
        LocationId = _house.Spending.LocationId,
        PersonId = person.Id,
        ClientUserId = ClientUserIds.For(SpendingHouse.UId, person.DirectoryId),
        Retired = retired,
        Status = retired ? VppBooks.Apple.VppUserStatus.Retired : VppBooks.Apple.VppUserStatus.Associated,
    };

    private Plan Plan(PlanState state) => new()
    {
        PublicId = Guid.NewGuid(),
        BookId = _house.Book.Id,
        Kind = PlanKind.Growth,
        State = state,
        Wish = "[]",
        Hash = "",
        CreatedById = "1",
        CreatedByName = "A",
        CreatedAt = Core.Clock.GetUtcNow(),
    };

    private async Task<List<Person>> MembersAsync()
    {
        await using var db = await Core.OpenAsync();
        return await db.People.AsNoTracking().Where(p => db.GroupMemberships.Any(m => m.PersonId == p.Id && db.Groups.Any(g => g.Id == m.GroupId && g.DirectoryId == _house.Group("Class 5A").Id)))
            .OrderBy(p => p.Id).ToListAsync(Cancel);
    }
}
