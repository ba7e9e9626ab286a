using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>Assignments whose group is gone, while others of the book are changed.</summary>
public sealed class DeletedGroupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changing_other_assignments_gives_nothing_to_anybody_through_a_deleted_group_and_takes_nothing_away()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, dead, live) = (await house.BookAsync(free: 60), await house.GroupAsync("Class 4A"), await house.GroupAsync("Class 4B"));
        WishedAssignment paused = new(dead, Intent.Required), offered = new(live, Intent.Available);
        await house.AssignAsync(book, paused);
        await house.WorkAsync();
        var holders = await PeopleAsync(LicenseState.Assigned);
        house.Core.Cloud.Graph.DeleteGroup(dead, restorable: true);
        Assert.Equal(GroupState.SoftDeleted, (await house.Core.Groups.EnsureGroupAsync(dead, Cancel)).State);
        await house.Core.Get<PeopleReader>().EnsureAllAsync(TimeSpan.Zero, Cancel);
        var newcomer = await JoinAsync();

        var more = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, paused, offered)).Plan;
        await house.WorkAsync();
        Assert.Equal((0, 0), (more.Takes, more.Release));
        Assert.Equal(holders, await PeopleAsync(LicenseState.Assigned));

        // Nor by removing: that gives nobody anything.
        var less = Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, paused)).Plan;
        Assert.Equal((0, 0), (less.Takes, less.Release));
        Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book));
        await house.WorkAsync();
        Assert.Equal(holders, await PeopleAsync(LicenseState.Assigned));
        Assert.DoesNotContain(await house.LicensesAsync(book), l => l.PersonId == newcomer);
        Assert.Equal("GroupDeleted", Assert.IsType<CommitResult.Refused>(await house.AssignAsync(book, paused)).Refusal.Code);
        await house.AssertLedgerIsTrueAsync(book);

        async Task<List<int>> PeopleAsync(LicenseState state) => [.. (await house.LicensesAsync(book)).Where(l => l.State == state).Select(l => l.PersonId).Order()];

        async Task<int> JoinAsync()
        {
            await using var db = await house.Core.OpenAsync();
            var person = await db.People.Where(p => p.AccountEnabled && !p.Guest && p.ManagedAppleAccount != null && !db.Licenses.Any(l => l.PersonId == p.Id)).Select(p => p.Id).FirstAsync(Cancel);
            db.GroupMemberships.Add(new GroupMembership { GroupId = await db.Groups.Where(g => g.DirectoryId == dead).Select(g => g.Id).SingleAsync(Cancel), PersonId = person });
            await db.SaveChangesAsync(Cancel);
            return person;
        }
    }
}
