using System.Text.Json.Nodes;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api.Graph;

/// <summary>A page of books as wire objects.</summary>
internal sealed record BookEntities(IReadOnlyList<JsonObject> Rows, int? Total, IReadOnlyList<string>? Next);

/// <summary>Reads books for the API: only what the options of a request ask for.</summary>
internal sealed class BookReading(BookCatalog books, PlanViews plans)
{
    /// <summary>The property with the picture.</summary>
    public const string Cover = "largeCover";

    /// <summary>Books of a page that brings their covers along.</summary>
    public const int MostCovers = 20;

    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    /// <exception cref="GraphQueryException">The place to continue at belongs to another list.</exception>
    public async Task<BookEntities> SelectAsync(BookSelection selection, GraphQuery query, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            var page = await books.SelectAsync(selection, actor, cancellationToken);
            return new BookEntities(await EntitiesAsync(page.Rows, query, withCover: false, actor, cancellationToken), page.Total, page.Next);
        }
        catch (FormatException)
        {
            throw GraphSkipTokens.Foreign();
        }
    }

    /// <summary>One book; null when there is none with the id.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<JsonObject?> FindAsync(Guid publicId, GraphQuery query, Actor actor, CancellationToken cancellationToken)
    {
        return await books.FindAsync(publicId, actor, cancellationToken) is { Book: var row }
            ? (await EntitiesAsync([row], query, withCover: true, actor, cancellationToken)).FirstOrDefault()
            : null;
    }

    private async Task<List<JsonObject>> EntitiesAsync(IReadOnlyList<BookRow> rows, GraphQuery query, bool withCover, Actor actor, CancellationToken cancellationToken)
    {
        var facts = await books.ReadFactsAsync([.. rows.Select(r => r.BookId)], actor, cancellationToken);
        // Covers are large: only where one book is read, or somebody asks for them by name.
        var covers = query.Select?.Contains(Cover) ?? withCover
            ? await books.ReadCoversAsync([.. rows.Select(r => r.CoverTitleId).OfType<int>()], cancellationToken)
            : new Dictionary<int, CoverFile>();
        var entities = new List<JsonObject>(rows.Count);
        foreach (var row in rows.Where(r => facts.ContainsKey(r.BookId)))
        {
            var entity = ManagedEBookWire.From(row, facts[row.BookId], row.CoverTitleId is { } titleId ? covers.GetValueOrDefault(titleId) : null);
            if (query.Expand.ContainsKey("assignments"))
            {
                entity["assignments"] = new JsonArray([.. (await plans.ListAssignmentsAsync(row.PublicId, actor, cancellationToken)).Select(ManagedEBookWire.From)]);
            }

            entities.Add(entity);
        }

        return entities;
    }
}
