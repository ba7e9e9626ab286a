using System.Net;
using System.Net.Sockets;
using System.Text;
using MimeKit;

namespace VppBooks.Tests.Mail;

/// <summary>A mail server on loopback that keeps what it is given. Speaks enough ESMTP for a real client.</summary>
internal sealed class MailSink : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly Task _work;

    /// <param name="port">0: a free one.</param>
    public MailSink(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _work = ListenAsync();
    }

    public int Port { get; }

    public List<MimeMessage> Mails { get; } = [];

    /// <summary>What a recipient with this address is answered.</summary>
    public Dictionary<string, string> Refusals { get; } = [];

    /// <summary>Hang up instead of answering a message that was received.</summary>
    public bool HangUpAfterData { get; set; }

    /// <summary>A port where nothing listens.</summary>
    public static int UnusedPort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await ServeAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The client left, or the test is over.
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await using var stream = client.GetStream();
        // Bytes as characters: 8BITMIME bodies come through unchanged.
        using var reader = new StreamReader(stream, Encoding.Latin1);
        await using var writer = new StreamWriter(stream, Encoding.Latin1) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 sink ready");
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            var command = line.Split(' ', ':')[0].ToUpperInvariant();
            switch (command)
            {
                case "EHLO":
                    await writer.WriteAsync("250-sink\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n");
                    break;
                case "RCPT":
                    var refusal = Refusals.FirstOrDefault(r => line.Contains(r.Key, StringComparison.OrdinalIgnoreCase)).Value;
                    await writer.WriteLineAsync(refusal ?? "250 ok");
                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    await ReceiveAsync(reader);
                    if (HangUpAfterData)
                    {
                        return;
                    }

                    await writer.WriteLineAsync("250 taken");
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                default:
                    await writer.WriteLineAsync("250 ok");
                    break;
            }
        }
    }

    private async Task ReceiveAsync(StreamReader reader)
    {
        var body = new StringBuilder();
        while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".")
        {
            body.Append(line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line).Append("\r\n");
        }

        using var bytes = new MemoryStream(Encoding.Latin1.GetBytes(body.ToString()));
        Mails.Add(await MimeMessage.LoadAsync(bytes, _stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _work;
        _stop.Dispose();
    }
}
