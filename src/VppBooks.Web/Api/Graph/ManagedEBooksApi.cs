using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceAppManagement/managedEBooks</c> (parity paper §4.5).</summary>
internal static class ManagedEBooksApi
{
    private const string Path = "managedEBooks";
    private const string Assignments = "assignments";

    private static readonly Expandable _assignments = new(Assignments, ManagedEBookWire.AssignmentProperties);

    public static void Map(RouteGroupBuilder routes)
    {
        foreach (var collection in new[] { "/managedEBooks", "/managedEBooks/microsoft.graph.iosVppEBook", "/managedEBooks/graph.iosVppEBook" })
        {
            routes.MapGet(collection, ListAsync).RequireAuthorization(Policies.ReadAll);
            routes.MapGet(collection + "/$count", CountAsync).RequireAuthorization(Policies.ReadAll);
        }

        routes.MapGet("/managedEBooks/{id}", GetAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/assignments", ListAssignmentsAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/assignments/{assignmentId}", GetAssignmentAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost("/managedEBooks/{id}/assign", AssignAsync).RequireAuthorization(Policies.Assign);
        routes.MapPost("/managedEBooks/{id}/microsoft.graph.assign", AssignAsync).RequireAuthorization(Policies.Assign);
        routes.MapPost("/managedEBooks", () => GraphError.BadRequest("Books come from Apple: buy them in Apple School Manager or Apple Business and sync.")).RequireAuthorization(Policies.ManageTokens);
        routes.MapPatch("/managedEBooks/{id}", () => GraphError.BadRequest("The properties of a book come from Apple and cannot be changed.")).RequireAuthorization(Policies.ManageTokens);
        routes.MapDelete("/managedEBooks/{id}", DeleteAsync).RequireAuthorization(Policies.ManageTokens);
    }

    private static async Task<IResult> ListAsync(HttpContext context, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties, _assignments);
        var reading = new Reading(query, books, plans, await actor.FindAsync());
        if (!query.IsPlain)
        {
            return GraphAnswers.Page(context, Path, await reading.AllAsync(cancellationToken), query);
        }

        var (rows, total) = await reading.PageAsync(query.Skip, query.Top, cancellationToken);
        return GraphAnswers.Collection(context, Path, rows, query, total);
    }

    private static async Task<IResult> CountAsync(HttpContext context, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties);
        var reading = new Reading(query, books, plans, await actor.FindAsync());
        var count = query.Filter is null ? (await reading.PageAsync(0, 0, cancellationToken)).Total : query.Arrange(await reading.AllAsync(cancellationToken)).Count;
        return Results.Text(count.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<IResult> GetAsync(HttpContext context, string id, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.Properties, _assignments);
        var reading = new Reading(query, books, plans, await actor.FindAsync());
        return Guid.TryParse(id, out var publicId) && await reading.FindAsync(publicId, cancellationToken) is { } entity
            ? GraphAnswers.Entity(context, Path, query.Project(entity))
            : Missing(id);
    }

    private static async Task<IResult> ListAssignmentsAsync(HttpContext context, string id, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.AssignmentProperties);
        var who = await actor.FindAsync();
        who.Demand(Permissions.Read);
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
            CommitResult.Refused { Refusal: { Code: "DirectoryUnavailable" or "DirectoryConsentMissing" or "DirectoryBusy" or "DirectoryStale" } refusal } => new GraphError(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", refusal.Message),
            CommitResult.Refused { Refusal: { Index: { } index } refusal } => AssignBody.At(refusal.Message, index, refusal.Code),
            CommitResult.Refused { Refusal: var refusal } => new GraphError(StatusCodes.Status400BadRequest, refusal.Code, refusal.Message),
            _ => GraphError.Conflict("People or licenses kept changing while the assignment was made. Nothing was changed; try again."),
        };
    }

    private static async Task<IResult> DeleteAsync(string id, BookCatalog books, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var publicId) && await books.FindAsync(publicId, cancellationToken) is not null
            ? GraphError.Conflict("A book stays as long as Apple lists it or anybody holds it; move its licenses away in Apple School Manager or Apple Business.")
            : Missing(id);

    private static GraphError Missing(string id) => GraphError.NotFound($"There is no managedEBook with the id '{(id.Length > 64 ? id[..64] : id)}'.");

    /// <summary>Reads books for one request: only what its options ask for.</summary>
    private sealed class Reading
    {
        private readonly GraphQuery _query;
        private readonly BookCatalog _books;
        private readonly PlanViews _plans;
        private readonly Actor _actor;

        /// <exception cref="NotAllowedException">The actor may not read.</exception>
        public Reading(GraphQuery query, BookCatalog books, PlanViews plans, Actor actor)
        {
            actor.Demand(Permissions.Read);
            (_query, _books, _plans, _actor) = (query, books, plans, actor);
        }

        /// <summary>Books in the catalog's own order; none when <paramref name="take"/> is 0.</summary>
        public async Task<(List<JsonObject> Rows, int Total)> PageAsync(int skip, int take, CancellationToken cancellationToken)
        {
            var page = await _books.ListAsync(new BookQuery { Skip = skip, Take = Math.Max(1, take) }, cancellationToken);
            return (await EntitiesAsync([.. page.Rows.Take(take)], withCover: false, cancellationToken), page.Total);
        }

        public async Task<List<JsonObject>> AllAsync(CancellationToken cancellationToken)
        {
            var all = new List<JsonObject>();
            for (var skip = 0; ; skip += BookQuery.MaxTake)
            {
                var (rows, total) = await PageAsync(skip, BookQuery.MaxTake, cancellationToken);
                all.AddRange(rows);
                if (skip + BookQuery.MaxTake >= total)
                {
                    return all;
                }
            }
        }

        public async Task<JsonObject?> FindAsync(Guid publicId, CancellationToken cancellationToken) =>
            await _books.FindAsync(publicId, cancellationToken) is { Book: var row } ? (await EntitiesAsync([row], withCover: true, cancellationToken)).FirstOrDefault() : null;

        private async Task<List<JsonObject>> EntitiesAsync(List<BookRow> rows, bool withCover, CancellationToken cancellationToken)
        {
            var facts = await _books.ReadFactsAsync(rows.ConvertAll(r => r.BookId), cancellationToken);
            var entities = new List<JsonObject>(rows.Count);
            foreach (var row in rows.Where(r => facts.ContainsKey(r.BookId)))
            {
                // Covers are large: only where one book is read, or somebody asks for them by name.
                var wanted = _query.Select?.Contains("largeCover") ?? withCover;
                var cover = wanted && row.CoverTitleId is { } titleId ? await _books.FindCoverAsync(titleId, cancellationToken) : null;
                var entity = ManagedEBookWire.From(row, facts[row.BookId], cover);
                if (_query.Expand.ContainsKey(Assignments))
                {
                    entity[Assignments] = new JsonArray([.. (await _plans.ListAssignmentsAsync(row.PublicId, _actor, cancellationToken)).Select(ManagedEBookWire.From)]);
                }

                entities.Add(entity);
            }

            return entities;
        }
    }
}
