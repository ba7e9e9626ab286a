using System.Text.Json.Nodes;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api.Graph;

/// <summary>A page of books as wire objects.</summary>
internal sealed record BookEntities(IReadOnlyList<JsonObject> Rows, int? Total, IReadOnlyList<string>? Next);

/// <summary>Reads books for the API: only what the options of a request ask for.</summary>
internal sealed class BookReading(BookCatalog books, PlanViews plans, BookStates states, BookCategories shelves, GraphSkipTokens tokens)
{
    public const string Assignments = "assignments";
    public const string Summary = "installSummary";
    public const string Categories = "categories";
    public const string Devices = "deviceStates";
    public const string Users = "userStateSummary";

    /// <summary>The property with the picture.</summary>
    public const string Cover = "largeCover";

    /// <summary>Books of a page that brings parts of each along, and people or devices that come with a book; the rest has an address of its own.</summary>
    public const int MostExpanded = 100;

    // Pictures, people, devices and their counts are much for one answer.
    private const int MostHeavy = 20;

    /// <summary>How many books a page may have, by what comes with each.</summary>
    public static int Most(GraphQuery query) =>
        query.Select?.Contains(Cover) == true || query.Expand.ContainsKey(Devices) || query.Expand.ContainsKey(Users) || query.Expand.ContainsKey(Summary) ? MostHeavy
        : query.Expand.Count > 0 ? MostExpanded
        : int.MaxValue;

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

    /// <summary>
    /// The tags under which one book is read now: without options, and with all of its assignments. Null when there is none with the id. What a caller saw otherwise has
    /// another tag, and is not enough to change by.
    /// </summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<string>?> TagsAsync(Guid publicId, HttpRequest request, Actor actor, CancellationToken cancellationToken)
    {
        var tags = new List<string>();
        foreach (var query in new[] { GraphQuery.Whole(request), GraphQuery.Whole(request, Assignments) })
        {
            if (await FindAsync(publicId, query, actor, cancellationToken) is not { } book)
            {
                return null;
            }

            tags.Add(GraphETag.Of(book));
        }

        return tags;
    }

    private async Task<List<JsonObject>> EntitiesAsync(IReadOnlyList<BookRow> rows, GraphQuery query, bool withCover, Actor actor, CancellationToken cancellationToken)
    {
        var facts = await books.ReadFactsAsync([.. rows.Select(r => r.BookId)], actor, cancellationToken);
        // Covers are large: only where one book is read, or somebody asks for them by name.
        var covers = query.Select?.Contains(Cover) ?? withCover
            ? await books.ReadCoversAsync([.. rows.Select(r => r.CoverTitleId).OfType<int>()], cancellationToken)
            : new Dictionary<int, CoverFile>();
        var counts = query.Expand.ContainsKey(Summary) ? await states.CountAsync([.. rows.Select(r => r.PublicId)], actor, cancellationToken) : new Dictionary<Guid, BookStateCounts>();
        var categories = query.Expand.ContainsKey(Categories) ? await shelves.ReadAsync([.. rows.Select(r => r.BookId)], actor, cancellationToken) : null;
        var entities = new List<JsonObject>(rows.Count);
        foreach (var row in rows.Where(r => facts.ContainsKey(r.BookId)))
        {
            var entity = ManagedEBookWire.From(row, facts[row.BookId], row.CoverTitleId is { } titleId ? covers.GetValueOrDefault(titleId) : null);
            if (query.Expand.ContainsKey(Assignments))
            {
                entity[Assignments] = new JsonArray([.. (await plans.ListAssignmentsAsync(row.PublicId, actor, cancellationToken)).Select(ManagedEBookWire.From)]);
            }

            if (counts.TryGetValue(row.PublicId, out var count))
            {
                entity[Summary] = BookStatesWire.From(row.PublicId, count);
            }

            if (categories is not null)
            {
                entity[Categories] = new JsonArray([.. categories[row.BookId].Select(ManagedEBookCategoriesApi.From)]);
            }

            if (query.Expand.ContainsKey(Devices) && await states.PageDevicesAsync(row.PublicId, new BookStatePage { Take = MostExpanded }, actor, cancellationToken) is { } devices)
            {
                Attach(entity, Devices, row, devices.Rows.Select(BookStatesWire.From), devices.Next, query);
            }

            if (query.Expand.ContainsKey(Users) && await states.PageUsersAsync(row.PublicId, new BookStatePage { Take = MostExpanded }, actor, cancellationToken) is { } users)
            {
                Attach(entity, Users, row, users.Rows.Select(u => BookStatesWire.From(u, withDevices: false)), users.Next, query);
            }

            entities.Add(entity);
        }

        return entities;
    }

    private void Attach(JsonObject entity, string part, BookRow book, IEnumerable<JsonObject> rows, IReadOnlyList<string>? next, GraphQuery query)
    {
        entity[part] = new JsonArray([.. rows]);
        if (next is not null)
        {
            entity[part + "@odata.nextLink"] = tokens.LinkTo($"managedEBooks/{book.PublicId}/{part}", next, query);
        }
    }
}
