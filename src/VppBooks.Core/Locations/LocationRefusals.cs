using System.Globalization;
using VppBooks.Apple;

namespace VppBooks.Core.Locations;

/// <summary>Every refusal of this feature in one place: its code, its status, its words.</summary>
public static class LocationRefusals
{
    /// <summary>Two files at once; the upload endpoint counts them.</summary>
    public static LocationRefusal SeveralFiles { get; } =
        new("TokenFileMultiple", 400, "Several files were sent. Upload one token file at a time.");

    internal static LocationRefusal NotFound { get; } = new("LocationNotFound", 404, "There is no such token. It may have been deleted.");

    internal static LocationRefusal ConsentMissing { get; } = new(
        "ConsentMissing", 400, "VppBooks sends Apple an id for each person, made from the location and the person's object id in the directory, and mail addresses and Managed Apple Accounts. Agree to that before the token is stored.", "consentGranted");

    internal static LocationRefusal TicketGone { get; } =
        new("TokenTicketExpired", 400, "The token was uploaded too long ago. Upload the file again.", "token");

    internal static LocationRefusal ChangedMeanwhile { get; } =
        new("VersionMismatch", 412, "The token was changed by somebody else meanwhile. Load it again, then repeat your change.");

    internal static LocationRefusal Unreadable { get; } = new(
        "TokenUnreadable", 409, "The stored token cannot be decrypted on this installation. Download a token of this location again and renew with it.");

    internal static LocationRefusal Of(ContentTokenReading.Rejected file) =>
        new(file.Code, file.Code == "TokenFileTooLarge" ? 413 : 400, file.Message, file.Field, file.Detail);

    internal static LocationRefusal AlreadyUploaded(KnownLocation existing) => new(
        "TokenAlreadyUploaded", 409, "This very token is here already. To replace it, download a new one from Apple and renew with that.", "token")
    { Existing = existing };

    internal static LocationRefusal AlreadyConnected(KnownLocation existing) => new(
        "LibraryAlreadyConnected", 409, "The location of this token is here already under another token. Renew that one with this file instead.", "token")
    { Existing = existing };

    internal static LocationRefusal OtherLibrary(string expected, string? found) => new(
        "TokenBelongsToOtherLibrary",
        409,
        "This token belongs to another location. Choose the right location at Apple before you download, or create a new token here for it.",
        "token",
        found is null ? expected : $"{expected} / {found}");

    internal static LocationRefusal Claimed(TokenManager.Other other) => new(
        "LibraryClaimedByOtherMdm",
        409,
        "Another device management holds this location. Two managers of one location make licenses go astray: take control only when the other one is to stop using it.",
        "takeControl",
        other.Name)
    { ClaimedBy = other };

    internal static LocationRefusal Unfinished(DeletionPreview preview) => new(
        "OperationsUnfinished",
        409,
        "Requests to Apple are still open, and their outcome would be lost. Sync this token (renew it first when it does not work), wait until nothing is under way, and delete it then.",
        Detail: Math.Max(preview.OperationsUnderWay, preview.LicensesUnderWay).ToString(CultureInfo.InvariantCulture));

    /// <summary>What a failed call to Apple means for an upload. Nothing is stored in any case.</summary>
    internal static LocationRefusal Of(AppleException failure) => failure switch
    {
        AppleRefusedException { Refusal: { Error.Category: ErrorCategory.Later } refusal } => Unavailable(refusal.RetryAfter) with { AppleErrorNumber = refusal.Error.Number },
        AppleRefusedException { Refusal: var refusal } => new(
            "TokenRejectedByApple",
            400,
            string.Create(CultureInfo.InvariantCulture, $"Apple refuses this token ({refusal.Error.Number}): {refusal.Error.Meaning} {refusal.Error.Remedy}").TrimEnd(),
            "token",
            refusal.Error.Number.ToString(CultureInfo.InvariantCulture))
        { AppleErrorNumber = refusal.Error.Number },
        AppleUnavailableException { RetryAfter: var wait } => Unavailable(wait),
        _ => Unavailable(null),
    };

    internal static LocationRefusal Unavailable(TimeSpan? retryAfter) =>
        new("AppleUnavailable", 503, "Apple does not answer, or not in a way that can be read. Nothing was stored; try again in a few minutes.") { RetryAfter = retryAfter };
}
