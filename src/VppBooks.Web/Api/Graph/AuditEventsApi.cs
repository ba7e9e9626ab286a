using System.Globalization;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceManagement/auditEvents</c>: what people and the system did, by time (parity paper §4.5, row 30).</summary>
internal static class AuditEventsApi
{
    private const string Path = "auditEvents";

    // Rows that are passed over are read all the same: whoever wants to go deeper names a time, or follows the links.
    private const int MostSkipped = 10_000;

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
        var who = await actor.FindAsync();
        var wanted = Narrowed(query.Filter) with
        {
            Take = Math.Clamp(query.Top, 1, ActivityQuery.MaxTake),
            OldestFirst = query.OrderBy switch
            {
                [] or [("activityDateTime", true)] => false,
                [("activityDateTime", false)] => true,
                _ => throw new GraphQueryException("Audit events come by time: $orderby can be activityDateTime asc or desc and nothing else."),
            },
            After = tokens.Read(query) is { } place ? ActivityCursor.Parse(place[0]) ?? throw GraphSkipTokens.Foreign() : null,
        };
        var page = query.Top == 0 ? new ActivityRows([], null) : await PageAsync(wanted, query.SkipToken is null ? query.Skip : 0, activity, who, cancellationToken);
        var total = query.Count ? await activity.CountEventsAsync(wanted, who, cancellationToken) : (int?)null;
        return GraphAnswers.Collection(
            context, Path, page.Rows.Select(AuditEventWire.From), query, total, tokens.NextLink(page.Next is { } next ? [next.ToString()] : null, query));
    }

    /// <summary>Passes over rows to a place in the list, from which pages go on as ever: what comes in meanwhile moves none of them.</summary>
    private static async Task<ActivityRows> PageAsync(ActivityQuery query, int skip, ActivityReader activity, Actor who, CancellationToken cancellationToken) => skip switch
    {
        0 => await activity.ListAsync(query, who, cancellationToken),
        > MostSkipped => throw new GraphQueryException($"Audit events have a $skip up to {MostSkipped}: name an activityDateTime in $filter, or follow @odata.nextLink."),
        _ when await activity.FindPlaceAsync(query, skip, who, cancellationToken) is { } place => await activity.ListAsync(query with { After = place }, who, cancellationToken),
        _ => new ActivityRows([], null),
    };

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

    /// <summary>The filters that Intune's own documentation shows, a category or an activity, and a stretch of time; also one of several categories or activities.</summary>
    private static ActivityQuery Narrowed(GraphCondition? filter)
    {
        var wanted = new ActivityQuery { Kinds = ActivityKinds.Events };
        foreach (var part in Parts(filter))
        {
            wanted = part switch
            {
                GraphCondition.Compare { Property: "activityDateTime", Value: DateTimeOffset at } compared => Within(wanted, compared.Comparison, at),
                _ when Choice(part) is (var ofCategory, var values) => ofCategory
                    ? wanted with { Categories = Both(wanted.Categories, values) }
                    : wanted with { Actions = Both(wanted.Actions, values) },
                _ => throw new GraphQueryException(
                    "Audit events can be filtered by category eq, activityType eq, and activityDateTime gt, ge, lt or le, joined by and; or can stand between values of category, or of activityType."),
            };
        }

        return wanted;
    }

    /// <summary>The values that a category or an activity may have; null when the condition asks for anything else.</summary>
    private static (bool OfCategory, IReadOnlyList<string> Values)? Choice(GraphCondition condition)
    {
        switch (condition)
        {
            case GraphCondition.Compare { Property: "category", Comparison: BookComparison.Equal, Value: string category }:
                return (true, [category.ToLowerInvariant()]);
            case GraphCondition.Compare { Property: "activityType" or "activity" or "displayName", Comparison: BookComparison.Equal, Value: string action }:
                return (false, [action]);
            case GraphCondition.Any { Parts: var parts }:
                var choices = parts.Select(Choice).ToList();
                return choices.TrueForAll(c => c is { } choice && choice.OfCategory == choices[0]!.Value.OfCategory)
                    ? (choices[0]!.Value.OfCategory, [.. choices.SelectMany(c => c!.Value.Values).Distinct()])
                    : null;
            default:
                return null;
        }
    }

    private static IReadOnlyList<string> Both(IReadOnlyList<string>? already, IReadOnlyList<string> values) => already is null
        ? values
        : already.Intersect(values).ToList() is { Count: > 0 } left ? left : throw new GraphQueryException("Audit events have one category and one activity: nothing can be equal to two.");

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
