using System.Globalization;
using System.Net.Mime;
using Microsoft.Net.Http.Headers;
using VppBooks.Core.Catalog;

namespace VppBooks.Web.Components.Catalog;

/// <summary>Cached covers for pages. Pictures of the store reach a browser only through here.</summary>
internal static class CoverEndpoint
{
    private const string Placeholder = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 80" role="img"><rect width="60" height="80" rx="3" fill="#8a8886"/><path d="M14 0v80" stroke="#fff" stroke-opacity=".45" stroke-width="2"/><path d="M24 24h24M24 32h16" stroke="#fff" stroke-opacity=".8" stroke-width="3"/></svg>
        """;

    private static readonly byte[] _placeholder = System.Text.Encoding.UTF8.GetBytes(Placeholder);

    // What a browser shows as a picture and nothing else; an SVG from outside could carry script.
    private static readonly string[] _pictures = [MediaTypeNames.Image.Jpeg, MediaTypeNames.Image.Png, MediaTypeNames.Image.Webp, MediaTypeNames.Image.Gif];

    public static void MapCovers(this IEndpointRouteBuilder routes) => routes.MapGet("/covers/{titleId:int}", FindAsync).RequireAuthorization();

    private static async Task<IResult> FindAsync(int titleId, BookCatalog catalog, HttpResponse response, CancellationToken cancellationToken)
    {
        var cover = await catalog.FindCoverAsync(titleId, cancellationToken);
        response.Headers.XContentTypeOptions = "nosniff";
        if (cover is null || !_pictures.Contains(cover.ContentType, StringComparer.OrdinalIgnoreCase))
        {
            response.Headers.CacheControl = "private, max-age=3600";
            return Results.Bytes(_placeholder, MediaTypeNames.Image.Svg);
        }

        response.Headers.CacheControl = "private, max-age=604800";
        var stamp = string.Create(CultureInfo.InvariantCulture, $"\"{titleId:x}-{cover.FetchedAt.UtcTicks:x}-{cover.Content.Length:x}\"");
        return Results.Bytes(cover.Content, cover.ContentType, lastModified: cover.FetchedAt, entityTag: new EntityTagHeaderValue(stamp));
    }
}
