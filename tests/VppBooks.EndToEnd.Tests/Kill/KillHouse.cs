using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Web;

namespace VppBooks.EndToEnd.Tests.Kill;

/// <summary>
/// Apple's stand-in in this process, a database in a file or on a server, and the real program in a process of its own that kills itself at a crash point and is
/// started again. What happens before the program starts is done by the same composition without its workers.
/// </summary>
internal sealed class KillHouse : IAsyncDisposable
{
    public const string UId = "3104477120056218";

    /// <summary>Names a server (a connection string without a catalog) with the right to create databases.</summary>
    public const string SqlServerVariable = "VPPBOOKS_TEST_SQLSERVER";

    private const int Killed = 128 + 9;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(300);
    private static readonly Actor _admin = new(ActorKind.Person, "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712", "A. Admin", Actor.ForRoles([AppRoles.Administrator]));

    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-kill-").FullName;
    private readonly SimulatedCloudHost _cloud;
    private readonly DatabaseProvider _provider;
    private readonly ServiceProvider _database;

    private long _operationsBefore;

    private KillHouse(SimulatedCloudHost cloud, string? sqlServer)
    {
        _cloud = cloud;
        _provider = sqlServer is null ? DatabaseProvider.Sqlite : DatabaseProvider.SqlServer;
        ConnectionString = sqlServer is null
            ? $"Data Source={DatabaseFile};Default Timeout=30;Pooling=False"
            : $"{sqlServer.TrimEnd(';')};Initial Catalog=vppbooks-test-{Guid.NewGuid():N}";
        _database = new ServiceCollection().AddVppBooksDatabase(_provider, ConnectionString).BuildServiceProvider();
    }

    public AppleSimulator Apple => _cloud.Apple;

    public int LocationId { get; private set; }

    /// <summary>A file that does not exist yet, for a program to wait for.</summary>
    public string Gate => Path.Combine(_folder, "gate");

    private string DatabaseFile => Path.Combine(_folder, "vppbooks.db");

    private string ConnectionString { get; }

    /// <summary>Connects the education location and reads it once.</summary>
    /// <param name="prepare">What else the composition does before the program starts.</param>
    /// <param name="provider">Where the database is; on a server the test is skipped when none is named.</param>
    public static async Task<KillHouse> StartAsync(Func<KillHouse, IServiceProvider, Task>? prepare = null, DatabaseProvider provider = DatabaseProvider.Sqlite)
    {
        var server = provider == DatabaseProvider.SqlServer ? Environment.GetEnvironmentVariable(SqlServerVariable) : null;
        Assert.SkipWhen(provider == DatabaseProvider.SqlServer && string.IsNullOrEmpty(server), $"{SqlServerVariable} names no server.");
        var cloud = await SimulatedCloudHost.StartAsync(new SimulatedCloudOptions { Port = 0, EntraPort = 0 }, TimeProvider.System, CancellationToken.None);
        var house = new KillHouse(cloud, server);
        try
        {
            house.Apple.Switches.MaxRequestsPerSecond = 2000;
            house.Apple.Switches.EventDelay = TimeSpan.Zero;
            house.Apple.Switches.EventTimePerTask = TimeSpan.Zero;
            await using var app = await VppBooksApp.CreateAsync([.. house.Common(), .. house.WithDirectory()], CancellationToken.None);
            var services = app.Web.Services;
            var created = await services.GetRequiredService<LocationEnrollment>().CreateAsync(
                new CreateLocation { Token = new TokenUpload.File(house.Apple.IssueToken(UId)), Name = "Education", AppleAccount = "books@noordrand.example", ConsentGranted = true },
                _admin,
                CancellationToken.None);
            Assert.IsType<CreateLocationResult.Created>(created);
            house.LocationId = (await house.LocationAsync()).Id;
            await WorkAsync(house, services);
            Assert.Equal(SyncStatus.Completed, (await house.LocationAsync()).SyncStatus);
            await (prepare?.Invoke(house, services) ?? Task.CompletedTask);
            house.Apple.ClearRequests();
            house._operationsBefore = await house.ReadAsync(db => db.Operations.MaxAsync(o => (long?)o.Id)) ?? 0;
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>As <see cref="StartAsync"/>, with a class whose members are registered at Apple and have one book, and a committed plan for another one.</summary>
    public static async Task<(KillHouse House, Book Book, PlanView Plan)> StartWithPlanAsync(
        bool registered = true, TimeSpan undoWindow = default, DatabaseProvider provider = DatabaseProvider.Sqlite)
    {
        Book? book = null;
        PlanView? plan = null;
        var house = await StartAsync(async (house, services) =>
        {
            if (registered)
            {
                var first = await house.BookAsync(free: 60);
                await AssignAsync(house, services, first);
                await WorkAsync(house, services);
                await house.AssertLedgerIsTrueAsync(first);
            }

            book = await house.BookAsync(free: 60);
            services.GetRequiredService<LicenseOptions>().UndoWindow = undoWindow;
            plan = await AssignAsync(house, services, book);
        }, provider);
        return (house, book!, plan!);
    }

    public Task<VppBooksDbContext> OpenAsync() => _database.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();

    public async Task<T> ReadAsync<T>(Func<VppBooksDbContext, Task<T>> read)
    {
        await using var db = await OpenAsync();
        return await read(db);
    }

    public Task<Location> LocationAsync() => ReadAsync(db => db.Locations.AsNoTracking().SingleAsync(l => l.UId == UId));

    /// <summary>Rows of the ledger per state.</summary>
    public Task<Dictionary<LicenseState, int>> CountAsync(Book book) =>
        ReadAsync(db => db.Licenses.Where(l => l.BookId == book.Id).GroupBy(l => l.State).ToDictionaryAsync(g => g.Key, g => g.Count()));

    /// <summary>Requests that were made or intended since the program was started first.</summary>
    public Task<List<Operation>> OperationsAsync(OperationKind kind) =>
        ReadAsync(db => db.Operations.AsNoTracking().Where(o => o.Kind == kind && o.Id > _operationsBefore).OrderBy(o => o.Id).ToListAsync());

    /// <summary>Requests of a kind that reached Apple since the program was started first.</summary>
    public int CountPosts(OperationKind kind)
    {
        var path = kind switch
        {
            OperationKind.Associate => "/mdm/v2/assets/associate",
            OperationKind.CreateUsers => "/mdm/v2/users/create",
            OperationKind.UpdateUsers => "/mdm/v2/users/update",
            _ => "/mdm/v2/users/retire",
        };
        return Apple.Requests.Count(r => r.Method == "POST" && r.Path == path);
    }

    /// <summary>Runs the program until it kills itself.</summary>
    public async Task KillAtAsync(string crashPoint, params string[] more)
    {
        using var program = Start(crashPoint, more);
        await AssertKilledAsync(program);
        await ForgetLeaseAsync();
    }

    /// <summary>A dead owner's lease runs out by itself; how long that takes is not the question of most tests.</summary>
    public async Task ForgetLeaseAsync()
    {
        await using var db = await OpenAsync();
        var past = TimeProvider.System.GetUtcNow() - LocationLeases.ClockTolerance - TimeSpan.FromMinutes(1);
        await db.LocationLeases.ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, past));
    }

