using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.People;

/// <summary>A person's books: what the ledger holds, and what assignments entitle to.</summary>
internal static class PersonBooks
{
    public static async Task<IReadOnlyList<PersonBook>> ListAsync(VppBooksDbContext db, int personId, CancellationToken cancellationToken)
    {
        var rows = await (
                from license in db.Licenses
                where license.PersonId == personId && license.State != LicenseState.Canceled
                join book in db.Books on license.BookId equals book.Id
                join location in db.Locations on book.LocationId equals location.Id
                from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
                select new PersonBook(
                    book.PublicId,
                    book.AdamId,
                    title == null ? null : title.Name,
                    title == null ? null : title.Author,
                    book.TitleId,
                    location.Name,
                    license.State,
                    license.Source,
                    license.ChangedAt,
                    license.ErrorNumber))
            .ToListAsync(cancellationToken);
        return [.. rows.OrderBy(r => r.State != LicenseState.Assigned).ThenBy(r => r.Title is null).ThenBy(r => r.Title, StringComparer.CurrentCultureIgnoreCase).ThenBy(r => r.AdamId)];
    }

    /// <summary>What reaches the person, as in the person's own library (<see cref="BookOffers"/>); an exclusion takes a book away again, whatever else gives it.</summary>
    public static async Task<IReadOnlyList<PersonEntitlement>> ListEntitledAsync(VppBooksDbContext db, Person person, CancellationToken cancellationToken)
    {
        var reaching = await BookOffers.ListAsync(db, person, bookId: null, cancellationToken);
        int[] bookIds = [.. reaching.Select(r => r.BookId).Distinct()], groupIds = [.. reaching.Select(r => r.GroupId).OfType<int>().Distinct()];
        var names = await db.Groups.Where(g => EF.Parameter(groupIds).Contains(g.Id)).ToDictionaryAsync(g => g.Id, g => g.DisplayName, cancellationToken);
        var books = await (
                from book in db.Books
                where EF.Parameter(bookIds).Contains(book.Id)
                join location in db.Locations on book.LocationId equals location.Id
                from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
                select new { book.Id, book.PublicId, book.AdamId, Title = title == null ? null : title.Name, LocationName = location.Name })
            .ToDictionaryAsync(b => b.Id, cancellationToken);
        var adamIds = books.Values.Select(b => b.AdamId).Distinct().ToArray();
        var licenses = (await db.Licenses
                .Where(l => l.PersonId == person.Id && l.Ordinal == 0 && EF.Parameter(adamIds).Contains(l.AdamId))
                .Select(l => new { l.AdamId, l.State })
                .ToListAsync(cancellationToken))
            .ToDictionary(l => l.AdamId, l => l.State);
        return
        [
            .. reaching.Where(r => books.ContainsKey(r.BookId)).GroupBy(r => r.BookId)
                .Select(g =>
                {
                    var intent = Combined([.. g.Select(r => r.Intent)]);
                    var deciding = g.Where(r => r.Intent == intent).ToList();
                    var book = books[g.Key];
                    return new PersonEntitlement(
                        book.PublicId,
                        book.AdamId,
                        book.Title,
                        book.LocationName,
                        intent,
                        [.. deciding.Select(r => r.GroupId).OfType<int>().Where(names.ContainsKey).Select(id => names[id]).Distinct().Order(StringComparer.CurrentCultureIgnoreCase)],
                        deciding.Exists(r => r.GroupId is null),
                        licenses.TryGetValue(book.AdamId, out var state) ? state : null);
                })
                .OrderBy(e => e.Intent == Intent.Excluded)
                .ThenBy(e => e.Title is null)
                .ThenBy(e => e.Title, StringComparer.CurrentCultureIgnoreCase)
                .ThenBy(e => e.AdamId),
        ];
    }

    private static Intent Combined(HashSet<Intent> intents) =>
        intents.Contains(Intent.Excluded) ? Intent.Excluded : intents.Contains(Intent.Required) ? Intent.Required : Intent.Available;
}
