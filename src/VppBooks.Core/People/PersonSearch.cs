using Microsoft.EntityFrameworkCore;

namespace VppBooks.Core.People;

/// <summary>Finds people by part of a name or address.</summary>
internal static class PersonSearch
{
    private const string Escape = "\\";

    /// <summary>Everybody when <paramref name="text"/> is empty. LIKE, because <c>Contains</c> minds case on SQLite.</summary>
    public static IQueryable<Person> Apply(IQueryable<Person> people, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return people;
        }

        var pattern = "%" + Escaped(text.Trim()) + "%";
        return people.Where(p =>
            EF.Functions.Like(p.DisplayName, pattern, Escape) || EF.Functions.Like(p.UserPrincipalName, pattern, Escape) || EF.Functions.Like(p.Mail!, pattern, Escape));
    }

    private static string Escaped(string text) => (text.Length > 320 ? text[..320] : text)
        .Replace(Escape, Escape + Escape, StringComparison.Ordinal)
        .Replace("%", Escape + "%", StringComparison.Ordinal)
        .Replace("_", Escape + "_", StringComparison.Ordinal)
        .Replace("[", Escape + "[", StringComparison.Ordinal);
}
