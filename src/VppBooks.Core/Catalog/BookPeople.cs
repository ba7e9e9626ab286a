using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Catalog;

/// <summary>Which part of a book's people to list.</summary>
public sealed record BookPeopleQuery
{
    /// <summary>Beginnings of words of a name or address; null or blank for all.</summary>
    public string? Search { get; init; }

    /// <summary>One state only; null for all but canceled ones.</summary>
    public LicenseState? State { get; init; }

    /// <summary>Rows to pass over, from 0.</summary>
    public int Skip { get; init; }

    /// <summary>Rows to return, 1 to <see cref="BookQuery.MaxTake"/>.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>A page of people.</summary>
/// <param name="Rows">The rows of the page, by name.</param>
/// <param name="Total">Rows of all pages together.</param>
/// <param name="Foreign">Copies held by records that others made; never listed.</param>
public sealed record BookPeoplePage(IReadOnlyList<BookPerson> Rows, int Total, int Foreign);

/// <summary>A person's license of a book.</summary>
/// <param name="PersonId">Public id.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="UserPrincipalName">User principal name.</param>
/// <param name="Gone">Gone from the directory.</param>
/// <param name="LicenseId">Id of the ledger row.</param>
/// <param name="State">Where the license stands.</param>
/// <param name="Source">What brought it.</param>
/// <param name="Ordinal">Above 0: a further copy that others bought for the person.</param>
/// <param name="Since">Last change of state: for an assigned license, since when.</param>
/// <param name="ErrorNumber">Apple's number behind a failure.</param>
/// <param name="Registration">The person's standing at the location; null when not registered there.</param>
/// <param name="Groups">Groups through which the person is given the book now; empty when it came otherwise.</param>
public sealed record BookPerson(
    Guid PersonId,
    string DisplayName,
    string UserPrincipalName,
    bool Gone,
    long LicenseId,
    LicenseState State,
    LicenseSource Source,
    byte Ordinal,
    DateTimeOffset Since,
    int? ErrorNumber,
    VppUserStatus? Registration,
    IReadOnlyList<AssignedGroup> Groups);

/// <summary>Who holds a book, or is about to.</summary>
public sealed class BookPeople(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>A page of the people of a book; null when there is no book with the id.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookPeoplePage?> ListAsync(Guid bookPublicId, BookPeopleQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await db.Books.AsNoTracking().Where(b => b.PublicId == bookPublicId).Select(b => new { b.Id, b.LocationId }).SingleOrDefaultAsync(cancellationToken);
        if (book is null)
        {
            return null;
        }

        var people = People(db, book.Id, query);
        var total = await people.CountAsync(cancellationToken);
        var foreign = await db.ForeignHoldings.CountAsync(h => h.BookId == book.Id, cancellationToken);
        var page = InOrder(people).Skip(Math.Max(query.Skip, 0)).Take(Math.Clamp(query.Take, 1, BookQuery.MaxTake));
        return new BookPeoplePage(await RowsAsync(db, book.Id, book.LocationId, page, cancellationToken), total, foreign);
    }

    /// <summary>All people of a book, none when there is no book with the id; <see cref="BookPeopleQuery.Skip"/> and <see cref="BookPeopleQuery.Take"/> do not count.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async IAsyncEnumerable<BookPerson> StreamAsync(Guid bookPublicId, BookPeopleQuery query, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Books.AsNoTracking().Where(b => b.PublicId == bookPublicId).Select(b => new { b.Id, b.LocationId }).SingleOrDefaultAsync(cancellationToken) is not { } book)
        {
            yield break;
        }

        var people = People(db, book.Id, query);
        var all = WholeList.ReadAsync(
            InOrder(people).Select(p => p.License.Id),
            async keys => (await RowsAsync(db, book.Id, book.LocationId, people.Where(p => keys.Contains(p.License.Id)), cancellationToken)).ToDictionary(p => p.LicenseId),
            cancellationToken);
        await foreach (var person in all)
        {
            yield return person;
        }
    }

    private static IQueryable<Holder> InOrder(IQueryable<Holder> people) => people.OrderBy(p => p.Person.DisplayName).ThenBy(p => p.License.Id);

    private static async Task<List<BookPerson>> RowsAsync(VppBooksDbContext db, int bookId, int locationId, IQueryable<Holder> people, CancellationToken cancellationToken)
    {
        var rows = await people
            .Select(p => new
            {
                PersonKey = p.Person.Id,
                Row = new BookPerson(
                    p.Person.PublicId,
                    p.Person.DisplayName,
                    p.Person.UserPrincipalName,
                    p.Person.GoneSince != null,
                    p.License.Id,
                    p.License.State,
                    p.License.Source,
                    p.License.Ordinal,
                    p.License.ChangedAt,
                    p.License.ErrorNumber,
                    db.VppUsers.Where(u => u.PersonId == p.Person.Id && u.LocationId == locationId).OrderBy(u => u.Retired).Select(u => (VppUserStatus?)u.Status).FirstOrDefault(),
                    Array.Empty<AssignedGroup>()),
            })
            .ToListAsync(cancellationToken);
        var groups = await GroupsAsync(db, bookId, rows.ConvertAll(p => p.PersonKey), cancellationToken);
        return rows.ConvertAll(p => p.Row with { Groups = groups(p.PersonKey) });
    }

    private static IQueryable<Holder> People(VppBooksDbContext db, int bookId, BookPeopleQuery query)
    {
        var people =
            from license in db.Licenses.AsNoTracking()
            join person in PersonSearch.Apply(db, db.People, query.Search) on license.PersonId equals person.Id
            where license.BookId == bookId
            select new Holder { License = license, Person = person };
        return query.State is { } state ? people.Where(p => p.License.State == state) : people.Where(p => p.License.State != LicenseState.Canceled);
    }

    private static async Task<Func<int, IReadOnlyList<AssignedGroup>>> GroupsAsync(VppBooksDbContext db, int bookId, List<int> personIds, CancellationToken cancellationToken)
    {
        // An assignment to all users reaches everybody; the others reach members.
        var everybody = await db.GroupAssignments.AsNoTracking()
            .Where(a => a.BookId == bookId && a.GroupId == null && a.Intent != Intent.Excluded)
            .Select(a => new AssignedGroup(null, null, a.Intent))
            .ToListAsync(cancellationToken);
        var members = await (
            from assignment in db.GroupAssignments.AsNoTracking()
            join directoryGroup in db.Groups on assignment.GroupId equals directoryGroup.Id
            join membership in db.GroupMemberships on directoryGroup.Id equals membership.GroupId
            where assignment.BookId == bookId && assignment.Intent != Intent.Excluded && personIds.Contains(membership.PersonId)
            orderby directoryGroup.DisplayName
            select new { membership.PersonId, Group = new AssignedGroup(directoryGroup.DirectoryId, directoryGroup.DisplayName, assignment.Intent) })
            .ToListAsync(cancellationToken);
        var byPerson = members.ToLookup(m => m.PersonId, m => m.Group);
        return personId => [.. byPerson[personId], .. everybody];
    }

    private sealed class Holder
    {
        public required License License { get; init; }

        public required Person Person { get; init; }
    }
}
