using VppBooks.Apple;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;
using VppBooks.Core.Security;

namespace VppBooks.Core.Why;

/// <summary>The stations between a person and a book that can be read, in their order.</summary>
public enum WhyStage : byte
{
    /// <summary>In the directory, and in a group that is given the book.</summary>
    Group = 0,

    /// <summary>What the assignments, and the decisions about them, give.</summary>
    Entitlement = 1,

    /// <summary>Known to Apple at the book's location.</summary>
    Registration = 2,

    /// <summary>A copy to give.</summary>
    Stock = 3,

    /// <summary>The request to Apple.</summary>
    Operation = 4,

    /// <summary>Something to read it on.</summary>
    Device = 5,
}

/// <summary>How a station stands.</summary>
public enum WhyState : byte
{
    /// <summary>Nothing stands in the way here.</summary>
    Passed = 0,

    /// <summary>Stands in the way, and somebody has to do something.</summary>
    Failed = 1,

    /// <summary>Stands in the way, and goes on by itself or at a time that is told.</summary>
    Waiting = 2,

    /// <summary>A station before it stands in the way; what is known is told all the same.</summary>
    NotReached = 3,

    /// <summary>Cannot be known; never taken for a failure.</summary>
    Unknown = 4,
}

/// <summary>Why a station stands as it does.</summary>
public enum WhyReason : byte
{
    /// <summary>In a group that is given the book, or the book is given to all users.</summary>
    Member = 0,

    /// <summary>In no such group any more; what was sent or held stays.</summary>
    KeepsAfterLeaving,

    /// <summary>Gone from the directory.</summary>
    PersonGone,

    /// <summary>A guest of another organization.</summary>
    Guest,

    /// <summary>May not sign in.</summary>
    AccountDisabled,

    /// <summary>The book is given to nobody.</summary>
    NotAssigned,

    /// <summary>In none of the groups that are given the book.</summary>
    NotMember,

    /// <summary>The group that gives it is deleted in the directory.</summary>
    GroupMissing,

    /// <summary>The directory may not be read: consent is missing.</summary>
    DirectoryConsentMissing,

    /// <summary>The directory cannot be read, or a group never was.</summary>
    DirectoryStale,

    /// <summary>Required.</summary>
    Required,

    /// <summary>Available, and taken.</summary>
    Taken,

    /// <summary>Found at Apple; no assignment of ours brought it.</summary>
    FoundAtApple,

    /// <summary>Excluded through another group.</summary>
    Excluded,

    /// <summary>Available, and not taken.</summary>
    AvailableNotTaken,

    /// <summary>The plan waits for a second person.</summary>
    PlanWaitsForApproval,

    /// <summary>The plan can be called back until a time.</summary>
    UndoWindow,

    /// <summary>The group grew suddenly, or the license was called back and a group reaches the person still: somebody has to decide.</summary>
    GrowthHeld,

    /// <summary>Somebody decided against it.</summary>
    Declined,

    /// <summary>Has the title in the other quality or through another token.</summary>
    HoldsElsewhere,

    /// <summary>The title is set aside or on its way through another book.</summary>
    WantedElsewhere,

    /// <summary>The same Apple Account has it through a record that others made.</summary>
    HeldThroughForeignRecord,

    /// <summary>Assigned, and not in the ledger yet.</summary>
    BeingPlanned,

    /// <summary>Connected with an Apple Account.</summary>
    Associated,

    /// <summary>Invited; enough for this book.</summary>
    InvitedIsEnough,

    /// <summary>Retired, and keeps what is held.</summary>
    RetiredKeeps,

    /// <summary>No record at Apple yet.</summary>
    NotRegistered,

    /// <summary>Apple is asked to register the person.</summary>
    RegistrationUnderWay,

    /// <summary>Invited by a mail that the mail server took, and not accepted.</summary>
    InvitedNotAccepted,

    /// <summary>The mail is to be sent still.</summary>
    MailUnderWay,

    /// <summary>The mail server refuses the person's address.</summary>
    MailRecipientRefused,

    /// <summary>The mail server cannot be reached, or refuses sign-in, sender or message.</summary>
    MailFailed,

