using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Web.Hosting;

namespace VppBooks.Tests.Hosting;

/// <summary>F50: an upgrade that dies is finished by the next start, and there is a copy from before it.</summary>
public sealed class UpgradeTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-upgrade-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private readonly ServiceProvider _services;

    public UpgradeTests() => _services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_clock)
        .AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={Database};Pooling=False").BuildServiceProvider();

    private string Database => Path.Combine(_folder, "data", "vppbooks.db");

    private string[] Backups => [.. Directory.GetFiles(Path.Combine(_folder, "data"), "*.backup*").Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_new_database_is_made_with_write_ahead_logging_and_without_a_copy()
    {
        await UpgradeAsync();

        Assert.Equal("wal", await JournalAsync());
        Assert.Empty(Backups);
        await UpgradeAsync();
        Assert.Empty(Backups);
    }

    [Fact]
    public async Task F50_A_copy_is_made_before_an_upgrade_and_it_is_the_database_from_before()
    {
        await OldAsync("kept");

        await UpgradeAsync();

        Assert.Empty(await PendingAsync());
        var copy = Assert.Single(Backups);
        Assert.Equal(Database + ".20261122T120000Z.backup", copy);
        await using (var old = new SqliteConnection($"Data Source={copy};Pooling=False"))
        {
            await old.OpenAsync();
            Assert.Equal("1", await ScalarAsync(old, "SELECT COUNT(*) FROM \"__EFMigrationsHistory\""));
            Assert.Equal("kept", await ScalarAsync(old, "SELECT \"FriendlyName\" FROM \"RingKeys\""));
        }

        // Put back, as an administrator would: it works, and readers do not wait for writers.
        foreach (var suffix in (string[])["-wal", "-shm"])
        {
            File.Delete(Database + suffix);
        }

        File.Copy(copy, Database, overwrite: true);
        Assert.NotEmpty(await PendingAsync());
        _clock.Advance(TimeSpan.FromMinutes(1));
        await UpgradeAsync();
        Assert.Empty(await PendingAsync());
        Assert.Equal("wal", await JournalAsync());
    }

    [Fact]
    public async Task F50_The_lock_row_of_a_dead_upgrade_is_removed_and_the_copy_it_made_is_kept()
    {
        await OldAsync("kept");
        await using (var db = await OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL PRIMARY KEY, \"Timestamp\" TEXT NOT NULL)");
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-11-22 11:00:00')");
        }

        // What it noted before it died.
        var copy = Database + ".20261122T110000Z.backup";
        File.Copy(Database, copy);
        await File.WriteAllTextAsync(Database + ".upgrade", copy);

        await UpgradeAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Empty(await PendingAsync());
        Assert.Equal([copy], Backups);
    }

    [Fact]
    public async Task Three_copies_are_kept_and_what_a_dead_copy_left_is_removed()
    {
        await OldAsync("kept");
        foreach (var day in (int[])[1, 2, 3, 4])
        {
            await File.WriteAllTextAsync($"{Database}.2026110{day}T120000Z.backup", "");
        }

        await File.WriteAllTextAsync($"{Database}.20261105T120000Z.backup.partial", "");

        await UpgradeAsync();

        Assert.Equal(["20261103T120000Z", "20261104T120000Z", "20261122T120000Z"], Backups.Select(b => Path.GetFileName(b).Split('.')[2]));
    }

    [Fact]
    public async Task F50_Where_no_copy_can_be_made_nothing_is_changed_and_the_remedy_is_said()
    {
        await OldAsync("kept");
        Directory.CreateDirectory(Database + ".20261122T120000Z.backup.partial");

        var refused = await Assert.ThrowsAsync<DatabaseUpgradeException>(UpgradeAsync);

        Assert.Contains("Nothing was changed. Make room beside", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(await PendingAsync());
    }

    [Fact]
    public async Task An_upgrade_ends_the_plans_of_tokens_that_were_deleted_before_and_no_others()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, group) = (await house.BookAsync(free: 60), await house.GroupAsync("Class 4A"));
        house.Core.Get<LicenseOptions>().UndoWindow = TimeSpan.FromHours(9);
        var ended = await PlanAsync(new WishedAssignment(group, Intent.Required));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(1));
        await house.Core.ChangeAsync(d => d.Audit(Actor.System, house.Core.Clock.GetUtcNow(), "location.deleted", new AuditSubject(house.LocationId)));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(1));
        var open = await PlanAsync(new WishedAssignment(group, Intent.Required), new WishedAssignment(await house.GroupAsync("Class 4B"), Intent.Required));

        await using var db = await house.Core.OpenAsync();
        await db.GetService<IMigrator>().MigrateAsync("FailedDeliveries");
        await db.GetService<IMigrator>().MigrateAsync();

        var plans = await db.Plans.AsNoTracking().ToDictionaryAsync(p => p.PublicId);
        Assert.Equal((PlanState.Undone, true, (string?)null), (plans[ended].State, plans[ended].DecidedAt is not null, plans[ended].Before));
        Assert.Equal((PlanState.Undoable, false), (plans[open].State, plans[open].Before is null));

        async Task<Guid> PlanAsync(params WishedAssignment[] wishes) => Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, wishes)).Plan.Id;
    }

    [Fact]
    public async Task F50_A_step_that_fails_says_what_to_do_and_where_the_copy_is()
    {
        await OldAsync("kept");
        await using (var db = await OpenAsync())
        {
            // In the way of the next step.
            await db.Database.ExecuteSqlRawAsync("CREATE TABLE \"LicenseChanges\" (\"x\" INTEGER)");
        }

        var refused = await Assert.ThrowsAsync<DatabaseUpgradeException>(UpgradeAsync);

        Assert.Contains($"put {Assert.Single(Backups)} in the place of the database file", refused.Message, StringComparison.Ordinal);
        await using (var db = await OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("DROP TABLE \"LicenseChanges\"");
        }

        await UpgradeAsync();
        Assert.Empty(await PendingAsync());
        Assert.Single(Backups);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_left_alone()
    {
        await UpgradeAsync();
        await using (var db = await OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_Future', '99.0')");
        }

        var refused = await Assert.ThrowsAsync<DatabaseUpgradeException>(UpgradeAsync);

        Assert.Contains("newer version of VppBooks (its last step is 29990101000000_Future)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_that_start_at_once_upgrade_one_after_the_other()
    {
        await OldAsync("kept");
        using var real = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System)
            .AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={Database};Pooling=False").BuildServiceProvider();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => DatabaseSetup.UpgradeAsync(real, CancellationToken.None))));

        Assert.Empty(await PendingAsync());
        Assert.Single(Backups);
    }

    private Task UpgradeAsync() => DatabaseSetup.UpgradeAsync(_services, CancellationToken.None);

    private Task<VppBooksDbContext> OpenAsync() => _services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();

    /// <summary>A database of the first version, with a row in it.</summary>
    private async Task OldAsync(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Database)!);
        await using var db = await OpenAsync();
        await db.GetService<IMigrator>().MigrateAsync(db.Database.GetMigrations().First());
        await db.Database.ExecuteSqlAsync($"INSERT INTO \"RingKeys\" (\"FriendlyName\", \"Xml\") VALUES ({name}, '<key />')");
    }

    private async Task<List<string>> PendingAsync()
    {
        await using var db = await OpenAsync();
        return [.. await db.Database.GetPendingMigrationsAsync()];
    }

    private async Task<string> JournalAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync();
        return await ScalarAsync(connection, "PRAGMA journal_mode");
    }

    private static async Task<string> ScalarAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
