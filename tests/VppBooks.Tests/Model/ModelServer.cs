using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Graph;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Directory;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Model;

/// <summary>One running program: Core as the program composes it. Its memory ends with it; the database is shared with the other server.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public ModelServer(ModelWorld world, string name, TimeSpan skew, Mutation mutation)
    {
        Name = name;
        Points = new ModelPoints();
        var clock = new SkewedClock(world.Clock);
        clock.Advance(skew);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(clock);
        services.AddSingleton<IdSource>(world.Ids);
        services.AddSingleton(new ProcessIdentity(name));
        // For the jitter of pauses.
        services.AddSingleton(new Random(world.Seed));
        services.AddSingleton<IKeyWrapper>(new LosableKeys());
        services.AddVppBooksDatabase(DatabaseProvider.Sqlite, world.Files.ConnectionString);
        services.ConfigureDbContext<SqliteVppBooksDbContext>(options => options.AddInterceptors(Points.Interceptors));
        services.AddVppBooksCore();
        services.Configure<AppleOptions>(o =>
        {
            (o.BaseUrl, o.StoreLookupUrl) = (ModelCloud.BaseUrl + "/apple/mdm/v2", ModelCloud.BaseUrl + "/apple/lookup");
            // One request after the other: their order is part of the trace.
            o.ParallelPages = 1;
        });
        // The pauses between tries have jitter.
        services.Configure<DirectoryOptions>(o => o.Retries = 0);
        services.Configure<PeopleOptions>(o => o.ManagedAppleAccount = "extensionAttribute1");
        services.AddSingleton(world.Licenses);
        services.AddSingleton(new NotificationOptions { PublicUrl = world.PublicUrl });
        mutation.Configure(services);
        foreach (var client in new[] { AppleServices.ClientName, AppleServices.StoreClientName, DirectoryRegistration.ClientName })
        {
            // Handlers live as long as the provider: the factory's own cleaning up runs in real time.
            services.AddHttpClient(client).SetHandlerLifetime(Timeout.InfiniteTimeSpan).ConfigurePrimaryHttpMessageHandler(() => new ModelWire(world, this));
        }

        services.AddSingleton(provider => new GraphServiceClient(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(DirectoryRegistration.ClientName), new AnyBearer(), ModelCloud.BaseUrl + "/graph/v1.0"));
        _services = services.BuildServiceProvider();
    }

    /// <summary>Owner name in leases.</summary>
    public string Name { get; }

    public ModelPoints Points { get; }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>One turn of the worker.</summary>
    /// <returns>When it wants to come back; null when it has nothing to wait for.</returns>
    public async Task<Turn> TurnAsync(int locationId)
    {
        var leases = Get<LocationLeases>();
        if (await leases.TryAcquireAsync(locationId, CancellationToken.None) is not { } lease)
        {
            return new Turn(TurnEnd.Busy, null);
        }

        try
        {
            var next = await Get<LocationTurn>().RunAsync(lease, CancellationToken.None);
            await leases.ReleaseAsync(lease, CancellationToken.None);
            return new Turn(TurnEnd.Done, next);
        }
        catch (LeaseLostException)
        {
            return new Turn(TurnEnd.LeaseLost, null);
        }
        catch (Exception) when (Points.Dead)
        {
            throw new CrashedException();
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private sealed class AnyBearer : IAuthenticationProvider
    {
        public Task AuthenticateRequestAsync(RequestInformation request, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default)
        {
            request.Headers.TryAdd("Authorization", "Bearer model");
            return Task.CompletedTask;
        }
    }
}

/// <summary>How a turn ended.</summary>
internal enum TurnEnd
{
    Done,
    Busy,
    LeaseLost,
}

internal sealed record Turn(TurnEnd End, DateTimeOffset? Next);

/// <summary>The program is dead: nothing that it still does may have an effect.</summary>
internal sealed class CrashedException() : Exception("The program crashed here, as the model wanted.");
