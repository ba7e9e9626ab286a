using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using VppBooks.Web.Api.Graph;

namespace VppBooks.Web.Api;

/// <summary>What the addresses of Graph answer with, for the OpenAPI document; from the same table as the CSDL, so that the two cannot differ.</summary>
internal static class GraphSchemas
{
    private const string Summary = "installSummary";
    private const string NextLink = "@odata.nextLink";
    private const string HeldText = "The assignments stand; their licenses are held until a second person agrees or the time to undo is over.";

    private static readonly Dictionary<string, string> _types = new(StringComparer.Ordinal)
    {
        ["vppTokens"] = "vppToken",
        ["managedEBooks"] = "iosVppEBook",
        ["iosVppEBook"] = "iosVppEBook",
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

    // Untyped in the CSDL; here they say what is inside.
    private static readonly Dictionary<string, Func<OpenApiSchema>> _objects = new(StringComparer.Ordinal)
    {
        ["target"] = () => Object(
            ("@odata.type", Words("#microsoft.graph.groupAssignmentTarget", "#microsoft.graph.exclusionGroupAssignmentTarget", "#microsoft.graph.allLicensedUsersAssignmentTarget")),
            ("groupId", new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid", Description = "Object id of the group; absent when all licensed users are meant." })),
        ["largeCover"] = () => Object(("type", Text()), ("value", new OpenApiSchema { Type = JsonSchemaType.String, Format = "byte" })),
        ["vppBooks"] = () => Object(
            ("adamId", Text()),
            ("pricingParam", Words("STDQ", "PLUS", "Unknown")),
            ("unlimited", new OpenApiSchema { Type = JsonSchemaType.Boolean }),
            ("availableLicenseCount", new OpenApiSchema { Type = JsonSchemaType.Integer | JsonSchemaType.Null, Description = "Null when there is no limit." }),
            ("reservedLicenseCount", Whole()),
            ("waitingCount", Whole()),
            ("notOursLicenseCount", Whole())),
        ["actor"] = () => Object([.. "type auditActorType userId userPrincipalName applicationId applicationDisplayName".Split(' ').Select(n => (n, Text(orNull: true)))]),
        ["resources"] = () => List(Object(
            ("displayName", Text(orNull: true)),
            ("auditResourceType", Text()),
            ("resourceId", Text(orNull: true)),
            ("modifiedProperties", List(Object(("displayName", Text()), ("oldValue", Text(orNull: true)), ("newValue", Text(orNull: true))))))),
    };

    /// <summary>The query options that a reading address knows.</summary>
    public static ApiOption[] OptionsOf(string path, OpenApiSchema body) => body.Properties switch
    {
        _ when path.EndsWith("/$count", StringComparison.Ordinal) => ApiOption.Counts,
        { } properties when properties.ContainsKey(NextLink) => ApiOption.Collections,
        { } properties when properties.ContainsKey("id") => ApiOption.Entities,
        _ => [],
    };

    /// <summary>What a request may be answered when it succeeds, empty where it never does; null where a route has not Graph's shape.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">The route, without a slash before it.</param>
    public static IReadOnlyList<GraphAnswer>? Find(string method, string path)
    {
        if (path.Trim('/').Split('/') is not ["v1.0" or "beta", .. var segments])
        {
            return null;
        }

        segments[^1] = segments[^1].Replace("microsoft.graph.", "", StringComparison.Ordinal);
        return (method, segments) switch
        {
            ("GET", [.., "$count"]) => [new("200", Whole(), "text/plain")],
            ("GET", ["$metadata"]) => [new("200", Text(), "application/xml")],
            ("POST", ["$batch"]) => [new("200", Responses())],
            ("GET", [.., var function]) when function.Contains('(', StringComparison.Ordinal) || function == "getAuditCategories" => [new("200", Function(function))],
            ("GET", [.., (Summary or "deviceAppManagement") and var one]) => [new("200", Entity(_types[one]))],
            ("GET", ["deviceAppManagement", "managedEBooks", ['{', ..], "iosVppEBook" or "graph.iosVppEBook"]) => [new("200", Entity("iosVppEBook"))],
            ("GET", [.., var list]) when _types.TryGetValue(list, out var type) => [new("200", Collection(type))],
            ("GET", [.., var list, ['{', ..]]) when _types.TryGetValue(list, out var type) => [new("200", Entity(type))],
            ("POST", [.., "assign"]) => [new("204"), new("202", Object(("vppBooks", Held()))) { Text = HeldText }],
            ("POST", [.., "assignments"]) => [new("201", Assignment()), new("202", Assignment()) { Text = HeldText }],
            ("PATCH", [.., "assignments", _]) => [new("200", Assignment()), new("202", Assignment()) { Text = HeldText }],
            ("POST", [.., ("vppTokens" or "managedEBookCategories" or "categories") and var list]) => [new("201", Entity(_types[list]))],
            ("PATCH", [.., ("vppTokens" or "managedEBookCategories") and var list, _]) => [new("200", Entity(_types[list]))],
            ("POST", [.., "syncLicenses"]) => [new("200", Entity("vppToken"))],
            ("POST", [.., "syncLicenseCounts" or "$ref"]) or ("DELETE", _) => [new("204")],
            // Books are made and changed at Apple, and no license of one is taken back.
            ("POST", [.., "managedEBooks" or "revokeLicenses"]) or ("PATCH", [.., "managedEBooks", _]) => [],
            _ => throw new InvalidOperationException($"Nobody says what {method} {path} answers."),
        };
    }

    private static OpenApiSchema Function(string name) => name.Split('(')[0] switch
    {
        "getLicensesForApp" => Collection(Object(("vppTokenId", Text()), ("appleId", Text()), ("organizationName", Text()), ("availableLicenseCount", Whole()), ("usedLicenseCount", Whole()))),
        "getExpiringVppTokenCount" => Value(Whole()),
        _ => Value(List(Text())),
    };

    private static OpenApiSchema Value(OpenApiSchema of)
    {
        var schema = Object(("@odata.context", Text()), ("value", of));
        schema.Required = new HashSet<string> { "value" };
        return schema;
    }

    private static OpenApiSchema Assignment()
    {
        var schema = Entity("managedEBookAssignment");
        var held = Held();
        held.Type |= JsonSchemaType.Null;
        schema.Properties!["vppBooks"] = held;
        return schema;
    }

    private static OpenApiSchema Held() => Object(
        ("planId", new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }),
        ("planState", Words("awaitingApproval", "undoable")),
        ("licenseCount", Whole()),
        ("sendDateTime", new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "date-time" }),
        ("message", Text()));

    private static OpenApiSchema Responses() => Object(("responses", List(Object(
        ("id", Text()), ("status", Whole()), ("headers", new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Text() }), ("body", new OpenApiSchema { Description = "As the address would answer alone." })))));

