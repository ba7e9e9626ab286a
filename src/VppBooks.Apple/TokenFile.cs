using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using Rejected = VppBooks.Apple.ContentTokenReading.Rejected;

namespace VppBooks.Apple;

/// <summary>The outer layer of a token file: one Base64 text (reference 1.1, 1.4). Its name and media type are not trusted, only its bytes.</summary>
internal static class TokenFile
{
    private const string AsDownloaded = "Upload the .vpptoken file exactly as it was downloaded from Apple School Manager or Apple Business.";

    private static readonly SearchValues<byte> Whitespace = SearchValues.Create(" \t\r\n"u8);

    /// <summary>Takes the Base64 layer off; null when that went well.</summary>
    public static Rejected? Open(ReadOnlySpan<byte> file, out string canonical, out byte[] json)
    {
        canonical = "";
        json = [];
        if (file.Length > ContentToken.MaxFileBytes)
        {
            return new("TokenFileTooLarge", $"The file is larger than 64 KB; a content token is about 1 KB. {AsDownloaded}");
        }

        if (FileKinds.IsUtf16(file))
        {
            return new("TokenFileWrongEncoding", $"The file was saved again as UTF-16 text. {AsDownloaded}", Detail: "UTF-16 text");
        }

        var content = file.StartsWith("\uFEFF"u8) ? file[3..] : file;
        if (content.IndexOfAnyExcept(Whitespace) < 0)
        {
            return new("TokenFileEmpty", $"The file is empty. {AsDownloaded}");
        }

        var start = content[content.IndexOfAnyExcept(Whitespace)..];
        if (FileKinds.OtherSecret(start) is { } kind)
        {
            return WrongKind(kind);
        }

        var compact = RemoveWhitespace(content);
        json = new byte[Base64.GetMaxDecodedFromUtf8Length(compact.Length)];
        if (compact.Length % 4 != 0 || Base64.DecodeFromUtf8(compact, json, out _, out var written) != OperationStatus.Done)
        {
            return NotBase64(start, compact);
        }

        json = json[..written];
        if (FileKinds.OtherSecret(json) is { } inner)
        {
            return WrongKind(inner);
        }

        if (!Utf8.IsValid(json))
        {
            return new("TokenFileNotUtf8", $"The file's content is not text in UTF-8. {AsDownloaded}");
        }

        canonical = Encoding.ASCII.GetString(compact);
        return null;
    }

    private static Rejected WrongKind(string kind) =>
        new(
            "TokenFileWrongKind",
            $"This is a {kind}, not a content token. Download the content token in Apple School Manager or Apple Business: Preferences, Payments & Billing, Content Tokens.",
            Detail: kind);

    private static Rejected NotBase64(ReadOnlySpan<byte> start, ReadOnlySpan<byte> compact) => FileKinds.Guess(start, compact) switch
    {
        FileKinds.WebPage => new("TokenFileNotBase64", $"This is a web page, perhaps a sign-in page, not a content token. {AsDownloaded}", Detail: FileKinds.WebPage),
        FileKinds.Json => new("TokenFileNotBase64", $"This is the decoded content of a token. Upload the file as downloaded: {AsDownloaded}", Detail: FileKinds.Json),
        { } kind => new("TokenFileNotBase64", $"The file is not a content token; it looks like {kind}. {AsDownloaded}", Detail: kind),
        null => new("TokenFileNotBase64", $"The file is not a content token: its text is not Base64, or it was cut off or changed. {AsDownloaded}"),
    };

    private static byte[] RemoveWhitespace(ReadOnlySpan<byte> content)
    {
        var compact = new byte[content.Length];
        var length = 0;
        foreach (var character in content)
        {
            if (!Whitespace.Contains(character))
            {
                compact[length++] = character;
            }
        }

        return compact[..length];
    }
}