    /// <summary>The mail server's answer was lost: perhaps sent.</summary>
    MailUnclear,

    /// <summary>No mail server is set.</summary>
    MailOff,

    /// <summary>No mail was sent: they are sent by hand only, or there was no link when its turn came.</summary>
    NotMailed,

    /// <summary>The directory knows no mail address to invite at.</summary>
    NoMailAddress,

    /// <summary>Apple's invite code is not known, so there is no link to send.</summary>
    InviteCodeUnknown,

    /// <summary>Apple refused the mail address (9717), so no mail reaches the person: the invitation has to be handed over.</summary>
    MailAddressRefused,

    /// <summary>9635; the person may be invited all the same.</summary>
    AppleAccountRefused,

    /// <summary>9641; the person may be invited all the same.</summary>
    AppleAccountInUse,

    /// <summary>Refused with another number.</summary>
    RegistrationRefused,

    /// <summary>Neither a Managed Apple Account nor a mail address.</summary>
    NoAddress,

    /// <summary>The record at Apple is retired; a new one comes with the next request.</summary>
    RegistrationRetired,

    /// <summary>A copy is spent, or is in a request to Apple.</summary>
    CopyTaken,

    /// <summary>A copy is set aside.</summary>
    CopyReserved,

    /// <summary>Copies are free.</summary>
    CopiesFree,

    /// <summary>A free title without a stock.</summary>
    Unlimited,

    /// <summary>On the waiting list.</summary>
    OnWaitingList,

    /// <summary>No copy is free.</summary>
    NoCopyFree,

    /// <summary>Apple does not list the book any more.</summary>
    BookNotReported,

    /// <summary>Seen at Apple.</summary>
    Confirmed,

    /// <summary>Set aside; goes out with the next turn.</summary>
    NotSentYet,

    /// <summary>No request is needed or made yet.</summary>
    NothingToSend,

    /// <summary>Written down, being sent.</summary>
    Submitting,

    /// <summary>Apple works on it.</summary>
    Submitted,

    /// <summary>No answer, or none that says what happened: Apple is read.</summary>
    OutcomeUnknown,

    /// <summary>Apple refused it, with a number.</summary>
    RefusedByApple,

    /// <summary>Was given, and Apple does not show it any more.</summary>
    Refunded,

    /// <summary>The token was deleted.</summary>
    TokenDeleted,

    /// <summary>The token's year is over.</summary>
    TokenExpired,

    /// <summary>Apple does not accept the token any more.</summary>
    TokenRevoked,

    /// <summary>The stored token is unreadable, or refused for another reason.</summary>
    TokenUnusable,

    /// <summary>Another device management claims the location.</summary>
    ClaimedElsewhere,

    /// <summary>The token may read, not assign.</summary>
    NoManageRights,

    /// <summary>Nothing is sent before Apple was read completely.</summary>
    MustReadFirst,

    /// <summary>Another location has to be read first: a person may hold the title through it.</summary>
    OtherTokenUnread,

    /// <summary>Apple has to be read first, and reading fails.</summary>
    SyncFailing,

    /// <summary>Apple asked to wait.</summary>
    ApplePaused,

    /// <summary>A device with the Books app.</summary>
    DeviceReady,

    /// <summary>The devices were not read yet.</summary>
    DevicesNotRead,

    /// <summary>The devices may not be read.</summary>
    DevicesNotPermitted,

    /// <summary>The devices could not be read.</summary>
    DevicesUnavailable,

    /// <summary>No managed device; the book can be read on any device with the same Apple Account.</summary>
    NoManagedDevice,

    /// <summary>Managed devices, and Apple Books runs on none of them.</summary>
    NoDeviceForBooks,

    /// <summary>Every device is enrolled without a user.</summary>
    DeviceWithoutAffinity,

    /// <summary>The Books app was removed.</summary>
    BooksAppAbsent,

    /// <summary>Whether the Books app is there cannot be known.</summary>
    BooksAppUnknown,
}

/// <summary>What can be done about a station, and by whom.</summary>
public abstract record WhyRemedy(Permissions Needs)
{
    /// <summary>Change who is given the book.</summary>
    public sealed record AssignGroup(Guid BookId) : WhyRemedy(Permissions.Assign);

