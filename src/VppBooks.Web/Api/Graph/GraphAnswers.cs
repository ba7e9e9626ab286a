using System.Globalization;
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

    /// <summary>A page of rows that are all at hand, from the beginning or behind the page before.</summary>
    /// <exception cref="GraphQueryException">The place asked for is one of another list.</exception>
    public static IResult Page(HttpContext context, string path, IEnumerable<GraphRow> rows, GraphQuery query, GraphSkipTokens tokens)
    {
        var order = new GraphRowOrder(query);
        var all = order.Arrange(rows);
        var rest = tokens.Read(query) is { } place ? order.Behind(all, place) : all.Skip(query.Skip);
        var page = rest.Take(query.Top + 1).ToList();
        var next = query.Top > 0 && page.Count > query.Top ? order.PlaceOf(page[query.Top - 1]) : null;
        return Collection(context, path, page.Take(query.Top).Select(r => r.Entity), query, all.Count, tokens.NextLink(next, query));
    }

    /// <summary>How many of the rows pass the filter, as the bare number that <c>/$count</c> is.</summary>
    public static IResult Count(IEnumerable<JsonObject> rows, GraphQuery query) => Results.Text(rows.Count(query.Admits).ToString(CultureInfo.InvariantCulture));

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
