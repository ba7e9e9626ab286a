using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.Model;

/// <summary>The tiny organization's stand-ins with all of their HTTP, but no sockets: a request is answered on the thread that makes it.</summary>
internal sealed class ModelCloud : IAsyncDisposable
{
    /// <summary>Nobody listens there.</summary>
    public const string BaseUrl = "http://127.0.0.1:9";

    private readonly ModelClock _clock;
    private readonly WebApplication _app;
    private readonly RequestDelegate _pipeline;

    public ModelCloud(ModelClock clock, int seed, INotificationCarrier carrier)
    {
        _clock = clock;
        var options = new SimulatedCloudOptions { Size = OrganizationSize.Tiny, PageSize = 3, Seed = seed };
        DemoDirectory.Fill(Directory, options);
        Apple = new AppleSimulator(options, clock, Directory);
        Apple.Notifications.Carrier = carrier;
        TinyOrganization.Fill(Apple);
        Apple.BeginRun();
        Graph = new GraphSimulator(Directory, clock);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "VppBooks.SimulatedCloud" });
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore();
        _app = builder.Build();
        _app.UseRouting();
        _app.MapApple(Apple);
        _app.MapGraph(Graph, entra: null);
        _app.UseEndpoints(static _ => { });
        _pipeline = ((IApplicationBuilder)_app).Build();
    }

    public SimulatedDirectory Directory { get; } = new();

    public AppleSimulator Apple { get; }

    public GraphSimulator Graph { get; }

    /// <summary>Sends a request to the stand-ins.</summary>
    /// <exception cref="HttpRequestException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up, before or after it took effect.</exception>
    public async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, byte[] body, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var answer = new MemoryStream();
        using var lifetime = new Lifetime();
        await using var left = cancellationToken.Register(lifetime.Leave);
        var context = Open(request, body, answer, lifetime);
        var running = _pipeline(context);
        while (!running.IsCompleted)
        {
            // The stand-in waits for its caller to leave: only time can end that.
            if (!_clock.PassNextTimeout())
            {
                throw new InvalidOperationException($"{request.Method} {request.RequestUri} has no answer, and its caller waits for ever.");
            }
        }

        try
        {
            await running;
        }
        catch (OperationCanceledException) when (lifetime.RequestAborted.IsCancellationRequested)
        {
        }

        cancellationToken.ThrowIfCancellationRequested();
        return lifetime.Aborted ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke.") : Close(context, request, answer);
    }

    public async ValueTask DisposeAsync()
    {
        await Apple.DisposeAsync();
        await _app.DisposeAsync();
    }

    private DefaultHttpContext Open(HttpRequestMessage request, byte[] body, MemoryStream answer, Lifetime lifetime)
    {
        var address = request.RequestUri!;
        var context = new DefaultHttpContext { RequestServices = _app.Services };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Request.Method = request.Method.Method;
        context.Request.Scheme = address.Scheme;
        context.Request.Host = new HostString(address.Authority);
        context.Request.Path = PathString.FromUriComponent(address);
        context.Request.QueryString = QueryString.FromUriComponent(address);
        context.Request.Body = new MemoryStream(body, writable: false);
        foreach (var (name, values) in request.Content is null ? request.Headers : request.Headers.Concat(request.Content.Headers))
        {
            context.Request.Headers[name] = values.ToArray();
        }

        context.Response.Body = answer;
        return context;
    }

    private static HttpResponseMessage Close(HttpContext context, HttpRequestMessage request, MemoryStream answer)
    {
        var response = new HttpResponseMessage((HttpStatusCode)context.Response.StatusCode) { Content = new ByteArrayContent(answer.ToArray()), RequestMessage = request };
        foreach (var (name, values) in context.Response.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                response.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        return response;
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature, IDisposable
    {
        private readonly CancellationTokenSource _left = new();

        public bool Aborted { get; private set; }

        public CancellationToken RequestAborted
        {
            get => _left.Token;
            set => throw new NotSupportedException();
        }

        public void Abort() => Aborted = true;

        public void Leave() => _left.Cancel();

        public void Dispose() => _left.Dispose();
    }
}