    /// <summary>Look at the group, to change it in the directory.</summary>
    public sealed record OpenGroup(Guid DirectoryId, string Name) : WhyRemedy(Permissions.Read);

    /// <summary>Look at a plan: decide about it, call it back, or see who did. Deciding needs <see cref="Permissions.Assign"/>.</summary>
    public sealed record OpenPlan(Guid PlanId) : WhyRemedy(Permissions.Read);

    /// <summary>Send the invitation again.</summary>
    public sealed record ResendInvitation(Guid LocationId) : WhyRemedy(Permissions.ResendInvitation);

    /// <summary>Hand the invitation link over, where no mail can carry it.</summary>
    public sealed record HandOverInvitation(Guid LocationId) : WhyRemedy(Permissions.ResendInvitation);

    /// <summary>Have a refused registration tried again, once its cause is removed.</summary>
    public sealed record TryAgain(Guid LocationId) : WhyRemedy(Permissions.ResendInvitation);

    /// <summary>Read Apple now.</summary>
    public sealed record SyncNow(Guid LocationId) : WhyRemedy(Permissions.SyncNow);

    /// <summary>Upload a new token of the same location.</summary>
    public sealed record RenewToken(Guid LocationId) : WhyRemedy(Permissions.ManageTokens);

    /// <summary>Take control of the location.</summary>
    public sealed record TakeControl(Guid LocationId) : WhyRemedy(Permissions.ManageTokens);

    /// <summary>Look at the token.</summary>
    public sealed record OpenToken(Guid LocationId) : WhyRemedy(Permissions.Read);

    /// <summary>Look at the waiting list; ordering it needs <see cref="Permissions.Assign"/>.</summary>
    public sealed record OpenWaitingList(Guid BookId) : WhyRemedy(Permissions.Read);

    /// <summary>Why the person has, or does not have, the title through another book.</summary>
    public sealed record OpenOtherBook(Guid BookId) : WhyRemedy(Permissions.Read);

    /// <summary>Bring the Books app back to the device.</summary>
    public sealed record GetBooksApp : WhyRemedy
    {
        public GetBooksApp()
            : base(Permissions.Read)
        {
        }
    }
}

/// <summary>The last mail about a registration.</summary>
/// <param name="Kind">Invitation, reminder, or sent again.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Failure">Why it was not sent, or not yet.</param>
/// <param name="At">When the mail server took it; else the last try, or when it was asked for.</param>
/// <param name="NextAt">When it is tried; null once nothing more happens.</param>
public sealed record WhyMail(MailKind Kind, MailState State, MailFailure Failure, DateTimeOffset At, DateTimeOffset? NextAt);

/// <summary>What was mailed to a person who is invited.</summary>
/// <param name="Address">The mail address of now; null when the directory knows none.</param>
/// <param name="Last">The last mail; null: none was ever asked for.</param>
/// <param name="Reminders">Reminders that the mail server took.</param>
public sealed record WhyMails(string? Address, WhyMail? Last, int Reminders);

/// <summary>One station.</summary>
/// <param name="Stage">Which.</param>
/// <param name="State">How it stands.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">Since when, as far as is known; null: no time belongs to it.</param>
public sealed record WhyStep(WhyStage Stage, WhyState State, WhyReason Reason, DateTimeOffset? At)
{
    /// <summary>Age of the data behind it; null: never read, or needs no reading.</summary>
    public DateTimeOffset? ReadAt { get; init; }

    /// <summary>Groups, devices or tokens concerned; "all users" is told by <see cref="AllUsers"/>.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The book is given to all users.</summary>
    public bool AllUsers { get; init; }

    /// <summary>Who assigned, committed or decided; null when nobody did.</summary>
    public string? By { get; init; }

    /// <summary>Apple's number; null when there is none.</summary>
    public int? ErrorNumber { get; init; }

    /// <summary>The Managed Apple Account that Apple refused with <see cref="ErrorNumber"/>; null when it refused none, or the directory has none any more.</summary>
    public string? RefusedAccount { get; init; }