    private static OpenApiSchema Object(params (string Name, OpenApiSchema Of)[] properties) =>
        new() { Type = JsonSchemaType.Object, Properties = properties.ToDictionary(p => p.Name, p => (IOpenApiSchema)p.Of) };

    private static OpenApiSchema List(OpenApiSchema of) => new() { Type = JsonSchemaType.Array, Items = of };

    private static OpenApiSchema Text(bool orNull = false) => new() { Type = orNull ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String };

    private static OpenApiSchema Whole() => new() { Type = JsonSchemaType.Integer };

    private static OpenApiSchema Words(params string[] words) => new() { Type = JsonSchemaType.String, Enum = [.. words.Select(w => (JsonNode)w)] };

    private static OpenApiSchema Collection(string type) => Collection(Entity(type));

    private static OpenApiSchema Collection(OpenApiSchema of) => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "value" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["@odata.context"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["@odata.count"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            [NextLink] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["value"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = of },
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
        var schema = _objects.TryGetValue(name, out var known) ? known() : type switch
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

/// <summary>One way in which a request to Graph's part succeeds.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">What comes with it; null for nothing.</param>
/// <param name="Media">Media type of the body.</param>
internal sealed record GraphAnswer(string Status, OpenApiSchema? Body = null, string Media = "application/json")
{
    public string Text { get; init; } = "Done.";
}
