using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Locations;
using VppBooks.Web.Components.Locations;

namespace VppBooks.Tests.Locations.Pages;

public sealed class RefusalTextsTests : ScreenContext
{
    public static TheoryData<string> Codes =>
    [
        "TokenFileEmpty", "TokenFileTooLarge", "TokenFileMultiple", "TokenFileNotBase64", "TokenFileWrongKind", "TokenFileWrongEncoding", "TokenFileNotUtf8", "TokenFileNotJson",
        "TokenFileDuplicateField", "TokenFileMissingField", "TokenFileWrongType", "TokenFileInvalidCharacters", "TokenExpiryInvalid", "TokenExpired", "TokenAlreadyUploaded",
        "LibraryAlreadyConnected", "TokenBelongsToOtherLibrary", "LibraryClaimedByOtherMdm", "TokenRejectedByApple", "AppleUnavailable",
        "NameMissing", "NameTooLong", "NameInvalidCharacters", "AppleAccountTooLong", "AppleAccountInvalidCharacters", "CountryOrRegionInvalid",
        "ConsentMissing", "TokenTicketExpired", "VersionMismatch", "LocationNotFound", "TokenUnreadable", "OperationsUnfinished",
    ];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_code_has_words_of_its_own_in_every_language(string code)
    {
        var texts = Services.GetRequiredService<RefusalTexts>();
        var refusal = new LocationRefusal(code, 400, "Core's own message.", "orgName");

        var english = texts.Sentence(refusal);
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("nl");
        var dutch = texts.Sentence(refusal);

        Assert.NotEqual(refusal.Message, english);
        Assert.NotEqual(english, dutch);
    }

    [Fact]
    public void Unknown_code_shows_Cores_message() =>
        Assert.Equal("Something new.", Services.GetRequiredService<RefusalTexts>().Sentence(new LocationRefusal("SomethingNew", 400, "Something new.")));

    [Theory]
    [InlineData("web page", "This is a web page, not a token.")]
    [InlineData("decoded JSON", "This is the decoded content of a token, not the token file itself.")]
    [InlineData("a ZIP archive", "it looks like a ZIP archive.")]
    [InlineData(null, "This file is not a content token from Apple.")]
    public void File_that_is_no_token_is_named(string? kind, string words) =>
        Assert.Contains(words, Services.GetRequiredService<RefusalTexts>().Sentence(new LocationRefusal("TokenFileNotBase64", 400, "No.", Detail: kind)), StringComparison.Ordinal);
}
