using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using VppBooks.Core.Catalog;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>managedEBookCategory</c>: the genres of the store. They come with the books and cannot be made or changed here.</summary>
internal static class ManagedEBookCategoriesApi
{
    private const string Path = "managedEBookCategories";

    public static readonly IReadOnlySet<string> Properties = new HashSet<string> { "id", "displayName", "lastModifiedDateTime" };

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/managedEBookCategories", ListAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBookCategories/{categoryId}", GetAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/categories", ListOfBookAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/categories/{categoryId}", GetOfBookAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost("/managedEBookCategories", Refuse).RequireAuthorization(Policies.ManageBooks);
        routes.MapPatch("/managedEBookCategories/{categoryId}", Refuse).RequireAuthorization(Policies.ManageBooks);
        routes.MapDelete("/managedEBookCategories/{categoryId}", Refuse).RequireAuthorization(Policies.ManageBooks);
        routes.MapPost("/managedEBooks/{id}/categories", Refuse).RequireAuthorization(Policies.ManageBooks);
        routes.MapDelete("/managedEBooks/{id}/categories/{categoryId}", Refuse).RequireAuthorization(Policies.ManageBooks);
    }

    private static async Task<IResult> ListAsync(HttpContext context, BookCatalog books, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return GraphAnswers.Page(context, Path, (await GenresAsync(books, actor, cancellationToken)).Select(From), query);
    }

    private static async Task<IResult> GetAsync(HttpContext context, string categoryId, BookCatalog books, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return Answer(context, await GenresAsync(books, actor, cancellationToken), categoryId, query);
    }

    private static async Task<IResult> ListOfBookAsync(HttpContext context, string id, BookCatalog books, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return await FindAsync(books, id, actor, cancellationToken) is { } book
            ? GraphAnswers.Page(context, $"managedEBooks('{id}')/categories", book.Genres.Select(From), query)
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> GetOfBookAsync(HttpContext context, string id, string categoryId, BookCatalog books, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, Properties);
        return await FindAsync(books, id, actor, cancellationToken) is { } book ? Answer(context, book.Genres, categoryId, query) : ManagedEBooksApi.Missing(id);
    }

    private static GraphError Refuse() => GraphError.BadRequest("Categories of books are the genres of the store and cannot be changed here.");

    private static IResult Answer(HttpContext context, IReadOnlyList<string> genres, string id, GraphQuery query) =>
        ApiId.TryParse(id, out var wanted) && genres.FirstOrDefault(g => IdOf(g) == wanted) is { } genre
            ? GraphAnswers.Entity(context, Path, query.Project(From(genre)))
            : GraphError.NotFound("There is no such managedEBookCategory.");

    private static async Task<IReadOnlyList<string>> GenresAsync(BookCatalog books, CoreActor actor, CancellationToken cancellationToken) =>
        (await books.ListFacetsAsync(await actor.FindAsync(), cancellationToken)).Genres;

    private static async Task<BookDetail?> FindAsync(BookCatalog books, string id, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var publicId) ? await books.FindAsync(publicId, await actor.FindAsync(), cancellationToken) : null;

    /// <summary>A genre as a category.</summary>
    public static JsonObject From(string genre) => new()
    {
        ["@odata.type"] = "#microsoft.graph.managedEBookCategory",
        ["id"] = IdOf(genre).ToString(),
        ["displayName"] = genre,
        ["lastModifiedDateTime"] = Wire.Never,
    };

    // A genre has no key of its own: its name makes one, the same in every answer.
    private static Guid IdOf(string genre) => new(SHA256.HashData(Encoding.UTF8.GetBytes(genre.ToUpperInvariant())).AsSpan(0, 16));
}
