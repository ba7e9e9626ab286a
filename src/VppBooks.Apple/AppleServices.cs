using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Apple.Store;
using VppBooks.Apple.Transport;

namespace VppBooks.Apple;

/// <summary>Registration of the client.</summary>
public static class AppleServices
{
    /// <summary>Name of the HTTP client for App and Book Management.</summary>
    public const string ClientName = "VppBooks.Apple";

    /// <summary>Name of the HTTP client for titles and covers.</summary>
    public const string StoreClientName = "VppBooks.Store";

    extension(IServiceCollection services)
    {
        /// <summary>
        /// Adds <see cref="AppleClient"/> and <see cref="StoreLookup"/>, both singletons. The caller binds <see cref="AppleOptions"/>; a
        /// <see cref="TimeProvider"/> or <see cref="Random"/> registered before or after is used.
        /// </summary>
        public IServiceCollection AddAppleClient()
        {
            services.TryAddSingleton(TimeProvider.System);
            services.AddLogging();
            services.AddMetrics();
            services.TryAddSingleton<AppleTelemetry>();
            services.AddOptions<AppleOptions>().ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AppleOptions>, AppleOptionsValidator>());
            services.TryAddTransient<TokenHandler>();
            AddClient(services, ClientName).AddHttpMessageHandler<TokenHandler>();
            AddClient(services, StoreClientName).AddHttpMessageHandler<TokenHandler>();
            services.TryAddSingleton(provider => new AppleClient(
                provider.GetRequiredService<IHttpClientFactory>(),
                provider.GetRequiredService<IOptions<AppleOptions>>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<AppleClient>>(),
                provider.GetService<Random>() ?? Random.Shared,
                provider.GetRequiredService<AppleTelemetry>()));
            services.TryAddSingleton(provider =>
            {
                var options = provider.GetRequiredService<IOptions<AppleOptions>>().Value;
                var clock = provider.GetRequiredService<TimeProvider>();
                var http = new StoreHttp(provider.GetRequiredService<IHttpClientFactory>(), options, clock);
                return new StoreLookup(
                    new LegacyLookup(provider.GetRequiredService<AppleClient>(), http, options, provider.GetRequiredService<ILogger<LegacyLookup>>()),
                    new PublicLookup(http, options, clock),
                    http,
                    provider.GetRequiredService<ILogger<StoreLookup>>());
            });
            return services;
        }
    }

    // Redirects could carry a token elsewhere, cookies could mix locations, and unpacking could make a small answer huge. The factory's own
    // loggers write addresses and headers; this client has its own log.
    private static IHttpClientBuilder AddClient(IServiceCollection services, string name) => services
        .AddHttpClient(name, client =>
        {
            client.Timeout = Timeout.InfiniteTimeSpan;
            client.DefaultRequestHeaders.UserAgent.ParseAdd("VppBooks");
        })
        .RemoveAllLoggers()
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        });
}

/// <summary>Stops start-up with the key and the allowed values.</summary>
internal sealed class AppleOptionsValidator : IValidateOptions<AppleOptions>
{
    public ValidateOptionsResult Validate(string? name, AppleOptions options)
    {
        var problems = new List<string>();
        Check(IsAddress(options.BaseUrl), $"Apple:{nameof(options.BaseUrl)} must be an absolute http or https address without a query.");
        Check(IsAddress(options.StoreLookupUrl), $"Apple:{nameof(options.StoreLookupUrl)} must be an absolute http or https address without a query.");
        Check(options.RequestTimeout > TimeSpan.Zero && options.RequestTimeout <= TimeSpan.FromMinutes(5), $"Apple:{nameof(options.RequestTimeout)} must be at most 00:05:00.");
        Check(options.ParallelPages is >= 1 and <= 5, $"Apple:{nameof(options.ParallelPages)} must be 1 to 5.");
        Check(options.MaxResponseBytes is >= 1024 and <= 256 * 1024 * 1024, $"Apple:{nameof(options.MaxResponseBytes)} must be 1 KiB to 256 MiB.");
        Check(options.FirstBackoff > TimeSpan.Zero && options.FirstBackoff <= TimeSpan.FromMinutes(5), $"Apple:{nameof(options.FirstBackoff)} must be more than 0 and at most 00:05:00.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);

        void Check(bool good, string problem)
        {
            if (!good)
            {
                problems.Add(problem);
            }
        }
    }

    private static bool IsAddress(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Query.Length == 0 && address.UserInfo.Length == 0;
}
