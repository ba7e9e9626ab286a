using Microsoft.Extensions.Options;

namespace VppBooks.Apple.Transport;

/// <summary>
/// Attaches the token to a request; the only place that reads its secret for sending. A handler rather than the caller, so that a request
/// carries the header once however often it is prepared, and never to a host that may not see it.
/// </summary>
internal sealed class TokenHandler(IOptions<AppleOptions> options) : DelegatingHandler
{
    /// <summary>The token to send as bearer (reference 1.2).</summary>
    public static readonly HttpRequestOptionsKey<ContentToken?> Bearer = new("VppBooks.Bearer");

    /// <summary>The token to send as cookie to a metadata service (reference 7.2).</summary>
    public static readonly HttpRequestOptionsKey<ContentToken?> Cookie = new("VppBooks.Cookie");

    private readonly TrustedHosts _hosts = new(options.Value);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Options.TryGetValue(Bearer, out var bearer) && bearer is not null)
        {
            Attach(request, "Authorization", "Bearer " + bearer.ExposeSecret());
        }

        if (request.Options.TryGetValue(Cookie, out var cookie) && cookie is not null)
        {
            Attach(request, "Cookie", "itvt=" + cookie.ExposeSecret());
        }

        return base.SendAsync(request, cancellationToken);
    }

    private void Attach(HttpRequestMessage request, string header, string value)
    {
        if (!_hosts.MaySeeToken(request.RequestUri!))
        {
            throw new InvalidOperationException("A token must not be sent to this host.");
        }

        request.Headers.Remove(header);
        request.Headers.TryAddWithoutValidation(header, value);
    }
}