    /// <summary>What was mailed; null where nobody waits for an acceptance.</summary>
    public WhyMails? Mails { get; init; }

    /// <summary>Place in the waiting list, from 1.</summary>
    public int? Place { get; init; }

    /// <summary>Length of the waiting list, or free copies.</summary>
    public long? Count { get; init; }

    /// <summary>When it goes on by itself, or is looked at again.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What can be done; empty: nothing but waiting, or something outside of this program.</summary>
    public IReadOnlyList<WhyRemedy> Remedies { get; init; } = [];

    /// <summary>Stands between the person and the book.</summary>
    public bool IsObstacle => State is WhyState.Failed or WhyState.Waiting;
}

/// <summary>One change of the license, with what caused it.</summary>
/// <param name="At">When.</param>
/// <param name="From">State before; null: the row was new.</param>
/// <param name="To">State after.</param>
/// <param name="Cause">Why.</param>
/// <param name="ErrorNumber">Apple's number; null when there is none.</param>
/// <param name="PlanId">The plan behind it; null when none.</param>
/// <param name="EventId">Apple's event of the request that carried it; null when none.</param>
public sealed record WhyEvent(DateTimeOffset At, LicenseState? From, LicenseState To, LicenseCause Cause, int? ErrorNumber, Guid? PlanId, string? EventId);

/// <summary>An assignment that reaches the person now.</summary>
/// <param name="GroupId">The group in the directory; null: all users.</param>
/// <param name="GroupName">Its name; null: all users.</param>
/// <param name="Intent">What it gives.</param>
/// <param name="By">Who assigned it.</param>
/// <param name="At">When.</param>
public sealed record WhyAssignment(Guid? GroupId, string? GroupName, Assignments.Intent Intent, string By, DateTimeOffset At);

/// <summary>The decision behind a license.</summary>
/// <param name="PlanId">The plan.</param>
/// <param name="CommittedBy">Who committed it.</param>
/// <param name="CommittedAt">When.</param>
/// <param name="DecidedBy">Who approved, rejected or undid it; null: nobody had to.</param>
/// <param name="DecidedAt">When.</param>
public sealed record WhyPlan(Guid PlanId, string? CommittedBy, DateTimeOffset? CommittedAt, string? DecidedBy, DateTimeOffset? DecidedAt);

/// <summary>What became of one book for one person, from the group to the device, and how it came to that.</summary>
public sealed record WhyAnswer
{
    public required Guid PersonId { get; init; }

    public required string PersonName { get; init; }

    public required Guid BookId { get; init; }

    public required long AdamId { get; init; }

    public required PricingParam PricingParam { get; init; }

    /// <summary>Name of the title; null until looked up.</summary>
    public required string? Title { get; init; }

    /// <summary>For the cover; null when there is none.</summary>
    public required int? TitleId { get; init; }

    public required Guid LocationId { get; init; }

    public required string LocationName { get; init; }

    /// <summary>Age of what is known of Apple; null: never read.</summary>
    public required DateTimeOffset? SyncedAt { get; init; }

    /// <summary>The person holds this book at Apple.</summary>
    public required bool Holds { get; init; }

    /// <summary>The license; null when there is none of this book.</summary>
    public required LicenseState? License { get; init; }

    /// <summary>What brought the license; null when there is none.</summary>
    public required LicenseSource? Source { get; init; }

    /// <summary>All stations, in order.</summary>
    public required IReadOnlyList<WhyStep> Steps { get; init; }

    /// <summary>Assignments that reach the person now.</summary>
    public required IReadOnlyList<WhyAssignment> Assignments { get; init; }

    /// <summary>The decision behind the license; null when none, such as for what was found at Apple or joined a group.</summary>
    public required WhyPlan? Plan { get; init; }

    /// <summary>The license's changes, oldest first.</summary>
    public required IReadOnlyList<WhyEvent> History { get; init; }

    /// <summary>What is known of the devices.</summary>
    public required PersonDevices Devices { get; init; }

    /// <summary>The first station that stands in the way; null when none does.</summary>
    public WhyStep? Obstacle => Steps.FirstOrDefault(s => s.IsObstacle);
}
