using VppBooks.Core.Assignments;

namespace VppBooks.Core.Directory;

/// <summary>Which groups to list.</summary>
public sealed record GroupsQuery
{
    /// <summary>Part of the name; null: all.</summary>
    public string? Search { get; init; }

    public int Skip { get; init; }

    /// <summary>1 to 999.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>A stored group as lists show it.</summary>
public sealed record GroupSummary
{
    /// <summary>Internal number; never shown.</summary>
    public required int Id { get; init; }

    /// <summary>Object id in the directory; the id that screens and the API use.</summary>
    public required Guid DirectoryId { get; init; }

    public required string DisplayName { get; init; }

    public required string? Description { get; init; }

    public required GroupKind Kind { get; init; }

    public required GroupState State { get; init; }

    /// <summary>Transitive user members at the last complete read.</summary>
    public required int Members { get; init; }

    /// <summary>When the members were last read completely; null: never.</summary>
    public required DateTimeOffset? MembersReadAt { get; init; }

    /// <summary>Assignments that name the group, exclusions included.</summary>
    public required int Assignments { get; init; }

    /// <summary>Copies that the group's assignments entitle members to, held or not: of people who can be given books and are not excluded.</summary>
    public required int CopiesEntitled { get; init; }

    /// <summary>Reserved, on their way or on a waiting list, of the books that the group is given.</summary>
    public required int CopiesExpected { get; init; }

    /// <summary>Copies that members hold of the books that the group is given.</summary>
    public required int CopiesHeld { get; init; }
}

/// <summary>A group's page.</summary>
public sealed record GroupDetail(GroupSummary Summary, IReadOnlyList<GroupBook> Books);

/// <summary>A book that a group is given or excluded from.</summary>
/// <param name="BookPublicId">The book.</param>
/// <param name="AssignmentPublicId">The assignment.</param>
/// <param name="AdamId">Store id, shown when there is no title.</param>
/// <param name="Title">Name of the title; null until looked up.</param>
/// <param name="LocationName">Name of the token.</param>
/// <param name="Intent">What the group is given.</param>
/// <param name="AssignedByName">Who assigned it.</param>
/// <param name="AssignedAt">When.</param>
public sealed record GroupBook(Guid BookPublicId, Guid AssignmentPublicId, long AdamId, string? Title, string LocationName, Intent Intent, string AssignedByName, DateTimeOffset AssignedAt)
{
    /// <summary>Members who are entitled to it through this group, whether or not they hold it.</summary>
    public required int Entitled { get; init; }

    /// <summary>Members who hold it.</summary>
    public required int Held { get; init; }

    /// <summary>Members for whom it is reserved, on its way or waited for.</summary>
    public required int Expected { get; init; }
}

/// <summary>Part of a list, with the size of the whole.</summary>
public sealed record PageOf<T>(IReadOnlyList<T> Rows, int Total);

/// <summary>What is known about reading the directory.</summary>
/// <param name="AllUsersReadAt">When all users were last read completely; null: never.</param>
/// <param name="AllUsers">Users at that time who count as "all users": no guests.</param>
/// <param name="FailingSince">Since when groups, people or some of the groups cannot be read; null while all can.</param>
/// <param name="ConsentMissing">It fails because consent is missing.</param>
/// <param name="RetryAt">Until when the directory asked to be left alone; null when it did not.</param>
/// <param name="Stale">It fails for so long that nothing new is planned.</param>
/// <param name="UnreadableGroups">Groups that cannot be read while others can; 0 when that is not what fails.</param>
/// <param name="StaleGroups">Some of them for so long that nobody new is given books through them.</param>
public sealed record DirectoryStanding(
    DateTimeOffset? AllUsersReadAt, int AllUsers, DateTimeOffset? FailingSince, bool ConsentMissing, DateTimeOffset? RetryAt, bool Stale = false, int UnreadableGroups = 0, bool StaleGroups = false);
