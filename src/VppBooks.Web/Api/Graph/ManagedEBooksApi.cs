using System.Globalization;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceAppManagement/managedEBooks</c> (parity paper §4.5).</summary>
internal static class ManagedEBooksApi
{
    private const string Path = "managedEBooks";

    private static readonly Expandable[] _parts =
    [
        new(BookReading.Assignments, ManagedEBookWire.AssignmentProperties),
        new(BookReading.Summary, BookStatesWire.SummaryProperties),
        new(BookReading.Categories, ManagedEBookCategoriesApi.Properties),
        new(BookReading.Devices, BookStatesWire.DeviceProperties),
        new(BookReading.Users, BookStatesWire.UserProperties),
    ];

    public static void Map(RouteGroupBuilder routes)
    {
        foreach (var collection in new[] { "/managedEBooks", "/managedEBooks/microsoft.graph.iosVppEBook", "/managedEBooks/graph.iosVppEBook" })
        {
            routes.MapGet(collection, ListAsync).RequireAuthorization(Policies.ReadAll);
            routes.MapGet(collection + "/$count", CountAsync).RequireAuthorization(Policies.ReadAll);
        }

        foreach (var one in new[] { "/managedEBooks/{id}", "/managedEBooks/{id}/microsoft.graph.iosVppEBook", "/managedEBooks/{id}/graph.iosVppEBook" })
        {
            routes.MapGet(one, GetAsync).RequireAuthorization(Policies.ReadAll);
        }

        routes.MapPost("/managedEBooks", () => GraphError.BadRequest("Books come from Apple: buy them in Apple School Manager or Apple Business and sync.")).RequireAuthorization(Policies.ManageBooks);
        routes.MapPatch("/managedEBooks/{id}", () => GraphError.BadRequest("The properties of a book come from Apple and cannot be changed.")).RequireAuthorization(Policies.ManageBooks);
        routes.MapDelete("/managedEBooks/{id}", DeleteAsync).RequireAuthorization(Policies.ManageBooks);
    }

    private static async Task<IResult> ListAsync(HttpContext context, BookReading reading, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties, _parts);
        var page = await reading.SelectAsync(Selection(query) with { After = tokens.Read(query), Skip = query.SkipToken is null ? query.Skip : 0 }, query, await actor.FindAsync(), cancellationToken);
        return GraphAnswers.Collection(context, Path, page.Rows, query, page.Total, tokens.NextLink(page.Next, query));
    }

    private static async Task<IResult> CountAsync(HttpContext context, BookReading reading, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties);
        var page = await reading.SelectAsync(Selection(query) with { Take = 0, Count = true }, query, await actor.FindAsync(), cancellationToken);
        return Results.Text(page.Total!.Value.ToString(CultureInfo.InvariantCulture));
    }

    private static BookSelection Selection(GraphQuery query) => new()
    {
        Where = query.Filter?.ForBooks(),
        OrderBy = [.. query.OrderBy.Where(o => o.Property != ManagedEBookWire.NeverSet).Select(o => ManagedEBookWire.Fields.TryGetValue(o.Property, out var field)
            ? new BookOrder(field, o.Descending)
            : throw new GraphQueryException($"$orderby cannot use \"{o.Property}\"."))],
        Take = Math.Min(query.Top, BookReading.Most(query)),
        Count = query.Count,
    };

    private static async Task<IResult> GetAsync(HttpContext context, string id, BookReading reading, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties, _parts);
        if (!ApiId.TryParse(id, out var publicId) || await reading.FindAsync(publicId, query, await actor.FindAsync(), cancellationToken) is not { } found)
        {
            return Missing(id);
        }

        var entity = query.Project(found);
        return GraphETag.NotModified(context, GraphETag.Of(entity)) ?? GraphAnswers.Entity(context, Path, entity);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string id, BookRemoval removal, BookReading reading, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        if (!ApiId.TryParse(id, out var publicId))
        {
            return Missing(id);
        }

        if (GraphETag.NamesOne(context.Request))
        {
            if (await reading.TagsAsync(publicId, context.Request, who, cancellationToken) is not { } tags)
            {
                return Missing(id);
            }

            if (!GraphETag.Admits(context.Request, tags))
            {
                return GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
            }
        }

        return await removal.RemoveAsync(publicId, who, cancellationToken) switch
        {
            BookRemovalAnswer.Done => Results.NoContent(),
            BookRemovalAnswer.NotFound => Missing(id),
            BookRemovalAnswer.IsAssigned => GraphError.Conflict("The book is assigned to groups: remove its assignments first."),
            BookRemovalAnswer.Changed => GraphError.Conflict("The book changed meanwhile. Read it again, then repeat the removal."),
            _ => GraphError.Conflict("A book stays as long as Apple has copies of it, or anybody was given one; move its licenses away in Apple School Manager or Apple Business."),
        };
    }

    public static GraphError Missing(string id) => GraphError.NotFound($"There is no managedEBook with the id '{(id.Length > 64 ? id[..64] : id)}'.");
}
