namespace VppBooks.Core.Assignments;

/// <summary>One wished assignment.</summary>
/// <param name="GroupId">Directory object id of the group; null for all users.</param>
/// <param name="Intent">What the group is given.</param>
public sealed record WishedAssignment(Guid? GroupId, Intent Intent);

/// <summary>Asks what would happen if a book had exactly these assignments.</summary>
/// <param name="BookId">The book's public id.</param>
/// <param name="Assignments">The complete list; whatever is missing in it is taken away. Empty takes all away.</param>
public sealed record PlanRequest(Guid BookId, IReadOnlyList<WishedAssignment> Assignments);

/// <summary>Why a wish cannot be planned or committed.</summary>
/// <param name="Code">Stable name such as <c>GroupNotFound</c>, <c>DeviceGroup</c>, <c>SameGroupTwice</c>, <c>BookNotFound</c>, <c>DirectoryUnavailable</c>.</param>
/// <param name="Message">What is wrong and what to do, English.</param>
/// <param name="Index">Position of the offending assignment in the request; null when it is not about one.</param>
public sealed record AssignmentRefusal(string Code, string Message, int? Index = null)
{
    /// <summary>When it is worth trying again; null when time alone changes nothing, or nobody said when.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>An assignment inside a plan.</summary>
public sealed record PlannedAssignment(Guid? GroupId, string? GroupName, Intent Intent, int Members);

/// <summary>A plan as shown before it is decided, and afterwards.</summary>
public sealed record PlanView(
    Guid Id,
    Guid BookId,
    int LocationId,
    PlanState State,
    IReadOnlyList<PlannedAssignment> Assignments,
    int GetNow,
    int AlreadyHave,
    int RegisterFirst,
    int InviteFirst,
    int Cannot,
    int Wait,
    int Release,
    int Offered,
    bool Unlimited,
    long Free,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DataFrom)
{
    /// <summary>What made it.</summary>
    public PlanKind Kind { get; init; }

    /// <summary>The number that has to be typed to commit it; null when none has to.</summary>
    public int? NumberToType { get; init; }

    /// <summary>A second person has to approve it, because it takes more licenses than one person may spend.</summary>
    public bool NeedsApproval { get; init; }

    /// <summary>How long a commit can be called back at least, as configured; zero: not at all.</summary>
    public TimeSpan UndoWindow { get; init; }

    /// <summary>When its licenses are sent at the earliest; null: at once, or not decided.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>Who committed it: not the one who may approve it. Null before.</summary>
    public string? CommittedById { get; init; }

    /// <inheritdoc cref="CommittedById"/>
    public string? CommittedByName { get; init; }

    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>Who approved, refused or undid it.</summary>
    public string? DecidedByName { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>For held growth: people that the book's Required groups reached before and reach now.</summary>
    public int? GrownFrom { get; init; }

    /// <inheritdoc cref="GrownFrom"/>
    public int? GrownTo { get; init; }

    /// <summary>Those of <see cref="Wait"/> who waited already: the plan does not make them wait.</summary>
    public int WaitedBefore { get; init; }

    /// <summary>Licenses that the plan takes from the stock: at once or after a registration.</summary>
    public int Takes => GetNow + RegisterFirst + InviteFirst;

    /// <summary>People whom the plan puts on the waiting list: each takes a license, without another question, as soon as there is one.</summary>
    public int NewlyWaiting => Wait - WaitedBefore;
}

/// <summary>Answer of planning.</summary>
public abstract record PlanResult
{
    private PlanResult()
    {
    }

    /// <summary>The effect, stored so that it can be committed.</summary>
    public sealed record Planned(PlanView Plan) : PlanResult;

    /// <summary>The wish cannot be planned.</summary>
    public sealed record Refused(AssignmentRefusal Refusal) : PlanResult;
}

/// <summary>How a plan is committed.</summary>
/// <param name="UndoWindow">How long it can be called back; at least what is configured. Null: what is configured. At most 7 days.</param>
/// <param name="TypedNumber">The number typed, where the plan asks for one.</param>
public sealed record CommitOptions(TimeSpan? UndoWindow = null, int? TypedNumber = null);

/// <summary>Answer of approving, refusing or undoing a committed plan.</summary>
public abstract record DecisionResult
{
    private DecisionResult()
    {
    }

    /// <summary>Done; repeating it gives the same answer.</summary>
    public sealed record Done(PlanView Plan) : DecisionResult;

    /// <summary>Cannot be done.</summary>
    public sealed record Refused(AssignmentRefusal Refusal) : DecisionResult;
}

/// <summary>Answer of committing.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>Decided: licenses are set aside and on their way. Repeating the commit gives the same answer and does nothing.</summary>
    public sealed record Committed(PlanView Plan) : CommitResult;

    /// <summary>The facts have moved since the plan was shown; nothing was changed. Here is what would happen now.</summary>
    public sealed record Stale(PlanView NewPlan) : CommitResult;

    /// <summary>Cannot be committed.</summary>
    public sealed record Refused(AssignmentRefusal Refusal) : CommitResult;
}

/// <summary>A plan that waits for a second person.</summary>
/// <param name="PlanId">The plan.</param>
/// <param name="BookId">The book's public id.</param>
/// <param name="Title">The book's title; null when it is not known.</param>
/// <param name="AdamId">Apple's id of the title.</param>
/// <param name="Kind">Where it comes from.</param>
/// <param name="Licenses">Licenses that it takes, now or when there are more.</param>
/// <param name="CommittedById">Who committed it.</param>
/// <param name="CommittedByName">Their name.</param>
public sealed record AwaitingPlan(Guid PlanId, Guid BookId, string? Title, long AdamId, PlanKind Kind, int Licenses, string? CommittedById, string? CommittedByName);

/// <summary>A person's line of a plan, for lists.</summary>
public sealed record PlanLineRow(Guid PersonId, string DisplayName, string UserPrincipalName, PlanOutcome Outcome, PlanReason Reason);

/// <summary>A page of the people of a plan.</summary>
/// <param name="Rows">People, by name.</param>
/// <param name="Next">Where the next page begins; null when this is the last one.</param>
public sealed record PlanLinesPage(IReadOnlyList<PlanLineRow> Rows, IReadOnlyList<string>? Next);

/// <summary>How far a committed plan has come.</summary>
/// <param name="Reserved">Set aside, not sent: being registered, waiting for an invitation to be accepted, or for Apple.</param>
/// <param name="ReservedForInvited">Part of <paramref name="Reserved"/> that waits for people to accept their invitation.</param>
/// <param name="Sent">Sent to Apple, not confirmed.</param>
/// <param name="Assigned">Confirmed at Apple.</param>
/// <param name="Waiting">On the waiting list.</param>
/// <param name="Failed">Refused by Apple; nothing was spent.</param>
/// <param name="Unknown">Sent, outcome not known yet: it is being looked up, not repeated.</param>
/// <param name="Held">Waiting for approval or for the end of the undo window: nothing is sent.</param>
public sealed record PlanProgress(int Reserved, int ReservedForInvited, int Sent, int Assigned, int Waiting, int Failed, int Unknown, int Held = 0)
{
    /// <summary>Nothing more will happen without somebody else: Apple, a person, a purchase.</summary>
    public bool Settled => Sent == 0 && Unknown == 0 && Held == 0 && Reserved == ReservedForInvited;
}

/// <summary>A committed assignment of a book, for lists.</summary>
public sealed record AssignmentRow(
    Guid Id,
    Guid? GroupId,
    string? GroupName,
    string? GroupDescription,
    bool Dynamic,
    Directory.GroupState GroupState,
    Intent Intent,
    int Members,
    int MembersHolding,
    DateTimeOffset? MembersReadAt,
    string AssignedByName,
    DateTimeOffset AssignedAt);
