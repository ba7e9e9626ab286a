using Microsoft.AspNetCore.Routing.Template;

namespace VppBooks.Web.Api;

/// <summary>The addresses that speak JSON to programs.</summary>
public static class ApiRoutes
{
    private static readonly string[] _resources = ["deviceAppManagement", "deviceManagement"];
    private static readonly PathString[] _graph = ["/v1.0", "/beta"];
    private static readonly PathString[] _roots = [.. _graph, "/api"];

    public static bool Match(PathString path) => Array.Exists(_roots, root => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether an address has Graph's shape.</summary>
    public static bool IsGraph(PathString path) => Array.Exists(_graph, root => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a program reads the answer: on the routes of the API, and where their description is asked for with a token and not by a browser.</summary>
    public static bool AnswersPrograms(HttpContext context) =>
        Match(context.Request.Path) || (context.Request.Path.StartsWithSegments("/openapi", StringComparison.OrdinalIgnoreCase) && context.Request.Headers.Authorization.Count > 0);

    /// <summary>Whether the API itself answers a request, and not a catch-all for pages or files.</summary>
    public static bool IsServed(HttpContext context) => context.GetEndpoint() is RouteEndpoint served && Match("/" + served.RoutePattern.RawText!.TrimStart('/'));

    /// <summary>
    /// What an address of the API can be asked, when a request with another method found nothing there. Routing itself says so only where no page's or file's
    /// catch-all would take the method.
    /// </summary>
    public static IReadOnlyList<string> MethodsOf(HttpContext context) =>
    [
        .. context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => Match("/" + e.RoutePattern.RawText!.TrimStart('/')) && new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(context.Request.Path, []))
            .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>The segment of a Graph address to blame when nothing serves it; null elsewhere.</summary>
    public static string? UnknownSegment(PathString path)
    {
        if (!IsGraph(path))
        {
            return null;
        }

        var segments = path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..];
        return segments is [var first, ..] && !_resources.Contains(first, StringComparer.OrdinalIgnoreCase) ? first : segments.LastOrDefault("");
    }
}
