using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Web.Hosting;
using VppBooks.Web.Settings;

namespace VppBooks.Tests.Audit;

/// <summary>Exactly the sealed rows reach a file or a syslog server.</summary>
public sealed class ForwardingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-forward-").FullName;

    private string LogFile => Path.Combine(_folder, "audit.jsonl");

    [Fact]
    public async Task A_file_gets_every_sealed_row_once_also_over_a_crash_between_writing_and_keeping()
    {
        await using var house = await AuditHouse.StartAsync();
        await house.HappenAsync(450);
        await house.ChangeAsync(db => db.LicenseChanges.Add(new LicenseChange { LicenseId = 1, At = house.Clock.GetUtcNow(), To = LicenseState.Reserved, Cause = LicenseCause.Committed }));
        await house.SealAsync();
        await house.HappenAsync(3);

        Assert.Equal(451, await ForwardAsync(house));
        Assert.Equal(0, await ForwardAsync(house));

        // The process wrote rows, died in the middle of one, and never kept how far it was.
        await house.SealAsync();
        await house.ExecuteAsync("UPDATE \"AuditForwardings\" SET \"Events\" = 440");
        await File.AppendAllTextAsync(LogFile, "{\"chain\":\"Events\",\"num");
        Assert.Equal(3, await ForwardAsync(house));

        var rows = (await File.ReadAllLinesAsync(LogFile)).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(Enumerable.Range(1, 453).Select(n => (long)n), rows.Where(r => r.GetProperty("chain").GetString() == "Events").Select(r => r.GetProperty("number").GetInt64()));
        var license = Assert.Single(rows, r => r.GetProperty("chain").GetString() == "Licenses");
        Assert.Equal(("Reserved", "Committed"), (license.GetProperty("to").GetString(), license.GetProperty("cause").GetString()));
        await using var db = await house.OpenAsync();
        var last = db.AuditEvents.Single(a => a.Sequence == 453);
        Assert.Equal(Convert.ToHexStringLower(last.Hash!), rows[^1].GetProperty("hash").GetString());
    }

    [Fact]
    public async Task Syslog_over_TCP_gets_each_row_in_order_and_a_server_that_is_away_loses_none()
    {
        await using var house = await AuditHouse.StartAsync();
        await house.HappenAsync(5, "größe.„quoted“");
        await house.SealAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var target = AuditTarget.ToSyslog("127.0.0.1", port, SyslogProtocol.Tcp);
        var forwarder = house.Get<AuditForwarder>();
        await Assert.ThrowsAnyAsync<Exception>(() => forwarder.ForwardAsync(target, CancellationToken.None));

        using var again = new TcpListener(IPAddress.Loopback, port);
        again.Start();
        Assert.Equal(5, await forwarder.ForwardAsync(target, CancellationToken.None));

        using var connection = await again.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var messages = await ReadAsync(connection.GetStream(), 5);
        Assert.All(messages, m => Assert.Matches(@"^<109>1 \d{4}-\d\d-\d\dT\S+Z \S+ vppbooks \d+ audit - \{", m));
        Assert.Equal([1L, 2, 3, 4, 5], messages.Select(m => JsonDocument.Parse(m[m.IndexOf('{', StringComparison.Ordinal)..]).RootElement.GetProperty("number").GetInt64()));
        Assert.Contains("größe.„quoted“", messages[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Syslog_over_UDP_gets_one_datagram_per_row_and_one_that_is_too_long_without_its_details_does_not_stop_the_rest()
    {
        await using var house = await AuditHouse.StartAsync();
        await house.HappenAsync(1, "größe.„quoted“");
        await house.ChangeAsync(db => db.Audit(AuditHouse.Admin, house.Clock.GetUtcNow(), "much.happened", default, new { names = new string('ß', 40_000) }));
        await house.HappenAsync(1);
        await house.SealAsync();
        using var listener = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var target = AuditTarget.ToSyslog("127.0.0.1", ((IPEndPoint)listener.Client.LocalEndPoint!).Port, SyslogProtocol.Udp);

        Assert.Equal(3, await house.Get<AuditForwarder>().ForwardAsync(target, CancellationToken.None));
        Assert.Equal(0, await house.Get<AuditForwarder>().ForwardAsync(target, CancellationToken.None));

        var rows = new List<JsonElement>();
        for (var i = 0; i < 3; i++)
        {
            var message = Encoding.UTF8.GetString((await listener.ReceiveAsync(TestContext.Current.CancellationToken)).Buffer);
            Assert.StartsWith("<109>1 ", message, StringComparison.Ordinal);
            rows.Add(JsonDocument.Parse(message[message.IndexOf('{', StringComparison.Ordinal)..]).RootElement);
        }

        Assert.Equal([(1L, "größe.„quoted“", true, false), (2L, "much.happened", false, true), (3L, "sync.requested", true, false)], rows.Select(r =>
            (r.GetProperty("number").GetInt64(), r.GetProperty("action").GetString(), r.TryGetProperty("details", out _), r.TryGetProperty("detailsLeftOut", out var left) && left.GetBoolean())));
        await using var db = await house.OpenAsync();
        Assert.Equal(db.AuditEvents.Where(a => a.Sequence != null).OrderBy(a => a.Sequence).AsEnumerable().Select(a => Convert.ToHexStringLower(a.Hash!)), rows.Select(r => r.GetProperty("hash").GetString()));
    }

    [Fact]
    public async Task Of_two_servers_one_forwards()
    {
        await using var house = await AuditHouse.StartAsync();
        await house.HappenAsync(20);
        await house.SealAsync();
        using var target = AuditTarget.ToFile(LogFile);
        await house.Get<AuditForwarder>().ForwardAsync(target, CancellationToken.None);
        await house.HappenAsync(2);
        await house.SealAsync();

        var other = house.Server().GetRequiredService<AuditForwarder>();
        Assert.Equal(0, await other.ForwardAsync(target, CancellationToken.None));
        house.Clock.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(2, await other.ForwardAsync(target, CancellationToken.None));
        await house.HappenAsync(1);
        await house.SealAsync();
        Assert.Equal(0, await house.Get<AuditForwarder>().ForwardAsync(target, CancellationToken.None));
    }

    [Theory]
    [InlineData("", "", 514, 0)]
    [InlineData("/no/such/folder/audit.jsonl", "", 514, 1)]
    [InlineData("", "not a host", 70000, 2)]
    public void Settings_that_cannot_work_are_refused(string file, string host, int port, int faults) =>
        Assert.Equal(faults, new AuditForwardSettings { File = file, SyslogHost = host, SyslogPort = port }.Faults().Count());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<int> ForwardAsync(AuditHouse house)
    {
        using var target = AuditTarget.ToFile(LogFile);
        return await house.Get<AuditForwarder>().ForwardAsync(target, CancellationToken.None);
    }

    private static async Task<List<string>> ReadAsync(NetworkStream stream, int count)
    {
        var messages = new List<string>();
        var one = new byte[1];
        while (messages.Count < count)
        {
            var length = 0;
            await stream.ReadExactlyAsync(one);
            while (one[0] != ' ')
            {
                length = (length * 10) + (one[0] - '0');
                await stream.ReadExactlyAsync(one);
            }

            var bytes = new byte[length];
            await stream.ReadExactlyAsync(bytes);
            messages.Add(Encoding.UTF8.GetString(bytes));
        }

        return messages;
    }
}
