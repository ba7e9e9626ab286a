using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>Copies that are assigned, and that nobody can read.</summary>
public sealed class TroubledCopies(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Copies in one trouble, by the name of the person.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.Read"/>.</exception>
    public async Task<CopiesPage> ListAsync(CopiesQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var copies = In(db, PersonSearch.Apply(db, db.People, query.Search), query.Trouble);
        var total = await copies.Select(c => c.License.Id).Take(PeopleCatalog.CountLimit + 1).CountAsync(cancellationToken);
        return new CopiesPage(await ReadAsync(db, copies, Math.Max(query.Skip, 0), query.Take, cancellationToken), Math.Min(total, PeopleCatalog.CountLimit), total > PeopleCatalog.CountLimit);
    }

    /// <summary>Copies in one trouble behind another one, in the same order; from the first for null. Nothing is counted.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.Read"/>.</exception>
    public async Task<IReadOnlyList<TroubledCopy>> ListBehindAsync(CopyTrouble trouble, string? search, TroubledCopy? after, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var copies = In(db, PersonSearch.Apply(db, db.People, search), trouble);
        if (after is { DisplayName: var name, Place: var (person, license) })
        {
#pragma warning disable CA1309 // The database compares.
            copies = copies.Where(c => string.Compare(c.Person.DisplayName, name) > 0
                || (c.Person.DisplayName == name && (c.Person.Id > person || (c.Person.Id == person && c.License.Id > license))));
#pragma warning restore CA1309
        }

        return await ReadAsync(db, copies, skip: 0, take, cancellationToken);
    }

    private static async Task<IReadOnlyList<TroubledCopy>> ReadAsync(VppBooksDbContext db, IQueryable<TroubledHolding> copies, int skip, int take, CancellationToken cancellationToken)
    {
        var rows = await (
                from copy in copies
                from title in db.Titles.Where(t => t.Id == copy.Book.TitleId).DefaultIfEmpty()
                orderby copy.Person.DisplayName, copy.Person.Id, copy.License.Id
                select new
                {
                    PersonNumber = copy.Person.Id,
                    LicenseNumber = copy.License.Id,
                    Person = copy.Person.PublicId,
                    copy.Person.DisplayName,
                    copy.Person.UserPrincipalName,
                    copy.Person.Mail,
                    copy.Person.GoneSince,
                    Book = copy.Book.PublicId,
                    copy.Book.AdamId,
                    Title = title == null ? null : title.Name,
                    LocationNumber = copy.Location.Id,
                    copy.Location.Name,
                    copy.License.ChangedAt,
                })
            .Skip(skip)
            .Take(Math.Clamp(take, 1, 999))
            .ToListAsync(cancellationToken);
        var people = rows.Select(r => r.PersonNumber).Distinct().ToArray();
        var records = (await db.VppUsers
                .Where(u => u.PersonId != null && EF.Parameter(people).Contains(u.PersonId.Value))
                .Select(u => new { PersonId = u.PersonId!.Value, u.LocationId, u.Status, u.Retired, u.ErrorNumber })
                .ToListAsync(cancellationToken))
            .ToLookup(u => (u.PersonId, u.LocationId), u => PeopleCatalog.StateOf(u.Status, u.Retired, u.ErrorNumber));
        return rows.ConvertAll(r => new TroubledCopy(
            r.Person, r.DisplayName, r.UserPrincipalName, r.Mail, r.GoneSince, r.Book, r.AdamId, r.Title, r.Name, PeopleCatalog.Best(records[(r.PersonNumber, r.LocationNumber)]), r.ChangedAt)
        {
            Place = (r.PersonNumber, r.LicenseNumber),
        });
    }

    /// <summary>Copies of some people that are in a trouble. Tokens that were deleted do not count: nothing can be done there.</summary>
    internal static IQueryable<TroubledHolding> In(VppBooksDbContext db, IQueryable<Person> people, CopyTrouble trouble)
    {
        var held =
            from license in db.Licenses
            where license.State == LicenseState.Assigned
            join person in people on license.PersonId equals person.Id
            join book in db.Books on license.BookId equals book.Id
            join location in db.Locations on book.LocationId equals location.Id
            where location.DeletedAt == null
            select new TroubledHolding { License = license, Person = person, Book = book, Location = location };
        return trouble == CopyTrouble.WithLeavers
            ? held.Where(h => h.Person.GoneSince != null
                || (db.VppUsers.Any(u => u.PersonId == h.Person.Id && u.LocationId == h.Location.Id && u.Retired)
                    && !db.VppUsers.Any(u => u.PersonId == h.Person.Id && u.LocationId == h.Location.Id && !u.Retired)))
            // Who left is not waited for: those copies are the other list.
            : held.Where(h => h.Person.GoneSince == null
                && !db.VppUsers.Any(u => u.PersonId == h.Person.Id && u.LocationId == h.Location.Id && !u.Retired && u.Status == VppUserStatus.Associated)
                && (db.VppUsers.Any(u => u.PersonId == h.Person.Id && u.LocationId == h.Location.Id && !u.Retired)
                    || !db.VppUsers.Any(u => u.PersonId == h.Person.Id && u.LocationId == h.Location.Id && u.Retired)));
    }
}

internal sealed class TroubledHolding
{
    public required License License { get; init; }

    public required Person Person { get; init; }

    public required Book Book { get; init; }

    public required Location Location { get; init; }
}
