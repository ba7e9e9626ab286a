using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.SqlServer.Dac.Model;
using Microsoft.SqlServer.TransactSql.ScriptDom;
using VppBooks.Core.Activities;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Core.Persistence.SqlServer;
using VppBooks.Core.Reports;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Persistence;

/// <summary>What can be known about SQL Server without one: migrations complete, scripts that parse, statements that fit the schema.</summary>
public sealed partial class SqlServerSchemaTests
{
    [Fact]
    public void Both_databases_have_migrations_for_the_whole_model()
    {
        using var sqlite = new SqliteVppBooksDbContext(new DbContextOptionsBuilder<SqliteVppBooksDbContext>().UseSqlite("Data Source=:memory:").Options);
        using var sqlServer = SqlServer();

        Assert.False(sqlite.Database.HasPendingModelChanges());
        Assert.False(sqlServer.Database.HasPendingModelChanges());
    }

    [Fact]
    public void No_list_of_values_is_compared_with_a_column_of_its_own_collation()
    {
        // OPENJSON gives values the collation of the database: SQL Server refuses to compare them with a column that has another one (error 468).
        using var db = SqlServer();
        var columns = db.GetService<IDesignTimeModel>().Model.GetEntityTypes().SelectMany(e => e.GetProperties()).Where(p => p.GetCollation() is not null).Select(p => p.Name).Distinct().ToList();
        Assert.Contains("ClientUserId", columns);
        var compared = new Regex($@"EF\.Parameter\([^()]*\)\s*\.Contains\(\w+(\.\w+)*\.({string.Join('|', columns)})\)");

        var found = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "VppBooks.Core"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => compared.Matches(File.ReadAllText(f)).Select(m => $"{Path.GetFileName(f)}: {m.Value}"));

