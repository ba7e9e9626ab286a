using System.Text.Json;
using System.Text.Json.Nodes;

namespace VppBooks.Web.Api.Graph;

/// <summary>Entities and collections in the envelope that Graph clients read.</summary>
internal static class GraphAnswers
{
    private const string Management = "deviceManagement";

    /// <summary>One entity at the root of the body.</summary>
    public static IResult Entity(HttpContext context, string path, JsonObject entity, int status = StatusCodes.Status200OK)
    {
        entity.Insert(0, "@odata.context", $"{Metadata(context)}#{Root(context)}/{path}/$entity");
        return Json(entity, status);
    }

    /// <summary>A page of a collection; <paramref name="nextLink"/> is null on the last one.</summary>
    public static IResult Collection(HttpContext context, string path, IEnumerable<JsonObject> rows, GraphQuery query, int? total, string? nextLink)
    {
        var body = new JsonObject { ["@odata.context"] = $"{Metadata(context)}#{Root(context)}/{path}" };
        if (query.Count)
        {
            body["@odata.count"] = total;
        }

        body["value"] = new JsonArray([.. rows.Select(query.Project)]);
        if (nextLink is not null)
        {
            body["@odata.nextLink"] = nextLink;
        }

        return Json(body, StatusCodes.Status200OK);
    }

    /// <summary>Filters, orders and pages rows that are all at hand.</summary>
    /// <exception cref="GraphQueryException">The place asked for is one of another list.</exception>
    public static IResult Page(HttpContext context, string path, IEnumerable<JsonObject> rows, GraphQuery query)
    {
        if (query.SkipToken is not null)
        {
            throw new GraphQueryException("The $skiptoken is not one of this list. Start again without it.");
        }

        var arranged = query.Arrange(rows);
        return Part(context, path, arranged.Skip(query.Skip).Take(query.Top), arranged.Count, query);
    }

    /// <summary>The rows of one page, with the number of all.</summary>
    public static IResult Part(HttpContext context, string path, IEnumerable<JsonObject> rows, int total, GraphQuery query)
    {
        var page = rows.ToList();
        var next = (long)query.Skip + query.Top;
        return Collection(context, path, page, query, total, page.Count > 0 && next < total ? query.NextLink((int)next) : null);
    }

    /// <summary>The answer of a function: numbers or texts, and no entity.</summary>
    public static IResult Value(HttpContext context, string type, JsonNode value) =>
        Json(new JsonObject { ["@odata.context"] = $"{Metadata(context)}#{type}", ["value"] = value }, StatusCodes.Status200OK);

    /// <summary>The entity that everything else is below.</summary>
    public static IResult Container(HttpContext context, JsonObject entity)
    {
        entity.Insert(0, "@odata.context", $"{Metadata(context)}#{Root(context)}/$entity");
        return Json(entity, StatusCodes.Status200OK);
    }

    private static string Root(HttpContext context) => context.Request.Path.StartsWithSegments("/beta/" + Management, StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/v1.0/" + Management, StringComparison.OrdinalIgnoreCase) ? Management : "deviceAppManagement";

    private static string Metadata(HttpContext context) =>
        $"{GraphQuery.Origin(context.Request)}{context.Request.PathBase}/{context.Request.Path.Value!.Split('/')[1]}/$metadata";

    /// <summary>An object that is no entity.</summary>
    public static IResult Plain(JsonObject body, int status = StatusCodes.Status200OK) => Json(body, status);

    private static IResult Json(JsonObject body, int status) => Results.Content(body.ToJsonString(JsonSerializerOptions.Web), "application/json", System.Text.Encoding.UTF8, status);
}
