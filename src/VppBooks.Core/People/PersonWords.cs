using System.Globalization;
using System.Text;

namespace VppBooks.Core.People;

/// <summary>
/// Takes names and addresses apart into the words by which people are found: in lower case, without accents, split at everything that is neither letter nor digit.
/// Double names are kept in one piece as well, because some leave the hyphen out, and whole addresses, because that is how they are pasted.
/// </summary>
internal static class PersonWords
{
    /// <summary>Characters of a word that are kept, and compared.</summary>
    public const int Longest = 64;

    /// <summary>Words of a search that count; nobody is told apart by more.</summary>
    private const int MostTyped = 8;

    /// <summary>Every word of a person, once.</summary>
    public static IReadOnlySet<string> Of(Person person)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        words.UnionWith(Split(person.DisplayName));
        words.UnionWith(Parts(person.DisplayName).Select(part => Cut(string.Concat(Split(part)))).Where(whole => whole.Length > 0));
        foreach (var address in new[] { person.UserPrincipalName, person.Mail })
        {
            if (string.IsNullOrWhiteSpace(address))
            {
                continue;
            }

            // Not the words of the domain: nearly everybody shares them.
            words.UnionWith(Split(address.Split('@')[0]));
            words.Add(Cut(Fold(address.Trim())));
        }

        return words;
    }

    /// <summary>The beginnings that a typed text asks for; all of them have to be found.</summary>
    public static IReadOnlyList<string> Typed(string text) =>
    [
        .. Parts(text)
            .SelectMany(part => part.Contains('@', StringComparison.Ordinal) ? [Cut(Fold(part))] : Split(part))
            .Distinct(StringComparer.Ordinal)
            .Take(MostTyped),
    ];

    private static string[] Parts(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Split(string text)
    {
        var word = new StringBuilder();
        foreach (var rune in Fold(text).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                word.Append(rune.ToString());
            }
            else if (word.Length > 0)
            {
                yield return Cut(word.ToString());
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            yield return Cut(word.ToString());
        }
    }

    /// <summary>Letters as somebody types them who has not all of them on the keyboard.</summary>
    private static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        // A lone half of a surrogate pair cannot be normalized, and EnumerateRunes replaces it.
        foreach (var rune in string.Concat(text.EnumerateRunes()).Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
            {
                continue;
            }

            var lower = Rune.ToLowerInvariant(rune).ToString();
            folded.Append(lower switch
            {
                "ß" => "ss",
                "æ" => "ae",
                "œ" => "oe",
                "ø" => "o",
                "ł" => "l",
                "đ" or "ð" => "d",
                "þ" => "th",
                "ı" => "i",
                _ => lower,
            });
        }

        return folded.ToString();
    }

    private static string Cut(string word) => word.Length <= Longest ? word : char.IsHighSurrogate(word[Longest - 1]) ? word[..(Longest - 1)] : word[..Longest];
}
