using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace VppBooks.Web.Api.Graph;

/// <summary>Places in a list as callers carry them: sealed, because they hold values of rows, and good only for the list, filter and order they were made for.</summary>
internal sealed class GraphSkipTokens(IDataProtectionProvider protection)
{
    private readonly IDataProtector _seal = protection.CreateProtector("VppBooks.Api.SkipToken.v2");

    /// <summary>The link to the page that begins behind a place; null for none.</summary>
    public string? NextLink(IReadOnlyList<string>? place, GraphQuery query) => place is null ? null : query.NextLink(Write(place, query.Arrangement));

    /// <summary>The same in another list below <c>/deviceAppManagement</c>, all of it in its own order.</summary>
    public string LinkTo(string list, IReadOnlyList<string> place, GraphQuery query) => query.LinkTo(list, Write(place, query.ArrangementOf(list)));

    /// <summary>The place a request continues at; null for a first page.</summary>
    /// <exception cref="GraphQueryException">Not one of ours, or of another list.</exception>
    public IReadOnlyList<string>? Read(GraphQuery query) => query.SkipToken is not { } token ? null : Read(token, query.Arrangement) ?? throw Foreign();

    /// <summary>As short as it can be: it travels in an address, where a description may be one of the keys.</summary>
    public string Write(IReadOnlyList<string> place, string list)
    {
        using var packed = new MemoryStream();
        using (var packing = new BrotliStream(packed, CompressionLevel.Optimal))
        {
            JsonSerializer.Serialize(packing, new Place(HashOf(list), place));
        }

        return Base64Url.EncodeToString(_seal.Protect(packed.ToArray()));
    }

    /// <summary>The place that a token holds; null when it is not one of ours, or of another list.</summary>
    public IReadOnlyList<string>? Read(string token, string list)
    {
        try
        {
            using var packed = new MemoryStream(_seal.Unprotect(Base64Url.DecodeFromChars(token)), writable: false);
            using var unpacking = new BrotliStream(packed, CompressionMode.Decompress);
            return JsonSerializer.Deserialize<Place>(unpacking) is { } place && place.Arrangement == HashOf(list) ? place.Keys : null;
        }
        catch (Exception e) when (e is CryptographicException or JsonException or FormatException)
        {
            return null;
        }
    }

    public static GraphQueryException Foreign() => new("The $skiptoken is not one of this list with this $filter and $orderby. Start again without it.");

    private static string HashOf(string list) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(list)));

    private sealed record Place(string Arrangement, IReadOnlyList<string> Keys);
}
