using System.Text.Json;
using System.Text.Json.Nodes;
using VppBooks.Core.Catalog;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary>
/// <c>managedEBookCategory</c>: shelves of the organization's own, and which book is on which (parity paper §4.5, rows 27 and 28). They put the catalog in order and are
/// never a target of an assignment; the store's genres are a property of the book.
/// </summary>
internal static class ManagedEBookCategoriesApi
{
    private const string Path = "managedEBookCategories";
    private const string OfBook = "/managedEBooks/{id}/categories";
    private const string Reference = "@odata.id";

    public static readonly IReadOnlySet<string> Properties = new HashSet<string> { "id", "displayName", "lastModifiedDateTime" };

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet($"/{Path}", ListAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet($"/{Path}/$count", CountAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet($"/{Path}/{{categoryId}}", GetAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost($"/{Path}", CreateAsync).RequireAuthorization(Policies.ManageBooks);
        routes.MapPatch($"/{Path}/{{categoryId}}", RenameAsync).RequireAuthorization(Policies.ManageBooks);
        routes.MapDelete($"/{Path}/{{categoryId}}", DeleteAsync).RequireAuthorization(Policies.ManageBooks);
        routes.MapGet(OfBook, ListOfBookAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet(OfBook + "/$count", CountOfBookAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet(OfBook + "/{categoryId}", GetOfBookAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost(OfBook, (HttpContext context, string id, BookCategories categories, CoreActor actor, CancellationToken stop) =>
            LinkAsync(context, id, categories, actor, withBody: true, stop)).RequireAuthorization(Policies.ManageBooks);
        routes.MapPost(OfBook + "/$ref", (HttpContext context, string id, BookCategories categories, CoreActor actor, CancellationToken stop) =>
            LinkAsync(context, id, categories, actor, withBody: false, stop)).RequireAuthorization(Policies.ManageBooks);
        routes.MapDelete(OfBook + "/{categoryId}", UnlinkAsync).RequireAuthorization(Policies.ManageBooks);
        routes.MapDelete(OfBook + "/{categoryId}/$ref", UnlinkAsync).RequireAuthorization(Policies.ManageBooks);
    }

    private static async Task<IResult> ListAsync(HttpContext context, BookCategories categories, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return GraphAnswers.Page(context, Path, (await categories.ListAsync(await actor.FindAsync(), cancellationToken)).Select(RowOf), query, tokens);
    }

    private static async Task<IResult> CountAsync(HttpContext context, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return GraphAnswers.Count((await categories.ListAsync(await actor.FindAsync(), cancellationToken)).Select(From), query);
    }

    private static async Task<IResult> GetAsync(HttpContext context, string categoryId, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return ApiId.TryParse(categoryId, out var id) && await categories.FindAsync(id, await actor.FindAsync(), cancellationToken) is { } found
            ? GraphETag.NotModified(context, GraphETag.Of(found.Version)) ?? GraphAnswers.Entity(context, Path, query.Project(From(found)))
            : Missing();
    }

    private static async Task<IResult> CreateAsync(HttpContext context, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, Properties);
        return error ?? Answer(context, await categories.CreateAsync(body.Text("displayName"), await actor.FindAsync(), cancellationToken), StatusCodes.Status201Created);
    }

    private static async Task<IResult> RenameAsync(HttpContext context, string categoryId, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, Properties);
        if (error is not null)
        {
            return error;
        }

        var who = await actor.FindAsync();
        if (!ApiId.TryParse(categoryId, out var id) || await categories.FindAsync(id, who, cancellationToken) is not { } seen)
        {
            return Missing();
        }

        if (!GraphETag.Admits(context.Request, seen.Version))
        {
            return GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
        }

        // Of a change, what is left out stays.
        return Answer(context, await categories.RenameAsync(id, body.Text("displayName") ?? seen.Name, VersionOf(context, seen), who, cancellationToken), StatusCodes.Status200OK);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string categoryId, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        if (!ApiId.TryParse(categoryId, out var id) || await categories.FindAsync(id, who, cancellationToken) is not { } seen)
        {
            return Missing();
        }

        return GraphETag.Admits(context.Request, seen.Version)
            ? Nothing(await categories.DeleteAsync(id, VersionOf(context, seen), who, cancellationToken), "")
            : GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
    }

    private static async Task<IResult> ListOfBookAsync(HttpContext context, string id, BookCategories categories, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return await OfBookAsync(categories, id, actor, cancellationToken) is { } rows
            ? GraphAnswers.Page(context, $"managedEBooks('{id}')/categories", rows.Select(RowOf), query, tokens)
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> CountOfBookAsync(HttpContext context, string id, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return await OfBookAsync(categories, id, actor, cancellationToken) is { } rows ? GraphAnswers.Count(rows.Select(From), query) : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> GetOfBookAsync(HttpContext context, string id, string categoryId, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        if (await OfBookAsync(categories, id, actor, cancellationToken) is not { } rows)
        {
            return ManagedEBooksApi.Missing(id);
        }

        return ApiId.TryParse(categoryId, out var wanted) && rows.FirstOrDefault(c => c.PublicId == wanted) is { } found
            ? GraphETag.NotModified(context, GraphETag.Of(found.Version)) ?? GraphAnswers.Entity(context, Path, query.Project(From(found)))
            : Missing();
    }

    private static async Task<IResult> LinkAsync(HttpContext context, string id, BookCategories categories, CoreActor actor, bool withBody, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, Properties);
        if (error is not null)
        {
            return error;
        }

        if (IdOf(body) is not { } categoryId)
        {
            return new GraphError(StatusCodes.Status400BadRequest, "BadRequest", $"Name a category by its id, or by its address in '{Reference}'.", Reference);
        }

        if (!ApiId.TryParse(id, out var bookId))
        {
            return ManagedEBooksApi.Missing(id);
        }

        var result = await categories.LinkAsync(bookId, categoryId, await actor.FindAsync(), cancellationToken);
        return withBody ? Answer(context, result, StatusCodes.Status201Created, id) : Nothing(result, id);
    }

    private static async Task<IResult> UnlinkAsync(string id, string categoryId, BookCategories categories, CoreActor actor, CancellationToken cancellationToken)
    {
        if (!ApiId.TryParse(id, out var bookId))
        {
            return ManagedEBooksApi.Missing(id);
        }

        return ApiId.TryParse(categoryId, out var category) ? Nothing(await categories.UnlinkAsync(bookId, category, await actor.FindAsync(), cancellationToken), id) : Missing();
    }

    // Scripts give the address that they read, here or from Intune: what counts is its end.
    private static Guid? IdOf(JsonElement body)
    {
        var key = body.Text("id");
        if (body.Text(Reference) is { } address)
        {
            var place = address.LastIndexOf(Path, StringComparison.OrdinalIgnoreCase);
            key = place < 0 ? null : address[(place + Path.Length)..].Trim('/', '(', ')', '\'');
        }

        return ApiId.TryParse(key, out var id) ? id : null;
    }

    private static async Task<IReadOnlyList<CategoryRow>?> OfBookAsync(BookCategories categories, string id, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var bookId) ? await categories.ListOfBookAsync(bookId, await actor.FindAsync(), cancellationToken) : null;

    private static int? VersionOf(HttpContext context, CategoryRow seen) => GraphETag.NamesOne(context.Request) ? seen.Version : null;

    private static IResult Answer(HttpContext context, CategoryResult result, int status, string bookId = "")
    {
        if (result is not CategoryResult.Done { Category: var category })
        {
            return Nothing(result, bookId);
        }

        if (status == StatusCodes.Status201Created)
        {
            var http = context.Request;
            context.Response.Headers.Location = $"{GraphQuery.Origin(http)}{http.PathBase}/{http.Path.Value!.Split('/')[1]}/deviceAppManagement/{Path}/{category.PublicId}";
        }

        context.Response.Headers.ETag = GraphETag.Of(category.Version);
        return GraphAnswers.Entity(context, Path, From(category), status);
    }

    private static IResult Nothing(CategoryResult result, string bookId) => result is not CategoryResult.Refused { Why: var why } ? Results.NoContent() : why switch
    {
        CategoryRefusal.NotFound => Missing(),
        CategoryRefusal.BookNotFound => ManagedEBooksApi.Missing(bookId),
        CategoryRefusal.Changed => GraphError.ForStatus(StatusCodes.Status412PreconditionFailed),
        CategoryRefusal.NameTaken => new GraphError(StatusCodes.Status409Conflict, "NameTaken", "There is a category with this name.", "displayName"),
        CategoryRefusal.TooMany => new GraphError(StatusCodes.Status409Conflict, "TooManyCategories", $"There are {BookCategories.Most} categories, which is as many as there may be."),
        _ => new GraphError(StatusCodes.Status400BadRequest, "BadRequest", $"displayName must have 1 to {BookCategory.LongestName} characters and no control characters.", "displayName"),
    };

    private static GraphError Missing() => GraphError.NotFound("There is no such managedEBookCategory.");

    private static GraphRow RowOf(CategoryRow category) => new(From(category), category.Name);

    /// <summary>A category as Graph has it.</summary>
    public static JsonObject From(CategoryRow category) => new()
    {
        ["@odata.type"] = "#microsoft.graph.managedEBookCategory",
        ["id"] = category.PublicId.ToString(),
        ["displayName"] = category.Name,
        ["lastModifiedDateTime"] = Wire.Date(category.ModifiedAt),
    };
}
