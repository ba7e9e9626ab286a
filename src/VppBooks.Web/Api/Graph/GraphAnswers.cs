using System.Text.Json;
using System.Text.Json.Nodes;

namespace VppBooks.Web.Api.Graph;

/// <summary>Entities and collections in the envelope that Graph clients read.</summary>
internal static class GraphAnswers
{
    private const string Root = "deviceAppManagement";

    /// <summary>One entity at the root of the body.</summary>
    public static IResult Entity(HttpContext context, string path, JsonObject entity, int status = StatusCodes.Status200OK)
    {
        entity.Insert(0, "@odata.context", $"{Metadata(context)}#{Root}/{path}/$entity");
        return Json(entity, status);
    }

    /// <summary>A page of a collection.</summary>
    public static IResult Collection(HttpContext context, string path, IReadOnlyCollection<JsonObject> rows, GraphQuery query, int total)
    {
        var value = new JsonArray([.. rows.Select(query.Project)]);
        var next = query.Skip + query.Top;
        var body = new JsonObject { ["@odata.context"] = $"{Metadata(context)}#{Root}/{path}" };
        if (query.Count)
        {
            body["@odata.count"] = total;
        }

        body["value"] = value;
        if (next < total && value.Count > 0)
        {
            body["@odata.nextLink"] = query.NextLink(next);
        }

        return Json(body, StatusCodes.Status200OK);
    }

    /// <summary>Filters, orders and pages rows that are all at hand.</summary>
    public static IResult Page(HttpContext context, string path, IEnumerable<JsonObject> rows, GraphQuery query)
    {
        var arranged = query.Arrange(rows);
        return Collection(context, path, [.. arranged.Skip(query.Skip).Take(query.Top)], query, arranged.Count);
    }

    private static string Metadata(HttpContext context) =>
        $"{GraphQuery.Origin(context.Request)}{context.Request.PathBase}/{context.Request.Path.Value!.Split('/')[1]}/$metadata";

    private static IResult Json(JsonObject body, int status) => Results.Content(body.ToJsonString(JsonSerializerOptions.Web), "application/json", System.Text.Encoding.UTF8, status);
}
