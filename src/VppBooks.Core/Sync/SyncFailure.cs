using VppBooks.Apple;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Sync;

/// <summary>Why a run failed, in words for an administrator: what happened and what to do. English; no personal data.</summary>
internal sealed record SyncFailure(string Code, string Detail, int? ErrorNumber)
{
    public static readonly SyncFailure Interrupted = new(
        "Interrupted", "The program stopped while this sync was running. Nothing was published; the next sync reads everything it needs again.", null);

    public static SyncFailure Of(Exception exception) => exception switch
    {
        ClaimLostException { Seen: null } => new("ClaimLost", "The location's claim was removed at Apple. Take control of the location again on the token's page.", null),
        ClaimLostException { Seen: { } seen } => new(
            "ClaimLost", Cut($"The location is now managed by {seen.Name ?? "another device management"}. Take control of the location on the token's page, or delete the token."), null),
        AppleRefusedException { Refusal.Error: { } error } => new(
            error.Category switch
            {
                ErrorCategory.Token => error.Number == 9621 ? "TokenExpired" : "TokenRejected",
                ErrorCategory.Permission => "NotPermitted",
                ErrorCategory.Later => "AppleBusy",
                _ => "AppleRefused",
            },
            Cut($"{error.Meaning} {error.Remedy}".Trim()),
            error.Number),
        AppleMalformedException => new("UpstreamMalformed", "Apple's answer could not be read. Usually this passes; if it does not, check what stands between this server and Apple (proxy, filter).", null),
        AppleUnavailableException => new("AppleUnavailable", "Apple could not be reached or asked us to wait. The numbers shown are those of the last sync; the next sync tries again.", null),
        TokenUnreadableException => new("TokenUnreadable", "The stored token cannot be decrypted on this server. Upload the token again.", null),
        _ => new("InternalError", "The sync stopped because of an error in VppBooks or its database. The server's log has the details.", null),
    };

    private static string Cut(string text) => text.Length <= 1024 ? text : text[..1024];
}
