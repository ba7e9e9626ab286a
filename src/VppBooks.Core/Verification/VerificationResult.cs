using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;

namespace VppBooks.Core.Verification;

/// <summary>What differs between Apple, the ledger and its records.</summary>
public enum DifferenceKind
{
    /// <summary>The location could not be read: nothing is known of its licenses.</summary>
    NotChecked = 0,

    /// <summary>Apple gives a person a title more than once (I1).</summary>
    TitleTwice,

    /// <summary>Apple shows licenses of our people that the ledger does not have as assigned (I2).</summary>
    NotInLedger,

    /// <summary>Licenses that the ledger has as assigned are not at Apple (I2).</summary>
    NotAtApple,

    /// <summary>Apple's count of a book is not the number of our rows (I3).</summary>
    CountsDiffer,

    /// <summary>More licenses of a book are set aside than Apple has free (I3).</summary>
    MoreThanStock,

    /// <summary>An operation was intended, and its owner does not live any more (I7).</summary>
    OperationWithoutOwner,

    /// <summary>Nobody asked for an operation's outcome although it was time to (I7).</summary>
    OperationOverdue,

    /// <summary>An open operation has no time at which it is asked for (I7).</summary>
    OperationWithoutCheck,

    /// <summary>Licenses or registrations are under way, but no open operation carries them (I7).</summary>
    WithoutOperation,

    /// <summary>A license's state is not the one of its last record, or it has no record (I9).</summary>
    StateNotRecorded,

    /// <summary>A license's records do not follow from each other (I9).</summary>
    HistoryBroken,

    /// <summary>An ended operation lacks the record of its beginning or of its end (I9).</summary>
    AuditMissing,

    /// <summary>Rows of the audit trail are not what was sealed (I9).</summary>
    RecordChanged,

    /// <summary>Rows of the audit trail are gone (I9).</summary>
    RecordRemoved,

    /// <summary>Rows were put into the audit trail that were never sealed there (I9).</summary>
    RecordInserted,

    /// <summary>The end of the audit trail is gone (I9).</summary>
    RecordsCutOff,

    /// <summary>The recorded end of the audit trail is missing, or not signed by this installation (I9).</summary>
    RecordsNotSigned,

    /// <summary>Rows of the audit trail claim a time long before they were written (I9).</summary>
    RecordBackdated,

    /// <summary>The audit trail does not hold the row that the log or a forwarded copy named (I9).</summary>
    AnchorNotFound,
}

/// <summary>Why there is a difference.</summary>
public enum DifferenceCause
{
    /// <summary>No explanation was found.</summary>
    None = 0,

    /// <summary>An open operation carries it; its outcome is asked for at <see cref="Difference.At"/>.</summary>
    OnItsWay,

    /// <summary>Apple's data changed after the last sync, begun at <see cref="Difference.At"/>.</summary>
    ChangedSinceSync,

    /// <summary>The location was never synced.</summary>
    NeverSynced,

    /// <summary>Apple took licenses back after the last sync, begun at <see cref="Difference.At"/>.</summary>
    TakenBack,

    /// <summary>One complete reading missed it already; the next one decides.</summary>
    MissedOnce,

    /// <summary>Apple does not list the book any more.</summary>
    BookGone,

    /// <summary>Apple's list kept changing while it was read: absence in it proves nothing.</summary>
    Moving,

    /// <summary>The ledger has the further copies as found at Apple: others bought them, or they are older than VppBooks.</summary>
    FoundAtApple,

    /// <summary>The further copies are on records that VppBooks did not make.</summary>
    NotOurs,

    /// <summary>Held back until approved or until its undo window ends; the stock is looked at again before anything is sent.</summary>
    Held,

    /// <summary>Sent before the stock fell. Apple refuses what it has no license for.</summary>
    Sent,

    /// <summary>The token's year is over.</summary>
    TokenExpired,

    /// <summary>Apple revoked the token.</summary>
    TokenRevoked,

    /// <summary>Apple does not accept the token.</summary>
    TokenInvalid,

    /// <summary>The stored token cannot be decrypted here.</summary>
    TokenUnreadable,

    /// <summary>Another device management, <see cref="Difference.Name"/>, holds the location.</summary>
    ClaimedElsewhere,

    /// <summary>Our claim was removed at Apple.</summary>
    ClaimRemoved,

    /// <summary>Apple asked for no requests before <see cref="Difference.At"/>.</summary>
    Paused,

    /// <summary>Apple could not be reached.</summary>
    AppleUnavailable,

    /// <summary>Apple's answer could not be read.</summary>
    AppleMalformed,

    /// <summary>Apple refused to answer, with <see cref="Difference.ErrorNumber"/>.</summary>
    AppleRefused,
}

/// <summary>One difference, for one book or location.</summary>
public sealed record Difference
{
    /// <summary>At most so many ids are listed.</summary>
    public const int MaxIds = 20;

    public required DifferenceKind Kind { get; init; }

