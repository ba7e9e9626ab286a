using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Catalog;

/// <summary>A category in a list.</summary>
/// <param name="PublicId">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="ModifiedAt">When it was made or renamed.</param>
/// <param name="Version">Raised by every change of its name.</param>
public sealed record CategoryRow(Guid PublicId, string Name, DateTimeOffset ModifiedAt, int Version);

/// <summary>Why a category was not changed.</summary>
public enum CategoryRefusal
{
    /// <summary>There is no such category, or the book is not in it.</summary>
    NotFound = 0,

    /// <summary>There is no such book.</summary>
    BookNotFound,

    /// <summary>The name is empty, longer than <see cref="BookCategory.LongestName"/> characters, or holds a control character.</summary>
    NameInvalid,

    /// <summary>Another category has the name, however it is written.</summary>
    NameTaken,

    /// <summary>Somebody else changed it since it was seen.</summary>
    Changed,

    /// <summary>There are <see cref="BookCategories.Most"/> already.</summary>
    TooMany,
}

/// <summary>What became of a change.</summary>
public abstract record CategoryResult
{
    private CategoryResult()
    {
    }

    /// <summary>It is as it was wished; of a category that was deleted, how it was before.</summary>
    public sealed record Done(CategoryRow Category) : CategoryResult;

    /// <summary>Nothing was changed.</summary>
    public sealed record Refused(CategoryRefusal Why) : CategoryResult;
}

/// <summary>Categories of books: they put the catalog in order, and nobody is given a book through one.</summary>
public sealed class BookCategories(IDbContextFactory<VppBooksDbContext> contexts, IdSource ids, ChangeFeed feed, TimeProvider clock)
{
    /// <summary>How many there may be: lists and filters show all of them.</summary>
    public const int Most = 500;

