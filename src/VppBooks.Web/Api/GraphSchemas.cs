using Microsoft.OpenApi;
using VppBooks.Web.Api.Graph;

namespace VppBooks.Web.Api;

/// <summary>What the addresses of Graph answer with, for the OpenAPI document; from the same table as the CSDL, so that the two cannot differ.</summary>
internal static class GraphSchemas
{
    private const string Summary = "installSummary";

    private static readonly Dictionary<string, string> _types = new(StringComparer.Ordinal)
    {
        ["vppTokens"] = "vppToken",
        ["managedEBooks"] = "iosVppEBook",
        ["microsoft.graph.iosVppEBook"] = "iosVppEBook",
        ["graph.iosVppEBook"] = "iosVppEBook",
        ["assignments"] = "managedEBookAssignment",
        [Summary] = "eBookInstallSummary",
        ["userStateSummary"] = "userInstallStateSummary",
        ["deviceStates"] = "deviceInstallState",
        ["managedEBookCategories"] = "managedEBookCategory",
        ["categories"] = "managedEBookCategory",
        ["deviceAppManagement"] = "deviceAppManagement",
        ["auditEvents"] = "auditEvent",
    };

    // Others are addresses of their own and never part of an answer.
    private static readonly string[] _expandable = ["assignments", "installSummary", "categories", "deviceStates", "userStateSummary", "vppTokens", "managedEBooks"];

    /// <summary>Whether a route answers with a list.</summary>
    public static bool IsCollection(OpenApiSchema body) => body.Properties?.ContainsKey("value") == true;

    /// <summary>Status and body of the answer to a request that succeeds; null where the body is none of these types.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">The route, without a slash before it.</param>
    public static (string Status, OpenApiSchema Body)? Find(string method, string path)
    {
        if (path.Split('/') is not ["v1.0" or "beta", .. var segments])
        {
            return null;
        }

        return (method, segments) switch
        {
            ("GET", [.., (Summary or "deviceAppManagement") and var one]) => ("200", Entity(_types[one])),
            ("GET", ["deviceAppManagement", "managedEBooks", ['{', ..], _]) when segments[^1].EndsWith("graph.iosVppEBook", StringComparison.Ordinal) => ("200", Entity(_types[segments[^1]])),
            ("GET", [.., var list]) when _types.TryGetValue(list, out var type) => ("200", Collection(type)),
            ("GET", [.., var list, ['{', ..]]) when _types.TryGetValue(list, out var type) => ("200", Entity(type)),
            ("POST", [.., ("vppTokens" or "assignments" or "managedEBookCategories" or "categories") and var list]) => ("201", Entity(_types[list])),
            ("PATCH", [.., ("vppTokens" or "assignments" or "managedEBookCategories") and var list, _]) => ("200", Entity(_types[list])),
            ("POST", [.., "syncLicenses" or "microsoft.graph.syncLicenses"]) => ("200", Entity("vppToken")),
            _ => null,
        };
    }

    private static OpenApiSchema Collection(string type) => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "value" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["@odata.context"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["@odata.count"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["@odata.nextLink"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["value"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Entity(type) },
        },
    };

    /// <summary>A type of Graph.</summary>
    public static OpenApiSchema Entity(string type) => new()
    {
        Title = type,
        Type = JsonSchemaType.Object,
        Properties = GraphMetadata.Types[type].Split(' ').Select(p => p.Split(':'))
            .Where(p => p[1][0] != '|' || _expandable.Contains(p[0]))
            .ToDictionary(p => p[0], p => (IOpenApiSchema)Property(p[0], p[1])),
    };

    private static OpenApiSchema Property(string name, string type)
    {
        var schema = type switch
        {
            "String" => new OpenApiSchema { Type = JsonSchemaType.String },
            "Guid" => new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
            "DateTimeOffset" => new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
            "Int32" => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
            "Boolean" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            "Collection(Edm.String)" => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            "Collection(Edm.Untyped)" => new OpenApiSchema { Type = JsonSchemaType.Array },
            ['|', .. var entity, '*'] => new OpenApiSchema { Type = JsonSchemaType.Array, Items = Entity(entity) },
            _ => new OpenApiSchema { Type = JsonSchemaType.Object },
        };
        if (name != "id")
        {
            schema.Type |= JsonSchemaType.Null;
        }

        return schema;
    }
}
