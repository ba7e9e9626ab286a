using System.Buffers;
using Polly;
using Polly.Timeout;

namespace VppBooks.Apple.Transport;

/// <summary>Sends one request exactly once and reads its whole answer, within a time and a size.</summary>
internal sealed class Exchange(IHttpClientFactory clients, AppleOptions options, TimeProvider clock, TimeSpan timeout)
{
    private readonly ResiliencePipeline _inTime = Resilience.Within(timeout, clock);

    /// <summary>Never throws for what the network or Apple does; the result says how far it came.</summary>
    public async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var client = clients.CreateClient(AppleServices.ClientName);
        HttpResponseMessage? response = null;
        try
        {
            return await _inTime.ExecuteAsync(
                async stopping =>
                {
                    response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stopping);
                    return await ReadAsync(response, RetryAfter.Read(response, clock), stopping);
                },
                cancellationToken);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutRejectedException)
        {
            return Failed(cancellationToken.IsCancellationRequested ? AttemptResult.Cancelled : AttemptResult.TimedOut, response, exception);
        }
        catch (HttpRequestException exception)
        {
            return Failed(response is null && NeverLeft(exception) ? AttemptResult.NotConnected : response is null ? AttemptResult.Broken : AttemptResult.CutOff, response, exception);
        }
        catch (IOException exception)
        {
            return Failed(response is null ? AttemptResult.Broken : AttemptResult.CutOff, response, exception);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private Answer Failed(AttemptResult result, HttpResponseMessage? response, Exception exception) => new()
    {
        Result = result,
        Status = (int?)response?.StatusCode ?? 0,
        RetryAfter = response is null ? null : RetryAfter.Read(response, clock),
        Error = exception,
    };

    // Name not found, connection refused, TLS failed: there was nobody to send to.
    private static bool NeverLeft(HttpRequestException exception) => exception.HttpRequestError is
        HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    private async Task<Answer> ReadAsync(HttpResponseMessage response, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        var limit = options.MaxResponseBytes;
        if (response.Content.Headers.ContentLength > limit)
        {
            return Unacceptable(response, retryAfter, "The answer is too large.");
        }

        // We do not ask for compression, so that a small answer cannot unfold into a huge one.
        if (response.Content.Headers.ContentEncoding.Any(encoding => !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            return Unacceptable(response, retryAfter, "The answer is compressed though that was not asked for.");
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);

        // What a server announces sizes the first buffer, but a lie must not make us reserve much.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(response.Content.Headers.ContentLength + 1 ?? (64 * 1024), 1024 * 1024));
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                var read = await body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    var answer = Answer.Complete(response, retryAfter, buffer, length);
                    buffer = [];
                    return answer;
                }

                length += read;
                if (length > limit)
                {
                    return Unacceptable(response, retryAfter, "The answer is too large.");
                }
            }
        }
        finally
        {
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static Answer Unacceptable(HttpResponseMessage response, TimeSpan? retryAfter, string why) => new()
    {
        Result = AttemptResult.Unacceptable,
        Status = (int)response.StatusCode,
        RetryAfter = retryAfter,
        Error = new InvalidDataException(why),
    };
}
