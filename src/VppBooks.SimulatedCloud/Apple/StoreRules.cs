using System.Globalization;
using System.Text.Json;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>The two look-ups and the covers (reference 7.2 to 7.4).</summary>
internal sealed class StoreRules(AppleSimulator simulator)
{
    private const int Width = 1400;
    private const int Height = 2100;

    /// <summary>The look-up that service config names. A wrong <c>p</c>, a wrong country and a bad token all look the same: no results.</summary>
    public Answer MdmLookup(IQueryCollection query, string? token, string baseUrl)
    {
        var country = query["cc"].ToString();
        var found = new List<StoreTitle>();
        if (query["p"] == "mdm-lockup" && query["version"] == "2" && MayAsk(token, country))
        {
            found.AddRange(Ids(query).Select(simulator.Store.Find).OfType<StoreTitle>()
                .Where(title => title.Storefronts.Contains(country, StringComparer.OrdinalIgnoreCase) && (!title.OffSale || token is not null)));
        }

        return Answer.Json(200, writer =>
        {
            writer.WriteStartObject("results");
            foreach (var title in found)
            {
                writer.WriteStartObject(title.AdamId);
                WriteItem(writer, title, baseUrl);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteNumber("version", 2);

            // Apple says false whoever asks.
            writer.WriteBoolean("isAuthenticated", false);
            writer.WriteStartObject("meta");
            writer.WriteStartObject("storefront");
            writer.WriteString("id", "143452");
            writer.WriteString("cc", country);
            writer.WriteEndObject();
            writer.WriteStartObject("language");
            writer.WriteString("tag", query["l"].ToString());
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    /// <summary>The look-up that everybody may ask; knows only what is on sale.</summary>
    public Answer PublicLookup(IQueryCollection query, string baseUrl)
    {
        var country = query["country"].ToString() is { Length: > 0 } asked ? asked : "US";
        var found = Ids(query).Select(simulator.Store.Find).OfType<StoreTitle>()
            .Where(title => !title.OffSale && title.Storefronts.Contains(country, StringComparer.OrdinalIgnoreCase)).ToArray();
        return Answer.Json(200, writer =>
        {
            writer.WriteNumber("resultCount", found.Length);
            writer.WriteStartArray("results");
            foreach (var title in found)
            {
                writer.WriteStartObject();
                WritePublicItem(writer, title, baseUrl);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>A cover in the size asked for, whatever format the name promises: always PNG.</summary>
    public Answer Artwork(string adamId, int width, int height) =>
        simulator.Store.Find(adamId) is { } title && width is > 0 and <= Width && height is > 0 and <= Height
            ? new Answer(200, Cover.Draw(title.Name, title.Author, title.AdamId, width, height)) { ContentType = "image/png" }
            : new Answer(404, default);

    private bool MayAsk(string? token, string country)
    {
        if (token is null)
        {
            return true;
        }

        return simulator.Tokens.Read(token) is { } facts && facts.ExpiresAt > simulator.Now && simulator.FindOrNull(facts.UId) is { } location
            && facts.Number > location.RevokedTokens && facts.Number > location.OutdatedTokens
            && location.Country.Equals(country, StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Ids(IQueryCollection query) => query["id"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct().Take(200);

    private static string ArtworkTemplate(StoreTitle title, string baseUrl) => $"{baseUrl}/apple/artwork/{title.AdamId}/{{w}}x{{h}}bb.{{f}}";

    private static string Page(StoreTitle title, string country) => $"https://books.apple.com/{country.ToLowerInvariant()}/book/id{title.AdamId}";

    private static string Describe(StoreTitle title) =>
        $"<b>{title.Name}</b> by {title.Author}.<br />First published in {title.Year.ToString(CultureInfo.InvariantCulture)} &amp; out of copyright.<br><br><i>A title of the demo organization.</i>";

    private static void WriteItem(Utf8JsonWriter writer, StoreTitle title, string baseUrl)
    {
        var number = long.Parse(title.AdamId, CultureInfo.InvariantCulture);
        if (title.IsOldShape)
        {
            writer.WriteString("id", title.AdamId);
            writer.WriteString("artistId", (number / 7).ToString(CultureInfo.InvariantCulture));
            writer.WriteStartArray("artwork");
            foreach (var (width, height) in new[] { (100, 150), (400, 600), (Width, Height) })
            {
                writer.WriteStartObject();
                writer.WriteNumber("width", width);
                writer.WriteNumber("height", height);
                writer.WriteString("url", string.Create(CultureInfo.InvariantCulture, $"{baseUrl}/apple/artwork/{title.AdamId}/{width}x{height}bb.png"));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
        else
        {
            writer.WriteNumber("id", number);
            writer.WriteNumber("artistId", number / 7);
            writer.WriteStartObject("artwork");
            writer.WriteString("url", ArtworkTemplate(title, baseUrl));
            writer.WriteNumber("width", Width);
            writer.WriteNumber("height", Height);
            writer.WriteString("bgColor", "203040");
            writer.WriteEndObject();
        }

        writer.WriteString("name", title.Name);
        writer.WriteString("nameRaw", title.Name);
        writer.WriteString("artistName", title.Author);
        writer.WriteStartObject("description");
        writer.WriteString("standard", Describe(title));
        writer.WriteEndObject();
        writer.WriteStartArray("genreNames");
        writer.WriteStringValue(title.Genre);
        writer.WriteStringValue(title.IsBook ? "Books" : "Apps");
        writer.WriteEndArray();
        writer.WriteString("kind", title.IsBook ? "ebook" : "iosSoftware");
        writer.WriteString("releaseDate", ReleaseDate(title));
        if (title.IsOldShape)
        {
            writer.WriteNull("copyright");
        }
        else
        {
            writer.WriteString("copyright", "Public domain");
            writer.WriteString("isbn", Isbn(number));
        }

        writer.WriteStartArray("languages");
        writer.WriteStringValue(title.Language);
        writer.WriteEndArray();
        writer.WriteString("url", Page(title, title.Storefronts[0]));
        writer.WriteStartObject("userRating");
        writer.WriteNumber("value", 3.5 + (number % 4 * 0.5));
        writer.WriteNumber("ratingCount", number % 900);
        writer.WriteEndObject();
    }

    private static void WritePublicItem(Utf8JsonWriter writer, StoreTitle title, string baseUrl)
    {
        var number = long.Parse(title.AdamId, CultureInfo.InvariantCulture);
        writer.WriteNumber("trackId", number);
        writer.WriteString("trackName", title.Name);
        writer.WriteString("trackCensoredName", title.Name);
        writer.WriteString("trackViewUrl", Page(title, title.Storefronts[0]));
        writer.WriteNumber("artistId", number / 7);
        writer.WriteString("artistName", title.Author);
        writer.WriteString("artworkUrl60", $"{baseUrl}/apple/artwork/{title.AdamId}/60x60bb.jpg");
        writer.WriteString("artworkUrl100", $"{baseUrl}/apple/artwork/{title.AdamId}/100x100bb.jpg");
        writer.WriteString("description", Describe(title));
        writer.WriteStartArray("genres");
        writer.WriteStringValue(title.Genre);
        writer.WriteStringValue(title.IsBook ? "Books" : "Apps");
        writer.WriteEndArray();
        writer.WriteStartArray("genreIds");
        writer.WriteStringValue("38");
        writer.WriteEndArray();
        writer.WriteString("kind", title.IsBook ? "ebook" : "software");
        writer.WriteNumber("price", 0);
        writer.WriteString("formattedPrice", "Free");
        writer.WriteString("currency", "EUR");
        writer.WriteString("releaseDate", ReleaseDate(title) + "T08:00:00Z");
        writer.WriteNumber("fileSizeBytes", 1_048_576 + (number % 1_000_000));
    }

    private static string ReleaseDate(StoreTitle title) => string.Create(CultureInfo.InvariantCulture, $"{title.Year:D4}-{(title.Year % 12) + 1:D2}-{(title.Year % 28) + 1:D2}");

    private static string Isbn(long number)
    {
        var digits = "978" + (number % 1_000_000_000).ToString("D9", CultureInfo.InvariantCulture);
        var sum = digits.Select((digit, i) => (digit - '0') * (i % 2 == 0 ? 1 : 3)).Sum();
        return digits + ((10 - (sum % 10)) % 10).ToString(CultureInfo.InvariantCulture);
    }
}
