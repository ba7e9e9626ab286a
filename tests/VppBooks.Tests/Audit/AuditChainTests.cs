using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Audit;

/// <summary>I9: nobody changes what was written about the past without its being noticed.</summary>
public abstract class AuditChainTests(bool sqlite)
{
    [Fact]
    public async Task What_was_written_is_sealed_and_verifies()
    {
        await using var house = await HouseAsync(events: 1203, changes: 7);

        Assert.Equal(1210, await house.SealAsync());
        Assert.Equal(0, await house.SealAsync());
        await house.HappenAsync(2);

        var report = await house.CheckAsync();
        Assert.Empty(report.Faults);
        Assert.Equal((1210, 2), (report.Sealed, report.Waiting));
    }

    [Theory]
    [InlineData("UPDATE \"AuditEvents\" SET \"ActorName\" = 'Somebody Else' WHERE \"Sequence\" = 5", ChainFaultKind.Changed, 5, 1)]
    [InlineData("UPDATE \"AuditEvents\" SET \"Details\" = NULL WHERE \"Sequence\" IN (3, 8)", ChainFaultKind.Changed, 3, 2)]
    [InlineData("UPDATE \"AuditEvents\" SET \"Correlation\" = '0' WHERE \"Sequence\" = 10", ChainFaultKind.Changed, 10, 1)]
    [InlineData("DELETE FROM \"AuditEvents\" WHERE \"Sequence\" IN (4, 5)", ChainFaultKind.Removed, 4, 2)]
    [InlineData("DELETE FROM \"AuditEvents\" WHERE \"Sequence\" = 1", ChainFaultKind.Removed, 1, 1)]
    [InlineData("UPDATE \"AuditEvents\" SET \"Sequence\" = NULL, \"Hash\" = NULL WHERE \"Sequence\" = 6", ChainFaultKind.Removed, 6, 1)]
    [InlineData("DELETE FROM \"AuditEvents\" WHERE \"Sequence\" > 7", ChainFaultKind.CutOff, 8, 3)]
    [InlineData("INSERT INTO \"AuditEvents\" (\"At\", \"ActorKind\", \"ActorId\", \"ActorName\", \"Action\", \"Sequence\", \"Hash\", \"SealedAt\") SELECT \"At\", \"ActorKind\", \"ActorId\", \"ActorName\", \"Action\", \"Sequence\", \"Hash\", \"SealedAt\" FROM \"AuditEvents\" WHERE \"Sequence\" = 4", ChainFaultKind.Inserted, 4, 1)]
    [InlineData("INSERT INTO \"AuditEvents\" (\"At\", \"ActorKind\", \"ActorId\", \"ActorName\", \"Action\", \"Sequence\", \"Hash\", \"SealedAt\") SELECT \"At\", \"ActorKind\", \"ActorId\", \"ActorName\", \"Action\", 11, \"Hash\", \"SealedAt\" FROM \"AuditEvents\" WHERE \"Sequence\" = 10", ChainFaultKind.Inserted, 11, 1)]
    [InlineData("DELETE FROM \"AuditChainHeads\" WHERE \"Id\" = 1", ChainFaultKind.NotSigned, 10, 1)]
    [InlineData("DELETE FROM \"LicenseChanges\" WHERE \"Sequence\" = 2", ChainFaultKind.Removed, 2, 1)]
    [InlineData("UPDATE \"LicenseChanges\" SET \"To\" = 6 WHERE \"Sequence\" = 3", ChainFaultKind.Changed, 3, 1)]
    public async Task Whatever_is_done_to_sealed_rows_is_noticed(string statement, ChainFaultKind kind, long sequence, long count)
    {
        await using var house = await HouseAsync(events: 10, changes: 4);
        await house.SealAsync();

        await house.ExecuteAsync(statement);

        var faults = (await house.CheckAsync()).Faults;
        var fault = Assert.Single(faults, f => f.Kind == kind);
        Assert.Equal((sequence, count), (fault.Sequence, fault.Count));
        Assert.Equal(statement.Contains("LicenseChanges", StringComparison.Ordinal) ? AuditChain.Licenses : AuditChain.Events, fault.Chain);
    }

    [Fact]
    public async Task An_end_that_was_moved_back_with_the_rows_lacks_the_signature()
    {
        await using var house = await HouseAsync(events: 5);
        await house.SealAsync();
        await using (var db = await house.OpenAsync())
        {
            var last = await db.AuditEvents.AsNoTracking().SingleAsync(a => a.Sequence == 3);
            await db.AuditEvents.Where(a => a.Sequence > 3).ExecuteDeleteAsync();
            await db.AuditChainHeads.Where(h => h.Id == AuditChain.Events).ExecuteUpdateAsync(set => set.SetProperty(h => h.Sequence, 3).SetProperty(h => h.Hash, last.Hash));
        }

        Assert.Equal(ChainFaultKind.NotSigned, Assert.Single((await house.CheckAsync()).Faults).Kind);

        // The next process that seals writes into the chain itself what it found.
        await house.HappenAsync(1);
        await house.Server().GetRequiredService<AuditSealer>().SealAsync(CancellationToken.None);
        await using var after = await house.OpenAsync();
        Assert.Single(await after.AuditEvents.Where(a => a.Action == "audit.head-not-signed").ToListAsync());
    }

