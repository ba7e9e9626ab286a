using System.Net;
using System.Net.Sockets;

namespace VppBooks.Web.Hosting;

/// <summary>Where a request comes from, as far as limits know: one customer of a provider has a whole /64 of addresses.</summary>
internal static class CallerAddress
{
    public static string Of(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (address is null or { AddressFamily: not AddressFamily.InterNetworkV6 } or { IsIPv4MappedToIPv6: true })
        {
            return address?.ToString() ?? "unknown";
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return new IPAddress(bytes).ToString();
    }
}
