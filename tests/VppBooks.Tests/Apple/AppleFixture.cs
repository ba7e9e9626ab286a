using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

/// <summary>A request as it would have left.</summary>
internal sealed record SentRequest(string Method, Uri Address, ILookup<string, string> Headers, string? Body, string? ContentType, DateTimeOffset At)
{
    public string Path => Address.AbsolutePath;

    public string Query => Address.Query;

    public string? Parameter(string name) => System.Web.HttpUtility.ParseQueryString(Query)[name];
}

/// <summary>The client over a scripted network and a clock that moves by itself while somebody waits for it.</summary>
internal sealed class AppleFixture : IAsyncDisposable
{
    public const string ServiceConfig = """{"limits":{"maxRequestPerSecond":15},"urls":{"contentMetadataLookup":"https://uclient-api.itunes.apple.com/WebObjects/MZStorePlatform.woa/wa/lookup"}}""";
    public const string Common = "\"tokenExpirationDate\":\"2027-05-18T10:42:07+0000\",\"uId\":\"3104477120056218\"";
    public const string OurClaim = "\"mdmInfo\":{\"id\":\"ours\",\"name\":\"VppBooks\",\"metadata\":\"here\"}";

    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _jumping;

    /// <param name="jumps">False leaves the clock to the test.</param>
    public AppleFixture(Func<SentRequest, CancellationToken, Task<HttpResponseMessage>> answer, Action<AppleOptions>? configure = null, bool jumps = true)
    {
        Network = new ScriptedNetwork(answer, Clock);
        _services = new ServiceCollection()
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(Log)
            .AddSingleton<Random>(new NoChance())
            .AddAppleClient()
            .Configure(configure ?? (_ => { }))
            .AddHttpClient(AppleServices.ClientName).ConfigurePrimaryHttpMessageHandler(() => Network).Services
            .AddHttpClient(AppleServices.StoreClientName).ConfigurePrimaryHttpMessageHandler(() => Network).Services
            .BuildServiceProvider();
        _jumping = jumps ? Clock.JumpAsync(() => Network.UnderWay > 0 || (Clock.HasTimeouts && !Network.IsHanging), _stop.Token) : Task.CompletedTask;
    }

    public JumpingClock Clock { get; } = new();

    public ScriptedNetwork Network { get; }

    public RecordingLog Log { get; } = new();

    public AppleClient Client => _services.GetRequiredService<AppleClient>();

    public StoreLookup Store => _services.GetRequiredService<StoreLookup>();

    public AppleLocation Location { get; } = new("3104477120056218", Tokens.Valid) { Meter = new() };

    /// <summary>Requests for a location: all but service config.</summary>
    public IReadOnlyList<SentRequest> Sent => [.. Network.Sent.Where(request => !request.Path.EndsWith("/service/config", StringComparison.Ordinal))];

    public static AppleFixture Answering(string json, HttpStatusCode status = HttpStatusCode.OK, Action<HttpResponseMessage>? then = null) =>
        new((_, _) => Task.FromResult(Json(json, status, then)));

    public static AppleFixture Answering(params ReadOnlySpan<Func<SentRequest, HttpResponseMessage>> answers)
    {
        var left = new ConcurrentQueue<Func<SentRequest, HttpResponseMessage>>(answers.ToArray());
        Func<SentRequest, HttpResponseMessage>? last = null;
        return new((request, _) => Task.FromResult((left.TryDequeue(out var next) ? last = next : last!)(request)));
    }

    public static HttpResponseMessage Json(string json, HttpStatusCode status = HttpStatusCode.OK, Action<HttpResponseMessage>? then = null)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        then?.Invoke(response);
        return response;
    }

    public static Action<HttpResponseMessage> RetryAfter(string value) => response => response.Headers.TryAddWithoutValidation("Retry-After", value);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _jumping;
        await _services.DisposeAsync();
        _stop.Dispose();
    }
}

/// <summary>Adds nothing to a wait, so that tests can say how long it is.</summary>
internal sealed class NoChance : Random
{
    public override double NextDouble() => 0;
}

/// <summary>Records each request and answers it from a script. Service config is answered by itself unless the script wants to.</summary>
internal sealed class ScriptedNetwork(Func<SentRequest, CancellationToken, Task<HttpResponseMessage>> answer, TimeProvider clock) : HttpMessageHandler
{
    private int _underWay;
    private int _hanging;

    public ConcurrentQueue<SentRequest> Sent { get; } = new();

    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Whether an answer waits for the clock.</summary>
    public bool IsHanging => Volatile.Read(ref _hanging) > 0;

    public bool ScriptsServiceConfig { get; set; }

    /// <summary>What service config says; tests that are not about the rate are faster without one.</summary>
    public int RequestsPerSecond { get; set; } = 1_000_000;

    /// <summary>Never answers; the clock goes on meanwhile.</summary>
    public async Task<HttpResponseMessage> HangAsync(CancellationToken cancellationToken)
    {
        await TakeAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new InvalidOperationException("Unreachable.");
    }

    /// <summary>Takes its time by the clock.</summary>
    public async Task TakeAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _hanging);
        Interlocked.Decrement(ref _underWay);
        try
        {
            await Task.Delay(time, clock, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _hanging);
            Interlocked.Increment(ref _underWay);
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            var headers = request.Headers.NonValidated.SelectMany(header => header.Value.Select(value => (header.Key, Value: value))).ToLookup(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
            var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
            var sent = new SentRequest(request.Method.Method, request.RequestUri!, headers, body, request.Content?.Headers.ContentType?.ToString(), clock.GetUtcNow());
            Sent.Enqueue(sent);
            var response = !ScriptsServiceConfig && sent.Path.EndsWith("/service/config", StringComparison.Ordinal)
                ? AppleFixture.Json(AppleFixture.ServiceConfig.Replace("15", RequestsPerSecond.ToString(System.Globalization.CultureInfo.InvariantCulture)))
                : await answer(sent, cancellationToken);
            response.RequestMessage = request;
            return response;
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
