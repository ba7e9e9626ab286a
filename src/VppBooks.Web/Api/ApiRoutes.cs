namespace VppBooks.Web.Api;

/// <summary>The addresses that speak JSON to programs.</summary>
public static class ApiRoutes
{
    private static readonly PathString[] _roots = ["/v1.0", "/beta", "/api"];

    public static bool Match(PathString path) => Array.Exists(_roots, root => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase));
}
