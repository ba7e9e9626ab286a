using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Assignments;

public sealed class AssignmentListTests
{
    [Fact]
    public async Task Who_left_with_a_copy_is_no_longer_among_all_users_who_hold_the_book()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = await house.GroupAsync("Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required), new WishedAssignment(null, Intent.Available));
        await house.WorkAsync();
        var before = await ListAsync();
        Assert.True(before.MembersHolding > 1);

        await using (var db = await house.Core.OpenAsync())
        {
            house.Core.Cloud.Graph.DeletePerson(await db.People.Where(p => db.Licenses.Any(l => l.PersonId == p.Id && l.State == LicenseState.Assigned)).Select(p => p.DirectoryId).FirstAsync());
        }

        house.Core.Clock.Pass(TimeSpan.FromHours(1));
        await house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);

        var after = await ListAsync();
        Assert.Equal((before.Members - 1, before.MembersHolding - 1), (after.Members, after.MembersHolding));

        async Task<AssignmentRow> ListAsync() =>
            (await house.Core.Get<PlanViews>().ListAssignmentsAsync(book.PublicId, CoreHouse.Admin, CancellationToken.None)).Single(a => a.GroupId is null);
    }
}
