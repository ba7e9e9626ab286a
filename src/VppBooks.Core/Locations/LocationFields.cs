using System.Buffers;
using VppBooks.Apple;

namespace VppBooks.Core.Locations;

/// <summary>Judges what an administrator types about a token.</summary>
internal static class LocationFields
{
    private const int MaxName = 256;
    private const int MaxAppleAccount = 320;

    // ISO 3166-1: a list of our own gives the same verdict on every machine, whatever culture data it has.
    private static readonly HashSet<string> Countries = new(
        ("AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ "
        + "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
        + "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM "
        + "PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ "
        + "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW").Split(' '),
        StringComparer.Ordinal);

    /// <summary>The first thing that is wrong; null when all is well. Null parts are not judged.</summary>
    public static LocationRefusal? Check(string? name, string? appleAccount, string? country)
    {
        if (name is not null && string.IsNullOrWhiteSpace(name))
        {
            return new("NameMissing", 400, "Give the token a name.", "displayName");
        }

        if (name is not null && Text(name, MaxName, "Name", "name", "displayName") is { } badName)
        {
            return badName;
        }

        if (appleAccount is not null && Text(appleAccount, MaxAppleAccount, "AppleAccount", "Apple account", "appleId") is { } badAccount)
        {
            return badAccount;
        }

        return country is not null && Country(country) is null
            ? new("CountryOrRegionInvalid", 400, "The country or region is not known. Give its two letters, such as NL.", "countryOrRegion")
            : null;
    }

    /// <summary>Two upper-case letters of a country or region that exists; null otherwise.</summary>
    public static string? Country(string? text) => text?.Trim().ToUpperInvariant() is { Length: 2 } country && Countries.Contains(country) ? country : null;

    /// <summary>Apple's web site says it, its platform hints at it.</summary>
    public static AccountType GuessType(ClientConfig config) =>
        config.WebsiteUrl?.Contains("school", StringComparison.OrdinalIgnoreCase) == true || (config.WebsiteUrl is null && config.DefaultPlatform == "volumestore")
            ? AccountType.Education
            : AccountType.Business;

    /// <summary>Cuts Apple's texts to what is stored, never through the middle of a character.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private static LocationRefusal? Text(string text, int max, string code, string word, string field)
    {
        if (text.Trim().Length > max)
        {
            return new(code + "TooLong", 400, $"The {word} is longer than {max} characters.", field);
        }

        return HasBadCharacters(text) ? new(code + "InvalidCharacters", 400, $"The {word} contains characters that cannot be shown. Type it again.", field) : null;
    }

    /// <summary>Control characters and halves of surrogate pairs: they break lists, logs and some databases.</summary>
    private static bool HasBadCharacters(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (System.Text.Rune.DecodeFromUtf16(text, out var rune, out var length) != OperationStatus.Done || System.Text.Rune.IsControl(rune))
            {
                return true;
            }

            text = text[length..];
        }

        return false;
    }
}
