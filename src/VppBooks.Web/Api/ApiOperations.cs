using Microsoft.OpenApi;

namespace VppBooks.Web.Api;

/// <summary>Headings and sentences for the addresses of Graph, which have no text of their own, and bodies for all that are read by hand.</summary>
internal static class ApiOperations
{
    private static readonly Dictionary<string, string> _actions = new(StringComparer.Ordinal)
    {
        ["$batch"] = "Up to 20 requests at once",
        ["$metadata"] = "The schema of what is served, as CSDL",
        ["syncLicenses"] = "Read Apple now for this token",
        ["syncLicenseCounts"] = "Read Apple now for all tokens",
        ["revokeLicenses"] = "Refused: a license of a book cannot be taken back",
        ["assign"] = "Replace all assignments of a book",
        ["installSummary"] = "People and devices of a book by state",
        ["deviceAppManagement"] = "What tokens and books are below",
        ["getAuditCategories"] = "Categories of audit events",
        ["getAuditCategories()"] = "Categories of audit events",
    };

    /// <summary>The chapter of an address: its version and what it is about.</summary>
    public static string Chapter(string path) => path.Trim('/').Split('/') switch
    {
        ["api", var area, ..] => area,
        [var version, "deviceAppManagement" or "deviceManagement", var area, ..] => $"{area} ({version})",
        [var version, ..] => $"Graph ({version})",
        _ => "",
    };

    /// <summary>A sentence for an address of Graph.</summary>
    public static string Summary(string method, string path)
    {
        var segments = path.Trim('/').Split('/');
        var last = segments[^1].Replace("microsoft.graph.", "", StringComparison.Ordinal);
        return (method, last) switch
        {
            _ when _actions.TryGetValue(last, out var known) => known,
            ("POST", "$ref") => $"Put into one of {segments[^2]}",
            ("DELETE", "$ref") => $"Take out of one of {segments[^3]}",
            (_, "$count") => $"Number of {segments[^2]}",
            _ when last.StartsWith("getLicensesForApp", StringComparison.Ordinal) => "Nothing: only books are managed here",
            _ when last.StartsWith("getExpiringVppTokenCount", StringComparison.Ordinal) => "Number of tokens that expire before a moment",
            _ when last.StartsWith("getAuditActivityTypes", StringComparison.Ordinal) => "Activities of a category",
            ("GET", "iosVppEBook" or "graph.iosVppEBook") when segments[^2][0] == '{' => $"One of {segments[^3]}, as a {last}",
            ("GET", ['{', ..]) => $"One of {segments[^2]}",
            ("GET", _) => $"List {last}",
            ("PATCH", _) => $"Change one of {segments[^2]}",
            ("DELETE", _) => $"Remove one of {segments[^2]}",
            _ => $"Add to {last}",
        };
    }

    /// <summary>The body that an address reads; null for none.</summary>
    public static OpenApiSchema? Body(string method, string path)
    {
        var segments = path.Split('/').Select(s => s.Replace("microsoft.graph.", "", StringComparison.Ordinal)).ToArray();
        return (method, segments) switch
        {
            ("POST", [.., "assign"] or ["api", "books", _, "plans"]) => Object(("managedEBookAssignments", List(GraphSchemas.Entity("managedEBookAssignment")))),
            ("POST", [.., "$batch"]) => Object(("requests", List(Object(("id", Text), ("method", Text), ("url", Text), ("headers", Object()), ("body", Object()), ("dependsOn", List(Text)))))),
            ("POST", [.., "vppTokens"]) or ("PATCH", [.., "vppTokens", _]) => GraphSchemas.Entity("vppToken"),
            ("POST", [.., "assignments"]) or ("PATCH", [.., "assignments", _]) => GraphSchemas.Entity("managedEBookAssignment"),
            ("POST", [.., "managedEBookCategories"]) or ("PATCH", [.., "managedEBookCategories", _]) => GraphSchemas.Entity("managedEBookCategory"),
            ("POST", [.., "categories"] or [.., "categories", "$ref"]) => Object(("@odata.id", Text), ("id", Text)),
            ("POST", ["api", "plans", _, "commit"]) => Object(("typedNumber", Whole), ("undoMinutes", Whole)),
            _ => null,
        };
    }

    private static OpenApiSchema Text => new() { Type = JsonSchemaType.String };

    private static OpenApiSchema Whole => new() { Type = JsonSchemaType.Integer };

    private static OpenApiSchema List(OpenApiSchema of) => new() { Type = JsonSchemaType.Array, Items = of };

    private static OpenApiSchema Object(params (string Name, OpenApiSchema Of)[] properties) =>
        new() { Type = JsonSchemaType.Object, Properties = properties.ToDictionary(p => p.Name, p => (IOpenApiSchema)p.Of) };
}
