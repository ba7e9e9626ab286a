using System.Security.Claims;

namespace VppBooks.Web.Components.Search;

/// <summary>Something the header's search box finds; register one per kind.</summary>
public interface ISearchSource
{
    /// <summary>Heading above its hits, in the reader's language.</summary>
    string Heading { get; }

    /// <summary>At most <paramref name="limit"/> hits that <paramref name="user"/> may see, the best first.</summary>
    Task<IReadOnlyList<SearchHit>> FindAsync(string text, int limit, ClaimsPrincipal user, CancellationToken cancellationToken);
}

/// <summary>One hit: what it is called, what tells it apart, and where it leads.</summary>
public sealed record SearchHit(string Text, string? Detail, string Href);
