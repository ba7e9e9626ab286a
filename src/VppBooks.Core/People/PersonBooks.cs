using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
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

    /// <summary>Assignments of the person's groups, and of all users; an exclusion takes a book away again, whatever else gives it.</summary>
    public static async Task<IReadOnlyList<PersonEntitlement>> ListEntitledAsync(VppBooksDbContext db, Person person, CancellationToken cancellationToken)
    {
        var countsAsUser = !person.Guest && person.GoneSince is null;
        var rows = await (
                from assignment in db.GroupAssignments
                where (assignment.GroupId == null && countsAsUser) || db.GroupMemberships.Any(m => m.PersonId == person.Id && m.GroupId == assignment.GroupId)
                join book in db.Books on assignment.BookId equals book.Id
                join location in db.Locations on book.LocationId equals location.Id
                from title in db.Titles.Where(t => t.Id == book.TitleId).DefaultIfEmpty()
                from @group in db.Groups.Where(g => g.Id == assignment.GroupId).DefaultIfEmpty()
                select new
                {
                    book.Id,
                    book.PublicId,
                    book.AdamId,
                    Title = title == null ? null : title.Name,
                    LocationName = location.Name,
                    assignment.Intent,
                    GroupName = @group == null ? null : @group.DisplayName,
                })
            .ToListAsync(cancellationToken);
        var adamIds = rows.Select(r => r.AdamId).Distinct().ToList();
        var licenses = (await db.Licenses
                .Where(l => l.PersonId == person.Id && l.Ordinal == 0 && adamIds.Contains(l.AdamId))
                .Select(l => new { l.AdamId, l.State })
                .ToListAsync(cancellationToken))
            .ToDictionary(l => l.AdamId, l => l.State);
        return
        [
            .. rows.GroupBy(r => r.Id)
                .Select(g =>
                {
                    var intent = Combined([.. g.Select(r => r.Intent)]);
                    var deciding = g.Where(r => r.Intent == intent).ToList();
                    var book = deciding[0];
                    return new PersonEntitlement(
                        book.PublicId,
                        book.AdamId,
                        book.Title,
                        book.LocationName,
                        intent,
                        [.. deciding.Where(r => r.GroupName is not null).Select(r => r.GroupName!).Distinct().Order(StringComparer.CurrentCultureIgnoreCase)],
                        deciding.Any(r => r.GroupName is null),
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
