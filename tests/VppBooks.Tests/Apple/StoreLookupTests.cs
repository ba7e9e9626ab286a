using System.Net;
using VppBooks.Apple;
using VppBooks.Apple.Store;

namespace VppBooks.Tests.Apple;

public sealed class StoreLookupTests
{
    private const string Legacy = "/WebObjects/MZStorePlatform.woa/wa/lookup";

    private static readonly StoreQuery Dutch = new("NL", "enterprisestore", "en", Tokens.Valid);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Titles_are_asked_of_the_address_in_service_config_with_the_token_as_cookie()
    {
        await using var apple = AppleFixture.Answering("""
            {"results":{"6500000011":{"id":6500000011,"name":"The Silent River","artistName":"Ada Reader","kind":"epubBook","releaseDate":"2021-03-04","isbn":9780000000001,
              "description":{"standard":"<p>One &amp; two<br/>three</p><script>alert('x')</script><b>four</b>"},"genreNames":["Fiction","Books"],"url":"https://books.apple.com/nl/book/id6500000011",
              "artwork":{"url":"https://is1-ssl.mzstatic.com/image/thumb/x/{w}x{h}{c}.{f}","width":1400,"height":2100}},
             "6500000013":{"id":"6500000013","name":null,"artwork":[{"width":60,"height":90,"url":"https://a.mzstatic.com/s.jpg"},{"width":400,"height":600,"url":"https://a.mzstatic.com/m.jpg"},{"width":800,"height":1200,"url":"https://a.mzstatic.com/l.jpg"}]}},
             "version":2,"isAuthenticated":false}
            """);

        var titles = await apple.Store.LookUpAsync(Dutch, ["6500000011", "6500000013", "not an id"], Token);

        var title = titles["6500000011"];
        Assert.Equal(("The Silent River", "Ada Reader", "epubBook", "9780000000001"), (title.Name, title.Author, title.Kind, title.Isbn));
        Assert.Equal("One & two\nthree\nfour", title.Description);
        Assert.Equal(new DateOnly(2021, 3, 4), title.ReleaseDate);
        Assert.Equal(["Fiction", "Books"], title.Genres);
        Assert.Equal("https://is1-ssl.mzstatic.com/image/thumb/x/400x600bb.jpg", title.ArtworkUrl);
        Assert.Equal((null, "https://a.mzstatic.com/m.jpg"), (titles["6500000013"].Name, titles["6500000013"].ArtworkUrl));
        var sent = Assert.Single(apple.Sent);
        Assert.Equal("https://uclient-api.itunes.apple.com" + Legacy + "?version=2&id=6500000011,6500000013&p=mdm-lockup&caller=MDM&platform=enterprisestore&cc=nl&l=en", sent.Address.ToString());
        Assert.Equal(["itvt=" + Tokens.Text], sent.Headers["Cookie"]);
        Assert.Empty(sent.Headers["Authorization"]);
    }

