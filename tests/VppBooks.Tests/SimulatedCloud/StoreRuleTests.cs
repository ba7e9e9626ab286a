using System.Globalization;
using System.Text.Json;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Look-ups and covers (reference 7 and 10.8).</summary>
public sealed class StoreRuleTests : IAsyncLifetime
{
    private const string MaxHavelaar = "6478120000";
    private const string CameraObscura = "395212013";
    private const string OffSale = "6478120370";
    private const string GermanOnly = "395240377";

    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync();

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task Results_come_in_both_shapes()
    {
        var results = (await LookUpAsync($"{MaxHavelaar},{CameraObscura},1")).GetProperty("results");

        var newer = results.GetProperty(MaxHavelaar);
        var older = results.GetProperty(CameraObscura);
        Assert.Equal(2, results.EnumerateObject().Count());
        Assert.Equal(("Max Havelaar", "Multatuli"), (newer.GetProperty("name").GetString(), newer.GetProperty("artistName").GetString()));
        Assert.Equal((JsonValueKind.Number, JsonValueKind.String), (newer.GetProperty("id").ValueKind, older.GetProperty("id").ValueKind));
        Assert.Equal((JsonValueKind.Object, JsonValueKind.Array), (newer.GetProperty("artwork").ValueKind, older.GetProperty("artwork").ValueKind));
        Assert.Contains("<b>", newer.GetProperty("description").GetProperty("standard").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mdm-lookup", "nl")]
    [InlineData("mdm-lockup", "jp")]
    public async Task A_wrong_parameter_or_country_finds_nothing(string p, string country)
    {
        Assert.Empty((await LookUpAsync(MaxHavelaar, p, country)).GetProperty("results").EnumerateObject());
    }

    [Fact]
    public async Task A_cookie_finds_what_is_no_longer_sold_but_only_in_its_own_country()
    {
        Assert.Empty((await LookUpAsync(OffSale)).GetProperty("results").EnumerateObject());
        Assert.Single((await LookUpAsync(OffSale, cookie: _apple.Token)).GetProperty("results").EnumerateObject());
        Assert.Empty((await LookUpAsync(OffSale, country: "de", cookie: _apple.Token)).GetProperty("results").EnumerateObject());
        Assert.Empty((await LookUpAsync(MaxHavelaar, cookie: "bm90IGEgdG9rZW4=")).GetProperty("results").EnumerateObject());
    }

    [Fact]
    public async Task A_title_sold_in_one_country_is_found_there_only()
    {
        Assert.Empty((await LookUpAsync(GermanOnly)).GetProperty("results").EnumerateObject());
        Assert.Single((await LookUpAsync(GermanOnly, country: "de")).GetProperty("results").EnumerateObject());
    }

    [Fact]
    public async Task The_public_look_up_tells_the_kind()
    {
        var app = (await _apple.GetAsync("/assets?productType=App")).List("assets")[0].GetProperty("adamId").GetString();
        using var json = JsonDocument.Parse(await _apple.Http.GetStringAsync($"{_apple.Host.StoreLookupUrl}?id={MaxHavelaar},{app},{OffSale}&country=nl&entity=ebook", TestContext.Current.CancellationToken));

        Assert.Equal(2, json.RootElement.GetProperty("resultCount").GetInt32());
        Assert.Equal(["ebook", "software"], json.RootElement.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task One_book_of_the_demo_has_no_store_data_and_every_other_has()
    {
        var unknown = new List<string>();
        foreach (var location in _apple.Apple.Locations)
        {
            foreach (var book in _apple.Apple.Assets(location.UId))
            {
                var found = await LookUpAsync(book.AdamId, country: location.Country.ToLowerInvariant(), cookie: System.Text.Encoding.ASCII.GetString(_apple.Apple.IssueToken(location.UId)));
                if (!found.GetProperty("results").EnumerateObject().Any())
                {
                    unknown.Add(book.AdamId);
                }
            }
        }

        Assert.Single(unknown);
    }

    [Theory]
    [InlineData("400x600bb.png")]
    [InlineData("60x60bb.jpg")]
    [InlineData("1400x2100bb.webp")]
    public async Task A_cover_is_a_png_of_the_size_asked_for(string file)
    {
        var png = await _apple.Http.GetByteArrayAsync($"{_apple.Host.BaseUrl}/apple/artwork/{MaxHavelaar}/{file}", TestContext.Current.CancellationToken);

        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        var width = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16));
        Assert.Equal(file.Split('x')[0], width.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("9/100x100bb.png")]
    [InlineData("6478120000/9999x9999bb.png")]
    [InlineData("6478120000/cover.png")]
    public async Task No_cover_is_404(string path)
    {
        using var response = await _apple.Http.GetAsync($"{_apple.Host.BaseUrl}/apple/artwork/{path}", TestContext.Current.CancellationToken);

        Assert.Equal(404, (int)response.StatusCode);
    }

    private async Task<JsonElement> LookUpAsync(string ids, string p = "mdm-lockup", string country = "nl", string? cookie = null)
    {
        var address = (await _apple.GetAsync("/service/config")).Json.GetProperty("urls").GetProperty("contentMetadataLookup").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{address}?version=2&id={ids}&p={p}&caller=MDM&platform=volumestore&cc={country}&l=en");
        if (cookie is not null)
        {
            request.Headers.TryAddWithoutValidation("Cookie", "itvt=" + cookie);
        }

        using var response = await _apple.Http.SendAsync(request, TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return json.RootElement.Clone();
    }
}
