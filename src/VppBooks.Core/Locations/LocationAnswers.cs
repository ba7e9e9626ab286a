namespace VppBooks.Core.Locations;

/// <summary>Why a request about a token was refused. Nothing was changed.</summary>
/// <param name="Code">Stable name such as <c>TokenFileNotBase64</c>; screens choose their words by it.</param>
/// <param name="HttpStatus">The status an API answers with.</param>
/// <param name="Message">What is wrong and what to do, English; never quotes the token.</param>
/// <param name="Field">The field of the file or of the request that is concerned, or null.</param>
/// <param name="Detail">What the file seems to be, a date, a count: data for the message; or null.</param>
public sealed record LocationRefusal(string Code, int HttpStatus, string Message, string? Field = null, string? Detail = null)
{
    /// <summary>Apple's number, when Apple refused.</summary>
    public int? AppleErrorNumber { get; init; }

    /// <summary>Who manages the location, when that is the reason.</summary>
    public TokenManager.Other? ClaimedBy { get; init; }

    /// <summary>The location that is here already, when that is the reason.</summary>
    public KnownLocation? Existing { get; init; }

    /// <summary>How long to wait before trying again, if Apple said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>A location that is here already.</summary>
public sealed record KnownLocation(Guid PublicId, string Name);

/// <summary>Who manages a location at Apple.</summary>
public abstract record TokenManager
{
    private TokenManager()
    {
    }

    /// <summary>Nobody.</summary>
    public sealed record None : TokenManager;

    /// <summary>This installation.</summary>
    public sealed record Us : TokenManager;

    /// <summary>Another device management, or another installation. Its own words, untrusted text.</summary>
    public sealed record Other(string Name, string? Metadata) : TokenManager;
}

/// <summary>What an uploaded token says, before anything is stored.</summary>
public sealed record TokenPreview
{
    /// <summary>Organization as in the file; untrusted text.</summary>
    public required string OrganizationName { get; init; }

    /// <summary>Location as Apple names it; the organization's name when Apple gives none.</summary>
    public required string LocationName { get; init; }

    /// <summary>Apple's identity of the location.</summary>
    public required string UId { get; init; }

    /// <summary>Two upper-case letters; null when Apple gives none and the administrator must choose.</summary>
    public required string? CountryOrRegion { get; init; }

    /// <summary><c>enterprisestore</c> or <c>volumestore</c>.</summary>
    public required string? Platform { get; init; }

    /// <summary>Where an administrator gets the next token.</summary>
    public required string? WebsiteUrl { get; init; }

    public required DateTimeOffset Expires { get; init; }

    /// <summary>It expires within 30 days.</summary>
    public required bool ExpiresSoon { get; init; }

    /// <summary>Guessed from Apple's web site and platform.</summary>
    public required AccountType AccountType { get; init; }

    public required TokenManager ManagedBy { get; init; }

    /// <summary>The location is here already: creating is refused, renewing is the way. Null when it is new or was deleted.</summary>
    public required KnownLocation? AlreadyHere { get; init; }

    /// <summary>It was here and was deleted: creating continues its ledger.</summary>
    public required bool WasHereBefore { get; init; }

    /// <summary>A name that no other token here has.</summary>
    public required string SuggestedName { get; init; }

    /// <summary>Stands for the file in <see cref="TokenUpload.Ticket"/> for 15 minutes, for the same person, in this process.</summary>
    public required string Ticket { get; init; }
}

/// <summary>Answer of <see cref="LocationEnrollment.InspectAsync"/>.</summary>
public abstract record InspectTokenResult
{
    private InspectTokenResult()
    {
    }

    /// <summary>The token works; nothing is stored.</summary>
    public sealed record Accepted(TokenPreview Preview) : InspectTokenResult;

    /// <summary>It cannot be used.</summary>
    public sealed record Rejected(LocationRefusal Refusal) : InspectTokenResult;
}

/// <summary>Answer of <see cref="LocationEnrollment.CreateAsync"/>.</summary>
public abstract record CreateLocationResult
{
    private CreateLocationResult()
    {
    }

    /// <summary>Stored; the first sync is asked for unless another device management holds the location.</summary>
    public sealed record Created(Guid PublicId) : CreateLocationResult;

    /// <summary>Nothing was stored.</summary>
    public sealed record Rejected(LocationRefusal Refusal) : CreateLocationResult;
}

/// <summary>Answer of every change to a location that is here.</summary>
public abstract record ChangeLocationResult
{
    private ChangeLocationResult()
    {
    }

    /// <summary>Done.</summary>
    /// <param name="PublicId">The location.</param>
    /// <param name="Version">Its version from now on.</param>
    public sealed record Changed(Guid PublicId, int Version) : ChangeLocationResult;

    /// <summary>Nothing was changed.</summary>
    public sealed record Rejected(LocationRefusal Refusal) : ChangeLocationResult;
}

/// <summary>What goes and what stays when a location is deleted.</summary>
/// <param name="Books">Books that disappear from the lists; their rows stay for the ledger.</param>
/// <param name="LicensesAssigned">Licenses that people hold through us: they keep them, and the ledger keeps the record.</param>
/// <param name="LicensesCanceled">Licenses not sent yet (reserved, waiting, held): given up, nothing was spent.</param>
/// <param name="LicensesUnderWay">Licenses sent to Apple whose outcome is open: while there are any, deletion is refused.</param>
/// <param name="OperationsUnderWay">Requests to Apple whose outcome is open.</param>
/// <param name="Assignments">Group assignments that are removed.</param>
/// <param name="People">People registered at Apple through us; their registration stays there.</param>
public sealed record DeletionPreview(
    int Books, int LicensesAssigned, int LicensesCanceled, int LicensesUnderWay, int OperationsUnderWay, int Assignments, int People)
{
    /// <summary>Whether deletion would be carried out now.</summary>
    public bool Possible => OperationsUnderWay == 0 && LicensesUnderWay == 0;
}
