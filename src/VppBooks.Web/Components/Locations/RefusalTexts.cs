using Microsoft.Extensions.Localization;
using VppBooks.Core.Locations;

namespace VppBooks.Web.Components.Locations;

/// <summary>A refusal about a token in the reader's words. A code without words here shows Core's own English message.</summary>
internal sealed class RefusalTexts(IStringLocalizer<RefusalTexts> l)
{
    public Explanation Explain(LocationRefusal refusal) => File(refusal) ?? Content(refusal) ?? Known(refusal) ?? Typed(refusal) ?? Apple(refusal) ?? new Explanation(refusal.Message, null);

    /// <summary>Cause and remedy in one paragraph.</summary>
    public string Sentence(LocationRefusal refusal)
    {
        var explanation = Explain(refusal);
        return explanation.Remedy is null ? explanation.Cause : $"{explanation.Cause} {explanation.Remedy}";
    }

    private Explanation? File(LocationRefusal refusal) => refusal.Code switch
    {
        "TokenFileEmpty" => new(l["This file is empty."], DownloadAgain),
        "TokenFileTooLarge" => new(l["This file is larger than 64 KB. A content token has only a few hundred characters."], l["Choose the file ending in .vpptoken that Apple gave you for this location."]),
        "TokenFileMultiple" => new(l["Several files were chosen."], l["Upload one token at a time; each location has its own."]),
        "TokenFileNotBase64" => new(NotBase64(refusal.Detail), l["Upload the file exactly as downloaded from Apple, without opening or saving it in another program."]),
        "TokenFileWrongKind" => new(WrongKind(refusal.Detail), l["Content tokens are in Apple School Manager or Apple Business Manager under Preferences, Payments and Billing, Content Tokens."]),
        "TokenFileWrongEncoding" => new(l["This file was saved in another text encoding (UTF-16)."], l["Upload the file exactly as downloaded from Apple, without opening or saving it in another program."]),
        "TokenFileNotUtf8" => new(l["What this file holds is damaged: it is not valid text."], DownloadAgain),
        "TokenFileNotJson" => new(l["What this file holds is not a content token, or only a part of one."], DownloadAgain),
        _ => null,
    };

    private Explanation? Content(LocationRefusal refusal) => refusal.Code switch
    {
        "TokenFileDuplicateField" => new(l["A field of this token stands in it twice: {0}.", refusal.Field ?? "?"], DownloadAgain),
        "TokenFileMissingField" => new(l["A field of this token is missing: {0}.", refusal.Field ?? "?"], DownloadAgain),
        "TokenFileWrongType" => new(l["A field of this token does not hold text: {0}.", refusal.Field ?? "?"], DownloadAgain),
        "TokenFileInvalidCharacters" => new(l["A field of this token holds characters that do not belong there: {0}.", refusal.Field ?? "?"], DownloadAgain),
        "TokenExpiryInvalid" => new(l["The expiry date of this token cannot be read."], DownloadAgain),
        "TokenExpired" => new(refusal.Detail is null ? l["This token has expired."] : l["This token expired on {0}.", refusal.Detail], l["Download a new token for this location from Apple and upload that."]),
        _ => null,
    };

    private Explanation? Known(LocationRefusal refusal) => refusal.Code switch
    {
        "TokenAlreadyUploaded" => new(l["This very token is here already, as “{0}”.", refusal.Existing?.Name ?? refusal.Detail ?? "?"], l["There is nothing to do. To renew a token, first download a new one from Apple."]),
        "LibraryAlreadyConnected" => new(l["The location of this token is here already, as “{0}”.", refusal.Existing?.Name ?? refusal.Detail ?? "?"], l["Renew that token with this file instead of creating another one."]),
        "TokenBelongsToOtherLibrary" => new(l["This token belongs to another location."], l["Choose the token of the same location. For the other location, create a token of its own."]),
        "LibraryClaimedByOtherMdm" => new(
            refusal.ClaimedBy is { Name.Length: > 0 } other ? l["“{0}” manages this location now.", other.Name] : l["Another device management manages this location now."],
            l["Remove the token there, or choose Take control here."]),
        _ => null,
    };

    private Explanation? Typed(LocationRefusal refusal) => refusal.Code switch
    {
        "NameMissing" => new(l["Give the token a name."], null),
        "NameTooLong" => new(l["The name is too long."], null),
        "NameInvalidCharacters" => new(l["The name holds characters that cannot be shown."], l["Type it again."]),
        "AppleAccountTooLong" => new(l["The Apple Account is too long."], null),
        "AppleAccountInvalidCharacters" => new(l["The Apple Account holds characters that cannot be shown."], l["Type it again."]),
        "CountryOrRegionInvalid" => new(l["Choose a country or region."], null),
        "ConsentMissing" => new(l["Without your agreement the token cannot be used."], null),
        "TokenTicketExpired" => new(l["The file was chosen too long ago."], l["Choose it again."]),
        "VersionMismatch" => new(l["Somebody else, or a sync, changed this token meanwhile."], l["Close this panel, look at it and repeat your change."]),
        "LocationNotFound" => new(l["This token is no longer here."], l["It may have been deleted."]),
        "TokenUnreadable" => new(l["The stored token cannot be decrypted on this installation."], l["Download the token again from Apple and choose Renew."]),
        "OperationsUnfinished" => new(l["Requests to Apple are still open, and their outcome would be lost."], l["Choose Sync now, wait until nothing is under way, and try again."]),
        _ => null,
    };

    private Explanation? Apple(LocationRefusal refusal) => refusal.Code switch
    {
        "TokenRejectedByApple" => new(
            refusal.AppleErrorNumber is { } number ? l["Apple does not accept this token (Apple's number {0}).", number] : l["Apple does not accept this token."],
            l["Usually the password of the account that downloaded it was changed. Sign in at Apple, download the token again and upload that."]),
        "AppleUnavailable" => new(l["Apple does not answer at the moment. Nothing was stored."], l["Try again in a few minutes; this is safe."]),
        _ => null,
    };

    private string DownloadAgain => l["Download the token again from Apple and upload the file exactly as it is."];

    private string NotBase64(string? detail) => detail switch
    {
        "web page" => l["This is a web page, not a token. The sign-in at Apple had probably ended when it was saved."],
        "decoded JSON" => l["This is the decoded content of a token, not the token file itself."],
        null => l["This file is not a content token from Apple."],
        _ => l["This file is not a content token from Apple: it looks like {0}.", Kind(detail)],
    };

    private string WrongKind(string? detail) => detail is null
        ? l["This is another kind of file from Apple, not a content token."]
        : l["This is another kind of file, not a content token: {0}.", Kind(detail)];

    private string Kind(string detail) => detail switch
    {
        "server token (.p7m)" => l["a server token (.p7m)"],
        "key (.pem)" => l["a key (.pem)"],
        "certificate (.pem)" => l["a certificate (.pem)"],
        "certificate (.cer)" => l["a certificate (.cer)"],
        "key store (.p12)" => l["a key store (.p12)"],
        "an XML file" => l["an XML file"],
        "a ZIP archive" => l["a ZIP archive"],
        "a picture" => l["a picture"],
        "a PDF document" => l["a PDF document"],
        "text in quotation marks" => l["text in quotation marks"],
        "Base64 text without its ending" => l["a token that was cut off"],
        "Base64 text in the variant for addresses" => l["a token that another program has rewritten"],
        _ => detail,
    };
}
