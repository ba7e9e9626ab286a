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

    /// <summary>How old the members of an assigned group may become before they are read again. 1 min to 1 day; default 15 min.</summary>
    public TimeSpan ReadEvery { get; set; } = TimeSpan.FromMinutes(15);
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
                .ValidateOnStart();
            services.AddOptions<PeopleOptions>().ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PeopleOptions>, PeopleOptionsValidator>());

            // The factory's own loggers write addresses, and a search for a group is in the address.
            services.AddHttpClient(ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
                .RemoveAllLoggers()
                .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    UseCookies = false,
                    AutomaticDecompression = DecompressionMethods.All,
                    ConnectTimeout = TimeSpan.FromSeconds(15),
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                })
                .AddResilienceHandler("directory", (pipeline, context) => Configure(
                    pipeline,
                    context.ServiceProvider.GetRequiredService<IOptions<DirectoryOptions>>().Value,
                    context.ServiceProvider.GetRequiredService<TimeProvider>()));
            services.TryAddSingleton<GraphDirectory>();
            services.TryAddSingleton<DirectoryHealth>();
            services.TryAddSingleton<PeopleWriter>();
            services.TryAddSingleton<GroupReader>();
            services.TryAddSingleton<GroupCatalog>();
            services.TryAddSingleton<DirectoryWatch>();
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

    private static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, DirectoryOptions options, TimeProvider clock)
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

        pipeline.AddTimeout(new Polly.Timeout.TimeoutStrategyOptions { Timeout = options.RequestTimeout });
    }

    private static TimeSpan? RetryAfterOf(HttpResponseMessage answer, TimeProvider clock) =>
        RetryAfter(answer.Headers.TryGetValues("Retry-After", out var values) ? values : null, clock.GetUtcNow());
}
