using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>What two administrators do with several plans of a book.</summary>
internal static class PlanSteps
{
    internal static Actor Second { get; } = new(ActorKind.Person, "9c6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7799", "B. Second", Actor.ForRoles([AppRoles.Assigner]));

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static SimulatedGroup Group(SpendingHouse house, string name) => house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    internal static PlanDecisions Decisions(SpendingHouse house) => house.Core.Get<PlanDecisions>();

    /// <summary>Makes the book club a group of a few of another one.</summary>
    internal static string FewOf(SpendingHouse house, string group, int people)
    {
        var club = Group(house, "Book club committee");
        house.Core.Cloud.Graph.Edit(() =>
        {
            club.People.Clear();
            club.Groups.Clear();
            foreach (var person in Group(house, group).People.Where(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }).Take(people))
            {
                club.People.Add(person);
            }
        });
        return club.DisplayName;
    }

    internal static Actor ReaderOf(SpendingHouse house, string group)
    {
        var id = Group(house, group).People.First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null });
        return new Actor(ActorKind.Person, id.ToString(), house.Core.Cloud.Directory.People[id].DisplayName, Permissions.None);
    }

    internal static Task<PlanView> CommitAsync(SpendingHouse house, Book book, TimeSpan? window, params (string Group, Intent Intent)[] wishes) =>
        CommitAsync(house, book, window, CoreHouse.Admin, wishes);

    internal static async Task<PlanView> CommitAsync(SpendingHouse house, Book book, TimeSpan? window, Actor by, params (string Group, Intent Intent)[] wishes)
    {
        var desk = house.Core.Get<AssignmentDesk>();
        var wish = new PlanRequest(book.PublicId, [.. wishes.Select(w => new WishedAssignment(Group(house, w.Group).Id, w.Intent))]);
        var plan = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(wish, by, Cancel)).Plan;
        return Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(plan.Id, new CommitOptions(window, plan.NumberToType), by, Cancel)).Plan;
    }

    /// <summary>Approves the one plan that following held for a decision, and works it off.</summary>
    internal static async Task ApproveHeldAsync(SpendingHouse house, Book book)
    {
        await using var db = await house.Core.OpenAsync();
        var held = await db.Plans.Where(p => p.BookId == book.Id && p.Kind == PlanKind.Growth && p.State == PlanState.AwaitingApproval).Select(p => p.PublicId).SingleAsync(Cancel);
        Assert.IsType<DecisionResult.Done>(await Decisions(house).ApproveAsync(held, Second, Cancel));
        await house.WorkAsync(TimeSpan.FromHours(2));
    }

    internal static async Task<List<(string Group, Intent Intent)>> StandingAsync(SpendingHouse house, Book book)
    {
        await using var db = await house.Core.OpenAsync();
        return (await db.GroupAssignments.Where(a => a.BookId == book.Id).OrderBy(a => a.Id)
            .Join(db.Groups, a => a.GroupId, g => g.Id, (a, g) => new { g.DisplayName, a.Intent }).ToListAsync(Cancel)).ConvertAll(a => (a.DisplayName, a.Intent));
    }

    /// <summary>Lets a person join a group, or leave it, and reads it.</summary>
    internal static async Task MoveAsync(SpendingHouse house, string group, Guid person, bool joins)
    {
        house.Core.Cloud.Graph.Edit(() =>
        {
            if (joins)
            {
                Group(house, group).People.Add(person);
            }
            else
            {
                Group(house, group).People.Remove(person);
            }
        });
        await house.Core.Groups.EnsureMembersAsync([Group(house, group).Id], TimeSpan.Zero, Cancel);
    }

    /// <summary>People whose license of the book is in some state, by their ids in the directory.</summary>
    internal static async Task<List<Guid>> PeopleAsync(SpendingHouse house, Book book, LicenseState state)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && l.State == state).Join(db.People, l => l.PersonId, p => p.Id, (_, p) => p.DirectoryId).OrderBy(id => id).ToListAsync(Cancel);
    }
}
