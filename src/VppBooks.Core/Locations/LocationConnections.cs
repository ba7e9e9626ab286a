using System.Security.Cryptography;
using VppBooks.Apple;
using VppBooks.Core.Security;

namespace VppBooks.Core.Locations;

/// <summary>Opens the sealed token of a location to speak with Apple.</summary>
public sealed class LocationConnections(SecretSealer sealer)
{
    /// <summary>Purpose that binds a sealed token to its location.</summary>
    public static string Purpose(string uId) => "token:" + uId;

    /// <summary>The location as the Apple client needs it; the claim is expected once Apple confirmed ours.</summary>
    /// <exception cref="TokenUnreadableException">The token cannot be opened: deleted, or the key ring lost its key.</exception>
    public AppleLocation Connect(Location location, RequestMeter? meter = null)
    {
        if (location.TokenSecret is null)
        {
            throw new TokenUnreadableException("The token was deleted.", null);
        }

        try
        {
            var token = ContentToken.Restore(sealer.Open(location.TokenSecret, Purpose(location.UId)));
            return new AppleLocation(location.UId, token, location.ClaimConfirmed ? location.ClaimId.ToString("D") : null) { Meter = meter };
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new TokenUnreadableException("The token cannot be decrypted; upload it again.", e);
        }
    }
}

/// <summary>The stored token cannot be used on this installation; the remedy is to upload it again.</summary>
public sealed class TokenUnreadableException(string message, Exception? inner) : Exception(message, inner);
