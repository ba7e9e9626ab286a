using System.Text;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

public sealed class ContentTokenTests
{
    private static readonly byte[] Bom = [0xEF, 0xBB, 0xBF];

    public static TheoryData<string, byte[]> GoodFiles => new()
    {
        { "as downloaded", Utf8(Tokens.Text) },
        { "wrapped with CRLF", Utf8(string.Join("\r\n", Tokens.Text.Chunk(64).Select(line => new string(line)))) },
        { "final newline", Utf8(Tokens.Text + "\n") },
        { "spaces around", Utf8("  \t" + Tokens.Text + "   ") },
        { "UTF-8 byte order mark", [.. Bom, .. Utf8(Tokens.Text)] },
        { "byte order mark and newlines", [.. Bom, .. Utf8("\r\n" + Tokens.Text + "\r\n")] },
    };

    [Theory]
    [MemberData(nameof(GoodFiles))]
    public void A_token_is_the_same_however_it_was_saved(string saved, byte[] file)
    {
        var accepted = Assert.IsType<ContentTokenReading.Accepted>(Tokens.Read(file));

        Assert.False(accepted.ExpiresSoon, saved);
        Assert.Equal("Riverside Libraries", accepted.Token.OrganizationName);
        Assert.Equal(new DateTimeOffset(2027, 5, 18, 10, 42, 7, TimeSpan.Zero), accepted.Token.Expires);
        Assert.Equal(Tokens.Text, accepted.Token.ExposeSecret());
        Assert.Equal(Tokens.Valid.Fingerprint, accepted.Token.Fingerprint);
    }

    [Theory]
    [InlineData("pretty-printed", "{\r\n  \"token\" : \"abc\",\n  \"expDate\": \"2027-05-18T10:42:07+0000\",\n\t\"orgName\": \"R\"\n}\n")]
    [InlineData("unknown extra fields", """{"token":"abc","expDate":"2027-05-18T10:42:07+0000","orgName":"R","extra":{"a":[1,null,true]},"more":7}""")]
    [InlineData("offset that is not UTC", """{"token":"abc","expDate":"2027-05-18T03:42:07-0700","orgName":"R"}""")]
    [InlineData("Z", """{"token":"abc","expDate":"2027-05-18T10:42:07Z","orgName":"R"}""")]
    [InlineData("offset with a colon", """{"token":"abc","expDate":"2027-05-18T10:42:07+00:00","orgName":"R"}""")]
    public void The_inside_may_look_different(string what, string json)
    {
        var accepted = Assert.IsType<ContentTokenReading.Accepted>(Tokens.Read(Tokens.Encode(json)));

        Assert.True(accepted.Token.Expires == new DateTimeOffset(2027, 5, 18, 10, 42, 7, TimeSpan.Zero), what);
        Assert.Equal(TimeSpan.Zero, accepted.Token.Expires.Offset);
    }

