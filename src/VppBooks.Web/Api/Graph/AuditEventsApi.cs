using System.Globalization;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceManagement/auditEvents</c>: what people and the system did, newest first (parity paper §4.5, row 30).</summary>
internal static class AuditEventsApi
{
    private const string Path = "auditEvents";

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/auditEvents", ListAsync).RequireAuthorization(Policies.ReadActivity);
        routes.MapGet("/auditEvents/$count", CountAsync).RequireAuthorization(Policies.ReadActivity);
        routes.MapGet("/auditEvents/{id}", GetAsync).RequireAuthorization(Policies.ReadActivity);
        foreach (var qualifier in new[] { "", "microsoft.graph." })
        {
            routes.MapGet($"/auditEvents/{qualifier}getAuditCategories", CategoriesAsync).RequireAuthorization(Policies.ReadActivity);
            routes.MapGet($"/auditEvents/{qualifier}getAuditCategories()", CategoriesAsync).RequireAuthorization(Policies.ReadActivity);
            routes.MapGet($"/auditEvents/{qualifier}getAuditActivityTypes(category='{{category}}')", TypesAsync).RequireAuthorization(Policies.ReadActivity);
        }
    }

    private static async Task<IResult> ListAsync(HttpContext context, ActivityReader activity, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, AuditEventWire.Properties);
        if (query.Skip > 0)
        {
            throw new GraphQueryException("Audit events have no $skip, because new ones come in at the front: follow @odata.nextLink.");
        }

        if (query.OrderBy is not ([] or [("activityDateTime", true)]))
        {
            throw new GraphQueryException("Audit events come newest first: $orderby can be activityDateTime desc and nothing else.");
        }

        var who = await actor.FindAsync();
        var wanted = Narrowed(query.Filter) with
        {
            Take = Math.Clamp(query.Top, 1, ActivityQuery.MaxTake),
            After = tokens.Read(query) is { } place ? ActivityCursor.Parse(place[0]) ?? throw GraphSkipTokens.Foreign() : null,
        };
        var page = query.Top == 0 ? new ActivityRows([], null) : await activity.ListAsync(wanted, who, cancellationToken);
        var total = query.Count ? await activity.CountEventsAsync(wanted, who, cancellationToken) : (int?)null;
        return GraphAnswers.Collection(
            context, Path, page.Rows.Select(AuditEventWire.From), query, total, page.Next is { } next ? query.NextLink(tokens.Write([next.ToString()], query)) : null);
    }

    private static async Task<IResult> CountAsync(HttpContext context, ActivityReader activity, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, AuditEventWire.Properties);
        return Results.Text((await activity.CountEventsAsync(Narrowed(query.Filter), await actor.FindAsync(), cancellationToken)).ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<IResult> GetAsync(HttpContext context, string id, ActivityReader activity, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, AuditEventWire.Properties);
        return long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var row) && await activity.FindEventAsync(row, await actor.FindAsync(), cancellationToken) is { } found
            ? GraphAnswers.Entity(context, Path, query.Project(AuditEventWire.From(found)))
            : GraphError.NotFound("There is no such auditEvent.");
    }

    private static async Task<IResult> CategoriesAsync(HttpContext context, ActivityReader activity, CoreActor actor, CancellationToken cancellationToken)
    {
        var actions = await activity.ListActionsAsync(await actor.FindAsync(), cancellationToken);
        return GraphAnswers.Value(context, "Collection(Edm.String)", AuditEventWire.Texts(actions.Select(AuditEventWire.CategoryOf).Distinct()));
    }

    private static async Task<IResult> TypesAsync(HttpContext context, string category, ActivityReader activity, CoreActor actor, CancellationToken cancellationToken)
    {
        var actions = await activity.ListActionsAsync(await actor.FindAsync(), cancellationToken);
        return GraphAnswers.Value(context, "Collection(Edm.String)", AuditEventWire.Texts(actions.Where(a => AuditEventWire.CategoryOf(a).Equals(category, StringComparison.OrdinalIgnoreCase))));
    }

    /// <summary>The filters that Intune's own documentation shows: a category or an activity, and a stretch of time.</summary>
    private static ActivityQuery Narrowed(GraphCondition? filter)
    {
        var wanted = new ActivityQuery { Kinds = ActivityKinds.Events };
        foreach (var part in Parts(filter))
        {
            wanted = part switch
            {
                GraphCondition.Compare { Property: "category", Comparison: BookComparison.Equal, Value: string category } => wanted with { Category = Once(wanted.Category, category.ToLowerInvariant()) },
                GraphCondition.Compare { Property: "activityType" or "activity" or "displayName", Comparison: BookComparison.Equal, Value: string action } => wanted with { Action = Once(wanted.Action, action) },
                GraphCondition.Compare { Property: "activityDateTime", Value: DateTimeOffset at } compared => Within(wanted, compared.Comparison, at),
                _ => throw new GraphQueryException("Audit events can be filtered by category eq, activityType eq, and activityDateTime gt, ge, lt or le, joined by and."),
            };
        }

        return wanted;
    }

    private static string Once(string? already, string wanted) => already is null || already == wanted
        ? wanted
        : throw new GraphQueryException("Audit events have one category and one activity: nothing can be equal to two.");

    private static IEnumerable<GraphCondition> Parts(GraphCondition? filter) => filter switch
    {
        null => [],
        GraphCondition.All { Parts: var parts } => parts.SelectMany(Parts),
        _ => [filter],
    };

    private static ActivityQuery Within(ActivityQuery query, BookComparison comparison, DateTimeOffset at) => comparison switch
    {
        BookComparison.GreaterOrEqual => Since(query, at),
        BookComparison.Greater => Since(query, After(at)),
        BookComparison.Less => Before(query, at),
        BookComparison.LessOrEqual => Before(query, After(at)),
        _ => Before(Since(query, at), After(at)),
    };

    private static DateTimeOffset After(DateTimeOffset at) => at == DateTimeOffset.MaxValue ? at : at.AddTicks(1);

    private static ActivityQuery Since(ActivityQuery query, DateTimeOffset from) => query.From > from ? query : query with { From = from };

    private static ActivityQuery Before(ActivityQuery query, DateTimeOffset until) => query.Until < until ? query : query with { Until = until };
}
