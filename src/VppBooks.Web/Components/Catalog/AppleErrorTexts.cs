using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Apple;

namespace VppBooks.Web.Components.Catalog;

/// <summary>Apple's error numbers in plain words: <c>AppleError_9609</c> is the meaning, <c>AppleRemedy_9609</c> what to do.</summary>
public sealed class AppleErrorTexts;

internal static class AppleErrorWords
{
    /// <summary>Every key a translation must have: the documented numbers, and one pair for all others.</summary>
    public static IEnumerable<string> Keys =>
        Enumerable.Range(400, 9600).Select(AppleErrors.For).Where(e => e.Category != ErrorCategory.Unknown).SelectMany(KeysOf)
            .Append("AppleError_Unknown").Append("AppleRemedy_Unknown");

    extension(IStringLocalizer<AppleErrorTexts> texts)
    {
        /// <summary>What the number means. English comes from the table of the Apple client, so the two never differ.</summary>
        public string Meaning(int number) => Find(texts, "AppleError_", number) ?? AppleErrors.For(number).Meaning;

        /// <summary>What a person can do; empty when there is nothing to do.</summary>
        public string Remedy(int number) => Find(texts, "AppleRemedy_", number) ?? AppleErrors.For(number).Remedy;
    }

    private static IEnumerable<string> KeysOf(AppleError error)
    {
        var number = error.Number.ToString(CultureInfo.InvariantCulture);
        return error.Remedy.Length == 0 ? ["AppleError_" + number] : ["AppleError_" + number, "AppleRemedy_" + number];
    }

    private static string? Find(IStringLocalizer<AppleErrorTexts> texts, string prefix, int number)
    {
        var name = prefix + number.ToString(CultureInfo.InvariantCulture);
        if (texts[name] is { ResourceNotFound: false } text)
        {
            return text;
        }

        // A number nobody documented has one sentence per language.
        return AppleErrors.For(number).Category == ErrorCategory.Unknown && texts[prefix + "Unknown"] is { ResourceNotFound: false } unknown ? unknown.Value : null;
    }
}
