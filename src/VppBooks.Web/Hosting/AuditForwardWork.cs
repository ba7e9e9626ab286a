using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;
using VppBooks.Core.Alerts;
using VppBooks.Core.Audit;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>Hands sealed rows on to a file and to syslog, every few seconds.</summary>
internal sealed class AuditForwardWork(AuditForwarder forwarder, IOptions<AuditForwardSettings> settings, TimeProvider clock, ILogger<AuditForwardWork> logger) : BackgroundService
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var targets = new List<AuditTarget>();
        if (settings.Value.File is { Length: > 0 } file)
        {
            targets.Add(AuditTarget.ToFile(file));
        }

        if (settings.Value.SyslogHost is { Length: > 0 } host)
        {
            targets.Add(AuditTarget.ToSyslog(host, settings.Value.SyslogPort, settings.Value.SyslogProtocol));
        }

        using var timer = new PeriodicTimer(_every, clock);
        try
        {
            while (targets.Count > 0 && await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var target in targets)
                {
                    await ForwardAsync(target, stoppingToken);
                }
            }
        }
        finally
        {
            targets.ForEach(t => t.Dispose());
        }
    }

    private async Task ForwardAsync(AuditTarget target, CancellationToken stoppingToken)
    {
        try
        {
            await forwarder.ForwardAsync(target, stoppingToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The position stays where it is: nothing is lost, and nobody else need wait.
            logger.ForwardingFailed(e.GetType().Name);
        }
    }
}

/// <summary>A Serilog pipeline of its own, apart from the program's log: its audit sinks throw when a row does not arrive.</summary>
internal sealed class AuditTarget : IAuditTarget, IDisposable
{
    private static readonly MessageTemplate _template = new MessageTemplateParser().Parse("{Row}");
    private readonly Logger _logger;
    private readonly Dictionary<AuditChain, long>? _last;

    private AuditTarget(string name, Logger logger, Dictionary<AuditChain, long>? last) => (Name, _logger, _last) = (name, logger, last);

    public string Name { get; }

    public static AuditTarget ToFile(string path)
    {
        var full = Path.GetFullPath(path);
        var last = ReadLast(full);
        return new AuditTarget(NameOf(path), Serilog.FileLoggerConfigurationExtensions.File(new Serilog.LoggerConfiguration().AuditTo, new RowFormatter(), full).CreateLogger(), last);
    }

    public static AuditTarget ToSyslog(string host, int port, SyslogProtocol protocol) => new(
        NameOf(host, port, protocol),
        new Serilog.LoggerConfiguration().AuditTo.Sink(new SyslogSink(host, port, protocol)).CreateLogger(),
        last: null);

    /// <summary>The targets that settings name.</summary>
    public static IReadOnlyList<ForwardingTarget> Of(AuditForwardSettings settings) =>
    [
        .. settings.File.Length > 0 ? (ForwardingTarget[])[new(1, NameOf(settings.File), settings.File)] : [],
        .. settings.SyslogHost.Length > 0 ? (ForwardingTarget[])[new(2, NameOf(settings.SyslogHost, settings.SyslogPort, settings.SyslogProtocol), settings.SyslogHost)] : [],
    ];

    public long? LastOf(AuditChain chain) => _last?.GetValueOrDefault(chain);

    public void Write(ForwardedRow row)
    {
        _logger.Write(new LogEvent(row.At, LogEventLevel.Information, exception: null, _template, [new LogEventProperty("Row", new ScalarValue(row.Json))]));
        _last?[row.Chain] = row.Sequence;
    }

    public void Dispose() => _logger.Dispose();

    private static string NameOf(string path) => "file:" + Path.GetFullPath(path);

    private static string NameOf(string host, int port, SyslogProtocol protocol) => string.Create(CultureInfo.InvariantCulture, $"syslog:{protocol}:{host}:{port}");

    /// <summary>The last row of each chain that a file has; a last line that a dying process did not finish is cut off.</summary>
    private static Dictionary<AuditChain, long> ReadLast(string path)
    {
        var last = new Dictionary<AuditChain, long>();
        if (!File.Exists(path))
        {
            return last;
        }

        var whole = 0L;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, 64 * 1024, leaveOpen: true);
        var line = new StringBuilder();
        for (int c; (c = reader.Read()) >= 0;)
        {
            line.Append((char)c);
            if (c != '\n')
            {
                continue;
            }

            var text = line.ToString();
            whole += Encoding.UTF8.GetByteCount(text);
            line.Clear();
            using var row = JsonDocument.Parse(text.TrimStart('\uFEFF'));
            if (Enum.TryParse<AuditChain>(row.RootElement.GetProperty("chain").GetString(), out var chain))
            {
                last[chain] = row.RootElement.GetProperty("number").GetInt64();
            }
        }

        file.SetLength(whole);
        return last;
    }
}

/// <summary>The row and nothing around it.</summary>
internal sealed class RowFormatter : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write(((ScalarValue)logEvent.Properties["Row"]).Value);
        output.Write('\n');
    }
}

/// <summary>RFC 5424 over UDP or TCP: facility <em>log audit</em>, severity <em>notice</em>, the row as message.</summary>
internal sealed class SyslogSink(string host, int port, SyslogProtocol protocol) : ILogEventSink, IDisposable
{
    private const int Priority = (13 * 8) + 5;

    // The most that a datagram carries over IPv4; a longer one is refused for ever, and every row behind it would wait.
    private const int LongestDatagram = 65_507;

    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private Socket? _socket;

    public void Emit(LogEvent logEvent)
    {
        var row = (string)((ScalarValue)logEvent.Properties["Row"]).Value!;
        var bytes = Message(logEvent.Timestamp, row);
        if (protocol == SyslogProtocol.Udp && bytes.Length > LongestDatagram)
        {
            bytes = Message(logEvent.Timestamp, WithoutDetails(row));
        }

        try
        {
            _socket ??= Connect();
            if (protocol == SyslogProtocol.Tcp)
            {
                if (_socket.Poll(0, SelectMode.SelectRead) && _socket.Available == 0)
                {
                    throw new IOException("The syslog server closed the connection.");
                }

                bytes = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bytes.Length} ")), .. bytes];
            }

            for (var sent = 0; sent < bytes.Length;)
            {
                sent += _socket.Send(bytes.AsSpan(sent));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private static byte[] Message(DateTimeOffset at, string row) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"<{Priority}>1 {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'} {Environment.MachineName} vppbooks {Environment.ProcessId} audit - {row}"));

    // Details alone have no limit.
    private static string WithoutDetails(string row)
    {
        var json = JsonNode.Parse(row)!.AsObject();
        json.Remove("details");
        json["detailsLeftOut"] = true;
        return json.ToJsonString(_json);
    }

    private Socket Connect()
    {
        var socket = protocol == SyslogProtocol.Tcp ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.SendTimeout = 10_000;
            socket.Connect(host, port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

internal static partial class AuditForwardLog // ids 1340-1349
{
    [LoggerMessage(1340, LogLevel.Warning, "Rows of the audit trail could not be forwarded ({Failure}); they are tried again in a moment")]
    public static partial void ForwardingFailed(this ILogger logger, string failure);
}