    [Fact]
    public async Task A_database_put_back_as_a_whole_is_noticed_by_a_row_that_the_log_named()
    {
        await using var house = await HouseAsync(events: 5);
        await house.SealAsync();
        var older = await HeadAsync(house);
        await house.HappenAsync(5);
        await house.SealAsync();
        var known = await HeadAsync(house);
        var anchor = new AuditAnchor(AuditChain.Events, known.Sequence, Convert.ToHexString(known.Hash));
        Assert.Empty((await house.CheckAsync(anchor)).Faults);

        await using (var db = await house.OpenAsync())
        {
            await db.AuditEvents.Where(a => a.Sequence > older.Sequence).ExecuteDeleteAsync();
            await db.AuditChainHeads.Where(h => h.Id == AuditChain.Events)
                .ExecuteUpdateAsync(set => set.SetProperty(h => h.Sequence, older.Sequence).SetProperty(h => h.Hash, older.Hash).SetProperty(h => h.Signature, older.Signature));
        }

        Assert.Empty((await house.CheckAsync()).Faults);
        Assert.Equal((ChainFaultKind.AnchorNotFound, 10), Assert.Single((await house.CheckAsync(anchor)).Faults) is var f ? (f.Kind, f.Sequence) : default);
    }

    [Fact]
    public async Task A_row_that_is_put_in_with_an_earlier_time_is_noticed_and_one_that_waited_for_the_program_is_not()
    {
        await using var house = await HouseAsync(events: 3);
        await house.SealAsync();
        await house.HappenAsync(600);
        house.Clock.Pass(TimeSpan.FromDays(3));
        await house.HappenAsync(1);
        await house.SealAsync();
        Assert.Empty((await house.CheckAsync()).Faults);

        await house.ChangeAsync(db => db.Audit(AuditHouse.Admin, house.Clock.GetUtcNow().AddDays(-2), "plan.committed", default));
        await house.SealAsync();

        Assert.Equal((ChainFaultKind.Backdated, 605), Assert.Single((await house.CheckAsync()).Faults) is var f ? (f.Kind, f.Sequence) : default);
    }

    [Fact]
    public async Task Servers_that_seal_at_once_do_not_fork_the_chain()
    {
        await using var house = await HouseAsync(events: 2);
        var servers = new[] { house.Server(), house.Server(), house.Server() };

        for (var round = 0; round < 8; round++)
        {
            await house.HappenAsync(40);
            await Task.WhenAll(servers.Select(s => Task.Run(() => s.GetRequiredService<AuditSealer>().SealAsync(CancellationToken.None))));
        }

        await house.SealAsync();
        var report = await house.CheckAsync();
        Assert.Empty(report.Faults);
        Assert.Equal((322, 0), (report.Sealed, report.Waiting));
    }

    [Fact]
    public async Task Changes_carry_the_trace_of_what_they_were_part_of()
    {
        await using var house = await HouseAsync();
        using var activity = new Activity("request").Start();

        await house.HappenAsync(1);

        await using var db = await house.OpenAsync();
        Assert.Equal(activity.TraceId.ToHexString(), (await db.AuditEvents.SingleAsync()).Correlation);
    }

    private async Task<AuditHouse> HouseAsync(int events = 0, int changes = 0)
    {
        var house = await AuditHouse.StartAsync(sqlite);
        await house.HappenAsync(events);
        await house.ChangeAsync(db =>
        {
            for (var i = 0; i < changes; i++)
            {
                db.LicenseChanges.Add(new LicenseChange { LicenseId = i + 1, At = house.Clock.GetUtcNow(), To = LicenseState.Reserved, Cause = LicenseCause.Committed, PlanId = 3 });
            }
        });
        return house;
    }

    private static async Task<AuditChainHead> HeadAsync(AuditHouse house)
    {
        await using var db = await house.OpenAsync();
        return await db.AuditChainHeads.AsNoTracking().SingleAsync(h => h.Id == AuditChain.Events);
    }

    public sealed class OnSqlite() : AuditChainTests(sqlite: true)
    {
        [Theory]
        [InlineData("UPDATE \"AuditChainHeads\"")]
        [InlineData("UPDATE \"AuditEvents\" SET \"Sequence\"")]
        [InlineData("COMMIT")]
        public async Task A_crash_between_two_statements_leaves_nothing_half_done(string at)
        {
            await using var house = await AuditHouse.StartAsync();
            await house.HappenAsync(20);
            var crash = new Crash(at);
            var server = house.Server(s => s.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(crash, crash.Commits)));

            await Assert.ThrowsAsync<IOException>(() => server.GetRequiredService<AuditSealer>().SealAsync(CancellationToken.None));

            Assert.Equal((0L, 20L), (await house.CheckAsync()) is { Faults.Count: 0 } report ? (report.Sealed, report.Waiting) : default);
            Assert.Equal(20, await house.SealAsync());
            Assert.Empty((await house.CheckAsync()).Faults);
        }

        private sealed class Crash(string at) : DbCommandInterceptor
        {
            public DbTransactionInterceptor Commits { get; } = new Commit(at);

            public override ValueTask<int> NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default) =>
                command.CommandText.Contains(at, StringComparison.Ordinal) ? throw new IOException("The process died here.") : new(result);

            private sealed class Commit(string at) : DbTransactionInterceptor
            {
                public override ValueTask<InterceptionResult> TransactionCommittingAsync(
                    DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
                    at == "COMMIT" ? throw new IOException("The process died here.") : new(result);
            }
        }
    }

    public sealed class OnSqlServer() : AuditChainTests(sqlite: false);
}
