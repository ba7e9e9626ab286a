using System.Net;
using System.Net.Sockets;

namespace VppBooks.Core.Alerts;

/// <summary>Connects to addresses of the public internet alone, so that a webhook cannot be used to look around in the network behind it.</summary>
internal static class PublicInternet
{
    private static readonly IPNetwork[] _notPublic4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(n => IPNetwork.Parse(n)),
    ];

    // What is not listed by the second is no address of a host out there; the third are wrappings of IPv4 and examples.
    private static readonly IPNetwork _translated = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork _public6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] _notPublic6 = [.. new[] { "2001::/32", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(n => IPNetwork.Parse(n))];

    /// <summary>Whether an address belongs to the public internet.</summary>
    public static bool Holds(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return Holds(address.MapToIPv4());
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return !Array.Exists(_notPublic4, n => n.Contains(address));
        }

        return _translated.Contains(address)
            ? Holds(new IPAddress(address.GetAddressBytes().AsSpan(12)))
            : _public6.Contains(address) && !Array.Exists(_notPublic6, n => n.Contains(address));
    }

    /// <summary>Connects where a request wants to go, and refuses what is not public. What a name stands for is looked at here, where it is used: it may have been another address a moment ago.</summary>
    /// <exception cref="HttpRequestException">None of the addresses is public.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var target = context.InitialRequestMessage.RequestUri!.IdnHost;
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        if (host == target)
        {
            addresses = [.. addresses.Where(Holds)];
        }
        else if (!await MayBePublicAsync(target, cancellationToken))
        {
            // By way of a proxy, which the server's environment names and which may be private itself.
            addresses = [];
        }

        if (addresses.Length == 0)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The address is not public.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Behind a proxy a server may not be able to resolve names of the internet at all.
    private static async Task<bool> MayBePublicAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(host, cancellationToken)).All(Holds);
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
