using System.Text.Json;
using VppBooks.Apple.Transport;

namespace VppBooks.Apple.Store;

/// <summary>The public look-up (reference 7.3): no token, items on sale only, about 20 calls a minute.</summary>
internal sealed class PublicLookup(StoreHttp http, AppleOptions options, TimeProvider clock)
{
    private const int BatchSize = 50;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private readonly Uri _address = new(options.StoreLookupUrl);
    private readonly Lock _lock = new();
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _nextTurn;

    /// <summary>Adds what is found; true when the look-up answered.</summary>
    public async Task<bool> AddAsync(StoreQuery query, IReadOnlyList<string> ids, Dictionary<string, StoreItem> found, CancellationToken cancellationToken)
    {
        foreach (var batch in ids.Chunk(BatchSize))
        {
            var question = new Uri(options.StoreLookupUrl + Requests.Path("", ("id", string.Join(',', batch)), ("country", query.Country.ToLowerInvariant()), ("entity", "ebook"))
                .Replace("%2C", ",", StringComparison.Ordinal));
            await WaitForTurnAsync(cancellationToken);
            var (status, content) = await http.GetAsync(question, "application/json", cookie: null, options.MaxResponseBytes, cancellationToken);
            if (status is < 200 or >= 300 || content is null)
            {
                throw new AppleUnavailableException($"The public store look-up answered with status {status}.");
            }

            foreach (var item in Read(content, batch))
            {
                found[item.AdamId] = item;
            }
        }

        return true;
    }

    private async Task WaitForTurnAsync(CancellationToken cancellationToken)
    {
        if (TrustedHosts.IsLoopback(_address))
        {
            return;
        }

        TimeSpan wait;
        lock (_lock)
        {
            var now = clock.GetElapsedTime(_start);
            var turn = _nextTurn > now ? _nextTurn : now;
            _nextTurn = turn + Interval;
            wait = turn - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, clock, cancellationToken);
        }
    }

    private List<StoreItem> Read(byte[] content, string[] ids)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("results", out var results) || results.ValueKind != JsonValueKind.Array)
            {
                throw new AppleMalformedException("The public store look-up's answer has no results.");
            }

            // Asked by id, the look-up gives anything with that id: an app can share the list with books.
            return [.. results.EnumerateArray()
                .Where(item => Json.Text(item, "kind") == "ebook" && Array.IndexOf(ids, Json.Text(item, "trackId")) >= 0)
                .Select(ToItem)];
        }
        catch (JsonException exception)
        {
            throw new AppleMalformedException("The public store look-up's answer cannot be read.", exception);
        }
    }

    private StoreItem ToItem(JsonElement item) => new(
        Json.Text(item, "trackId")!,
        Json.Text(item, "trackName") ?? Json.Text(item, "trackCensoredName"),
        Json.Text(item, "artistName"),
        PlainText.FromHtml(Json.Text(item, "description", 100_000)),
        Artwork.Resized(Json.Text(item, "artworkUrl100") ?? Json.Text(item, "artworkUrl60"), http.Hosts),
        Json.Texts(item, "genres"),
        Language: null,
        Isbn: null,
        Json.Text(item, "sellerName"),
        Json.Date(item, "releaseDate"),
        Json.Link(item, "trackViewUrl"),
        Json.Text(item, "kind"));
}
