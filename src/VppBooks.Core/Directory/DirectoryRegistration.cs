using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;
using VppBooks.Core.People;

namespace VppBooks.Core.Directory;

/// <summary>How patiently the directory is read. Section <c>Directory</c>.</summary>
public sealed class DirectoryOptions
{
    public const string SectionName = "Directory";

    /// <summary>Tries after the first one, 0 to 10; default 5.</summary>
    public int Retries { get; set; } = 5;

    /// <summary>First pause when the directory names none; doubles each time, with jitter. More than 0, at most 1 min; default 1 s.</summary>
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause that is waited for in place. A longer one ends the read, and the caller learns when to come back. At most 10 min; default 1 min.</summary>
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest wait for one answer, at most 5 min; default 1 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often the directory is asked whether groups and people have changed; what has is read. 1 min to 1 day; default 15 min.</summary>
    public TimeSpan ReadEvery { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>When the members of a group are read completely even if the directory tells of no change. 1 h to 6 days, because delta links live for seven; default 1 day.</summary>
    public TimeSpan FullReadEvery { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long a group that is not assigned is kept in step after its page was opened. 0 to 1 day; default 1 h.</summary>
    public TimeSpan FollowViewedFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long reading may fail before nothing new is planned with what was read last. 1 h to 7 days; default 1 day.</summary>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromDays(1);
}

/// <summary>Registration of everything about groups and their members.</summary>
public static class DirectoryRegistration
{
    /// <summary>Name of the HTTP client that the Graph client is made with.</summary>
    public const string ClientName = "graph";

    extension(IServiceCollection services)
    {
        /// <summary>
        /// Registers reads of the directory and the named HTTP client <see cref="ClientName"/>. The program registers
        /// <c>GraphServiceClient</c> itself, made from that client with its sign-in and address.
        /// </summary>
        public IServiceCollection AddVppBooksDirectory()
        {
            if (services.Any(s => s.ServiceType == typeof(GraphDirectory)))
            {
                // A second resilience handler on the client would multiply the tries.
                return services;
            }

            services.TryAddSingleton(TimeProvider.System);
            services.AddOptions<DirectoryOptions>()
                .Validate(o => o.Retries is >= 0 and <= 10, $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.Retries)} must be 0 to 10.")
                .Validate(o => o.FirstBackoff > TimeSpan.Zero && o.FirstBackoff <= TimeSpan.FromMinutes(1), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.FirstBackoff)} must be more than 0 and at most 00:01:00.")
                .Validate(o => o.LongestWait >= TimeSpan.Zero && o.LongestWait <= TimeSpan.FromMinutes(10), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.LongestWait)} must be at most 00:10:00.")
                .Validate(o => o.RequestTimeout > TimeSpan.Zero && o.RequestTimeout <= TimeSpan.FromMinutes(5), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.RequestTimeout)} must be more than 0 and at most 00:05:00.")
                .Validate(o => o.ReadEvery >= TimeSpan.FromMinutes(1) && o.ReadEvery <= TimeSpan.FromDays(1), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.ReadEvery)} must be between 00:01:00 and 1.00:00:00.")
                .Validate(o => o.FullReadEvery >= TimeSpan.FromHours(1) && o.FullReadEvery <= TimeSpan.FromDays(6), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.FullReadEvery)} must be between 01:00:00 and 6.00:00:00.")
                .Validate(o => o.FollowViewedFor >= TimeSpan.Zero && o.FollowViewedFor <= TimeSpan.FromDays(1), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.FollowViewedFor)} must be at most 1.00:00:00.")
                .Validate(o => o.StaleAfter >= TimeSpan.FromHours(1) && o.StaleAfter <= TimeSpan.FromDays(7), $"{DirectoryOptions.SectionName}:{nameof(DirectoryOptions.StaleAfter)} must be between 01:00:00 and 7.00:00:00.")
                .ValidateOnStart();
            services.AddOptions<PeopleOptions>().ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PeopleOptions>, PeopleOptionsValidator>());

            // The factory's own loggers write addresses, and a search for a group is in the address.
            services.TryAddSingleton<DirectoryGate>();
            var client = services.AddHttpClient(ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
                .RemoveAllLoggers()
                .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    UseCookies = false,
                    AutomaticDecompression = DecompressionMethods.All,
                    ConnectTimeout = TimeSpan.FromSeconds(15),
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                });
            client.AddResilienceHandler("directory-retries", (pipeline, context) => Retry(
                pipeline,
                context.ServiceProvider.GetRequiredService<IOptions<DirectoryOptions>>().Value,
                context.ServiceProvider.GetRequiredService<TimeProvider>()));
            client.AddHttpMessageHandler(provider => new DirectoryGateHandler(
                provider.GetRequiredService<DirectoryGate>(),
                provider.GetRequiredService<IOptions<DirectoryOptions>>().Value.LongestWait,
                provider.GetRequiredService<TimeProvider>()));
            client.AddResilienceHandler("directory-time-out", (pipeline, context) =>
            {
                pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
                pipeline.AddTimeout(new Polly.Timeout.TimeoutStrategyOptions { Timeout = context.ServiceProvider.GetRequiredService<IOptions<DirectoryOptions>>().Value.RequestTimeout });
            });
            services.TryAddSingleton<GraphDirectory>();
            services.TryAddSingleton<DirectoryHealth>();
            services.TryAddSingleton<DirectoryReads>();
            services.TryAddSingleton<PeopleWriter>();
            services.TryAddSingleton<PeopleReader>();
            services.TryAddSingleton<GroupChanges>();
            services.TryAddSingleton<GroupReader>();
            services.TryAddSingleton<GroupCatalog>();
            services.TryAddSingleton<DirectoryWatch>();
            services.TryAddSingleton<StandingReader>();
            return services;
        }
    }

    /// <summary>How long an answer asks us to wait, whole seconds; null when it does not say. Graph sends fractions, which the framework's own type does not read.</summary>
    internal static TimeSpan? RetryAfter(IEnumerable<string>? values, DateTimeOffset now)
    {
        var text = values?.FirstOrDefault();
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e6)
        {
            return TimeSpan.FromSeconds(Math.Ceiling(seconds));
        }

        return DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until)
            ? until > now ? until - now : TimeSpan.Zero
            : null;
    }

    private static void Retry(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, DirectoryOptions options, TimeProvider clock)
    {
        pipeline.TimeProvider = clock;
        if (options.Retries > 0)
        {
            pipeline.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.FirstBackoff,
                MaxDelay = options.LongestWait > TimeSpan.Zero ? options.LongestWait : options.FirstBackoff,
                ShouldRetryAfterHeader = false,
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome switch
                {
                    { Exception: HttpRequestException or Polly.Timeout.TimeoutRejectedException } => true,
                    { Result: { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.BadGateway } answer } =>
                        RetryAfterOf(answer, clock) is not { } wait || wait <= options.LongestWait,
                    _ => false,
                }),
                DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result is { } answer ? RetryAfterOf(answer, clock) : null),
            });
        }
    }

    internal static TimeSpan? RetryAfterOf(HttpResponseMessage answer, TimeProvider clock) =>
        RetryAfter(answer.Headers.TryGetValues("Retry-After", out var values) ? values : null, clock.GetUtcNow());
}
