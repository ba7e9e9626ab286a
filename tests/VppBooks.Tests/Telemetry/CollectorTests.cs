using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VppBooks.Tests.Api;

namespace VppBooks.Tests.Telemetry;

[Collection(AloneTests.Name)]
public sealed class CollectorTests
{
    [Fact]
    public async Task Collector_gets_syncs_and_requests_and_not_what_somebody_searched_for()
    {
        await using var collector = await Collector.StartAsync();
        var traced = new ApiHouse([$"--Telemetry:OtlpEndpoint={collector.Address}"]);
        await traced.InitializeAsync();
        await traced.UploadAsync(ApiHouse.Education, "Education");
        using (var answer = await traced.SendAsync(HttpMethod.Get, "/v1.0/deviceAppManagement/managedEBooks?$filter=displayName%20eq%20'Secretsearch'"))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await traced.DisposeAsync();

        var traces = collector.All("/v1/traces");
        Assert.Contains("Sync", traces, StringComparison.Ordinal);
        Assert.Contains("Apple /assets", traces, StringComparison.Ordinal);
        Assert.Contains("/v1.0/deviceAppManagement/managedEBooks", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("Secretsearch", traces, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("vppbooks.sync.duration", collector.All("/v1/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_there_is_no_such_page()
    {
        await using var plain = new ApiHouse();
        await plain.InitializeAsync();

        using var answer = await plain.SendAsync(HttpMethod.Get, "/metrics", role: null, headers: ("Authorization", "Bearer "));

        // What any unknown address answers to somebody who is not signed in.
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    /// <summary>Takes OTLP over HTTP and keeps the bytes.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = new();
        private readonly WebApplication _app;

        private Collector(WebApplication app) => _app = app;

        public string Address => _app.Urls.First();

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var collector = new Collector(builder.Build());
            collector._app.MapPost("/{**path}", async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                collector._received.Enqueue((context.Request.Path, body.ToArray()));
            });
            await collector._app.StartAsync(TestContext.Current.CancellationToken);
            return collector;
        }

        /// <summary>Everything sent to a path, as text: names and values stand in the binary form as they are.</summary>
        public string All(string path) => string.Concat(_received.Where(r => r.Path == path).Select(r => Encoding.UTF8.GetString(r.Body)));

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}

/// <summary>
/// Tests that run while no others do: a collector hears every meter of its process by name, and a meter that is disposed elsewhere ends the stream of the same name.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneTests
{
    public const string Name = "Alone";
}
