using System.Collections.Concurrent;
using System.Globalization;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;

namespace VppBooks.Tests.Architecture;

/// <summary>Keeps everything a program logs; a program is told to use it by its settings, as with any other sink.</summary>
public static class CapturedLog
{
    public static readonly string[] Settings =
    [
        $"--Serilog:Using:0={typeof(CapturedLog).Assembly.GetName().Name}", $"--Serilog:WriteTo:0:Name={nameof(Captured)}",
    ];

    private static readonly ConcurrentQueue<LogEvent> _events = new();

    public static IReadOnlyCollection<LogEvent> Events => _events;

    public static LoggerConfiguration Captured(this LoggerSinkConfiguration sinks)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        return sinks.Sink(new Sink());
    }

    /// <summary>All that could end up in a file: text, every property, exceptions.</summary>
    public static string Everything(LogEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        string?[] parts = [e.RenderMessage(CultureInfo.InvariantCulture), e.Exception?.ToString(), .. e.Properties.Select(p => $"{p.Key}={Text(p.Value)}")];
        return string.Join('\n', parts);
    }

    // As it is, not as it is quoted.
    private static string Text(LogEventPropertyValue value) => value is ScalarValue { Value: string text } ? text : value.ToString();

    private sealed class Sink : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => _events.Enqueue(logEvent);
    }
}
