using System.Security.Cryptography;
using System.Text;

namespace VppBooks.Core.People;

/// <summary>
/// Ids under which Apple knows people. An id follows from the location and the person's object id in the directory and tells neither: so a database that was
/// put back to before a registration, or lost, finds its people at Apple again instead of taking them for somebody else's and giving them a second copy.
/// </summary>
public static class ClientUserIds
{
    /// <summary>What all of them look like, as a pattern of SQL's LIKE: the version of a UUID is its 15th character.</summary>
    internal const string Pattern = "______________8%";

    private static readonly byte[] Domain = "VppBooks clientUserId"u8.ToArray();

    /// <summary>The id of a person at a location, in lower case: a version 8 UUID (RFC 9562) out of SHA-256.</summary>
    /// <param name="uId">Apple's id of the location.</param>
    /// <param name="directoryId">Object id of the person in the directory.</param>
    public static string For(string uId, Guid directoryId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. Domain, .. Encoding.UTF8.GetBytes(uId), .. directoryId.ToByteArray(bigEndian: true)], hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }
}
