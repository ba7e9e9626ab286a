using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceAppManagement/managedEBooks</c> (parity paper §4.5).</summary>
internal static class ManagedEBooksApi
{
    private const string Path = "managedEBooks";
    private const string Assignments = "assignments";

    public static void Map(RouteGroupBuilder routes)
    {
        foreach (var collection in new[] { "/managedEBooks", "/managedEBooks/microsoft.graph.iosVppEBook", "/managedEBooks/graph.iosVppEBook" })
        {
            routes.MapGet(collection, ListAsync).RequireAuthorization(Policies.ReadAll);
        }

        routes.MapGet("/managedEBooks/$count", CountAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}", GetAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/assignments", ListAssignmentsAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/assignments/{assignmentId}", GetAssignmentAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost("/managedEBooks/{id}/assign", AssignAsync).RequireAuthorization(Policies.Assign);
        routes.MapPost("/managedEBooks/{id}/microsoft.graph.assign", AssignAsync).RequireAuthorization(Policies.Assign);
        routes.MapPost("/managedEBooks", () => GraphError.BadRequest("Books come from Apple: buy them in Apple School Manager or Apple Business and sync.")).RequireAuthorization(Policies.ManageTokens);
        routes.MapPatch("/managedEBooks/{id}", () => GraphError.BadRequest("The properties of a book come from Apple and cannot be changed.")).RequireAuthorization(Policies.ManageTokens);
        routes.MapDelete("/managedEBooks/{id}", DeleteAsync).RequireAuthorization(Policies.ManageTokens);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, BookCatalog books, LocationDirectory locations, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties, Assignments);
        var who = await actor.FindAsync();
        who.Demand(Permissions.Read);
        var accounts = (await locations.ListAsync(who, cancellationToken)).ToDictionary(l => l.PublicId, l => l.AppleAccount);
        if (query.IsPlain)
        {
            var page = await books.ListAsync(new BookQuery { Skip = query.Skip, Take = Math.Max(1, query.Top) }, cancellationToken);
            var rows = new List<JsonObject>();
            foreach (var row in page.Rows.Take(query.Top))
            {
                if (await EntityAsync(row.PublicId, query, books, plans, accounts, who, withCover: false, cancellationToken) is { } entity)
                {
                    rows.Add(entity);
                }
            }

            return GraphAnswers.Collection(context, Path, rows, query, page.Total, query.Skip);
        }

