using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using VppBooks.Core.People;

namespace VppBooks.Core.Persistence;

/// <summary>Keeps the words by which people are found in step with their names and addresses, whoever writes those. Bulk inserts write the words themselves.</summary>
internal sealed class PersonWordsInterceptor : SaveChangesInterceptor
{
    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        if (Renamed(eventData.Context) is { Count: > 0 } renamed)
        {
            Change(eventData.Context!, renamed, [.. Stored(eventData.Context!, renamed)]);
        }

        return result;
    }

    public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (Renamed(eventData.Context) is { Count: > 0 } renamed)
        {
            Change(eventData.Context!, renamed, await Stored(eventData.Context!, renamed).ToListAsync(cancellationToken));
        }

        return result;
    }

    private static List<EntityEntry<Person>> Renamed(DbContext? context) =>
        [.. context?.ChangeTracker.Entries<Person>().Where(e => e.State == EntityState.Added || (e.State == EntityState.Modified && IsRenamed(e))) ?? []];

    private static bool IsRenamed(EntityEntry<Person> person) =>
        person.Property(p => p.DisplayName).IsModified || person.Property(p => p.UserPrincipalName).IsModified || person.Property(p => p.Mail).IsModified;

    private static IQueryable<PersonWord> Stored(DbContext context, List<EntityEntry<Person>> renamed)
    {
        int[] ids = [.. renamed.Where(e => e.State == EntityState.Modified).Select(e => e.Entity.Id)];
        return context.Set<PersonWord>().Where(w => EF.Parameter(ids).Contains(w.PersonId));
    }

    private static void Change(DbContext context, List<EntityEntry<Person>> renamed, List<PersonWord> stored)
    {
        var before = stored.ToLookup(w => w.PersonId);
        foreach (var person in renamed.Select(e => e.Entity))
        {
            var words = PersonWords.Of(person).ToHashSet(StringComparer.Ordinal);
            // Of a new person none is stored, and the words of the navigation get the number that the database gives.
            foreach (var word in context.Entry(person).State == EntityState.Added ? [.. person.Words] : before[person.Id])
            {
                if (!words.Remove(word.Word))
                {
                    context.Remove(word);
                }
            }

            foreach (var word in words)
            {
                person.Words.Add(new PersonWord { Word = word });
            }
        }
    }
}