    public required DifferenceCause Cause { get; init; }

    /// <summary>Null for a title held at several locations.</summary>
    public VerifiedLocation? Location { get; init; }

    public VerifiedBook? Book { get; init; }

    /// <summary>People, licenses or operations concerned.</summary>
    public required long Count { get; init; }

    /// <summary>Object ids of people, or ids of operations: the first <see cref="MaxIds"/>. Empty for people whom we do not know.</summary>
    public IReadOnlyList<Guid> Ids { get; init; } = [];

    /// <summary>The operation that carries it, if that is the cause.</summary>
    public Guid? OperationId { get; init; }

    public OperationState? OperationState { get; init; }

    /// <summary>The moment that <see cref="Cause"/> speaks of; null when it is not known.</summary>
    public DateTimeOffset? At { get; init; }

    public int? ErrorNumber { get; init; }

    /// <summary>Who claims the location; untrusted text.</summary>
    public string? Name { get; init; }

    /// <summary>The number at Apple, where numbers differ.</summary>
    public long? AtApple { get; init; }

    /// <summary>Our number, where numbers differ.</summary>
    public long? Here { get; init; }

    /// <summary>The chain of the audit trail; null where it is about something else.</summary>
    public AuditChain? Chain { get; init; }

    /// <summary>Place in <see cref="Chain"/> of the first row concerned.</summary>
    public long? Sequence { get; init; }

    public bool Explained => Cause != DifferenceCause.None;

    /// <summary>Number of the invariant; null for a location that was not checked.</summary>
    public int? Invariant => Kind switch
    {
        DifferenceKind.NotChecked => null,
        DifferenceKind.TitleTwice => 1,
        DifferenceKind.NotInLedger or DifferenceKind.NotAtApple => 2,
        DifferenceKind.CountsDiffer or DifferenceKind.MoreThanStock => 3,
        DifferenceKind.OperationWithoutOwner or DifferenceKind.OperationOverdue or DifferenceKind.OperationWithoutCheck or DifferenceKind.WithoutOperation => 7,
        _ => 9,
    };
}

/// <summary>A location in a result.</summary>
public sealed record VerifiedLocation(Guid PublicId, string Name);

/// <summary>A book in a result.</summary>
/// <param name="PublicId">Null when the ledger does not know the book yet.</param>
/// <param name="AdamId">Apple's store id.</param>
/// <param name="PricingParam">Quality; null when several are concerned.</param>
/// <param name="Title">Null when the store did not tell.</param>
public sealed record VerifiedBook(Guid? PublicId, long AdamId, PricingParam? PricingParam, string? Title);

/// <summary>What was looked at for one location.</summary>
public sealed record VerifiedCounts
{
    public required VerifiedLocation Location { get; init; }

    /// <summary>False: Apple could not be asked; only our own records were checked.</summary>
    public required bool Checked { get; init; }

    /// <summary>Books at Apple.</summary>
    public int Books { get; init; }

    /// <summary>People's records at Apple.</summary>
    public int People { get; init; }

    /// <summary>Assignments of books at Apple.</summary>
    public long Assignments { get; init; }

    /// <summary>Rows of the ledger, in every state.</summary>
    public int Licenses { get; init; }

    /// <summary>Operations ever made.</summary>
    public int Operations { get; init; }

    /// <summary>Requests sent to Apple for this.</summary>
    public int Requests { get; init; }
}

/// <summary>The outcome in one word.</summary>
public enum VerificationVerdict
{
    /// <summary>Everything adds up.</summary>
    Clean = 0,

    /// <summary>There are differences, each with an explanation.</summary>
    Explained,

    /// <summary>At least one difference has no explanation.</summary>
    Unexplained,

    /// <summary>No location could be read, so nothing is known.</summary>
    NothingChecked,
}

/// <summary>What a verification found.</summary>
public sealed record VerificationResult
{
    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    public required IReadOnlyList<VerifiedCounts> Locations { get; init; }

    /// <summary>Those without an explanation first.</summary>
    public required IReadOnlyList<Difference> Differences { get; init; }

    /// <summary>Rows of the audit trail that are sealed and were checked.</summary>
    public long RecordsSealed { get; init; }

    /// <summary>Rows of the audit trail that wait for their seal: a few seconds' worth while the program runs.</summary>
    public long RecordsWaiting { get; init; }

    public int Unexplained => Differences.Count(d => !d.Explained);

    public VerificationVerdict Verdict => Unexplained > 0 ? VerificationVerdict.Unexplained
        : !Locations.Any(l => l.Checked) ? VerificationVerdict.NothingChecked
        : Differences.Count > 0 ? VerificationVerdict.Explained
        : VerificationVerdict.Clean;
}

/// <summary>How far a verification has come.</summary>
/// <param name="Location">The location under way.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Locations">How many there are.</param>
/// <param name="Pages">Pages read of it.</param>
public sealed record VerificationProgress(string Location, int Number, int Locations, int Pages);