    /// <summary>Starts the program as in production.</summary>
    public StartedProgram Start(string? crashPoint = null, params string[] more) => StartedProgram.Start([.. Common(), .. WithoutDirectory(), .. more], crashPoint);

    /// <summary>Starts the program in the demo's profile, whose API lets a test in; Apple is still the one beside this test.</summary>
    public StartedProgram StartDemo(string? crashPoint, params string[] more) => StartedProgram.Start([.. Common(), .. WithDirectory(), .. more], crashPoint);

    /// <summary>As <see cref="StartDemo"/>, with a clock that is ahead by this much; such a clock is refused where Apple may be the real one.</summary>
    public StartedProgram StartSkewed(TimeSpan ahead, string? crashPoint, params string[] more) => StartedProgram.Start([.. Common(), .. WithDirectory(), .. more], crashPoint, ahead);

    /// <summary>Waits for a program to kill itself.</summary>
    public static async Task AssertKilledAsync(StartedProgram program)
    {
        var code = await program.ExitAsync().WaitAsync(_patience);
        Assert.True(code == Killed, $"It ended by itself with {code}:\n{program.Output}\n{program.Errors}");
    }

    /// <summary>Copies the database to a file beside it.</summary>
    public async Task BackUpAsync()
    {
        await using var db = await OpenAsync();
        var copy = DatabaseFile + ".copy";
        await db.Database.ExecuteSqlAsync($"VACUUM INTO {copy}");
    }

    /// <summary>Puts the copy in the place of the database, as the documentation says.</summary>
    public void PutBack()
    {
        File.Copy(DatabaseFile + ".copy", DatabaseFile, overwrite: true);
        File.Delete(DatabaseFile + "-wal");
        File.Delete(DatabaseFile + "-shm");
    }

