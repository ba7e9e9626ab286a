namespace VppBooks.Apple;

/// <summary>What an error number asks of us.</summary>
public enum ErrorCategory
{
    /// <summary>A number this client does not know.</summary>
    Unknown = 0,

    /// <summary>The token is expired, revoked or invalid: a new one is needed.</summary>
    Token,

    /// <summary>The token's owner may not do this.</summary>
    Permission,

    /// <summary>Slow down or try later; nothing was done.</summary>
    Later,

    /// <summary>The request was larger than today's limits, or repeated a member: re-read the limits and split again.</summary>
    Size,

    /// <summary>The person is not (or no longer) registered.</summary>
    NotRegistered,

    /// <summary>The person's Apple Account cannot be used.</summary>
    AppleAccount,

    /// <summary>The stock is used up.</summary>
    NotEnoughLicenses,

    /// <summary>Already so: success in effect.</summary>
    AlreadyDone,

    /// <summary>The version asked from is unknown: read everything.</summary>
    Version,

    /// <summary>The notification address was refused.</summary>
    Notification,

    /// <summary>The request itself is wrong: a defect of ours or bad data.</summary>
    Request,
}

/// <summary>Meaning and remedy of one error number (reference 5.2).</summary>
/// <param name="Number">Apple's number.</param>
/// <param name="Category">What it asks of us.</param>
/// <param name="Meaning">One sentence in plain words, English.</param>
/// <param name="Remedy">What a person can do, English; empty when there is nothing to do.</param>
public sealed record AppleError(int Number, ErrorCategory Category, string Meaning, string Remedy);

/// <summary>What an error names: assets and people (reference 4.2). Either list may be empty.</summary>
public sealed record AppleErrorInfo(IReadOnlyList<AssetKey> Assets, IReadOnlyList<string> ClientUserIds);

/// <summary>A definite no: Apple examined the request and did nothing.</summary>
/// <param name="Error">Number, meaning and remedy.</param>
/// <param name="HttpStatus">The status it came with; 200 happens.</param>
/// <param name="AppleMessage">Apple's own text; shown as detail, never decided upon.</param>
/// <param name="Info">Targets that the error names, if any.</param>
/// <param name="RetryAfter">How long Apple asks us to wait, if it said so (0 to 1 hour).</param>
public sealed record AppleRefusal(AppleError Error, int HttpStatus, string? AppleMessage, AppleErrorInfo? Info, TimeSpan? RetryAfter);

/// <summary>Any failure of a call to Apple.</summary>
public abstract class AppleException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Apple refused a read or a setting with an error number.</summary>
public sealed class AppleRefusedException(AppleRefusal refusal)
    : AppleException($"Apple refused: {refusal.Error.Number} {refusal.Error.Meaning}")
{
    /// <summary>The refusal.</summary>
    public AppleRefusal Refusal { get; } = refusal;
}

/// <summary>Apple stayed unreachable through every retry: network, time-out, 5xx.</summary>
public sealed class AppleUnavailableException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : AppleException(message, inner)
{
    /// <summary>How long Apple asks us to wait before any further request, if it said so.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>Apple's answer cannot be read: HTML, truncated, too large, wrong types. Nothing may be concluded from it.</summary>
public sealed class AppleMalformedException(string message, Exception? inner = null) : AppleException(message, inner);

/// <summary>The location's claim is not ours (any more): stop every call until an administrator takes control (reference 1.6).</summary>
public sealed class ClaimLostException(MdmInfo? seen)
    : AppleException(seen is null ? "The location's claim has been removed." : "The location is claimed by another device management.")
{
    /// <summary>The claim that was found; null when there is none.</summary>
    public MdmInfo? Seen { get; } = seen;
}
