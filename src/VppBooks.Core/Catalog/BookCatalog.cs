using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Catalog;

/// <summary>Books as screens and the API show them. Reads our tables only, never Apple.</summary>
public sealed class BookCatalog(IDbContextFactory<VppBooksDbContext> contexts, AlertRules rules)
{
    private const int GroupsInList = 3;

    /// <summary>A page of books of all connected locations.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookPage> ListAsync(BookQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var books = db.ListedBooks().Where(db, query, await rules.ReadAsync(db, cancellationToken));
        var total = await books.CountAsync(cancellationToken);
        var page = await Rows(db, books.OrderBy(db, query).Skip(Math.Max(query.Skip, 0)).Take(Math.Clamp(query.Take, 1, BookQuery.MaxTake))).ToListAsync(cancellationToken);
        var groups = await GroupsAsync(db, page.ConvertAll(b => b.BookId), cancellationToken);
        return new BookPage(page.ConvertAll(b => b with { Groups = [.. groups[b.BookId].Where(g => g.Intent != Intent.Excluded).Take(GroupsInList)] }), total);
    }

    /// <summary>All of a list without the groups of each book; <see cref="BookQuery.Skip"/> and <see cref="BookQuery.Take"/> do not count.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async IAsyncEnumerable<BookRow> StreamAsync(BookQuery query, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var books = db.ListedBooks().Where(db, query, await rules.ReadAsync(db, cancellationToken));
        var all = WholeList.ReadAsync(
            books.OrderBy(db, query).Select(b => b.Book.Id),
            keys => Rows(db, books.Where(b => keys.Contains(b.Book.Id))).ToDictionaryAsync(b => b.BookId, cancellationToken),
            cancellationToken);
        await foreach (var book in all)
        {
            yield return book;
        }
    }

    /// <summary>A page of books as programs ask for them.</summary>
    /// <exception cref="FormatException"><see cref="BookSelection.After"/> belongs to another order.</exception>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookSelected> SelectAsync(BookSelection selection, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var books = db.ListedBooks();
        if (selection.Where is { } where)
        {
            books = books.Where(BookConditions.Of(where));
        }

        int? total = selection.Count ? await books.CountAsync(cancellationToken) : null;
        var take = Math.Clamp(selection.Take, 0, BookQuery.MaxTake);
        if (take == 0)
        {
            return new BookSelected([], total, null);
        }

        var keys = BookKey.Of(selection.OrderBy);
        if (selection.After is { } after)
        {
            books = books.Where(BookKey.After(keys, after));
        }

        var ordered = keys.Skip(1).Aggregate(keys[0].Order(books), (so, key) => key.OrderFurther(so));
        var rows = await Rows(db, ordered.Skip(Math.Max(selection.Skip, 0)).Take(take + 1)).ToListAsync(cancellationToken);
        if (rows.Count <= take)
        {
            return new BookSelected(rows, total, null);
        }

        rows.RemoveAt(take);
        var lastId = rows[^1].BookId;
        var last = db.ListedBooks().Where(b => b.Book.Id == lastId);
        var next = new List<string>(keys.Count);
        foreach (var key in keys)
        {
            next.Add(await key.ReadAsync(last, cancellationToken));
        }

        return new BookSelected(rows, total, next);
    }

    /// <summary>One book; null when there is none with the id.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookDetail?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = db.ListedBooks().Where(b => b.Book.PublicId == publicId);
        var row = await Rows(db, one).SingleOrDefaultAsync(cancellationToken);
        if (row is null)
        {
            return null;
        }

        var more = await one.Select(b => new
        {
            b.Title!.Description,
            b.Title.Seller,
            b.Title.Language,
            b.Title.Isbn,
            Genres = (string?)b.Title.Genres,
            b.Title.ReleaseDate,
            b.Title.StoreUrl,
            b.Location.OrganizationName,
            b.Location.LocationName,
            b.Book.CreatedAt,
            b.Book.ModifiedAt,
            Ours = db.Licenses.Count(l => l.BookId == b.Book.Id && l.State == LicenseState.Assigned),
            Foreign = db.ForeignHoldings.Count(h => h.BookId == b.Book.Id),
            Failed = db.Licenses.Count(l => l.BookId == b.Book.Id && l.State == LicenseState.Failed),
            Held = db.Licenses.Count(l => l.BookId == b.Book.Id && l.State == LicenseState.Held),
        }).SingleAsync(cancellationToken);
        var groups = await GroupsAsync(db, [row.BookId], cancellationToken);
        return new BookDetail
        {
            Book = row with { Groups = [.. groups[row.BookId]] },
            Description = more.Description,
            Seller = more.Seller,
            Language = more.Language,
            Isbn = more.Isbn,
            Genres = Split(more.Genres),
            ReleaseDate = more.ReleaseDate,
            StoreUrl = more.StoreUrl,
            OrganizationName = more.OrganizationName,
            LocationName = more.LocationName,
            Ours = more.Ours,
            Foreign = more.Foreign,
            Leavers = await CountLeaversAsync(db, row, cancellationToken),
            Failed = more.Failed,
            Held = more.Held,
            CreatedAt = more.CreatedAt,
            ModifiedAt = more.ModifiedAt,
        };
    }

    /// <summary>What the list leaves out of the books named, by internal id.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyDictionary<int, BookFacts>> ReadFactsAsync(IReadOnlyCollection<int> bookIds, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.ListedBooks().Where(b => bookIds.Contains(b.Book.Id))
            .Select(b => new
            {
                b.Book.Id,
                b.Title!.Description,
                b.Title.Seller,
                b.Title.Language,
                Genres = (string?)b.Title.Genres,
                b.Title.ReleaseDate,
                b.Title.StoreUrl,
                b.Location.OrganizationName,
                b.Location.AppleAccount,
                Foreign = db.ForeignHoldings.Count(h => h.BookId == b.Book.Id),
                b.Book.CreatedAt,
                b.Book.ModifiedAt,
            })
            .ToDictionaryAsync(
                b => b.Id,
                b => new BookFacts(b.Description, b.Seller, b.Language, Split(b.Genres), b.ReleaseDate, b.StoreUrl, b.OrganizationName, b.AppleAccount, b.Foreign, b.CreatedAt, b.ModifiedAt),
                cancellationToken);
    }

    /// <summary>A cached cover; null when there is none. Store artwork, which readers see too: needs no permission.</summary>
    public async Task<CoverFile?> FindCoverAsync(int titleId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Covers.Where(c => c.TitleId == titleId).Select(c => new CoverFile(c.ContentType, c.Content, c.FetchedAt)).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>The cached covers of some titles, by title.</summary>
    public async Task<IReadOnlyDictionary<int, CoverFile>> ReadCoversAsync(IReadOnlyCollection<int> titleIds, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Covers.Where(c => titleIds.Contains(c.TitleId))
            .Select(c => new { c.TitleId, File = new CoverFile(c.ContentType, c.Content, c.FetchedAt) })
            .ToDictionaryAsync(c => c.TitleId, c => c.File, cancellationToken);
    }

    /// <summary>Genres, languages, locations and categories to filter by.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookFacets> ListFacetsAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var genres = await db.ListedBooks().Where(b => b.Title != null && b.Title.Genres != "").Select(b => b.Title!.Genres).Distinct().ToListAsync(cancellationToken);
        var languages = await db.ListedBooks().Where(b => b.Title!.Language != null).Select(b => b.Title!.Language!).Distinct().ToListAsync(cancellationToken);
        var locations = await db.Locations.Where(l => l.DeletedAt == null).OrderBy(l => l.Name).Select(l => new LocationFacet(l.PublicId, l.Name)).ToListAsync(cancellationToken);
        var categories = await db.BookCategories.OrderBy(c => c.NameKey).Select(c => new CategoryFacet(c.PublicId, c.Name)).ToListAsync(cancellationToken);
        return new BookFacets(
            [.. genres.SelectMany(Split).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.CurrentCultureIgnoreCase)],
            [.. languages.Order(StringComparer.Ordinal)],
            locations,
            categories);
    }

    private static IQueryable<BookRow> Rows(VppBooksDbContext db, IQueryable<ListedBook> books) => books.Select(b => new BookRow
    {
        BookId = b.Book.Id,
        PublicId = b.Book.PublicId,
        LocationId = b.Location.Id,
        LocationPublicId = b.Location.PublicId,
        Version = b.Book.Version,
        AdamId = b.Book.AdamId,
        PricingParam = b.Book.PricingParam,
        Title = b.Title!.Name,
        Author = b.Title.Author,
        TokenName = b.Location.Name,
        CoverTitleId = b.Title.HasCover ? b.Book.TitleId : null,
        Total = b.Book.TotalCount,
        Used = b.Book.AssignedCount,
        Free = b.Book.AvailableCount,
        Unlimited = b.Book.Unlimited,
        NoLongerReported = b.Book.NoLongerReported,
        Reserved = db.Licenses.Count(l => l.BookId == b.Book.Id
            && (l.State == LicenseState.Reserved || l.State == LicenseState.Submitting || l.State == LicenseState.Submitted || l.State == LicenseState.Unknown)),
        Waiting = db.Licenses.Count(l => l.BookId == b.Book.Id && l.State == LicenseState.Waiting),
        Assignments = db.GroupAssignments.Count(a => a.BookId == b.Book.Id && a.Intent != Intent.Excluded),
        RequiredAssignments = db.GroupAssignments.Count(a => a.BookId == b.Book.Id && a.Intent == Intent.Required),
        LocationState = b.Location.State,
        LastSyncedAt = b.Location.LastSyncedAt,
    });

    private static async Task<ILookup<int, AssignedGroup>> GroupsAsync(VppBooksDbContext db, List<int> bookIds, CancellationToken cancellationToken)
    {
        var assigned = await (
            from assignment in db.GroupAssignments.AsNoTracking()
            join directoryGroup in db.Groups on assignment.GroupId equals directoryGroup.Id into groups
            from directoryGroup in groups.DefaultIfEmpty()
            where bookIds.Contains(assignment.BookId)
            select new { assignment.BookId, assignment.Intent, assignment.Id, DirectoryId = (Guid?)directoryGroup!.DirectoryId, Name = (string?)directoryGroup.DisplayName })
            .ToListAsync(cancellationToken);
        return assigned
            .OrderBy(a => a.Intent switch { Intent.Required => 0, Intent.Available => 1, _ => 2 }).ThenBy(a => a.Name, StringComparer.CurrentCultureIgnoreCase)
            .ToLookup(a => a.BookId, a => new AssignedGroup(a.DirectoryId, a.Name, a.Intent));
    }

    // Copies that nobody can take back from people who are no longer there.
    private static async Task<int> CountLeaversAsync(VppBooksDbContext db, BookRow book, CancellationToken cancellationToken)
    {
        var ours = await db.Licenses.CountAsync(
            l => l.BookId == book.BookId && l.State == LicenseState.Assigned
                && (db.People.Any(p => p.Id == l.PersonId && p.GoneSince != null)
                    || (db.VppUsers.Any(u => u.PersonId == l.PersonId && u.LocationId == book.LocationId && u.Retired)
                        && !db.VppUsers.Any(u => u.PersonId == l.PersonId && u.LocationId == book.LocationId && !u.Retired))),
            cancellationToken);
        var foreign = await db.ForeignHoldings.CountAsync(h => h.BookId == book.BookId && db.VppUsers.Any(u => u.Id == h.VppUserId && u.Retired), cancellationToken);
        return ours + foreign;
    }

    private static string[] Split(string? genres) => string.IsNullOrEmpty(genres) ? [] : genres.Split('|');
}
