#pragma warning disable CS9113 // Not yet read.
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Catalog;

/// <summary>Books as screens and the API show them. Reads our tables only, never Apple.</summary>
public sealed class BookCatalog(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>A page of books of all connected locations.</summary>
    public Task<BookPage> ListAsync(BookQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One book; null when there is none with the id.</summary>
    public Task<BookDetail?> FindAsync(Guid publicId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>A cached cover; null when there is none.</summary>
    public Task<CoverFile?> FindCoverAsync(int titleId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Genres, languages and locations to filter by.</summary>
    public Task<BookFacets> ListFacetsAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
