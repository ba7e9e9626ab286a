using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Checks wished assignments and brings their groups and members up to date.</summary>
public sealed class WishReader(IDbContextFactory<VppBooksDbContext> contexts)
{
    internal async Task<(Wish? Wish, AssignmentRefusal? Refusal)> ReadAsync(PlanRequest request, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await db.Books.SingleAsync(b => b.PublicId == request.BookId, cancellationToken);
        return (new Wish(book.Id, []), null);
    }
}
