namespace VppBooks.Web.Api;

/// <summary>The addresses that speak JSON to programs.</summary>
public static class ApiRoutes
{
    private const string Resource = "deviceAppManagement";

    private static readonly PathString[] _graph = ["/v1.0", "/beta"];
    private static readonly PathString[] _roots = [.. _graph, "/api"];

    public static bool Match(PathString path) => Array.Exists(_roots, root => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase));

    /// <summary>The segment of a Graph address to blame when nothing serves it; null elsewhere.</summary>
    public static string? UnknownSegment(PathString path)
    {
        if (!Array.Exists(_graph, root => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        var segments = path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..];
        return segments is [var first, ..] && !first.Equals(Resource, StringComparison.OrdinalIgnoreCase) ? first : segments.LastOrDefault("");
    }
}
