using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Web.Hosting;

namespace VppBooks.Tests.Persistence;

/// <summary>The database is locked, full, or goes away in the middle of a commit.</summary>
public sealed class StorageTests
{
    [Fact]
    public async Task F43_While_another_writes_commits_wait_and_reads_answer()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await using var db = await house.Core.OpenAsync();
        await using var other = new SqliteConnection(db.Database.GetConnectionString());
        await other.OpenAsync();
        await using var writing = await other.BeginTransactionAsync();

        var turn = Task.Run(() => house.WorkAsync());
        var began = Stopwatch.GetTimestamp();
        var reads = 0;
        for (; Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2); reads++)
        {
            Assert.NotEmpty(await house.LicensesAsync(book));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.False(turn.IsCompleted);
        Assert.InRange(reads, 5, int.MaxValue);
        Assert.Equal(0, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await writing.RollbackAsync();
        await turn;

        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task F44_With_a_full_disk_nothing_is_sent_and_health_is_red_until_there_is_room_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var disk = new FullDisk();
        await using var process = house.Core.SecondProcess(s => s.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(disk)));
        await TurnAsync(house, process);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(process));
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await disk.FillAsync(process);
        house.Apple.ClearRequests();

        Assert.True(FullDisk.IsMeantBy(await Assert.ThrowsAnyAsync<Exception>(() => TurnAsync(house, process))));

        Assert.DoesNotContain(house.Apple.Requests, r => r.Method == "POST");
        Assert.Empty(await house.OperationsAsync(OperationKind.Associate));
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(process));

        disk.Full = false;
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(process));
        await using (var db = await house.Core.OpenAsync())
        {
            Assert.False(await db.StagedBooks.AnyAsync());
        }

        await house.WorkAsync();
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData("INSERT INTO \"Operations\"")]
    [InlineData("UPDATE \"Operations\" SET \"EventId\"")]
    [InlineData("UPDATE \"Operations\"")]
    [InlineData("UPDATE \"Books\"")]
    public async Task F45_A_commit_whose_answer_was_lost_is_looked_up_and_not_repeated(string statement)
    {
        await using var house = await SpendingHouse.StartAsync();
        var lost = new LostCommit();
        await using var process = house.Core.SecondProcess(s => s.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(lost, lost.Statements)));
        await TurnAsync(house, process);
        var book = await house.BookAsync(free: 60);
        var group = await house.GroupAsync("Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));

        lost.After = statement;
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await TurnAsync(house, process);
                house.Core.Clock.Offset += TimeSpan.FromSeconds(5);
            }
        });

        await house.WorkAsync(TimeSpan.FromMinutes(30));
        // People who were registered in two requests may get their book in two, but nobody is asked for twice.
        Assert.All(house.Apple.Ledger.Where(e => e.AdamId == book.Key.AdamId).GroupBy(e => e.Target), asked => Assert.Single(asked));
        await house.AssertLedgerIsTrueAsync(book);
        Assert.Contains(await house.LicensesAsync(book), l => l.State == LicenseState.Assigned);
    }

    [Fact]
    public async Task F45_A_plan_whose_commit_got_no_answer_takes_no_second_license_when_it_is_committed_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var lost = new LostCommit();
        await using var process = house.Core.SecondProcess(s => s.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(lost, lost.Statements)));
        var book = await house.BookAsync(free: 60);
        var request = new PlanRequest(book.PublicId, [new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required)]);
        var desk = process.GetRequiredService<AssignmentDesk>();

        lost.After = "INSERT INTO \"Licenses\"";
        await Assert.ThrowsAsync<IOException>(() => desk.AssignAsync(request, CoreHouse.Admin, CancellationToken.None));
        var set = await house.LicensesAsync(book);
        Assert.NotEmpty(set);
        await desk.AssignAsync(request, CoreHouse.Admin, CancellationToken.None);

        Assert.Equal(set.Count, (await house.LicensesAsync(book)).Count);
        await house.WorkAsync();
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    private static async Task TurnAsync(SpendingHouse house, ServiceProvider process)
    {
        var leases = process.GetRequiredService<LocationLeases>();
        var lease = await leases.TryAcquireAsync(house.LocationId, CancellationToken.None);
        Assert.NotNull(lease);
        try
        {
            await process.GetRequiredService<LocationTurn>().RunAsync(lease, CancellationToken.None);
        }
        finally
        {
            await leases.ReleaseAsync(lease, CancellationToken.None);
        }
    }

    private static async Task<HealthStatus> HealthAsync(ServiceProvider process) =>
        (await new DatabaseCheck(process.GetRequiredService<IDbContextFactory<VppBooksDbContext>>(), process.GetRequiredService<StorageMonitor>())
            .CheckHealthAsync(new HealthCheckContext(), CancellationToken.None)).Status;

    /// <summary>Commits, and then loses the connection: once, for the first transaction with a certain statement.</summary>
    private sealed class LostCommit : DbTransactionInterceptor
    {
        private bool _armed;

        public LostCommit() => Statements = new Watch(this);

        public string? After { get; set; }

        public DbCommandInterceptor Statements { get; }

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            if (!_armed)
            {
                return result;
            }

            (_armed, After) = (false, null);
            await transaction.CommitAsync(cancellationToken);
            throw new IOException("The connection was lost.");
        }

        private sealed class Watch(LostCommit owner) : DbCommandInterceptor
        {
            public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
                DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
            {
                Look(command);
                return new(result);
            }

            public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
                DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
            {
                Look(command);
                return new(result);
            }

            private void Look(DbCommand command) => owner._armed |= owner.After is { } after && command.CommandText.Contains(after, StringComparison.Ordinal);
        }
    }
}