    /// <summary>All categories, by name.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<CategoryRow>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Rows(db.BookCategories).ToListAsync(cancellationToken);
    }

    /// <summary>One category; null when there is none with the id.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<CategoryRow?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Rows(db.BookCategories.Where(c => c.PublicId == publicId)).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>The categories of a book, by name; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<CategoryRow>?> ListOfBookAsync(Guid bookId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await BookAsync(db, bookId, cancellationToken) is { } book
            ? await Rows(db.BookCategories.Where(c => db.BookCategoryLinks.Any(l => l.CategoryId == c.Id && l.BookId == book.Id))).ToListAsync(cancellationToken)
            : null;
    }

    /// <summary>The categories of some books, by the books' internal ids; a book in none is left out.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<ILookup<int, CategoryRow>> ReadAsync(IReadOnlyCollection<int> bookIds, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var wanted = bookIds.ToArray();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var linked = await db.BookCategoryLinks.Where(l => EF.Parameter(wanted).Contains(l.BookId))
            .Join(db.BookCategories, l => l.CategoryId, c => c.Id, (l, c) => new { l.BookId, c.PublicId, c.Name, c.NameKey, c.ModifiedAt, c.Version })
            .OrderBy(c => c.NameKey)
            .ToListAsync(cancellationToken);
        return linked.ToLookup(c => c.BookId, c => new CategoryRow(c.PublicId, c.Name, c.ModifiedAt, c.Version));
    }

    /// <summary>Makes a category.</summary>
    /// <exception cref="NotAllowedException">The actor may not manage books.</exception>
    public async Task<CategoryResult> CreateAsync(string? name, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageBooks);
        if (BookCategory.NameOf(name) is not { } kept)
        {
            return Refused(CategoryRefusal.NameInvalid);
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await IsTakenAsync(db, kept, except: 0, cancellationToken))
        {
            return Refused(CategoryRefusal.NameTaken);
        }

        if (await db.BookCategories.CountAsync(cancellationToken) >= Most)
        {
            return Refused(CategoryRefusal.TooMany);
        }

        var now = clock.GetUtcNow();
        var category = new BookCategory { PublicId = ids.NewId(), Name = kept, NameKey = BookCategory.KeyOf(kept), ModifiedAt = now };
        db.BookCategories.Add(category);
        db.Audit(actor, now, "category.created", default, new { category = kept });
        return await SaveAsync(db, category, kept, cancellationToken);
    }

    /// <summary>Gives a category another name.</summary>
    /// <param name="publicId">The category.</param>
    /// <param name="name">Its new name.</param>
    /// <param name="version">The version that was seen; null: whatever it is.</param>
    /// <param name="actor">Who acts.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <exception cref="NotAllowedException">The actor may not manage books.</exception>
    public async Task<CategoryResult> RenameAsync(Guid publicId, string? name, int? version, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageBooks);
        if (BookCategory.NameOf(name) is not { } kept)
        {
            return Refused(CategoryRefusal.NameInvalid);
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.BookCategories.SingleOrDefaultAsync(c => c.PublicId == publicId, cancellationToken) is not { } category)
        {
            return Refused(CategoryRefusal.NotFound);
        }

        if (version is not null && version != category.Version)
        {
            return Refused(CategoryRefusal.Changed);
        }

        if (kept == category.Name)
        {
            return new CategoryResult.Done(RowOf(category));
        }

        if (await IsTakenAsync(db, kept, category.Id, cancellationToken))
        {
            return Refused(CategoryRefusal.NameTaken);
        }

        var now = clock.GetUtcNow();
        db.Audit(actor, now, "category.changed", default, new { before = new { name = category.Name }, after = new { name = kept } });
        (category.Name, category.NameKey, category.ModifiedAt) = (kept, BookCategory.KeyOf(kept), now);
        return await SaveAsync(db, category, kept, cancellationToken);
    }

    /// <summary>Removes a category; its books stay as they are.</summary>
    /// <param name="publicId">The category.</param>
    /// <param name="version">The version that was seen; null: whatever it is.</param>
    /// <param name="actor">Who acts.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <exception cref="NotAllowedException">The actor may not manage books.</exception>
    public async Task<CategoryResult> DeleteAsync(Guid publicId, int? version, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageBooks);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.BookCategories.SingleOrDefaultAsync(c => c.PublicId == publicId, cancellationToken) is not { } category)
        {
            return Refused(CategoryRefusal.NotFound);
        }

        if (version is not null && version != category.Version)
        {
            return Refused(CategoryRefusal.Changed);
        }

        var books = await db.BookCategoryLinks.CountAsync(l => l.CategoryId == category.Id, cancellationToken);
        db.BookCategories.Remove(category);
        db.Audit(actor, clock.GetUtcNow(), "category.deleted", default, new { category = category.Name, books });
        return await SaveAsync(db, category, name: null, cancellationToken);
    }

    /// <summary>Puts a book into a category. Without effect, and not written down, when it is in it.</summary>
    /// <exception cref="NotAllowedException">The actor may not manage books.</exception>
    public Task<CategoryResult> LinkAsync(Guid bookId, Guid categoryId, Actor actor, CancellationToken cancellationToken) => ChangeLinkAsync(bookId, categoryId, link: true, actor, cancellationToken);

    /// <summary>Takes a book out of a category.</summary>
    /// <exception cref="NotAllowedException">The actor may not manage books.</exception>
    public Task<CategoryResult> UnlinkAsync(Guid bookId, Guid categoryId, Actor actor, CancellationToken cancellationToken) => ChangeLinkAsync(bookId, categoryId, link: false, actor, cancellationToken);

    private async Task<CategoryResult> ChangeLinkAsync(Guid bookId, Guid categoryId, bool link, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageBooks);
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            if (await BookAsync(db, bookId, cancellationToken) is not { } book)
            {
                return Refused(CategoryRefusal.BookNotFound);
            }

            if (await db.BookCategories.AsNoTracking().SingleOrDefaultAsync(c => c.PublicId == categoryId, cancellationToken) is not { } category)
            {
                return Refused(CategoryRefusal.NotFound);
            }

            var standing = await db.BookCategoryLinks.SingleOrDefaultAsync(l => l.CategoryId == category.Id && l.BookId == book.Id, cancellationToken);
            if ((standing is not null) == link)
            {
                return link ? new CategoryResult.Done(RowOf(category)) : Refused(CategoryRefusal.NotFound);
            }

            if (link)
            {
                db.BookCategoryLinks.Add(new BookCategoryLink { CategoryId = category.Id, BookId = book.Id });
            }
            else
            {
                db.BookCategoryLinks.Remove(standing!);
            }

            db.Audit(actor, clock.GetUtcNow(), link ? "category.linked" : "category.unlinked", new AuditSubject(book.LocationId, book.Id), new { category = category.Name });
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
            {
                // Somebody else did the same, or removed the category meanwhile: looking again tells. If neither, the database failed.
                if (await IsOvertakenAsync(category.Id, book.Id, link, cancellationToken))
                {
                    continue;
                }

                throw;
            }

            feed.Publish(new Change.OfBook(book.LocationId, book.Id));
            return new CategoryResult.Done(RowOf(category));
        }
    }

    private async Task<bool> IsOvertakenAsync(int categoryId, int bookId, bool link, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.BookCategoryLinks.AnyAsync(l => l.CategoryId == categoryId && l.BookId == bookId, cancellationToken) == link
            || !await db.BookCategories.AnyAsync(c => c.Id == categoryId, cancellationToken);
    }

    private async Task<CategoryResult> SaveAsync(VppBooksDbContext db, BookCategory category, string? name, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return new CategoryResult.Done(RowOf(category));
        }
        catch (DbUpdateConcurrencyException)
        {
            return Refused(CategoryRefusal.Changed);
        }
        catch (DbUpdateException) when (name is not null && !cancellationToken.IsCancellationRequested)
        {
            // Another one took the name at the same moment, or the database failed: looking again tells them apart.
            await using var again = await contexts.CreateDbContextAsync(cancellationToken);
            if (await IsTakenAsync(again, name, category.Id, cancellationToken))
            {
                return Refused(CategoryRefusal.NameTaken);
            }

            throw;
        }
    }

    private static Task<bool> IsTakenAsync(VppBooksDbContext db, string name, int except, CancellationToken cancellationToken)
    {
        var key = BookCategory.KeyOf(name);
        return db.BookCategories.AnyAsync(c => c.NameKey == key && c.Id != except, cancellationToken);
    }

    private static async Task<(int Id, int LocationId)?> BookAsync(VppBooksDbContext db, Guid publicId, CancellationToken cancellationToken) =>
        await db.ListedBooks().Where(b => b.Book.PublicId == publicId).Select(b => new { b.Book.Id, b.Book.LocationId }).SingleOrDefaultAsync(cancellationToken) is { } found
            ? (found.Id, found.LocationId)
            : null;

    private static IQueryable<CategoryRow> Rows(IQueryable<BookCategory> categories) =>
        categories.AsNoTracking().OrderBy(c => c.NameKey).Select(c => new CategoryRow(c.PublicId, c.Name, c.ModifiedAt, c.Version));

    private static CategoryRow RowOf(BookCategory category) => new(category.PublicId, category.Name, category.ModifiedAt, category.Version);

    private static CategoryResult.Refused Refused(CategoryRefusal why) => new(why);
}
