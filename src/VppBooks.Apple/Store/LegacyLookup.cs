using System.Text.Json;
using Microsoft.Extensions.Logging;
using VppBooks.Apple.Transport;

namespace VppBooks.Apple.Store;

/// <summary>
/// The look-up whose address service config publishes (reference 7.2). With the token as cookie it knows owned items that are not sold any
/// more. A comma list of ids is documented for the old interface only, so it is tried and checked.
/// </summary>
internal sealed class LegacyLookup(AppleClient apple, StoreHttp http, AppleOptions options, ILogger<LegacyLookup> logger)
{
    private const int BatchSize = 50;

    /// <summary>Most requests of one call when each can name one id only; the rest waits for the next call.</summary>
    private const int MaxSingles = 200;

    private enum Lists
    {
        Untested,
        Understood,
        FirstIdOnly,
    }

    private Lists _lists;

    /// <summary>Adds what is found; true when the look-up answered at all.</summary>
    public async Task<bool> AddAsync(StoreQuery query, IReadOnlyList<string> ids, Dictionary<string, StoreItem> found, CancellationToken cancellationToken)
    {
        var config = await apple.GetServiceConfigAsync(cancellationToken);
        if (!Uri.TryCreate(config.ContentMetadataLookupUrl, UriKind.Absolute, out var address) || !http.Hosts.MaySeeToken(address))
        {
            logger.LookUpNotAllowed();
            return false;
        }

        var left = new Queue<string>(ids);
        var singles = 0;
        while (left.Count > 0)
        {
            if (_lists == Lists.FirstIdOnly && ++singles > MaxSingles)
            {
                break;
            }

            var batch = new List<string>(BatchSize);
            while (batch.Count < (_lists == Lists.FirstIdOnly ? 1 : BatchSize) && left.TryDequeue(out var id))
            {
                batch.Add(id);
            }

            var items = await AskAsync(address, query, batch, cancellationToken);
            Add(items, found);
            if (batch.Count > 1 && _lists != Lists.Understood)
            {
                await TestListsAsync(address, query, batch, items.Count, left, found, cancellationToken);
            }
        }

        return true;
    }

    // Two answers prove that lists are understood. One or none may also mean that the store knows no more; one further question tells.
    private async Task TestListsAsync(
        Uri address, StoreQuery query, List<string> batch, int answered, Queue<string> left, Dictionary<string, StoreItem> found, CancellationToken cancellationToken)
    {
        if (answered > 1)
        {
            _lists = Lists.Understood;
            return;
        }

        var missing = batch.Where(id => !found.ContainsKey(id)).ToList();
        var alone = await AskAsync(address, query, missing[..1], cancellationToken);
        if (alone.Count > 0)
        {
            _lists = Lists.FirstIdOnly;
            Add(alone, found);
            missing.Skip(1).ToList().ForEach(left.Enqueue);
        }
    }

    private async Task<List<StoreItem>> AskAsync(Uri address, StoreQuery query, List<string> ids, CancellationToken cancellationToken)
    {
        // The address may bring a query of its own.
        var separator = address.Query.Length > 0 ? '&' : '?';
        var question = new Uri(address.GetLeftPart(UriPartial.Query) + separator +
            Requests.Path(
                "",
                ("version", "2"),
                ("id", string.Join(',', ids)),
                ("p", "mdm-lockup"),
                ("caller", "MDM"),
                ("platform", query.Platform ?? "enterprisestore"),
                ("cc", query.Country.ToLowerInvariant()),
                ("l", query.Language.ToLowerInvariant()))[1..].Replace("%2C", ",", StringComparison.Ordinal));
        var (status, content) = await http.GetAsync(question, "application/json", query.Token, options.MaxResponseBytes, cancellationToken);
        if (status is < 200 or >= 300 || content is null)
        {
            throw new AppleUnavailableException($"The store look-up answered with status {status}.");
        }

        return Read(content, ids);
    }

    private List<StoreItem> Read(byte[] content, List<string> ids)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("results", out var results) && results.ValueKind == JsonValueKind.Object
                ? [.. results.EnumerateObject().Where(item => ids.Contains(item.Name) && item.Value.ValueKind == JsonValueKind.Object).Select(item => ToItem(item.Name, item.Value))]
                : throw new AppleMalformedException("The store look-up's answer has no results.");
        }
        catch (JsonException exception)
        {
            throw new AppleMalformedException("The store look-up's answer cannot be read.", exception);
        }
    }

    private StoreItem ToItem(string adamId, JsonElement item) => new(
        adamId,
        Json.Text(item, "name") ?? Json.Text(item, "nameRaw"),
        Json.Text(item, "artistName"),
        PlainText.FromHtml(item.TryGetProperty("description", out var description) && description.ValueKind == JsonValueKind.Object
            ? Json.Text(description, "standard", 100_000)
            : Json.Text(item, "description", 100_000)),
        item.TryGetProperty("artwork", out var artwork) ? Artwork.Address(artwork, http.Hosts) : null,
        Json.Texts(item, "genreNames"),
        Json.Text(item, "language") ?? (Json.Texts(item, "languages") is [var first, ..] ? first : null),
        Json.Text(item, "isbn"),
        Json.Text(item, "seller") ?? Json.Text(item, "publisher"),
        Json.Date(item, "releaseDate"),
        Json.Link(item, "url"),
        Json.Text(item, "kind"));

    private static void Add(List<StoreItem> items, Dictionary<string, StoreItem> found)
    {
        foreach (var item in items)
        {
            found[item.AdamId] = item;
        }
    }
}