        return GraphAnswers.Page(context, Path, await AllAsync(query, books, plans, accounts, who, cancellationToken), query);
    }

    private static async Task<IResult> CountAsync(HttpContext context, BookCatalog books, LocationDirectory locations, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties);
        var who = await actor.FindAsync();
        who.Demand(Permissions.Read);
        if (query.Filter is null)
        {
            return Results.Text((await books.ListAsync(new BookQuery { Take = 1 }, cancellationToken)).Total.ToString(CultureInfo.InvariantCulture));
        }

        var accounts = (await locations.ListAsync(who, cancellationToken)).ToDictionary(l => l.PublicId, l => l.AppleAccount);
        var rows = query.Arrange(await AllAsync(query, books, plans, accounts, who, cancellationToken));
        return Results.Text(rows.Count.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<IResult> GetAsync(
        HttpContext context, string id, BookCatalog books, LocationDirectory locations, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties, Assignments);
        var who = await actor.FindAsync();
        who.Demand(Permissions.Read);
        var accounts = (await locations.ListAsync(who, cancellationToken)).ToDictionary(l => l.PublicId, l => l.AppleAccount);
        return Guid.TryParse(id, out var publicId) && await EntityAsync(publicId, query, books, plans, accounts, who, withCover: true, cancellationToken) is { } entity
            ? GraphAnswers.Entity(context, Path, query.Project(entity))
            : Missing(id);
    }

    private static async Task<IResult> ListAssignmentsAsync(HttpContext context, string id, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.AssignmentProperties);
        var who = await actor.FindAsync();
        if (!Guid.TryParse(id, out var publicId) || await books.FindAsync(publicId, cancellationToken) is null)
        {
            return Missing(id);
        }

        var rows = await plans.ListAssignmentsAsync(publicId, who, cancellationToken);
        return GraphAnswers.Page(context, $"{Path}('{publicId}')/{Assignments}", rows.Select(ManagedEBookWire.From), query);
    }

    private static async Task<IResult> GetAssignmentAsync(HttpContext context, string id, string assignmentId, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        if (Guid.TryParse(id, out var publicId) && Guid.TryParse(assignmentId, out var wanted)
            && (await plans.ListAssignmentsAsync(publicId, who, cancellationToken)).FirstOrDefault(a => a.Id == wanted) is { } row)
        {
            return GraphAnswers.Entity(context, $"{Path}('{publicId}')/{Assignments}", ManagedEBookWire.From(row));
        }

        return GraphError.NotFound("There is no such assignment.");
    }

    private static async Task<IResult> AssignAsync(HttpContext context, string id, AssignmentDesk desk, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, AssignBody.Properties);
        if (error is not null)
        {
            return error;
        }

        var (wishes, fault) = AssignBody.Read(body);
        if (wishes is null)
        {
            return fault!;
        }

        if (!Guid.TryParse(id, out var publicId))
        {
            return Missing(id);
        }

        return await desk.AssignAsync(new PlanRequest(publicId, wishes), await actor.FindAsync(), cancellationToken) switch
        {
            CommitResult.Committed => Results.NoContent(),
            CommitResult.Refused { Refusal: { Code: "BookNotFound" } } => Missing(id),
            CommitResult.Refused { Refusal: { Code: "DirectoryUnavailable" } refusal } => new GraphError(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", refusal.Message),
            CommitResult.Refused { Refusal: { Index: { } index } refusal } => AssignBody.At(refusal.Message, index, refusal.Code),
            CommitResult.Refused { Refusal: var refusal } => new GraphError(StatusCodes.Status400BadRequest, refusal.Code, refusal.Message),
            _ => GraphError.Conflict("People or licenses kept changing while the assignment was made. Nothing was changed; try again."),
        };
    }

    private static async Task<IResult> DeleteAsync(string id, BookCatalog books, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var publicId) && await books.FindAsync(publicId, cancellationToken) is not null
            ? GraphError.Conflict("A book stays as long as Apple lists it or anybody holds it; move its licenses away in Apple School Manager or Apple Business.")
            : Missing(id);

    private static async Task<List<JsonObject>> AllAsync(
        GraphQuery query, BookCatalog books, PlanViews plans, Dictionary<Guid, string> accounts, Actor actor, CancellationToken cancellationToken)
    {
        var all = new List<JsonObject>();
        for (var skip = 0; ; skip += BookQuery.MaxTake)
        {
            var page = await books.ListAsync(new BookQuery { Skip = skip, Take = BookQuery.MaxTake }, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (await EntityAsync(row.PublicId, query, books, plans, accounts, actor, withCover: false, cancellationToken) is { } entity)
                {
                    all.Add(entity);
                }
            }

            if (skip + page.Rows.Count >= page.Total || page.Rows.Count == 0)
            {
                return all;
            }
        }
    }

    private static async Task<JsonObject?> EntityAsync(
        Guid publicId, GraphQuery query, BookCatalog books, PlanViews plans, Dictionary<Guid, string> accounts, Actor actor, bool withCover, CancellationToken cancellationToken)
    {
        if (await books.FindAsync(publicId, cancellationToken) is not { } book)
        {
            return null;
        }

        // Covers are large: only where one book is read, or somebody asks for them by name.
        var wanted = query.Select?.Contains("largeCover") ?? withCover;
        var cover = wanted && book.Book.CoverTitleId is { } titleId ? await books.FindCoverAsync(titleId, cancellationToken) : null;
        var entity = ManagedEBookWire.From(book, accounts.GetValueOrDefault(book.Book.LocationPublicId) ?? "", cover);
        if (query.Expand.Contains(Assignments))
        {
            entity[Assignments] = new JsonArray([.. (await plans.ListAssignmentsAsync(publicId, actor, cancellationToken)).Select(ManagedEBookWire.From)]);
        }

        return entity;
    }

    private static GraphError Missing(string id) => GraphError.NotFound($"There is no managedEBook with the id '{(id.Length > 64 ? id[..64] : id)}'.");
}