    /// <summary>Stops a program between two transactions: stopped inside one it would keep everybody else from writing, which is another test.</summary>
    public async Task PauseAsync(StartedProgram program)
    {
        for (var attempt = 1; ; attempt++)
        {
            await program.PauseAsync();
            try
            {
                await WriteNothingAsync();
                return;
            }
            catch (DbException) when (attempt < 20)
            {
                await program.ContinueAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System);
            }
        }
    }

    /// <summary>Keeps the location's worker from sending, as if Apple had asked for a pause; or ends that.</summary>
    public async Task ParkAsync(bool parked)
    {
        DateTimeOffset? until = parked ? TimeProvider.System.GetUtcNow().AddHours(1) : null;
        await using var db = await OpenAsync();
        await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.PausedUntil, until));
    }

    /// <summary>Wishes for a sync, as a schedule does: it brings a turn also where nothing else is to be done.</summary>
    public async Task WishSyncAsync()
    {
        SyncReason? byHand = SyncReason.Manual;
        await using var db = await OpenAsync();
        await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.SyncWanted, byHand));
    }

    /// <summary>Computes the chains of the audit trail again, with the key ring of the program.</summary>
    public async Task<ChainReport> CheckAuditAsync()
    {
        await using var app = await VppBooksApp.CreateAsync([.. Common(), .. WithoutDirectory()], CancellationToken.None);
        return await app.Web.Services.GetRequiredService<AuditChainCheck>().CheckAsync(anchor: null, CancellationToken.None);
    }

    /// <summary>Runs the program until a condition of the database holds.</summary>
    public async Task RunUntilAsync(Func<VppBooksDbContext, Task<bool>> settled, params string[] more)
    {
        using var program = Start(null, more);
        await WaitAsync(program, settled);
    }

    /// <summary>Waits until a condition of the database holds.</summary>
    public async Task WaitAsync(StartedProgram program, Func<VppBooksDbContext, Task<bool>> settled)
    {
        var exit = program.ExitAsync();
        for (var began = TimeProvider.System.GetTimestamp(); !await ReadAsync(settled);)
        {
            Assert.False(exit.IsCompleted, $"It ended:\n{program.Output}\n{program.Errors}");
            if (TimeProvider.System.GetElapsedTime(began) > _patience)
            {
                var operations = await ReadAsync(db => db.Operations.Select(o => $"{o.Kind} {o.State} {o.Detail} {o.NextCheckAt}").ToListAsync());
                var licenses = await ReadAsync(db => db.Licenses.GroupBy(l => l.State).Select(g => $"{g.Key} {g.Count()}").ToListAsync());
                Assert.Fail($"It never came to rest: {string.Join("; ", [.. licenses, .. operations])}\n{program.Output}\n{program.Errors}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    /// <summary>Runs the program until nothing of a book is on its way any more.</summary>
    public Task RunUntilSettledAsync(Book book) => RunUntilAsync(IsSettled(book));

    /// <summary>Whether nothing of a book is on its way any more.</summary>
    public Func<VppBooksDbContext, Task<bool>> IsSettled(Book book) => async db =>
        !await db.Operations.AnyAsync(o => o.State == OperationState.Intended || o.NextCheckAt != null)
        && !await db.Licenses.AnyAsync(l => l.BookId == book.Id
            && (l.State == LicenseState.Submitting || l.State == LicenseState.Submitted || l.State == LicenseState.Unknown
                || (l.State == LicenseState.Reserved && !db.VppUsers.Any(u =>
                    u.PersonId == l.PersonId && u.LocationId == LocationId && (u.Status == VppUserStatus.Registered || u.ErrorNumber != null)))));

    /// <summary>
    /// The invariants that hold after every death: ledger and Apple agree row by row (I2), counts agree (I3), nobody was given a title twice (I1), and
    /// nothing is left without an outcome (I7).
    /// </summary>
    public async Task AssertLedgerIsTrueAsync(Book book)
    {
        await using var db = await OpenAsync();
        var ours = await db.VppUsers.AsNoTracking().Where(u => u.LocationId == LocationId && u.PersonId != null).ToDictionaryAsync(u => u.ClientUserId, u => u.PersonId!.Value);
        var key = book.Key;
        var held = Apple.Holders(UId, key.AdamId, key.PricingParam.ToString());
        var assigned = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned).Select(l => l.PersonId).OrderBy(p => p).ToListAsync();
        Assert.Equal(held.Where(ours.ContainsKey).Select(h => ours[h]).Order(), assigned);

        var counts = Apple.Counts(UId, key.AdamId, key.PricingParam.ToString());
        Assert.Equal(counts.Assigned, assigned.Count + await db.ForeignHoldings.CountAsync(h => h.BookId == book.Id));
        var spent = Spent(book);
        Assert.Equal(spent.Count, spent.Distinct().Count());
        Assert.False(await db.Licenses.AnyAsync(l => l.State == LicenseState.Submitting || l.State == LicenseState.Unknown));
        Assert.False(await db.Operations.AnyAsync(o => o.State == OperationState.Intended || o.State == OperationState.Unknown));
    }

    /// <summary>Who was given a copy since the beginning, by the stand-in's own account; another manager's people are not in it.</summary>
    public List<string> Spent(Book book) =>
        [.. Apple.Ledger.Where(e => e.Location == UId && e.AdamId == book.Key.AdamId && e.Result == SpendResult.Spent && e.EventId != null).Select(e => e.Target)];

    /// <summary>What the worker would do, without waiting for times that are only politeness towards Apple.</summary>
    public static async Task WorkAsync(KillHouse house, IServiceProvider services)
    {
        for (var round = 0; round < 20; round++)
        {
            var leases = services.GetRequiredService<LocationLeases>();
            var lease = await leases.TryAcquireAsync(house.LocationId, CancellationToken.None);
            Assert.NotNull(lease);
            var next = await services.GetRequiredService<LocationTurn>().RunAsync(lease, CancellationToken.None);
            await leases.ReleaseAsync(lease, CancellationToken.None);
            if (next is null)
            {
                return;
            }

            await using var db = await house.OpenAsync();
            await db.Operations.Where(o => o.NextCheckAt != null).ExecuteUpdateAsync(set => set.SetProperty(o => o.NextCheckAt, o => o.CreatedAt));
        }

        Assert.Fail("The work never came to rest.");
    }

    /// <summary>Gives or offers a book to a class.</summary>
    public static async Task<PlanView> AssignAsync(KillHouse house, IServiceProvider services, Book book, Intent intent = Intent.Required)
    {
        var group = house._cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A").Id;
        var result = await services.GetRequiredService<AssignmentDesk>().AssignAsync(
            new PlanRequest(book.PublicId, [new WishedAssignment(group, intent)]), _admin, CancellationToken.None);
        return Assert.IsType<CommitResult.Committed>(result).Plan;
    }

    /// <summary>A limited book that nobody of ours has or is to get.</summary>
    public Task<Book> BookAsync(int free) => ReadAsync(db => db.Books.AsNoTracking()
        .Where(b => b.LocationId == LocationId && !b.Unlimited && b.AvailableCount >= free && !db.Licenses.Any(l => l.AdamId == b.AdamId))
        .OrderBy(b => b.AvailableCount).FirstAsync());

    public async ValueTask DisposeAsync()
    {
        if (_provider == DatabaseProvider.SqlServer)
        {
            await using var db = await OpenAsync();
            await db.Database.EnsureDeletedAsync();
        }

        await _database.DisposeAsync();
        await _cloud.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Fails when somebody else is in the middle of a writing transaction.</summary>
    private async Task WriteNothingAsync()
    {
        if (_provider == DatabaseProvider.Sqlite)
        {
            await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder(ConnectionString) { DefaultTimeout = 1 }.ToString());
            await connection.OpenAsync();
            await using var writing = connection.BeginTransaction();
            return;
        }

        // Every writing transaction of a turn begins with the lease's row.
        await using var db = await OpenAsync();
        db.Database.SetCommandTimeout(1);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.LocationLeases.ExecuteUpdateAsync(set => set.SetProperty(l => l.Owner, l => l.Owner));
    }

    private string[] Common() =>
    [
        "--urls=http://127.0.0.1:0",
        $"--Database:Provider={_provider}",
        $"--ConnectionStrings:VppBooks={ConnectionString}",
        $"--Apple:BaseUrl={_cloud.AppleBaseUrl}",
        $"--Apple:StoreLookupUrl={_cloud.StoreLookupUrl}",
        "--Licenses:UnknownAfter=00:00:03",
        "--Licenses:UnknownReadsApart=00:00:01",
        "--Scheduler:Store=Memory",
    ];

    /// <summary>The demo's own directory: people and groups follow from the seed, so they are those of the Apple beside this test.</summary>
    private string[] WithDirectory() =>
    [
        "--environment=Development",
        "--SimulatedCloud:Enabled=true",
        "--SimulatedCloud:Port=0",
        "--SimulatedCloud:EntraPort=0",
        "--SimulatedCloud:StateFile=",
        "--Serilog:MinimumLevel:Default=Fatal",
        "--Serilog:MinimumLevel:Override:Microsoft=Fatal",
    ];

    /// <summary>As in production: nothing simulated inside, and a sign-in whose certificate it does not trust. What is committed must not need the directory.</summary>
    private string[] WithoutDirectory() =>
    [
        "--environment=Production",
        $"--Graph:BaseUrl={_cloud.GraphBaseUrl}",
        $"--AzureAd:Instance={_cloud.EntraInstance}",
        $"--AzureAd:TenantId={SimulatedCloudHost.TenantId}",
        "--AzureAd:ClientId=b1a7c0de-0000-4000-8000-000000000001",
        "--AzureAd:ClientSecret=demo-console-secret",
    ];
}
