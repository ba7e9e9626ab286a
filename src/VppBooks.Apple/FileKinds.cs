using System.Buffers;

namespace VppBooks.Apple;

/// <summary>Guesses what a file is that is not a content token, so that the answer can name it.</summary>
internal static class FileKinds
{
    public const string WebPage = "web page";
    public const string Json = "decoded JSON";

    private static readonly SearchValues<byte> UrlSafeAlphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="u8);

    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    /// <summary>A byte order mark of UTF-16, or every second byte of the beginning zero.</summary>
    public static bool IsUtf16(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith<byte>([0xFF, 0xFE]) || file.StartsWith<byte>([0xFE, 0xFF]))
        {
            return true;
        }

        var length = Math.Min(file.Length, 64) / 2 * 2;
        if (length < 4)
        {
            return false;
        }

        var (even, odd) = (0, 0);
        for (var i = 0; i < length; i += 2)
        {
            even += file[i] == 0 ? 1 : 0;
            odd += file[i + 1] == 0 ? 1 : 0;
        }

        return (even == length / 2 && odd == 0) || (odd == length / 2 && even == 0);
    }

    /// <summary>Names another secret that administrators confuse with a content token, or null (reference 1.4).</summary>
    public static string? OtherSecret(ReadOnlySpan<byte> content)
    {
        if (StartsWithIgnoringCase(content, "-----BEGIN "u8))
        {
            var line = content[..Math.Min(content.Length, 64)];
            return line switch
            {
                _ when line.IndexOf("PKCS7"u8) >= 0 || line.IndexOf("CMS"u8) >= 0 || line.IndexOf("MESSAGE"u8) >= 0 => "server token (.p7m)",
                _ when line.IndexOf("KEY"u8) >= 0 => "key (.pem)",
                _ => "certificate (.pem)",
            };
        }

        if (StartsWithIgnoringCase(content, "MIME-Version:"u8) || StartsWithIgnoringCase(content, "Content-Type:"u8) || StartsWithIgnoringCase(content, "Content-Disposition:"u8))
        {
            return "server token (.p7m)";
        }

        return Asn1(content);
    }

    /// <summary>Names what does not decode, or null.</summary>
    public static string? Guess(ReadOnlySpan<byte> start, ReadOnlySpan<byte> compact)
    {
        if (start.StartsWith("<?xml"u8))
        {
            return StartsWithAnywhere(start, "<html"u8) ? WebPage : "an XML file";
        }

        if (start[0] == (byte)'<')
        {
            return WebPage;
        }

        if (start[0] is (byte)'{' or (byte)'[')
        {
            return Json;
        }

        if (start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8))
        {
            return "a ZIP archive";
        }

        if (start.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']) || start.StartsWith<byte>([0xFF, 0xD8, 0xFF]))
        {
            return "a picture";
        }

        if (start.StartsWith("%PDF"u8))
        {
            return "a PDF document";
        }

        if (start[0] is (byte)'"' or (byte)'\'')
        {
            return "text in quotation marks";
        }

        var text = compact.TrimEnd((byte)'=');
        if (text.IndexOfAnyExcept(Alphabet) < 0)
        {
            return "Base64 text without its ending";
        }

        return text.IndexOfAnyExcept(UrlSafeAlphabet) < 0 ? "Base64 text in the variant for addresses" : null;
    }

    // Binary PKCS #7, PKCS #12 and X.509 are ASN.1 sequences; what follows the length tells them apart.
    private static string? Asn1(ReadOnlySpan<byte> content)
    {
        if (content.Length < 16 || content[0] != 0x30 || content[1] is < 0x80 or > 0x84)
        {
            return null;
        }

        var body = content[(2 + (content[1] & 0x7F))..];
        if (body.StartsWith<byte>([0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07]))
        {
            return "server token (.p7m)";
        }

        if (body.StartsWith<byte>([0x02, 0x01, 0x03]))
        {
            return "key store (.p12)";
        }

        return content[1] is 0x82 or 0x83 && body[0] == 0x30 ? "certificate (.cer)" : null;
    }

    private static bool StartsWithAnywhere(ReadOnlySpan<byte> content, ReadOnlySpan<byte> word) => content[..Math.Min(content.Length, 1024)].IndexOf(word) >= 0;

    private static bool StartsWithIgnoringCase(ReadOnlySpan<byte> content, ReadOnlySpan<byte> word) =>
        content.Length >= word.Length && System.Text.Ascii.EqualsIgnoreCase(content[..word.Length], word);
}
