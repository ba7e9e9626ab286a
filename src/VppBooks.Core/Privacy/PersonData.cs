using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;

namespace VppBooks.Core.Privacy;

/// <summary>Everything that is stored about one person, as it is handed out. Secrets (invite codes) and the numbers of rows are left out.</summary>
public sealed record PersonData
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>Object id in the directory.</summary>
    public required Guid DirectoryId { get; init; }

    public required string DisplayName { get; init; }

    public required string UserPrincipalName { get; init; }

    public required string? Mail { get; init; }

    public required string? ManagedAppleAccount { get; init; }

    /// <summary>Language of mails to the person; null: the organization's.</summary>
    public required string? Language { get; init; }

    public required bool AccountEnabled { get; init; }

    public required bool Guest { get; init; }

    /// <summary>Gone from the directory; null while there.</summary>
    public required DateTimeOffset? GoneSince { get; init; }

    /// <summary>When name and addresses were erased; null while they are kept.</summary>
    public required DateTimeOffset? ErasedAt { get; init; }

    /// <summary>Since when nothing here needs the person; null while something does.</summary>
    public required DateTimeOffset? UnneededSince { get; init; }

    /// <summary>Groups that are assigned or looked at, and have the person as a member.</summary>
    public required IReadOnlyList<PersonDataGroup> Groups { get; init; }

    public required IReadOnlyList<PersonDataRegistration> Registrations { get; init; }

    public required IReadOnlyList<PersonDataDevice> Devices { get; init; }

    /// <summary>When the devices were last read; null: never.</summary>
    public required DateTimeOffset? DevicesReadAt { get; init; }

    public required IReadOnlyList<PersonDataLicense> Licenses { get; init; }

    /// <summary>What plans would do for the person, or did.</summary>
    public required IReadOnlyList<PersonDataPlan> Plans { get; init; }

    public required IReadOnlyList<PersonDataMail> Mails { get; init; }

    /// <summary>What the audit trail says about the person, and what the person did.</summary>
    public required IReadOnlyList<PersonDataEvent> Activity { get; init; }
}

/// <summary>A group.</summary>
public sealed record PersonDataGroup(Guid DirectoryId, string DisplayName);

/// <summary>A record at Apple. <paramref name="IdHash"/> is Apple's, and the same for one Apple Account.</summary>
public sealed record PersonDataRegistration(
    string Token, string ClientUserId, VppUserStatus Status, bool Retired, string? IdHash, int? ErrorNumber, bool ManagedAccountRefused, bool MailRefused, bool AcceptanceRequired,
    DateTimeOffset? LeavingSince, DateTimeOffset ChangedAt);

/// <summary>A managed device.</summary>
public sealed record PersonDataDevice(Guid? DeviceId, string Name, string Platform, string? OsVersion, bool UserAffinity, BooksApp BooksApp, DateTimeOffset? LastSeenAt);

/// <summary>A license, with what became of it from the first change to the last.</summary>
public sealed record PersonDataLicense(
    long AdamId, string? Title, string Token, int Copy, LicenseState State, LicenseSource Source, LicenseCause Cause, int? ErrorNumber, DateTimeOffset CreatedAt, DateTimeOffset WantedAt,
    int? WaitingRank, DateTimeOffset ChangedAt, IReadOnlyList<PersonDataChange> Changes);

/// <summary>A change of a license's state.</summary>
public sealed record PersonDataChange(DateTimeOffset At, LicenseState State, LicenseCause Cause, int? ErrorNumber);

/// <summary>A line of a plan.</summary>
public sealed record PersonDataPlan(long AdamId, string? Title, string Token, PlanKind Kind, PlanState State, DateTimeOffset CreatedAt, PlanOutcome Outcome, PlanReason Reason);

/// <summary>A mail that was sent or is to be sent. Its text is not stored.</summary>
public sealed record PersonDataMail(
    MailKind Kind, string? Token, MailState State, MailFailure Failure, int Attempts, DateTimeOffset QueuedAt, DateTimeOffset? NextAt, DateTimeOffset? TriedAt, DateTimeOffset? SentAt, DateTimeOffset? AcceptedAt);

/// <summary>A row of the audit trail.</summary>
public sealed record PersonDataEvent(DateTimeOffset At, string Action, string Actor, string? Details);
