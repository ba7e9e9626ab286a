using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Persistence;

namespace VppBooks.Tests.Audit;

/// <summary>A database with Core's services over it, and nothing outside: no Apple, no directory.</summary>
internal sealed class AuditHouse : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-audit-").FullName;
    private readonly List<ServiceProvider> _servers = [];
    private readonly DatabaseProvider _provider;
    private readonly string _connection;

    private AuditHouse(string? sqlServer)
    {
        _provider = sqlServer is null ? DatabaseProvider.Sqlite : DatabaseProvider.SqlServer;
        _connection = sqlServer is null ? $"Data Source={Path.Combine(_folder, "vppbooks.db")};Pooling=False" : $"{sqlServer};Initial Catalog=vppbooks_audit_{Guid.NewGuid():N}";
        First = Server();
    }

    public static Actor Admin => CoreHouse.Admin;

    public MovableClock Clock { get; } = new();

    public LosableKeys Keys { get; } = new();

    public IServiceProvider First { get; }

    public bool Sqlite => _provider == DatabaseProvider.Sqlite;

    public static async Task<AuditHouse> StartAsync(bool sqlite = true)
    {
        var server = Environment.GetEnvironmentVariable(SqlServerTestDatabase.Variable);
        Assert.SkipWhen(!sqlite && string.IsNullOrEmpty(server), $"{SqlServerTestDatabase.Variable} names no server.");
        var house = new AuditHouse(sqlite ? null : server!.TrimEnd(';'));
        await using var db = await house.OpenAsync();
        await db.Database.MigrateAsync(TestContext.Current.CancellationToken);
        return house;
    }

    /// <summary>One more process on the same database.</summary>
    public ServiceProvider Server(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IKeyWrapper>(Keys);
        services.AddVppBooksDatabase(_provider, _connection);
        services.AddVppBooksCore();
        configure?.Invoke(services);
        var server = services.BuildServiceProvider();
        _servers.Add(server);
        return server;
    }

    public T Get<T>()
        where T : notnull => First.GetRequiredService<T>();

    public Task<VppBooksDbContext> OpenAsync() => Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();

    public async Task ChangeAsync(Action<VppBooksDbContext> change)
    {
        await using var db = await OpenAsync();
        change(db);
        await db.SaveChangesAsync();
    }

    /// <summary>Adds events of now.</summary>
    public Task HappenAsync(int count, string action = "sync.requested") => ChangeAsync(db =>
    {
        for (var i = 0; i < count; i++)
        {
            db.Audit(Admin, Clock.GetUtcNow(), action, default, new { number = i });
        }
    });

    public async Task ExecuteAsync(string sql)
    {
        await using var db = await OpenAsync();
#pragma warning disable EF1002 // Written in the tests.
        Assert.True(await db.Database.ExecuteSqlRawAsync(sql.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal)) > 0);
#pragma warning restore EF1002
    }

    public Task<int> SealAsync() => Get<AuditSealer>().SealAsync(CancellationToken.None);

    public Task<ChainReport> CheckAsync(AuditAnchor? anchor = null) => Get<AuditChainCheck>().CheckAsync(anchor, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (!Sqlite)
        {
            await using var db = await OpenAsync();
            await db.Database.EnsureDeletedAsync();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
