using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;

namespace VppBooks.Core.People;

/// <summary>A person's standing with Apple at one location, or the best one over all locations in lists.</summary>
public enum RegistrationState
{
    /// <summary>Not registered, and no license asks for it yet.</summary>
    None = 0,

    /// <summary>Being registered now; Apple has not confirmed it.</summary>
    UnderWay,

    /// <summary>Invited and not accepted yet.</summary>
    Invited,

    /// <summary>Connected with an Apple Account: can receive books.</summary>
    Associated,

    /// <summary>Apple refused the registration.</summary>
    Refused,

    /// <summary>Retired; keeps the books.</summary>
    Retired,
}

/// <summary>Whether somebody is in the directory.</summary>
public enum Presence
{
    /// <summary>There now.</summary>
    Here = 0,

    /// <summary>Gone from it.</summary>
    Gone,
}

/// <summary>Which people to list.</summary>
public sealed record PeopleQuery
{
    /// <summary>Beginnings of words of a name or address, all of which have to match; null: everybody.</summary>
    public string? Search { get; init; }

    /// <summary>Only people who have this standing at one connected token at least (<see cref="RegistrationState.None"/>: no record at any); null: all.</summary>
    public RegistrationState? Registration { get; init; }

    /// <summary>Only people who are in the directory, or only those who are gone from it; null: all.</summary>
    public Presence? Presence { get; init; }

    /// <summary>Only people who hold copies in this trouble; null: all.</summary>
    public CopyTrouble? Copies { get; init; }

    /// <summary>Only people behind this one in the list, which makes <see cref="Skip"/> needless: for reading many pages.</summary>
    public PersonPlace? After { get; init; }

    public int Skip { get; init; }

    /// <summary>1 to 999.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>Part of the list of people.</summary>
/// <param name="Rows">The people.</param>
/// <param name="Total">Matches, counted up to <see cref="PeopleCatalog.CountLimit"/>.</param>
/// <param name="More">There are more matches than were counted.</param>
public sealed record PeoplePage(IReadOnlyList<PersonSummary> Rows, int Total, bool More);

/// <summary>One row of the list of people.</summary>
public sealed record PersonSummary
{
    public required Guid PublicId { get; init; }

    public required string DisplayName { get; init; }

    public required string UserPrincipalName { get; init; }

    public required string? Mail { get; init; }

    public required bool AccountEnabled { get; init; }

    public required bool Guest { get; init; }

    /// <summary>Gone from the directory; null while there.</summary>
    public required DateTimeOffset? GoneSince { get; init; }

    /// <summary>The best standing over all locations.</summary>
    public required RegistrationState Registration { get; init; }

    /// <summary>Apple refused the Managed Apple Account at one location at least, and the person is not connected there; often invited instead.</summary>
    public bool AccountRefused { get; init; }

    public required int BooksHeld { get; init; }

    /// <summary>Reserved, on their way or on a waiting list.</summary>
    public required int BooksExpected { get; init; }
}

/// <summary>A person's page.</summary>
public sealed record PersonDetail
{
    public required PersonSummary Summary { get; init; }

    /// <summary>Object id in the directory.</summary>
    public required Guid DirectoryId { get; init; }

    public required string? ManagedAppleAccount { get; init; }

    /// <summary>Language of mails to the person; null: the organization's.</summary>
    public required string? Language { get; init; }

    /// <summary>When name and addresses were erased; null while they are kept.</summary>
    public required DateTimeOffset? ErasedAt { get; init; }

    /// <summary>Gone from the directory, or needed by nothing here: name and addresses can be erased.</summary>
    public required bool CanBeErased { get; init; }

    public required IReadOnlyList<PersonGroup> Groups { get; init; }

    /// <summary>One row per location where the person has a record, or where a book asks for one.</summary>
    public required IReadOnlyList<PersonRegistration> Registrations { get; init; }

    /// <summary>The ledger's rows of the person, held first.</summary>
    public required IReadOnlyList<PersonBook> Books { get; init; }

    /// <summary>What assignments entitle the person to, whether or not it is held.</summary>
    public required IReadOnlyList<PersonEntitlement> Entitled { get; init; }
}

/// <summary>A group that the person is a member of.</summary>
public sealed record PersonGroup(Guid DirectoryId, string DisplayName, DateTimeOffset? MembersReadAt);

/// <summary>A person's standing at one location.</summary>
/// <param name="LocationPublicId">The location.</param>
/// <param name="LocationName">Name of its token.</param>
/// <param name="State">The standing.</param>
/// <param name="Since">Last change; null when there is no record.</param>
/// <param name="ErrorNumber">Apple's number for the last refusal, of the account of an invited person as well; null when there was none or it was overcome.</param>
/// <param name="InvitationPending">An invitation link can be given out.</param>
public sealed record PersonRegistration(
    Guid LocationPublicId, string LocationName, RegistrationState State, DateTimeOffset? Since, int? ErrorNumber, bool InvitationPending)
{
    /// <summary>The Managed Apple Account that Apple refused, whether or not the person is invited instead; null when it refused none.</summary>
    public string? RefusedAccount { get; init; }
}

/// <summary>A book in the person's ledger.</summary>
/// <param name="BookPublicId">The book.</param>
/// <param name="AdamId">Store id, shown when there is no title.</param>
/// <param name="Title">Name of the title; null until looked up.</param>
/// <param name="Author">Author; null when unknown.</param>
/// <param name="TitleId">For the cover; null when there is none.</param>
/// <param name="LocationName">Name of the token.</param>
/// <param name="State">Where the license stands.</param>
/// <param name="Source">What brought it.</param>
/// <param name="Since">Last change of state.</param>
/// <param name="ErrorNumber">Apple's number behind a failure.</param>
public sealed record PersonBook(
    Guid BookPublicId, long AdamId, string? Title, string? Author, int? TitleId, string LocationName, LicenseState State, LicenseSource Source, DateTimeOffset Since, int? ErrorNumber);

/// <summary>A book that assignments entitle the person to.</summary>
/// <param name="BookPublicId">The book.</param>
/// <param name="AdamId">Store id, shown when there is no title.</param>
/// <param name="Title">Name of the title; null until looked up.</param>
/// <param name="LocationName">Name of the token.</param>
/// <param name="Intent">Required, Available, or Excluded when an exclusion takes it away again.</param>
/// <param name="Through">Names of the groups whose assignments count; empty for "all users" alone.</param>
/// <param name="ThroughAllUsers">An assignment to all users counts.</param>
/// <param name="License">Where the person's license of the title stands; null when there is none.</param>
public sealed record PersonEntitlement(
    Guid BookPublicId, long AdamId, string? Title, string LocationName, Intent Intent, IReadOnlyList<string> Through, bool ThroughAllUsers, LicenseState? License);

/// <summary>Where in a list of people by name one page ended. With the name as it was then: who is renamed or forgotten meanwhile must not move the place.</summary>
/// <param name="DisplayName">The last one's name.</param>
/// <param name="PersonId">The last one's public id.</param>
public sealed record PersonPlace(string DisplayName, Guid PersonId)
{
    /// <summary>As words that travel.</summary>
    public IReadOnlyList<string> Words => [DisplayName, PersonId.ToString("D")];

    /// <summary>Reads such words.</summary>
    /// <exception cref="FormatException">They are of another list.</exception>
    public static PersonPlace Of(IReadOnlyList<string> words) =>
        words is [var name, var id] && Guid.TryParseExact(id, "D", out var person) ? new PersonPlace(name, person) : throw new FormatException("A place in another list.");
}
