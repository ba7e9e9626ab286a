using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace VppBooks.Tests.Apple;

/// <summary>Keeps every line and every value that is logged.</summary>
internal sealed class RecordingLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<(EventId Id, string Text)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId, formatter(state, exception) + " " + exception));

    public void Dispose()
    {
    }
}