    [Fact]
    public async Task What_the_first_look_up_does_not_know_is_asked_of_the_public_one_without_a_token()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(request.Path == Legacy
            ? """{"results":{}}"""
            : """
              {"resultCount":2,"results":[
                {"trackId":6500000011,"kind":"ebook","trackName":"Open Book","artistName":"Ben","description":"A<br>B","genres":["Fiction"],"releaseDate":"2020-01-02T08:00:00Z",
                 "artworkUrl60":"https://is1.mzstatic.com/x/60x60bb.jpg","artworkUrl100":"https://is1.mzstatic.com/x/100x100bb.jpg","trackViewUrl":"javascript:alert(1)"},
                {"trackId":6500000012,"kind":"software","trackName":"An app"}]}
              """)));

        var titles = await apple.Store.LookUpAsync(Dutch, ["6500000011", "6500000012"], Token);

        var title = Assert.Single(titles).Value;
        Assert.Equal(("Open Book", "Ben", "A\nB", "https://is1.mzstatic.com/x/600x600bb.jpg", null), (title.Name, title.Author, title.Description, title.ArtworkUrl, title.StoreUrl));
        var sent = apple.Sent[^1];
        Assert.Equal("https://itunes.apple.com/lookup?id=6500000011,6500000012&country=nl&entity=ebook", sent.Address.ToString());
        Assert.Empty(sent.Headers["Cookie"]);
        Assert.Empty(sent.Headers["Authorization"]);
    }

    [Fact]
    public async Task A_look_up_that_answers_the_first_id_only_is_asked_one_by_one()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(request.Path == Legacy
            ? $$$"""{"results":{"{{{request.Parameter("id")!.Split(',')[0]}}}":{"name":"T"} }}"""
            : """{"results":[]}""")));
        var ids = Enumerable.Range(0, 20).Select(i => $"65000000{i:00}").ToList();

        var titles = await apple.Store.LookUpAsync(Dutch, ids, Token);

        Assert.Equal(20, titles.Count);
        Assert.Equal(20, apple.Sent.Count);
    }

    [Fact]
    public async Task Ids_are_asked_fifty_at_a_time_and_the_public_look_up_is_not_hurried()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(request.Path == Legacy ? """{"results":{}}""" : """{"results":[]}""")));

        var titles = await apple.Store.LookUpAsync(Dutch, [.. Enumerable.Range(0, 120).Select(i => $"6500000{i:000}")], Token);

        Assert.Empty(titles);
        var open = apple.Sent.Where(sent => sent.Path == "/lookup").ToList();
        Assert.Equal([50, 50, 20], open.Select(sent => sent.Parameter("id")!.Split(',').Length));
        Assert.All(open.Zip(open.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(3)));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(503)]
    public async Task No_answer_is_not_an_unknown_title(int status)
    {
        await using var apple = AppleFixture.Answering("<html>", (HttpStatusCode)status);

        await Assert.ThrowsAsync<AppleUnavailableException>(() => apple.Store.LookUpAsync(Dutch, ["6500000011"], Token));
    }

    [Theory]
    [InlineData("https://evil.example/lookup")]
    [InlineData("http://uclient-api.itunes.apple.com/lookup")]
    [InlineData("https://uclient-api.itunes.apple.com.evil.example/lookup")]
    [InlineData("https://evil.example@uclient-api.itunes.apple.com/lookup")]
    [InlineData("http://127.0.0.1:8080/lookup")]
    public async Task An_address_that_is_not_Apples_is_not_asked(string address)
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(
            request.Path.EndsWith("/service/config", StringComparison.Ordinal) ? $$$"""{"urls":{"contentMetadataLookup":"{{{address}}}"}}""" : """{"results":[]}""")));
        apple.Network.ScriptsServiceConfig = true;

        await apple.Store.LookUpAsync(Dutch, ["6500000011"], Token);

        Assert.Equal("itunes.apple.com", Assert.Single(apple.Sent).Address.Host);
    }

    [Theory]
    [InlineData("https://is1-ssl.mzstatic.com/a/400x600bb.jpg", new byte[] { 0xFF, 0xD8, 0xFF, 0xE0, 1 }, "image/jpeg")]
    [InlineData("https://is1-ssl.mzstatic.com/a/400x600bb.png", new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }, "image/png")]
    [InlineData("https://is1-ssl.mzstatic.com/a/400x600bb.webp", new byte[] { 0x52, 0x49, 0x46, 0x46, 0, 0, 0, 0, 0x57, 0x45, 0x42, 0x50 }, "image/webp")]
    [InlineData("https://is1-ssl.mzstatic.com/a/page", new byte[] { 0x3C, 0x68, 0x74, 0x6D, 0x6C }, null)]
    [InlineData("https://mzstatic.com.evil.example/a.jpg", new byte[] { 0xFF, 0xD8, 0xFF }, null)]
    [InlineData("http://is1-ssl.mzstatic.com/a.jpg", new byte[] { 0xFF, 0xD8, 0xFF }, null)]
    [InlineData("http://127.0.0.1/a.jpg", new byte[] { 0xFF, 0xD8, 0xFF }, null)]
    [InlineData("file:///etc/passwd", new byte[] { 0xFF, 0xD8, 0xFF }, null)]
    public async Task A_cover_is_judged_by_its_address_and_its_first_bytes(string address, byte[] content, string? type)
    {
        await using var apple = new AppleFixture((_, _) => Task.FromResult(new HttpResponseMessage { Content = new ByteArrayContent(content) }));

        var cover = await apple.Store.FetchCoverAsync(address, Token);

        Assert.Equal(type, cover?.ContentType);
        Assert.All(apple.Sent, sent => Assert.Empty(sent.Headers["Cookie"].Concat(sent.Headers["Authorization"])));
        Assert.True(address.StartsWith("https://is1-ssl", StringComparison.Ordinal) || apple.Sent.Count == 0);
    }

    [Theory]
    [InlineData(404, 10)]
    [InlineData(302, 10)]
    [InlineData(200, (2 * 1024 * 1024) + 1)]
    public async Task A_cover_that_is_missing_or_too_large_is_none(int status, int length)
    {
        var content = new byte[length];
        content[0] = 0xFF;
        content[1] = 0xD8;
        content[2] = 0xFF;
        await using var apple = new AppleFixture((_, _) => Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(content) }));

        Assert.Null(await apple.Store.FetchCoverAsync("https://a.mzstatic.com/c.jpg", Token));
    }

    [Theory]
    [InlineData("<div>a</div><div>b</div>", "a\nb")]
    [InlineData("<p>one</p>\n\n<p>two</p>", "one\n\ntwo")]
    [InlineData("2 < 3 &lt;b&gt; <!-- hidden --> done", "2 < 3 <b> done")]
    [InlineData("<style>x{}</style><SCRIPT src=a>evil()</ScRiPt >text", "text")]
    [InlineData("a <img src=x onerror=alert(1)", "a")]
    [InlineData("  ", null)]
    public void A_description_becomes_plain_text(string html, string? text) => Assert.Equal(text, PlainText.FromHtml(html));
}
