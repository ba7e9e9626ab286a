namespace VppBooks.Core.People;

/// <summary>Why a copy that is assigned cannot be read.</summary>
public enum CopyTrouble
{
    /// <summary>Its holder has no Apple Account connected at its location: it can be read once the invitation is accepted.</summary>
    Stuck = 0,

    /// <summary>Its holder has gone from the directory, or has a retired record only. Apple takes no book license back.</summary>
    WithLeavers,
}

/// <summary>Which copies to list.</summary>
/// <param name="Trouble">What is the matter with them.</param>
public sealed record CopiesQuery(CopyTrouble Trouble)
{
    /// <summary>Beginnings of words of the holder's name or address; null: all.</summary>
    public string? Search { get; init; }

    public int Skip { get; init; }

    /// <summary>1 to 999.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>Part of a list of copies.</summary>
/// <param name="Rows">The copies.</param>
/// <param name="Total">Matches, counted up to <see cref="PeopleCatalog.CountLimit"/>.</param>
/// <param name="More">There are more matches than were counted.</param>
public sealed record CopiesPage(IReadOnlyList<TroubledCopy> Rows, int Total, bool More);

/// <summary>A copy that is assigned, and that nobody can read.</summary>
/// <param name="PersonId">Public id of the holder.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="UserPrincipalName">Sign-in name.</param>
/// <param name="Mail">Mail address; null when there is none.</param>
/// <param name="GoneSince">Gone from the directory; null while there.</param>
/// <param name="BookId">Public id of the book.</param>
/// <param name="AdamId">Store id, shown when there is no title.</param>
/// <param name="Title">Name of the title; null until looked up.</param>
/// <param name="LocationName">Name of the token.</param>
/// <param name="Registration">The holder's standing at this location.</param>
/// <param name="Since">Since when the copy is assigned.</param>
public sealed record TroubledCopy(
    Guid PersonId, string DisplayName, string UserPrincipalName, string? Mail, DateTimeOffset? GoneSince, Guid BookId, long AdamId, string? Title, string LocationName, RegistrationState Registration, DateTimeOffset Since)
{
    /// <summary>Where the copy stands among those of one name.</summary>
    internal (int Person, long License) Place { get; init; }
}
