using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using VppBooks.Core.Notifications;
using VppBooks.Core.Security;
using VppBooks.Web.Api;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Hosting;

/// <summary>
/// How much one caller may ask of us, and all callers together whom the API serves. Whoever did not sign in, or showed a token that is none, counts for the address alone: a
/// stranger can use up nothing that belongs to somebody else.
/// </summary>
internal static class Traffic
{
    private enum Kind
    {
        Page,
        Read,
        Write,
    }

    extension(IServiceCollection services)
    {
        public void AddTrafficLimits()
        {
            services.AddRateLimiter(_ => { });
            services.AddOptions<RateLimiterOptions>().Configure<IOptions<RateLimitSettings>>((limiter, settings) =>
            {
                limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
                limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                    PartitionedRateLimiter.Create<HttpContext, (Kind Kind, string Caller)>(context => OfCaller(context, settings.Value)),
                    PartitionedRateLimiter.Create<HttpContext, Kind>(context => OfAll(context, settings.Value)));
                limiter.OnRejected = RefuseAsync;
            });
            services.AddSingleton<NotificationTraffic>();
            services.AddSingleton<OpenCircuits>();
            services.AddScoped<CircuitHandler, CircuitGate>();
        }
    }

    private static RateLimitPartition<(Kind Kind, string Caller)> OfCaller(HttpContext context, RateLimitSettings settings)
    {
        // Apple's notifications have limits of their own (NotificationTraffic).
        if (SiteFiles.Match(context.Request.Path) || context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
            || context.Request.Path.StartsWithSegments(NotificationOptions.Path, StringComparison.OrdinalIgnoreCase))
        {
            return RateLimitPartition.GetNoLimiter((Kind.Page, "files"));
        }

        var caller = context.User is { Identity.IsAuthenticated: true, ObjectId: { } id } ? "account " + id : "address " + CallerAddress.Of(context);
        return RateLimitPartition.GetTokenBucketLimiter((Kind: KindOf(context), Caller: caller), of => Bucket(of.Kind, settings, times: 1));
    }

    // Readers and administrators come as they come; it is programs that flood. Everybody in the directory can get a token, but one without a right is refused and costs little.
    private static RateLimitPartition<Kind> OfAll(HttpContext context, RateLimitSettings settings) =>
        KindOf(context) is var kind and not Kind.Page && CoreActor.From(context.User).Permissions != Permissions.None
        ? RateLimitPartition.GetTokenBucketLimiter(kind, of => Bucket(of, settings, settings.Callers))
        : RateLimitPartition.GetNoLimiter(Kind.Page);

    private static TokenBucketRateLimiterOptions Bucket(Kind kind, RateLimitSettings settings, int times)
    {
        var (burst, perSecond) = kind switch
        {
            Kind.Read => (settings.ReadBurst, settings.ReadsPerSecond),
            Kind.Write => (settings.WriteBurst, settings.WritesPerSecond),
            _ => (settings.Burst, settings.PerSecond),
        };
        return new TokenBucketRateLimiterOptions { TokenLimit = burst * times, TokensPerPeriod = perSecond * times, ReplenishmentPeriod = TimeSpan.FromSeconds(1) };
    }

    // A change locks rows and asks Apple or the directory; a script that reads much must not be held back by what it writes, nor the other way round.
    private static Kind KindOf(HttpContext context) =>
        !ApiRoutes.Match(context.Request.Path) ? Kind.Page
        : HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method)
            || context.GetEndpoint()?.Metadata.GetMetadata<CarriesRequests>() is not null ? Kind.Read
        : Kind.Write;

    private static async ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)) : 1;
        rejected.HttpContext.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        if (ApiRoutes.Match(rejected.HttpContext.Request.Path))
        {
            await GraphError.ForStatus(StatusCodes.Status429TooManyRequests).ExecuteAsync(rejected.HttpContext);
        }
    }
}

/// <summary>Open pages per person, over the whole process.</summary>
internal sealed class OpenCircuits(IOptions<ConsoleSettings> console)
{
    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);

    public bool TryOpen(string person)
    {
        if (_open.AddOrUpdate(person, 1, (_, count) => count + 1) <= console.Value.CircuitsPerPerson)
        {
            return true;
        }

        Close(person);
        return false;
    }

    public void Close(string person) => _open.AddOrUpdate(person, 0, (_, count) => Math.Max(0, count - 1));
}

/// <summary>Refuses a person's next page beyond the limit: each one holds memory until it is closed.</summary>
internal sealed class CircuitGate(OpenCircuits circuits, AuthenticationStateProvider authentication) : CircuitHandler
{
    private string? _person;

    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        var user = (await authentication.GetAuthenticationStateAsync()).User;
        var person = user.ObjectId ?? "anonymous";
        if (!circuits.TryOpen(person))
        {
            throw new InvalidOperationException("Too many open pages for one person; Console:CircuitsPerPerson sets the limit.");
        }

        _person = person;
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (_person is not null)
        {
            circuits.Close(_person);
            _person = null;
        }

        return Task.CompletedTask;
    }
}
