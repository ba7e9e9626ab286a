namespace VppBooks.Web.Hosting;

/// <summary>Requests that only carry the site's own files or the pages' open connections.</summary>
internal static class SiteFiles
{
    public static bool Match(PathString path) =>
        path.StartsWithSegments("/_framework", StringComparison.Ordinal)
        || path.StartsWithSegments("/_content", StringComparison.Ordinal)
        || path.StartsWithSegments("/_blazor", StringComparison.Ordinal)
        || Path.GetExtension(path.Value.AsSpan()) is ".css" or ".js" or ".svg" or ".map" or ".woff2";
}
