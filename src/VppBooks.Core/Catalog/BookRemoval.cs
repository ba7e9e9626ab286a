using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Catalog;

/// <summary>What became of the wish to remove a book.</summary>
public enum BookRemovalAnswer
{
    /// <summary>It is out of every list, until Apple has copies of it again.</summary>
    Done = 0,

    /// <summary>There is no such book.</summary>
    NotFound,

    /// <summary>Apple has copies of it, or somebody holds, waits for or was given one.</summary>
    HasLicenses,

    /// <summary>It is assigned to groups.</summary>
    IsAssigned,

    /// <summary>It kept changing; nothing was done.</summary>
    Changed,
}

/// <summary>Takes a book without any license out of the lists. Its row stays: what happened with it is told by the row's number.</summary>
public sealed class BookRemoval(IDbContextFactory<VppBooksDbContext> contexts, ChangeFeed feed, TimeProvider clock)
{
    /// <summary>Removes a book.</summary>
    /// <exception cref="NotAllowedException">The actor may not manage books.</exception>
    public async Task<BookRemovalAnswer> RemoveAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageBooks);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.ListedBooks().AnyAsync(b => b.Book.PublicId == publicId, cancellationToken))
        {
            return BookRemovalAnswer.NotFound;
        }

        // The version guards it: every commit that plans a license of the book changes its row.
        var book = await db.Books.SingleAsync(b => b.PublicId == publicId, cancellationToken);
        if (book.Unlimited || book.TotalCount > 0 || book.AssignedCount > 0 || book.RetiredCount > 0
            || await db.Licenses.AnyAsync(l => l.BookId == book.Id, cancellationToken) || await db.ForeignHoldings.AnyAsync(h => h.BookId == book.Id, cancellationToken))
        {
            return BookRemovalAnswer.HasLicenses;
        }

        if (await db.GroupAssignments.AnyAsync(a => a.BookId == book.Id, cancellationToken))
        {
            return BookRemovalAnswer.IsAssigned;
        }

        var now = clock.GetUtcNow();
        book.RemovedAt = now;
        db.Touch(book, now);
        db.Audit(actor, now, "book.deleted", new AuditSubject(book.LocationId, book.Id));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return BookRemovalAnswer.Changed;
        }

        feed.Publish(new Change.OfBook(book.LocationId, book.Id));
        return BookRemovalAnswer.Done;
    }
}
