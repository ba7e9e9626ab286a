using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Catalog;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>
/// Marks books whose wishes may mean something else now. The mark is saved with the change that caused it, so that it cannot be lost; it raises the book's
/// version, so that whoever judged by the facts of before, and would take the mark away, starts over.
/// </summary>
internal static class FollowMarks
{
    extension(VppBooksDbContext db)
    {
        /// <summary>Members of a group changed.</summary>
        public Task<int> WantFollowingOfGroupAsync(int groupId, CancellationToken cancellationToken) => db.Books
            .Where(b => db.GroupAssignments.Any(a => a.BookId == b.Id && a.GroupId == groupId))
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);

        /// <summary>Something was given up of a title: another of its books, in another quality or through another token, may be meant for the same people.</summary>
        public Task<int> WantFollowingOfOthersAsync(Book book, CancellationToken cancellationToken) => db.Books
            .Where(b => b.AdamId == book.AdamId && b.Id != book.Id && db.GroupAssignments.Any(a => a.BookId == b.Id && a.Intent == Intent.Required))
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);

        /// <summary>People changed in a way that decides whether they can be given books.</summary>
        public Task<int> WantFollowingAsync(CancellationToken cancellationToken) => db.Books
            .Where(b => db.GroupAssignments.Any(a => a.BookId == b.Id))
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);

        /// <summary>A sync of a location changed something.</summary>
        public Task<int> WantFollowingAtAsync(int locationId, CancellationToken cancellationToken) => db.Books
            .Where(b => b.LocationId == locationId && db.GroupAssignments.Any(a => a.BookId == b.Id && a.Intent == Intent.Required))
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);
    }
}
