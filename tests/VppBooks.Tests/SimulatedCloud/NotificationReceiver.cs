using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Listens for notifications as VppBooks would.</summary>
internal sealed class NotificationReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private NotificationReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<(string Authorization, JsonElement Body)> Received { get; } = [];

    /// <summary>Status to answer with.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Runs before the answer, with the header of the request.</summary>
    public Func<string, Task>? Arrived { get; set; }

    public string Url { get; private set; } = "";

    public IReadOnlyList<JsonElement> OfType(string type) => [.. Received.Select(r => r.Body).Where(b => b.GetProperty("notificationType").GetString() == type)];

    public static async Task<NotificationReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new NotificationReceiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        receiver.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/apple/notify";
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var json = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        Received.Enqueue((context.Request.Headers.Authorization.ToString(), json.RootElement.Clone()));
        await (Arrived?.Invoke(context.Request.Headers.Authorization.ToString()) ?? Task.CompletedTask);
        context.Response.StatusCode = Status;
    }
}
