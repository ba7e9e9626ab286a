namespace VppBooks.Web.Api;

/// <summary>An option in the query of an address, for its description. Many are read by hand, and nothing else tells of them.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Text">What it does.</param>
/// <param name="Default">What holds when it is absent; null for nothing.</param>
internal sealed record ApiOption(string Name, string Text, string? Default = null)
{
    /// <summary>Of lists that are asked for part by part.</summary>
    public static ApiOption[] Pages { get; } = [new("skip", "Rows to pass over", "0"), new("top", "Rows of a page, 1 to 999", "100")];

    /// <summary>Of lists of which each page begins behind the one before.</summary>
    public static ApiOption[] Followed { get; } = [.. Pages, new("cursor", "The next of an earlier page, with the same options")];

    /// <summary>Of collections in Graph's shape.</summary>
    public static ApiOption[] Collections { get; } =
    [
        new("$top", "Rows of a page, at most 999", "100"),
        new("$skip", "Rows to pass over", "0"),
        new("$count", "true: the number of all rows as well", "false"),
        new("$filter", "Which rows, such as state eq 'valid'"),
        new("$orderby", "At most five properties, each perhaps with desc"),
        .. Entities,
    ];

    /// <summary>Of the number of rows in a collection.</summary>
    public static ApiOption[] Counts => [new("$filter", "Which rows, such as state eq 'valid'")];

    /// <summary>Of one entity in Graph's shape.</summary>
    public static ApiOption[] Entities => [new("$select", "Names of properties, with commas between"), new("$expand", "Parts to bring along, such as assignments($select=id)")];
}
