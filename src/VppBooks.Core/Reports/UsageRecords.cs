using VppBooks.Apple;

namespace VppBooks.Core.Reports;

/// <summary>What the use of licenses is told by.</summary>
public enum UsageBy
{
    /// <summary>One row per book.</summary>
    Book = 0,

    /// <summary>One row per connected token.</summary>
    Location,

    /// <summary>One row per main genre of the store.</summary>
    Genre,

    /// <summary>One row per group that is given books: what its members have of these books.</summary>
    Group,
}

/// <summary>
/// Use of the licenses of a book, or of several together. <see cref="Bought"/> and <see cref="Available"/> are Apple's counts of books with a stock; free titles
/// without one are in <see cref="Assigned"/> and, apart, in <see cref="AssignedUnlimited"/>.
/// </summary>
public sealed record UsageRow
{
    /// <summary>Public id of the book or the token, object id of the group; null for a genre and for all users.</summary>
    public Guid? Id { get; init; }

    /// <summary>Title, token, genre or group; null for a title or genre the store does not tell, and for all users.</summary>
    public string? Name { get; init; }

    /// <summary>Store id; null unless told by book.</summary>
    public long? AdamId { get; init; }

    /// <summary>Quality; null unless told by book.</summary>
    public PricingParam? Quality { get; init; }

    /// <summary>The token's name; null unless told by book.</summary>
    public string? TokenName { get; init; }

    /// <summary>Books behind the row.</summary>
    public int Books { get; init; }

    /// <summary>Copies owned; null where nothing is bought: free titles only, and groups.</summary>
    public long? Bought { get; init; }

    /// <summary>Copies assigned, ours and not ours; of a group: what its members hold.</summary>
    public long Assigned { get; init; }

    /// <summary>Of these, copies of free titles without a stock.</summary>
    public long AssignedUnlimited { get; init; }

    /// <summary>Copies free at Apple; null where <see cref="Bought"/> is.</summary>
    public long? Available { get; init; }

    /// <summary>Copies set aside or on their way.</summary>
    public int OnTheirWay { get; init; }

    /// <summary>People waiting for a copy.</summary>
    public int Waiting { get; init; }

    /// <summary>Of the assigned copies, those that stay with people who left.</summary>
    public int Leavers { get; init; }

    /// <summary>Of the assigned copies, those whose holder has accepted: the record is associated with an Apple Account.</summary>
    public int Used { get; init; }

    /// <summary>Of the copies of our people, those whose holder has a managed device enrolled for them. No device tells which books are on it.</summary>
    public int WithDevice { get; init; }
}

/// <summary>Counts of a day's end.</summary>
/// <param name="Day">The day.</param>
/// <param name="Known">Any count was known by then.</param>
/// <param name="Bought">Copies owned of books with a stock.</param>
/// <param name="Assigned">Copies assigned of books with a stock.</param>
/// <param name="Available">Copies free.</param>
/// <param name="AssignedUnlimited">Copies assigned of free titles without a stock.</param>
public sealed record HistoryPoint(DateOnly Day, bool Known, long Bought, long Assigned, long Available, long AssignedUnlimited);
