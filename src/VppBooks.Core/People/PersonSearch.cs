using VppBooks.Core.Persistence;

namespace VppBooks.Core.People;

/// <summary>Finds people by the beginnings of words of their name or address, in any order.</summary>
internal static class PersonSearch
{
    // Sorts behind every letter in both databases: no character has a higher number.
    private const string Last = "\U0010ffff";

    /// <summary>Everybody when <paramref name="text"/> is empty; nobody when it holds no letter and no digit.</summary>
    public static IQueryable<Person> Apply(VppBooksDbContext db, IQueryable<Person> people, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return people;
        }

        var words = PersonWords.Typed(text);
        if (words.Count == 0)
        {
            return people.Where(p => false);
        }

        foreach (var from in words)
        {
            var until = from + Last;
            // A range and not LIKE: only a range is sought in the index on both databases.
            people = people.Where(p => db.PersonWords
#pragma warning disable CA1309 // The database compares.
                .Where(w => string.Compare(w.Word, from) >= 0 && string.Compare(w.Word, until) < 0)
#pragma warning restore CA1309
                .Select(w => w.PersonId)
                .Contains(p.Id));
        }

        return people;
    }
}
