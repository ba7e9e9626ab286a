using System.Security.Cryptography;
using System.Text;

namespace VppBooks.Core.Security;

/// <summary>Wraps the data key of one row. The program implements it with the data-protection key ring.</summary>
public interface IKeyWrapper
{
    /// <summary>Protects a data key.</summary>
    byte[] Wrap(byte[] dataKey);

    /// <summary>Recovers a data key.</summary>
    /// <exception cref="CryptographicException">The ring does not hold the key any more.</exception>
    byte[] Unwrap(byte[] wrapped);
}

/// <summary>
/// Seals secrets at rest: AES-256-GCM with a key per row, wrapped by the key ring and bound to the row by <c>purpose</c>, so that a sealed
/// value copied to another row does not open.
/// </summary>
public sealed class SecretSealer(IKeyWrapper wrapper)
{
    private const byte Format = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Seals a text for one row.</summary>
    /// <param name="secret">The text.</param>
    /// <param name="purpose">Names the row, such as <c>token:3104477120056218</c>.</param>
    public byte[] Seal(string secret, string purpose)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var wrapped = wrapper.Wrap(key);
        var plain = Encoding.UTF8.GetBytes(secret);
        var result = new byte[1 + 2 + wrapped.Length + NonceLength + TagLength + plain.Length];
        result[0] = Format;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(1), checked((ushort)wrapped.Length));
        wrapped.CopyTo(result, 3);
        var rest = result.AsSpan(3 + wrapped.Length);
        RandomNumberGenerator.Fill(rest[..NonceLength]);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(rest[..NonceLength], plain, rest[(NonceLength + TagLength)..], rest.Slice(NonceLength, TagLength), Encoding.UTF8.GetBytes(purpose));
        CryptographicOperations.ZeroMemory(key);
        return result;
    }

    /// <summary>Opens a sealed text.</summary>
    /// <exception cref="CryptographicException">Another row's, damaged, or the key ring lost the key.</exception>
    public string Open(byte[] @sealed, string purpose)
    {
        if (@sealed.Length < 3 || @sealed[0] != Format)
        {
            throw new CryptographicException("Not a sealed value.");
        }

        var wrappedLength = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(@sealed.AsSpan(1));
        if (@sealed.Length < 3 + wrappedLength + NonceLength + TagLength)
        {
            throw new CryptographicException("The sealed value is cut short.");
        }

        var key = wrapper.Unwrap(@sealed.AsSpan(3, wrappedLength).ToArray());
        var rest = @sealed.AsSpan(3 + wrappedLength);
        var plain = new byte[rest.Length - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(rest[..NonceLength], rest[(NonceLength + TagLength)..], rest.Slice(NonceLength, TagLength), plain, Encoding.UTF8.GetBytes(purpose));
        CryptographicOperations.ZeroMemory(key);
        return Encoding.UTF8.GetString(plain);
    }
}
