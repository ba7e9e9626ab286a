using Microsoft.Extensions.Logging;
using VppBooks.Apple.Store;

namespace VppBooks.Apple;

/// <summary>Which store to ask and how.</summary>
/// <param name="Country">Two letters of the storefront, any case: the location's own, not a fixed one (reference 7.2).</param>
/// <param name="Platform"><c>enterprisestore</c> or <c>volumestore</c>, as client config says.</param>
/// <param name="Language">Two letters.</param>
/// <param name="Token">Sent as cookie so that items no longer on sale are found; may be null.</param>
public sealed record StoreQuery(string Country, string? Platform, string Language, ContentToken? Token);

/// <summary>The store's description of a title; every part but the id may be missing. Texts are plain: tags are stripped.</summary>
/// <param name="AdamId">Store id.</param>
/// <param name="Kind">The store's word for the kind of item; tells whether it is a book where it is present.</param>
/// <param name="ArtworkUrl">Address of a cover about <see cref="StoreLookup.CoverHeight"/> pixels high, already filled in; https and an allowed host, or null.</param>
public sealed record StoreItem(
    string AdamId,
    string? Name,
    string? Author,
    string? Description,
    string? ArtworkUrl,
    IReadOnlyList<string> Genres,
    string? Language,
    string? Isbn,
    string? Seller,
    DateOnly? ReleaseDate,
    string? StoreUrl,
    string? Kind);

/// <summary>A cover as fetched: type checked by content, size capped.</summary>
/// <param name="ContentType"><c>image/jpeg</c>, <c>image/png</c> or <c>image/webp</c>.</param>
/// <param name="Content">The bytes.</param>
public sealed record CoverImage(string ContentType, byte[] Content);

/// <summary>Titles and covers from Apple's store (reference 7). Ids that the store does not know are missing from the result.</summary>
public sealed class StoreLookup
{
    /// <summary>Height in pixels that artwork addresses are made for.</summary>
    public const int CoverHeight = 600;

    private const int MaxCoverBytes = 2 * 1024 * 1024;

    private readonly LegacyLookup _legacy;
    private readonly PublicLookup _public;
    private readonly StoreHttp _http;
    private readonly ILogger _logger;

    internal StoreLookup(LegacyLookup legacy, PublicLookup @public, StoreHttp http, ILogger<StoreLookup> logger)
    {
        _legacy = legacy;
        _public = @public;
        _http = http;
        _logger = logger;
    }

    /// <summary>Looks titles up in batches: the address of service config first, the public one for what it did not know.</summary>
    /// <exception cref="AppleUnavailableException">No look-up answered; a title stays as it is.</exception>
    public async Task<IReadOnlyDictionary<string, StoreItem>> LookUpAsync(StoreQuery query, IReadOnlyCollection<string> adamIds, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, StoreItem>(StringComparer.Ordinal);

        // An id goes into an address; anything but digits is not one.
        var ids = adamIds.Where(id => id.Length is > 0 and <= 20 && id.All(char.IsAsciiDigit)).Distinct(StringComparer.Ordinal).ToList();
        if (ids.Count == 0)
        {
            return found;
        }

        var answered = await TryAsync(_legacy.AddAsync(query, ids, found, cancellationToken));
        var missing = ids.Where(id => !found.ContainsKey(id)).ToList();
        if (missing.Count > 0)
        {
            answered |= await TryAsync(_public.AddAsync(query, missing, found, cancellationToken));
        }

        return answered || found.Count > 0 ? found : throw new AppleUnavailableException("No store look-up answered.");
    }

    /// <summary>Fetches a cover from an address that a look-up gave; null when it is not there, not an image or too large (2 MiB).</summary>
    /// <exception cref="AppleUnavailableException">The host did not answer, or asked to come back later: worth another try.</exception>
    public async Task<CoverImage?> FetchCoverAsync(string artworkUrl, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(artworkUrl, UriKind.Absolute, out var address) || !_http.Hosts.IsArtwork(address))
        {
            return null;
        }

        var (status, content) = await _http.GetAsync(address, "image/*", cookie: null, MaxCoverBytes, cancellationToken);
        if (status is 408 or 429 or >= 500)
        {
            throw new AppleUnavailableException($"The cover's host answered with status {status}.");
        }

        var type = content is null || status != 200 ? null : Artwork.ContentType(content);
        if (type is null)
        {
            _logger.CoverLeftOut(address.Host, status != 200 ? $"status {status}" : content is null ? "too large" : "not a picture");
            return null;
        }

        return new(type, content!);
    }

    private async Task<bool> TryAsync(Task<bool> lookUp)
    {
        try
        {
            return await lookUp;
        }
        catch (AppleException exception)
        {
            _logger.LookUpFailed(exception.Message);
            return false;
        }
    }
}