    public static TheoryData<string, byte[], string, string?> BadFiles => new()
    {
        { "0 bytes", [], "TokenFileEmpty", null },
        { "only spaces", Utf8(" \r\n\t "), "TokenFileEmpty", null },
        { "only a byte order mark", Bom, "TokenFileEmpty", null },
        { "over 64 KB", new byte[ContentToken.MaxFileBytes + 1], "TokenFileTooLarge", null },
        { "plain text", Utf8("This is not a token, sorry."), "TokenFileNotBase64", null },
        { "binary", [1, 2, 3, 200, 201, 202], "TokenFileNotBase64", null },
        { "PNG", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13], "TokenFileNotBase64", "a picture" },
        { "ZIP", Utf8("PK\u0003\u0004\u0014\0\0\0"), "TokenFileNotBase64", "a ZIP archive" },
        { "sign-in page", Utf8("<!DOCTYPE html><html><body>Sign in</body></html>"), "TokenFileNotBase64", "web page" },
        { "decoded JSON", Utf8(Tokens.Json), "TokenFileNotBase64", "decoded JSON" },
        { "server token, MIME", Utf8("Content-Type: application/pkcs7-mime; name=\"smime.p7m\"\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQA="), "TokenFileWrongKind", "server token (.p7m)" },
        { "server token, binary", Pkcs7, "TokenFileWrongKind", "server token (.p7m)" },
        { "server token, Base64", Utf8(Convert.ToBase64String(Pkcs7)), "TokenFileWrongKind", "server token (.p7m)" },
        { "push certificate, PEM", Utf8("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), "TokenFileWrongKind", "certificate (.pem)" },
        { "key, PEM", Utf8("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"), "TokenFileWrongKind", "key (.pem)" },
        { "push certificate, binary", [0x30, 0x82, 0x05, 0x7A, 0x30, 0x82, 0x04, 0x62, 0xA0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x08, 0x11, 0x22, 0x33], "TokenFileWrongKind", "certificate (.cer)" },
        { "UTF-16 LE", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Tokens.Text)], "TokenFileWrongEncoding", "UTF-16 text" },
        { "UTF-16 BE", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(Tokens.Text)], "TokenFileWrongEncoding", "UTF-16 text" },
        { "UTF-16 without a mark", Encoding.Unicode.GetBytes(Tokens.Text), "TokenFileWrongEncoding", "UTF-16 text" },
        { "URL-safe", Utf8(Convert.ToBase64String([.. Utf8(Tokens.Json), 0xFB, 0xFF, 0xFE]).Replace('+', '-').Replace('/', '_')), "TokenFileNotBase64", "Base64 text in the variant for addresses" },
        { "unpadded", Utf8(Tokens.Text.TrimEnd('=')), "TokenFileNotBase64", "Base64 text without its ending" },
        { "in quotes", Utf8($"\"{Tokens.Text}\""), "TokenFileNotBase64", "text in quotation marks" },
        { "invalid UTF-8", Utf8(Convert.ToBase64String([.. "{\"token\":\""u8, 0xC3, 0x28, .. "\"}"u8])), "TokenFileNotUtf8", null },
        { "not JSON", Inner("hello"), "TokenFileNotJson", null },
        { "truncated JSON", Inner(Tokens.Json[..^4]), "TokenFileNotJson", null },
        { "trailing data", Inner(Tokens.Json + "x"), "TokenFileNotJson", null },
        { "two objects", Inner(Tokens.Json + Tokens.Json), "TokenFileNotJson", null },
        { "array", Inner("[1]"), "TokenFileNotJson", null },
        { "string", Inner("\"a\""), "TokenFileNotJson", null },
        { "null", Inner("null"), "TokenFileNotJson", null },
        { "comment", Inner("/* */" + Tokens.Json), "TokenFileNotJson", null },
        { "depth over 8", Inner("{\"a\":[[[[[[[[1]]]]]]]]}"), "TokenFileNotJson", null },
        { "time without a zone", Inner(Tokens.Json.Replace("+0000", "")), "TokenExpiryInvalid", null },
        { "not a date", Inner(Tokens.Json.Replace("2027-05-18T10:42:07+0000", "next year")), "TokenExpiryInvalid", null },
        { "impossible date", Inner(Tokens.Json.Replace("2027-05-18", "2027-02-30")), "TokenExpiryInvalid", null },
        { "expired", Inner(Tokens.Json.Replace("2027-05-18", "2026-11-21")), "TokenExpired", "2026-11-21" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void A_bad_file_is_refused_with_its_own_name(string what, byte[] file, string code, string? detail)
    {
        var rejected = Assert.IsType<ContentTokenReading.Rejected>(Tokens.Read(file));

        Assert.True(code == rejected.Code, $"{what}: {rejected.Code}");
        Assert.Equal(detail, rejected.Detail);
        Assert.Matches("(Upload|Download)", rejected.Message);
    }

    [Theory]
    [InlineData("duplicate", """{"token":"a","token":"b","expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileDuplicateField", "token")]
    [InlineData("duplicate, written with an escape", """{"token":"a","tok\u0065n":"b","expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileDuplicateField", "token")]
    [InlineData("duplicate inside an extra field", """{"token":"a","expDate":"2027-05-18T10:42:07+0000","orgName":"R","x":{"y":1,"y":2}}""", "TokenFileDuplicateField", null)]
    [InlineData("no token", """{"expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileMissingField", "token")]
    [InlineData("no expDate", """{"token":"a","orgName":"R"}""", "TokenFileMissingField", "expDate")]
    [InlineData("no orgName", """{"token":"a","expDate":"2027-05-18T10:42:07+0000"}""", "TokenFileMissingField", "orgName")]
    [InlineData("empty token", """{"token":"","expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileMissingField", "token")]
    [InlineData("empty object", "{}", "TokenFileMissingField", "token")]
    [InlineData("number", """{"token":7,"expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileWrongType", "token")]
    [InlineData("object", """{"token":"a","expDate":{},"orgName":"R"}""", "TokenFileWrongType", "expDate")]
    [InlineData("null", """{"token":"a","expDate":"2027-05-18T10:42:07+0000","orgName":null}""", "TokenFileWrongType", "orgName")]
    [InlineData("list", """{"token":["a"],"expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileWrongType", "token")]
    [InlineData("control character", """{"token":"a\r\nX-Evil: 1","expDate":"2027-05-18T10:42:07+0000","orgName":"R"}""", "TokenFileInvalidCharacters", "token")]
    [InlineData("NUL in the name", """{"token":"a","expDate":"2027-05-18T10:42:07+0000","orgName":"R\u0000"}""", "TokenFileInvalidCharacters", "orgName")]
    [InlineData("half a character", """{"token":"a","expDate":"2027-05-18T10:42:07+0000","orgName":"R\ud800"}""", "TokenFileInvalidCharacters", "orgName")]
    public void A_bad_field_is_named(string what, string json, string code, string? field)
    {
        var rejected = Assert.IsType<ContentTokenReading.Rejected>(Tokens.Read(Inner(json)));

        Assert.True(code == rejected.Code, $"{what}: {rejected.Code}");
        Assert.Equal(field, rejected.Field);
    }

    [Theory]
    [InlineData("2026-12-22T12:00:00+0000", true)]
    [InlineData("2026-12-22T12:00:01+0000", false)]
    public void A_token_that_expires_within_30_days_is_accepted_with_a_warning(string expiry, bool soon)
    {
        var accepted = Assert.IsType<ContentTokenReading.Accepted>(Tokens.Read(Inner(Tokens.Json.Replace("2027-05-18T10:42:07+0000", expiry))));

        Assert.Equal(soon, accepted.ExpiresSoon);
    }

    [Fact]
    public void A_long_name_is_cut_at_256_and_kept_as_it_is()
    {
        var name = "<script>alert(1)</script>" + new string('x', 230) + "😀 and more";

        var accepted = Assert.IsType<ContentTokenReading.Accepted>(Tokens.Read(Inner(Tokens.Json.Replace("Riverside Libraries", name))));

        Assert.Equal(name[..255], accepted.Token.OrganizationName);
    }

    [Fact]
    public async Task Reading_stops_at_the_limit()
    {
        using var endless = new EndlessStream();

        var rejected = Assert.IsType<ContentTokenReading.Rejected>(await ContentToken.ReadAsync(endless, Tokens.Now, TestContext.Current.CancellationToken));

        Assert.Equal("TokenFileTooLarge", rejected.Code);
        Assert.InRange(endless.Served, 1, ContentToken.MaxFileBytes + 1);
    }

    [Fact]
    public async Task A_file_of_exactly_64_KB_is_read()
    {
        using var file = new MemoryStream(Utf8(Tokens.Text.PadRight(ContentToken.MaxFileBytes)));

        Assert.IsType<ContentTokenReading.Accepted>(await ContentToken.ReadAsync(file, Tokens.Now, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void An_expired_token_can_be_restored()
    {
        var token = ContentToken.Restore(Tokens.Encode(Tokens.Json.Replace("2027", "2001")));

        Assert.Equal(2001, token.Expires.Year);
        Assert.Throws<FormatException>(() => ContentToken.Restore("nonsense"));
    }

    [Fact]
    public void Nothing_shows_the_secret_by_accident()
    {
        var token = Tokens.Valid;
        ContentTokenReading reading = new ContentTokenReading.Accepted(token, false);

        Assert.Equal("[content token]", token.ToString());
        Assert.DoesNotContain(Tokens.Text, reading.ToString());
        Assert.DoesNotContain(Tokens.Text, new AppleLocation("key", token).ToString());
        Assert.Matches("^[0-9a-f]{64}$", token.Fingerprint);
    }

    [Fact]
    public void No_message_quotes_the_file()
    {
        foreach (var row in BadFiles)
        {
            var (_, file, _, _) = row.Data;
            var rejected = Assert.IsType<ContentTokenReading.Rejected>(Tokens.Read(file));
            Assert.DoesNotContain("aW52", rejected.Message + rejected.Detail);
            Assert.DoesNotContain("Riverside", rejected.Message + rejected.Detail);
        }
    }

    private static byte[] Pkcs7 => [0x30, 0x80, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03, 0xA0, 0x80, 0x30, 0x80, 0x02];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Inner(string json) => Utf8(Tokens.Encode(json));

    private sealed class EndlessStream : Stream
    {
        public long Served { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'A');
            Served += count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'A');
            Served += buffer.Length;
            return new(buffer.Length);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
