using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Persistence.Sqlite;

namespace VppBooks.Tests.Persistence;

/// <summary>A page far back in a long list begins in an index where the page before ended, and sorts nothing.</summary>
public sealed class PageQueryTests : IAsyncLifetime
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"vppbooks-{Guid.NewGuid():N}.db");

    public async ValueTask InitializeAsync() => await MigratedFile.CopyToAsync(_file);

    public ValueTask DisposeAsync()
    {
        File.Delete(_file);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Waiting_list_that_is_served_by_time_goes_on_in_its_index()
    {
        await using var db = Open();
        var waiting = WaitingOrders.Ranked(db, db.Licenses.Where(l => l.BookId == 7 && l.State == LicenseState.Waiting), WaitingOrder.FirstCome);
        var place = new WaitingPlace(WaitingOrder.FirstCome, 0, DateTimeOffset.UnixEpoch, 41);

        var plan = await QueryPlans.ReadAsync(db, WaitingOrders.Sort(WaitingOrders.Behind(waiting, place), WaitingOrder.FirstCome).Take(101));

        Assert.Contains("IX_Licenses_BookId_State_WantedAt (BookId=? AND State=? AND WantedAt>?)", Assert.Single(plan), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_people_of_a_plan_are_walked_through_by_name()
    {
        await using var db = Open();

        var plan = await QueryPlans.ReadAsync(db, PlanLineLists.ByName(db, 7, PlanOutcome.Waits, new PlanLinePlace("Anna", 41), many: true).Take(101));

        Assert.Contains("IX_People_DisplayName (DisplayName>?)", plan[0], StringComparison.Ordinal);
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal) || step.StartsWith("SCAN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Few_people_of_a_plan_are_found_by_the_plan()
    {
        await using var db = Open();

        var plan = await QueryPlans.ReadAsync(db, PlanLineLists.ByName(db, 7, PlanOutcome.Waits, new PlanLinePlace("Anna", 41), many: false).Take(101));

        Assert.Contains("(PlanId=?)", plan[0], StringComparison.Ordinal);
        Assert.DoesNotContain(plan, step => step.StartsWith("SCAN", StringComparison.Ordinal));
    }

    private SqliteVppBooksDbContext Open() => new(new DbContextOptionsBuilder<SqliteVppBooksDbContext>().UseSqlite($"Data Source={_file};Pooling=False").Options);
}
