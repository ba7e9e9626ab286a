using System.Buffers;

namespace VppBooks.Apple.Transport;

/// <summary>What came of one attempt.</summary>
internal enum AttemptResult
{
    /// <summary>A complete answer, whatever its status.</summary>
    Answered,

    /// <summary>The connection was not made; nothing left.</summary>
    NotConnected,

    /// <summary>The connection broke; nobody knows what arrived.</summary>
    Broken,

    /// <summary>A status came, the rest of the answer did not.</summary>
    CutOff,

    /// <summary>The answer is larger than allowed, or compressed though that was not asked for.</summary>
    Unacceptable,

    /// <summary>No complete answer in time.</summary>
    TimedOut,

    /// <summary>The caller gave up after the request was handed over.</summary>
    Cancelled,
}

/// <summary>One attempt: its result, and the body in a pooled buffer.</summary>
internal sealed class Answer : IDisposable
{
    private byte[]? _buffer;
    private int _length;

    public required AttemptResult Result { get; init; }

    /// <summary>HTTP status; 0 when none came.</summary>
    public int Status { get; init; }

    /// <summary>What Apple asked to wait, 0 to 1 hour.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public Exception? Error { get; init; }

    public bool IsSuccess => Status is >= 200 and < 300;

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(0, _length);

    public static Answer Complete(HttpResponseMessage response, TimeSpan? retryAfter, byte[] pooledBuffer, int length) =>
        new() { Result = AttemptResult.Answered, Status = (int)response.StatusCode, RetryAfter = retryAfter, _buffer = pooledBuffer, _length = length };

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _length = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
