using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace VppBooks.Web.Api.Graph;

/// <summary>Places in a list as callers carry them: sealed, because they hold values of rows, and good only for the filter and order they were made for.</summary>
internal sealed class GraphSkipTokens(IDataProtectionProvider protection)
{
    private readonly IDataProtector _seal = protection.CreateProtector("VppBooks.Api.SkipToken.v1");

    public string Write(IReadOnlyList<string> place, GraphQuery query) => _seal.Protect(JsonSerializer.Serialize(new Place(query.Arrangement, place)));

    /// <summary>The place a request continues at; null for a first page.</summary>
    /// <exception cref="GraphQueryException">Not one of ours, or of another list.</exception>
    public IReadOnlyList<string>? Read(GraphQuery query)
    {
        if (query.SkipToken is not { } token)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Place>(_seal.Unprotect(token)) is { } place && place.Arrangement == query.Arrangement ? place.Keys : throw Foreign();
        }
        catch (Exception e) when (e is CryptographicException or JsonException or FormatException)
        {
            throw Foreign();
        }
    }

    public static GraphQueryException Foreign() => new("The $skiptoken is not one of this list with this $filter and $orderby. Start again without it.");

    private sealed record Place(string Arrangement, IReadOnlyList<string> Keys);
}
