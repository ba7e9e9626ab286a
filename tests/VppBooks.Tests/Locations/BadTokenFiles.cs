using System.Text;

namespace VppBooks.Tests.Locations;

/// <summary>Every bad file of the upload table, with the code that answers it.</summary>
internal static class BadTokenFiles
{
    private const string Good = """{"expDate":"2099-05-18T10:42:07+0000","token":"aW52ZW50ZWQ=","orgName":"Riverside Libraries"}""";

    public static IReadOnlyList<(string Name, byte[] File, string Code, int Status)> All { get; } =
    [
        ("nothing", [], "TokenFileEmpty", 400),
        ("only spaces", Ascii(" \r\n\t "), "TokenFileEmpty", 400),
        ("too large", new byte[65 * 1024], "TokenFileTooLarge", 413),
        ("plain text", Ascii("This is not a token, dear administrator."), "TokenFileNotBase64", 400),
        ("a picture", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13], "TokenFileNotBase64", 400),
        ("an archive", [0x50, 0x4B, 0x03, 0x04, 20, 0, 0, 0], "TokenFileNotBase64", 400),
        ("a web page", Ascii("<!DOCTYPE html><html><body>Sign in</body></html>"), "TokenFileNotBase64", 400),
        ("decoded JSON", Ascii(Good), "TokenFileNotBase64", 400),
        ("a server token", Ascii("Content-Type: application/pkcs7-mime; name=\"smime.p7m\"; smime-type=enveloped-data\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxggFzMIIBbw=="), "TokenFileWrongKind", 400),
        ("a push certificate", Ascii("-----BEGIN CERTIFICATE-----\nMIIBszCCARwCAQAw\n-----END CERTIFICATE-----\n"), "TokenFileWrongKind", 400),
        ("UTF-16 LE", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Base64(Good))], "TokenFileWrongEncoding", 400),
        ("UTF-16 BE", [.. Encoding.BigEndianUnicode.GetPreamble(), .. Encoding.BigEndianUnicode.GetBytes(Base64(Good))], "TokenFileWrongEncoding", 400),
        ("quotation marks around", Ascii($"\"{Base64(Good)}\""), "TokenFileNotBase64", 400),
        ("padding cut off", Ascii(Base64("""{"a":1}""").TrimEnd('=')), "TokenFileNotBase64", 400),
        ("not UTF-8 inside", Ascii(Convert.ToBase64String([0x7B, 0xFF, 0xFE, 0x7D])), "TokenFileNotUtf8", 400),
        ("not JSON inside", Encoded("hello"), "TokenFileNotJson", 400),
        ("JSON cut short", Encoded(Good[..40]), "TokenFileNotJson", 400),
        ("something behind the JSON", Encoded(Good + "x"), "TokenFileNotJson", 400),
        ("an array", Encoded("[]"), "TokenFileNotJson", 400),
        ("a string", Encoded("\"token\""), "TokenFileNotJson", 400),
        ("null", Encoded("null"), "TokenFileNotJson", 400),
        ("too deep", Encoded("""{"a":[[[[[[[[[[1]]]]]]]]]]}"""), "TokenFileNotJson", 400),
        ("a field twice", Encoded(Good.Replace("\"orgName\"", "\"token\":\"eA==\",\"orgName\"", StringComparison.Ordinal)), "TokenFileDuplicateField", 400),
        ("no token", Encoded("""{"expDate":"2099-05-18T10:42:07+0000","orgName":"R"}"""), "TokenFileMissingField", 400),
        ("empty organization", Encoded(Good.Replace("Riverside Libraries", "", StringComparison.Ordinal)), "TokenFileMissingField", 400),
        ("a number for a name", Encoded(Good.Replace("\"Riverside Libraries\"", "7", StringComparison.Ordinal)), "TokenFileWrongType", 400),
        ("not a date", Encoded(Good.Replace("2099-05-18T10:42:07+0000", "next year", StringComparison.Ordinal)), "TokenExpiryInvalid", 400),
        ("a date without a zone", Encoded(Good.Replace("+0000", "", StringComparison.Ordinal)), "TokenExpiryInvalid", 400),
        ("expired", Encoded(Good.Replace("2099", "2019", StringComparison.Ordinal)), "TokenExpired", 400),
        ("a control character", Encoded(Good.Replace("Riverside", "River\\u0007side", StringComparison.Ordinal)), "TokenFileInvalidCharacters", 400),
    ];

    public static byte[] Encoded(string json) => Ascii(Base64(json));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
