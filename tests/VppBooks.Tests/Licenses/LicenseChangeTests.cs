using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;

namespace VppBooks.Tests.Licenses;

/// <summary>I9: no license changes its state without a record of it, whatever statement did it.</summary>
public sealed class LicenseChangeTests
{
    [Fact]
    public async Task Every_step_from_commit_to_Apple_is_kept_with_its_cause()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();

        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned);
        await using var db = await house.Core.OpenAsync();
        var changes = await db.LicenseChanges.Where(c => c.LicenseId == license.Id).OrderBy(c => c.Id).ToListAsync();
        Assert.Equal(
            [
                (null, LicenseState.Reserved, LicenseCause.Committed),
                (LicenseState.Reserved, LicenseState.Submitting, LicenseCause.Intended),
                (LicenseState.Submitting, LicenseState.Submitted, LicenseCause.Accepted),
                (LicenseState.Submitted, LicenseState.Assigned, LicenseCause.SeenAtApple),
            ],
            changes.Select(c => (c.From, c.To, c.Cause)));
        Assert.All(changes, c => Assert.Equal(license.PlanId, c.PlanId));
        Assert.All(changes.Skip(1), c => Assert.Equal(license.OperationId, c.OperationId));
    }

    [Fact]
    public async Task A_statement_that_knows_nothing_of_records_leaves_one_all_the_same()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await using var db = await house.Core.OpenAsync();
        var before = await db.LicenseChanges.CountAsync();

        var rows = await db.Database.ExecuteSqlAsync($"""UPDATE "Licenses" SET "State" = 9 WHERE "State" = 1""");

        Assert.True(rows > 0);
        Assert.Equal(before + rows, await db.LicenseChanges.CountAsync());
    }
}