        Assert.Empty(found);
        Assert.Matches(compared, "EF.Parameter(named).Contains(u.ClientUserId)");
    }

    [Fact]
    public void The_idempotent_script_is_valid_T_SQL()
    {
        using var db = SqlServer();
        var script = db.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent);

        new TSql170Parser(initialQuotedIdentifiers: true, SqlEngineType.All).Parse(new StringReader(script), out var errors);

        Assert.Empty(errors);
    }

    [Fact]
    public void Every_bulk_statement_fits_the_schema()
    {
        var store = new SqlServerBulkStore();
        var staging = new[] { store.StageBooks, store.StageUsers, store.StageAssignments, store.InsertPeople, store.InsertNewWords, store.InsertWords, store.InsertMemberships, store.InsertInbox, [store.SealEvents, store.SealChanges] }.SelectMany(s => s).ToList();
        var procedures = BulkStatements.All.Select(s => $"CREATE PROCEDURE {s.Key} @p0 int, @p1 int, @p2 datetimeoffset, @p3 varchar(2) AS BEGIN {Parameters(s.Value)} END")
            .Concat(staging.Select((s, i) => $"CREATE PROCEDURE staging_{i} @p0 int, @p1 nvarchar(max) AS BEGIN {Parameters(s)} END"))
            .ToList();

        Assert.True(procedures.Count > 25);
        AssertFits(procedures);
    }

    [Fact]
    public async Task Every_query_of_the_catalogs_fits_the_schema()
    {
        var database = new CapturingSqlServer();
        var catalog = new BookCatalog(database, Rules(database));
        foreach (var sort in Enum.GetValues<BookSort>())
        {
            foreach (var state in Enum.GetValues<BookFilter>())
            {
                await catalog.ListAsync(new BookQuery { Search = sort == BookSort.Title ? "978-90" : "ma%x", Genre = "Fiction", Language = "nl", LocationId = Guid.NewGuid(), State = state, Sort = sort, Descending = state == BookFilter.Free }, CoreHouse.Admin, CancellationToken.None);
            }
        }

        await catalog.FindAsync(Guid.NewGuid(), CoreHouse.Admin, CancellationToken.None);
        await catalog.FindCoverAsync(1, CancellationToken.None);
        await catalog.ListFacetsAsync(CoreHouse.Admin, CancellationToken.None);
        await new BookPeople(database).ListAsync(Guid.NewGuid(), new BookPeopleQuery { Search = "anna", State = LicenseState.Assigned }, CoreHouse.Admin, CancellationToken.None);
        var people = new PeopleCatalog(database);
        foreach (var state in Enum.GetValues<RegistrationState>().Cast<RegistrationState?>().Append(null))
        {
            await people.ListAsync(new PeopleQuery { Search = "anna de", Registration = state, Copies = state is null ? CopyTrouble.Stuck : CopyTrouble.WithLeavers, After = new PersonPlace("anna", Guid.NewGuid()) }, CoreHouse.Admin, CancellationToken.None);
        }

        await people.FindAsync(Guid.NewGuid(), CoreHouse.Admin, CancellationToken.None);
        foreach (var trouble in Enum.GetValues<CopyTrouble>())
        {
            await new TroubledCopies(database).ListAsync(new CopiesQuery(trouble) { Search = "anna" }, CoreHouse.Admin, CancellationToken.None);
            var copy = new TroubledCopy(Guid.NewGuid(), "Anna", "anna", null, null, Guid.NewGuid(), 1, null, "Token", RegistrationState.None, default);
            await new TroubledCopies(database).ListBehindAsync(trouble, "anna", copy, 500, CoreHouse.Admin, CancellationToken.None);
        }

        await using (var groups = database.CreateDbContext())
        {
            await GroupCopies.SummarizeAsync(groups, [new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = "4A" }], CancellationToken.None);
            await GroupCopies.ListBooksAsync(groups, 1, CancellationToken.None);
        }

        await new OverviewReader(database, Rules(database), TimeProvider.System).ReadAsync(CoreHouse.Admin, CancellationToken.None);
        foreach (var by in Enum.GetValues<UsageBy>())
        {
            await new UsageReader(database).ListAsync(by, CoreHouse.Admin, CancellationToken.None);
        }

        await new HistoryReader(database).ListAsync(new HistoryScope(Guid.NewGuid(), Guid.NewGuid()), new DateOnly(2026, 8, 1), new DateOnly(2026, 9, 1), TimeZoneInfo.Utc, CoreHouse.Admin, CancellationToken.None);
        await new TitleReports(database).SharedAsync(CoreHouse.Admin, CancellationToken.None);
        await new TitleReports(database).CopiesAsync(1, twice: true, 0, 10, CoreHouse.Admin, CancellationToken.None);
        await new TimeMachine(database).HoldersAsync(Guid.NewGuid(), new DateOnly(2026, 8, 1), TimeZoneInfo.Utc, 0, 10, CoreHouse.Admin, CancellationToken.None, new HolderPlace("Anna", 1));
        await new ServingReports(database, TimeProvider.System).UnservedAsync(CoreHouse.Admin, CancellationToken.None);
        await new ServingReports(database, TimeProvider.System).UnreadyAsync(0, 10, CoreHouse.Admin, CancellationToken.None);
        await new ForecastReader(database, TimeProvider.System).ListAsync(new ForecastQuery { Location = Guid.NewGuid() }, CoreHouse.Admin, CancellationToken.None);

        foreach (var oldestFirst in (bool[])[true, false])
        {
            var after = new ActivityCursor(DateTimeOffset.UnixEpoch, VppBooks.Core.Audit.AuditChain.Licenses, -41);
            var query = new ActivityQuery { Kinds = ActivityKinds.All, Person = Guid.NewGuid(), Book = Guid.NewGuid(), Token = Guid.NewGuid(), About = "anna", OldestFirst = oldestFirst, After = after };
            await new ActivityReader(database).ListAsync(query, CoreHouse.Admin, CancellationToken.None);
            await new ActivityReader(database).ListAsync(query with { Person = null, Group = Guid.NewGuid(), Actor = "anna" }, CoreHouse.Admin, CancellationToken.None);
        }

        await using (var db = database.CreateDbContext())
        {
            await StockConditions.ListAsync(db, new AlertOptions(), CancellationToken.None);
            await ServingConditions.OfPeopleAsync(db, DateTimeOffset.UnixEpoch, CancellationToken.None);
            await ServingConditions.OfCopiesAsync(db, DateTimeOffset.UnixEpoch, CancellationToken.None);
            foreach (var order in Enum.GetValues<WaitingOrder>())
            {
                var waiting = WaitingOrders.Serveable(db).Where(l => l.BookId == 1);
                await WaitingOrders.Sort(db, waiting, order).Select(l => l.Id).ToListAsync();
                await WaitingOrders.Sort(WaitingOrders.Behind(WaitingOrders.Ranked(db, waiting, order), new WaitingPlace(order, 1, DateTimeOffset.UnixEpoch, 1)), order).Select(w => w.Rank).ToListAsync();
            }

            foreach (var (outcome, many) in new[] { ((PlanOutcome?)null, true), (PlanOutcome.GetsNow, true), (PlanOutcome.GetsNow, false) })
            {
                await PlanLineLists.ByName(db, 1, outcome, new PlanLinePlace("Anna", 1), many).Skip(0).Take(101).Select(l => new { l.PersonId, l.Outcome, l.Reason }).ToListAsync();
            }
        }

        await new WaitingLists(database, TimeProvider.System, new ChangeFeed()).PageAsync(Guid.NewGuid(), new WaitingPart(), CoreHouse.Admin, CancellationToken.None);

        var plans = new PlanViews(database, new LicenseGuards(new LicenseOptions(), database), TimeProvider.System);
        await plans.ListAwaitingAsync(CoreHouse.Admin, CancellationToken.None);
        await plans.PageLinesAsync(Guid.NewGuid(), PlanOutcome.Waits, null, 0, 10, CoreHouse.Admin, CancellationToken.None);

        Assert.True(database.Procedures.Count > 100);
        AssertFits(database.Procedures);
    }

    [Fact]
    public void A_column_that_does_not_exist_is_noticed() =>
        Assert.NotEmpty(Problems(["""CREATE PROCEDURE wrong AS BEGIN UPDATE "Books" SET "NoSuchColumn" = 1 END""", """CREATE PROCEDURE wrong2 AS BEGIN SELECT 1 FROM "NoSuchTable" END"""]));

    private static void AssertFits(IReadOnlyList<string> procedures)
    {
        foreach (var procedure in procedures)
        {
            new TSql170Parser(initialQuotedIdentifiers: true, SqlEngineType.All).Parse(new StringReader(procedure), out var errors);
            Assert.True(errors.Count == 0, $"{string.Join("; ", errors.Select(e => e.Message))}\n{procedure}");
        }

        Assert.Empty(Problems(procedures));
    }

    private static List<string> Problems(IReadOnlyList<string> procedures)
    {
        using var db = SqlServer();
        using var model = new TSqlModel(SqlServerVersion.Sql160, new TSqlModelOptions());
        foreach (var batch in Go().Split(db.Database.GenerateCreateScript()).Where(b => b.Trim().Length > 0 && !b.Contains("INSERT INTO", StringComparison.Ordinal)))
        {
            // Rows that a migration brings along are no part of a schema.
            model.AddObjects(batch);
        }

        foreach (var statement in LedgerTriggers.SqlServer.Concat(procedures))
        {
            model.AddObjects(statement);
        }

        return [.. model.Validate().Select(m => m.Message)];
    }

    private static AlertRules Rules(IDbContextFactory<VppBooksDbContext> database) => new(new AlertOptions { StockLowCount = 3 }, database, NullLogger<AlertRules>.Instance);

    private static string Parameters(string statement) => Placeholder().Replace(statement, "@p${number}");

    private static SqlServerVppBooksDbContext SqlServer() => new(new DbContextOptionsBuilder<SqlServerVppBooksDbContext>().UseSqlServer("Server=nowhere;Database=nothing").Options);

    [GeneratedRegex(@"^GO\s*$", RegexOptions.Multiline | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Go();

    [GeneratedRegex(@"\{(?<number>\d)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Placeholder();
}
