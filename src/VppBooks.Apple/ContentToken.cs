using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace VppBooks.Apple;

/// <summary>
/// The secret that speaks for one location ("VPP token", "sToken"): a Base64 text holding <c>token</c>, <c>expDate</c> and <c>orgName</c>
/// (reference 1.1). Its text leaves the object only through <see cref="ExposeSecret"/>.
/// </summary>
public sealed class ContentToken
{
    private readonly string _canonical;

    private ContentToken(string canonical, string organizationName, DateTimeOffset expires, string fingerprint)
    {
        _canonical = canonical;
        OrganizationName = organizationName;
        Expires = expires;
        Fingerprint = fingerprint;
    }

    /// <summary>The longest file that is read, in bytes; real files are under 1 KiB.</summary>
    public const int MaxFileBytes = 64 * 1024;

    /// <summary>Organization code or name as in the file; up to 256 characters, untrusted text.</summary>
    public string OrganizationName { get; }

    /// <summary>Expiry as in the file, UTC.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>SHA-256 of the canonical text as 64 lower-case hex digits: equal for the same token saved in different ways.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads at most <see cref="MaxFileBytes"/> from a file and judges it.</summary>
    public static async Task<ContentTokenReading> ReadAsync(Stream file, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One byte more than allowed tells "exactly at the limit" from "goes on", without reading the rest.
        var buffer = ArrayPool<byte>.Shared.Rent(MaxFileBytes + 1);
        try
        {
            var length = await file.ReadAtLeastAsync(buffer.AsMemory(0, MaxFileBytes + 1), MaxFileBytes + 1, throwOnEndOfStream: false, cancellationToken);
            return Read(buffer.AsSpan(0, length), now);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>Judges the bytes of a file by their content alone.</summary>
    public static ContentTokenReading Read(ReadOnlySpan<byte> file, DateTimeOffset now)
    {
        if (Open(file, out var canonical, out var fields) is { } rejected)
        {
            return rejected;
        }

        if (fields.Expires <= now)
        {
            var expiry = fields.Expires.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
            return new ContentTokenReading.Rejected(
                "TokenExpired",
                $"This token expired on {expiry}. Download a new token in Apple School Manager or Apple Business (Preferences, Payments & Billing, Content Tokens) and upload that file.",
                "expDate",
                expiry);
        }

        return new ContentTokenReading.Accepted(Create(canonical, fields), ExpiresSoon: fields.Expires - now <= TimeSpan.FromDays(30));
    }

    /// <summary>Restores a token that was accepted before (expired ones too).</summary>
    /// <exception cref="FormatException">The text is not a content token.</exception>
    public static ContentToken Restore(string canonical)
    {
        var rejected = Open(Encoding.UTF8.GetBytes(canonical), out var text, out var fields);
        return rejected is null ? Create(text, fields) : throw new FormatException($"The stored text is not a content token: {rejected.Code}.");
    }

    /// <summary>The canonical Base64 text: the bearer value. For the request handler and for encryption only.</summary>
    public string ExposeSecret() => _canonical;

    /// <summary>Gives nothing away.</summary>
    public override string ToString() => "[content token]";

    private static ContentTokenReading.Rejected? Open(ReadOnlySpan<byte> file, out string canonical, out TokenFields fields)
    {
        fields = default;
        return TokenFile.Open(file, out canonical, out var json) ?? TokenJson.Read(json, out fields);
    }

    private static ContentToken Create(string canonical, TokenFields fields) =>
        new(canonical, fields.OrganizationName, fields.Expires, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(canonical))));
}

/// <summary>The verdict on an uploaded file.</summary>
public abstract record ContentTokenReading
{
    private ContentTokenReading()
    {
    }

    /// <summary>A usable token.</summary>
    /// <param name="Token">The token.</param>
    /// <param name="ExpiresSoon">It expires within 30 days.</param>
    public sealed record Accepted(ContentToken Token, bool ExpiresSoon) : ContentTokenReading;

    /// <summary>Not usable.</summary>
    /// <param name="Code">Stable name such as <c>TokenFileNotBase64</c>.</param>
    /// <param name="Message">What is wrong and what to do, English; never quotes the file's content.</param>
    /// <param name="Field">The JSON field concerned, or null.</param>
    /// <param name="Detail">What the file seems to be ("web page", "server token (.p7m)", …) or the date of expiry, or null.</param>
    public sealed record Rejected(string Code, string Message, string? Field = null, string? Detail = null) : ContentTokenReading;
}
