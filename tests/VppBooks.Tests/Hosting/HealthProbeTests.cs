using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Web.Hosting;

namespace VppBooks.Tests.Hosting;

public sealed class HealthProbeTests
{
    [Theory]
    [InlineData("/ready", 0)]
    [InlineData("/unready", 1)]
    [InlineData("/moved", 1)]
    [InlineData("/missing", 1)]
    public async Task Only_200_is_healthy(string path, int code)
    {
        await using var server = await ServeAsync();

        Assert.Equal(code, await HealthProbe.RunAsync(server.Urls.Single() + path, TimeProvider.System));
    }

    [Fact]
    public async Task Nobody_listening_is_not_healthy()
    {
        string address;
        await using (var server = await ServeAsync())
        {
            address = server.Urls.Single();
        }

        Assert.Equal(1, await HealthProbe.RunAsync(address + "/ready", TimeProvider.System));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ready")]
    [InlineData("file:///etc/hosts")]
    public async Task What_is_no_web_address_is_not_healthy(string url) => Assert.Equal(1, await HealthProbe.RunAsync(url, TimeProvider.System));

    [Fact]
    public async Task An_answer_that_takes_more_than_four_seconds_is_none()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var clock = new FakeTimeProvider();

        var probe = HealthProbe.RunAsync($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/ready", clock);
        clock.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(probe.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(1, await probe.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapGet("/ready", () => Results.Ok());
        app.MapGet("/unready", () => Results.StatusCode(503));
        app.MapGet("/moved", () => Results.Redirect("/ready"));
        await app.StartAsync();
        return app;
    }
}
