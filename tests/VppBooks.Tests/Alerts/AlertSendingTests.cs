using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Mail;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Mail;

namespace VppBooks.Tests.Alerts;

/// <summary>Receivers that do not answer, and addresses where nothing may be sent.</summary>
public sealed class AlertSendingTests(AlertRoom room) : IClassFixture<AlertRoom>, IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await using var db = await room.House.OpenAsync();
        await db.AlertDeliveries.ExecuteDeleteAsync();
        await db.StoredSettings.ExecuteDeleteAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Receiver_that_does_not_answer_holds_up_nobody_else()
    {
        await using var silent = await AlertReceiver.StartAsync();
        var answers = new TaskCompletionSource();
        silent.Answers = answers.Task;
        await using var process = room.Process(new AlertOptions { Webhooks = [new(silent.Url, AlertHouse.Secret), new(room.Receiver.Url, AlertHouse.Secret)] });
        var channels = process.GetRequiredService<AlertChannels>();
        var before = room.Receiver.Messages.Count;

        await TestAsync(process);
        var first = await channels.BeginDueAsync(Cancel);
        await first[1].WaitAsync(Cancel);
        await TestAsync(process);
        var second = await channels.BeginDueAsync(Cancel);
        await second[^1].WaitAsync(Cancel);

        Assert.Equal(before + 2, room.Receiver.Messages.Count);
        Assert.False(first[0].IsCompleted);
        answers.SetResult();
        await first[0].WaitAsync(Cancel);
        Assert.Equal(2, silent.Messages.Count);
    }

    [Fact]
    public async Task Receiver_that_is_gone_is_tried_once_for_all_that_is_due()
    {
        await using var process = room.Process(new AlertOptions { Webhooks = [new($"http://127.0.0.1:{MailSink.UnusedPort()}/", AlertHouse.Secret)] });
        for (var i = 0; i < 3; i++)
        {
            await TestAsync(process);
        }

        await process.GetRequiredService<AlertChannels>().SendDueAsync(Cancel);

        await using var db = await room.House.OpenAsync();
        var rows = await db.AlertDeliveries.AsNoTracking().OrderBy(d => d.Id).ToListAsync(Cancel);
        Assert.Equal([1, 0, 0], rows.Select(d => d.Attempts));
        Assert.Single(rows.Select(d => d.DueAt).Distinct());
        Assert.All(rows, d => Assert.True(d.DueAt > room.House.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task Second_server_does_not_send_a_mail_that_the_first_one_still_may()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var options = new AlertOptions { MailTo = ["it@noordrand.example"] };
        void Patiently(IServiceCollection services) => services.Configure<MailOptions>(o =>
            (o.Host, o.Port, o.Security, o.From, o.Timeout) = ("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port, MailSecurity.None, "books@noordrand.example", TimeSpan.FromMinutes(5)));
        await using var one = room.Process(options, Patiently);
        await using var other = room.Process(options, Patiently);
        await TestAsync(one);
        var sending = one.GetRequiredService<AlertChannels>().SendDueAsync(Cancel);
        using (await server.AcceptTcpClientAsync(Cancel))
        {
            room.House.Clock.Pass(TimeSpan.FromMinutes(5));

            await other.GetRequiredService<AlertChannels>().SendDueAsync(Cancel);

            Assert.False(server.Pending());
        }

        await sending;
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000/")]
    [InlineData("https://127.0.0.1:5000/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://10.0.0.8/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    public async Task Address_of_a_private_network_is_not_added_in_the_console(string url)
    {
        await using var process = room.Process(new AlertOptions());

        Assert.Equal(WebhookAnswer.BadAddress, await process.GetRequiredService<AlertReceiverDesk>().AddAsync(url, AlertHouse.Secret, CoreHouse.Admin, Cancel));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Name_that_stands_for_a_private_address_is_not_connected_to_and_the_reader_is_not_told_what_is_there(bool mayBePrivate, bool connects)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        // The address is stored by a server that allows it; the name stands for this machine.
        await using (var lenient = room.Process(new AlertOptions { WebhooksMayBePrivate = true }))
        {
            Assert.Equal(WebhookAnswer.Done, await lenient.GetRequiredService<AlertReceiverDesk>().AddAsync($"https://localhost:{port}/", AlertHouse.Secret, CoreHouse.Admin, Cancel));
        }

        await using var process = room.Process(new AlertOptions { WebhooksMayBePrivate = mayBePrivate });
        await TestAsync(process);
        var sending = process.GetRequiredService<AlertChannels>().SendDueAsync(Cancel);
        if (connects)
        {
            (await server.AcceptTcpClientAsync(Cancel)).Dispose();
        }

        await sending;

        Assert.False(server.Pending());
        Assert.Equal("not taken", Assert.Single(await process.GetRequiredService<AlertDesk>().ListChannelsAsync(CoreHouse.Helpdesk, Cancel)).Failure);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2a00:1450:400e:80c::200e", true)]
    [InlineData("64:ff9b::808:808", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.8.8.8", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd12:3456::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::1", false)]
    public void Public_internet_is_what_is_not_private(string address, bool held) => Assert.Equal(held, PublicInternet.Holds(IPAddress.Parse(address)));

    private static Task<int> TestAsync(IServiceProvider process) => process.GetRequiredService<AlertDesk>().TestAsync("Test", "Nothing is wrong.", CoreHouse.Admin, Cancel);
}
