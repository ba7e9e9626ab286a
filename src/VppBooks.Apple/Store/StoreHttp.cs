using Polly;
using Polly.Timeout;
using VppBooks.Apple.Transport;

namespace VppBooks.Apple.Store;

/// <summary>Fetches something of the store, within a time and a size. Redirects are not followed.</summary>
internal sealed class StoreHttp(IHttpClientFactory clients, AppleOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly ResiliencePipeline _inTime = Resilience.Within(options.RequestTimeout < Timeout ? options.RequestTimeout : Timeout, clock);

    public TrustedHosts Hosts { get; } = new(options);

    /// <summary>Status and content; content null when it is too large.</summary>
    /// <exception cref="AppleUnavailableException">No answer.</exception>
    public async Task<(int Status, byte[]? Content)> GetAsync(Uri address, string accept, ContentToken? cookie, int maxBytes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd(accept);
        request.Options.Set(TokenHandler.Cookie, cookie);
        try
        {
            return await _inTime.ExecuteAsync(
                async stopping =>
                {
                    using var response = await clients.CreateClient(AppleServices.StoreClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stopping);
                    return ((int)response.StatusCode, response.IsSuccessStatusCode ? await ReadAsync(response, maxBytes, stopping) : []);
                },
                cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutRejectedException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new AppleUnavailableException($"{address.Host} did not answer in time.", inner: exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new AppleUnavailableException($"{address.Host} cannot be reached.", inner: exception);
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpResponseMessage response, int maxBytes, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
        {
            return null;
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + read > maxBytes)
            {
                return null;
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }
}
