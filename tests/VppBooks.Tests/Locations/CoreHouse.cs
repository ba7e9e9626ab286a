using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Graph;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Directory;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.Tests.Persistence;

namespace VppBooks.Tests.Locations;

/// <summary>Core as the program composes it, on a SQLite file, against the stand-ins over HTTP. Time is real, but can be moved.</summary>
internal sealed class CoreHouse : IAsyncDisposable
{
    private readonly string _file;
    private readonly Action<IServiceCollection>? _configure;
    private readonly ServiceProvider _services;

    private CoreHouse(SimulatedCloudHost cloud, MovableClock clock, string file, Action<IServiceCollection>? configure)
    {
        Cloud = cloud;
        Clock = clock;
        _file = file;
        _configure = configure;
        _services = SecondProcess();
    }

    /// <summary>The same composition once more, on the same database, clock and stand-ins: another process as far as Core can tell.</summary>
    public ServiceProvider SecondProcess(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IKeyWrapper>(Keys);
        services.AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={_file};Pooling=False");
        services.AddVppBooksCore();
        services.Configure<AppleOptions>(o =>
        {
            o.BaseUrl = Cloud.AppleBaseUrl;
            o.StoreLookupUrl = Cloud.StoreLookupUrl;
            o.FirstBackoff = TimeSpan.FromMilliseconds(20);
        });
        services.Configure<DirectoryOptions>(o =>
        {
            o.Retries = 2;
            o.FirstBackoff = TimeSpan.FromMilliseconds(20);
        });
        services.AddSingleton(provider => new GraphServiceClient(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(DirectoryRegistration.ClientName), new BearerOf(Cloud), Cloud.GraphBaseUrl));
        _configure?.Invoke(services);
        configure?.Invoke(services);
        return services.BuildServiceProvider();
    }

    public static Actor Admin { get; } = new(ActorKind.Person, "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712", "A. Admin", Actor.ForRoles([AppRoles.Administrator]));

    public static Actor Helpdesk { get; } = new(ActorKind.Person, "1b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7713", "H. Desk", Actor.ForRoles([AppRoles.Helpdesk]));

    public static Actor Nobody { get; } = new(ActorKind.Person, "2b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7714", "N. Body", Permissions.None);

    public SimulatedCloudHost Cloud { get; }

    public MovableClock Clock { get; }

    public LosableKeys Keys { get; } = new();

    public IServiceProvider Services => _services;

    public LocationEnrollment Enrollment => Get<LocationEnrollment>();

    public LocationDirectory Locations => Get<LocationDirectory>();

    public GroupReader Groups => Get<GroupReader>();

    public GroupCatalog GroupCatalog => Get<GroupCatalog>();

    public PeopleCatalog People => Get<PeopleCatalog>();

    public static async Task<CoreHouse> StartAsync(Action<IServiceCollection>? configure = null, OrganizationSize size = OrganizationSize.Demo)
    {
        var clock = new MovableClock();
        var cloud = await SimulatedCloudHost.StartAsync(new SimulatedCloudOptions { Port = 0, EntraPort = 0, Size = size }, clock, TestContext.Current.CancellationToken);
        var house = new CoreHouse(cloud, clock, Path.Combine(Path.GetTempPath(), $"vppbooks-{Guid.NewGuid():N}.db"), configure);
        await MigratedFile.CopyToAsync(house._file);
        return house;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public Task<VppBooksDbContext> OpenAsync() => Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();

    /// <summary>Rows of every table, to show that nothing at all was written.</summary>
    public async Task<IReadOnlyDictionary<string, int>> CountRowsAsync()
    {
        await using var db = await OpenAsync();
        return await RowCounts.ReadAsync(db);
    }

    public async Task<Location> RowAsync(string uId)
    {
        await using var db = await OpenAsync();
        return await db.Locations.AsNoTracking().SingleAsync(l => l.UId == uId);
    }

    public async Task ChangeAsync(Action<VppBooksDbContext> change)
    {
        await using var db = await OpenAsync();
        change(db);
        await db.SaveChangesAsync();
    }

    public async Task<List<string>> AuditAsync()
    {
        await using var db = await OpenAsync();
        return await db.AuditEvents.OrderBy(a => a.Id).Select(a => a.Action).ToListAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Cloud.DisposeAsync();
        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_file + suffix);
        }
    }

    /// <summary>Signs Graph requests as the console's own application does.</summary>
    private sealed class BearerOf(SimulatedCloudHost cloud) : IAuthenticationProvider
    {
        public Task AuthenticateRequestAsync(RequestInformation request, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default)
        {
            request.Headers.Remove("Authorization");
            var tokens = new EntraTokens(cloud.Entra);
            request.Headers.Add("Authorization", "Bearer " + tokens.ApplicationAccessToken(EntraSimulator.ConsoleClientId, tokens.FindResource("https://graph.microsoft.com/.default")!));
            return Task.CompletedTask;
        }
    }
}

/// <summary>Wraps nothing, until it is told that the ring lost its keys.</summary>
internal sealed class LosableKeys : IKeyWrapper
{
    public bool Lost { get; set; }

    public byte[] Wrap(byte[] dataKey) => (byte[])dataKey.Clone();

    public byte[] Unwrap(byte[] wrapped) => Lost ? throw new System.Security.Cryptography.CryptographicException("The key is not in the ring.") : (byte[])wrapped.Clone();
}

/// <summary>The real clock, moved. Timers run in real time.</summary>
internal sealed class MovableClock : TimeProvider
{
    private long _offset;
    private long _jump;

    /// <summary>Time that has passed without waiting: on the wall and on the steady clock.</summary>
    public TimeSpan Offset
    {
        get => new(Interlocked.Read(ref _offset));
        set => Interlocked.Exchange(ref _offset, value.Ticks);
    }

    /// <summary>What the wall clock is wrong by; the steady clock knows nothing of it.</summary>
    public TimeSpan WallJump
    {
        get => new(Interlocked.Read(ref _jump));
        set => Interlocked.Exchange(ref _jump, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset + WallJump;

    public override long GetTimestamp() => System.GetTimestamp() + (long)(Offset.TotalSeconds * TimestampFrequency);

    /// <summary>Lets time pass: the wall clock and what is measured in intervals.</summary>
    public void Pass(TimeSpan time) => Offset += time;
}
