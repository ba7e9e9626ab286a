using System.Buffers;
using System.Net;
using System.Net.Sockets;
using MimeKit;
using SmtpServer;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace VppBooks.SimulatedCloud.Mail;

/// <summary>A mail as it arrived.</summary>
/// <param name="Id">1, 2, … in order of arrival.</param>
/// <param name="At">When.</param>
/// <param name="From">Sender.</param>
/// <param name="To">Recipients' addresses.</param>
/// <param name="Subject">Subject.</param>
/// <param name="Text">Plain text; empty when it has none.</param>
/// <param name="Html">HTML; empty when it has none.</param>
public sealed record ReceivedMail(int Id, DateTimeOffset At, string From, IReadOnlyList<string> To, string Subject, string Text, string Html);

/// <summary>A mail server on loopback for everybody: keeps the newest mails, sends nothing on.</summary>
public sealed class Mailbox : IAsyncDisposable
{
    private const int Most = 500;

    private readonly Lock _gate = new();
    private readonly List<ReceivedMail> _mails = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _last;

    /// <summary>Where it listens; 0 before <see cref="Listen"/>.</summary>
    public int Port { get; private set; }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<ReceivedMail> List()
    {
        lock (_gate)
        {
            return [.. _mails.AsEnumerable().Reverse()];
        }
    }

    public ReceivedMail? Find(int id)
    {
        lock (_gate)
        {
            return _mails.Find(m => m.Id == id);
        }
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="clock">Tells when mails arrive.</param>
    public void Listen(int port, TimeProvider clock)
    {
        Port = port == 0 ? FreePort() : port;
        var options = new SmtpServerOptionsBuilder().ServerName("simulated-cloud").Endpoint(endpoint => endpoint.Endpoint(new IPEndPoint(IPAddress.Loopback, Port))).Build();
        var services = new SmtpServer.ComponentModel.ServiceProvider();
        services.Add(new Store(this, clock));
        _running = new SmtpServer.SmtpServer(options, services).StartAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void Keep(MimeMessage mail, DateTimeOffset at)
    {
        lock (_gate)
        {
            _mails.Add(new ReceivedMail(++_last, at, mail.From.ToString(), [.. mail.To.Mailboxes.Select(m => m.Address)], mail.Subject ?? "", mail.TextBody ?? "", mail.HtmlBody ?? ""));
            if (_mails.Count > Most)
            {
                _mails.RemoveAt(0);
            }
        }
    }

    private sealed class Store(Mailbox mailbox, TimeProvider clock) : MessageStore
    {
        public override async Task<SmtpResponse> SaveAsync(ISessionContext context, IMessageTransaction transaction, ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
        {
            using var bytes = new MemoryStream(buffer.ToArray());
            mailbox.Keep(await MimeMessage.LoadAsync(bytes, cancellationToken), clock.GetUtcNow());
            return SmtpResponse.Ok;
        }
    }
}
