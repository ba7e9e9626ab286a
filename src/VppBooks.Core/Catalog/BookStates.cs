using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Catalog;

/// <summary>How a book stands with a person it was given to.</summary>
public enum HoldingState
{
    /// <summary>Decided, not yet Apple's word: planned, sent, waiting, or outcome unknown.</summary>
    Underway = 0,

    /// <summary>Apple assigned the license: the book is among the person's purchases.</summary>
    Assigned,

    /// <summary>Apple refused.</summary>
    Failed,
}

/// <summary>A managed device of somebody the book was given to. Nobody reports what books are on it.</summary>
public sealed record BookDevice(Guid PersonId, int DeviceId, string UserPrincipalName, string Name, string Platform, string? OsVersion, DateTimeOffset? LastSeenAt, HoldingState State, int? ErrorNumber);

/// <summary>Somebody the book was given to, with the devices known.</summary>
public sealed record BookUser(Guid PersonId, string UserPrincipalName, HoldingState State, int? ErrorNumber, IReadOnlyList<BookDevice> Devices);

/// <summary>A part of a list.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Total">Rows of the whole list.</param>
public sealed record BookPart<T>(IReadOnlyList<T> Rows, int Total);

/// <summary>People and devices of a book by state; every state has its entry.</summary>
public sealed record BookStateCounts(IReadOnlyDictionary<HoldingState, int> People, IReadOnlyDictionary<HoldingState, int> Devices);

/// <summary>People and devices of a book, as device managements report them.</summary>
public sealed class BookStates(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Everybody the book was given to, by name, each once; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<BookUser>?> ListAsync(Guid bookId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = One(db, bookId);
        if (!await one.AnyAsync(cancellationToken))
        {
            return null;
        }

        return await UsersAsync(db, Given(db, one).OrderBy(g => g.Person.UserPrincipalName).ThenBy(g => g.Person.Id), cancellationToken);
    }

    /// <summary>Some of <see cref="ListAsync"/>, with the number of all; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookPart<BookUser>?> PageUsersAsync(Guid bookId, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = One(db, bookId);
        if (!await one.AnyAsync(cancellationToken))
        {
            return null;
        }

        var given = Given(db, one);
        var rows = await UsersAsync(db, given.OrderBy(g => g.Person.UserPrincipalName).ThenBy(g => g.Person.Id).Skip(skip).Take(take), cancellationToken);
        return new BookPart<BookUser>(rows, await given.CountAsync(cancellationToken));
    }

    /// <summary>Some of the devices of the same people, by person and name, with the number of all; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookPart<BookDevice>?> PageDevicesAsync(Guid bookId, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = One(db, bookId);
        if (!await one.AnyAsync(cancellationToken))
        {
            return null;
        }

        var all = Given(db, one).Join(db.ManagedDevices, g => g.Person.Id, d => d.PersonId, (g, d) => new { g.Person, g.License.State, g.License.ErrorNumber, Device = d });
        var rows = await all.AsNoTracking()
            .OrderBy(x => x.Person.UserPrincipalName).ThenBy(x => x.Person.Id).ThenBy(x => x.Device.Name).ThenBy(x => x.Device.Id)
            .Skip(skip).Take(take)
            .Select(x => new { x.Person.PublicId, x.Person.UserPrincipalName, x.State, x.ErrorNumber, x.Device })
            .ToListAsync(cancellationToken);
        return new BookPart<BookDevice>(
            [.. rows.Select(r => DeviceOf(r.Device, r.PublicId, r.UserPrincipalName, StateOf(r.State), r.ErrorNumber))], await all.CountAsync(cancellationToken));
    }

    /// <summary>One of <see cref="ListAsync"/>; null when the person was not given the book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookUser?> FindUserAsync(Guid bookId, Guid personId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return (await UsersAsync(db, Given(db, One(db, bookId)).Where(g => g.Person.PublicId == personId), cancellationToken)).SingleOrDefault();
    }

    /// <summary>How many people and devices are in which state; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookStateCounts?> CountAsync(Guid bookId, Actor actor, CancellationToken cancellationToken) =>
        (await CountAsync([bookId], actor, cancellationToken)).GetValueOrDefault(bookId);

    /// <summary>The same of several books, by their public ids; those that do not exist are left out.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyDictionary<Guid, BookStateCounts>> CountAsync(IReadOnlyCollection<Guid> bookIds, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var wanted = bookIds.ToArray();
        var some = db.ListedBooks().Where(b => EF.Parameter(wanted).Contains(b.Book.PublicId)).Select(b => b.Book);
        var books = await some.Select(b => new { b.Id, b.PublicId }).ToListAsync(cancellationToken);
        var given = Given(db, some.Select(b => b.Id));
        var people = (await given.GroupBy(g => new { g.License.BookId, g.License.State })
            .Select(g => new { g.Key.BookId, g.Key.State, Count = g.Count() }).ToListAsync(cancellationToken)).ToLookup(g => g.BookId, g => (g.State, g.Count));
        var devices = (await given.Join(db.ManagedDevices, g => g.Person.Id, d => d.PersonId, (g, d) => new { g.License.BookId, g.License.State })
            .GroupBy(x => x).Select(g => new { g.Key.BookId, g.Key.State, Count = g.Count() }).ToListAsync(cancellationToken)).ToLookup(g => g.BookId, g => (g.State, g.Count));
        return books.ToDictionary(b => b.PublicId, b => new BookStateCounts(ByState(people[b.Id]), ByState(devices[b.Id])));

        static Dictionary<HoldingState, int> ByState(IEnumerable<(LicenseState State, int Count)> counts) =>
            Enum.GetValues<HoldingState>().ToDictionary(s => s, s => counts.Where(c => StateOf(c.State) == s).Sum(c => c.Count));
    }

    private static IQueryable<int> One(VppBooksDbContext db, Guid bookId) => db.ListedBooks().Where(b => b.Book.PublicId == bookId).Select(b => b.Book.Id);

    /// <summary>Everybody once: a further copy that others bought does not make a second person of its owner.</summary>
    private static IQueryable<GivenLicense> Given(VppBooksDbContext db, IQueryable<int> books)
    {
        var given = db.Licenses.Where(l => books.Contains(l.BookId) && l.State != LicenseState.Canceled && l.State != LicenseState.Declined && l.State != LicenseState.Vanished);
        return given
            .Where(l => !given.Any(other => other.PersonId == l.PersonId && other.BookId == l.BookId && other.Ordinal < l.Ordinal))
            .Join(db.People, l => l.PersonId, p => p.Id, (l, p) => new GivenLicense { License = l, Person = p });
    }

    private static async Task<IReadOnlyList<BookUser>> UsersAsync(VppBooksDbContext db, IQueryable<GivenLicense> given, CancellationToken cancellationToken)
    {
        var people = await given
            .Select(g => new { g.Person.Id, g.Person.PublicId, g.Person.UserPrincipalName, g.License.State, g.License.ErrorNumber })
            .ToListAsync(cancellationToken);
        var ids = people.Select(p => p.Id).ToArray();
        var devices = (await db.ManagedDevices.AsNoTracking().Where(d => EF.Parameter(ids).Contains(d.PersonId)).OrderBy(d => d.Name).ThenBy(d => d.Id).ToListAsync(cancellationToken))
            .ToLookup(d => d.PersonId);
        return
        [
            .. people.Select(p => new BookUser(p.PublicId, p.UserPrincipalName, StateOf(p.State), p.ErrorNumber,
                [.. devices[p.Id].Select(d => DeviceOf(d, p.PublicId, p.UserPrincipalName, StateOf(p.State), p.ErrorNumber))])),
        ];
    }

    private static BookDevice DeviceOf(ManagedDevice device, Guid personId, string userPrincipalName, HoldingState state, int? errorNumber) =>
        new(personId, device.Id, userPrincipalName, device.Name, device.Platform, device.OsVersion, device.LastSeenAt, state, errorNumber);

    private static HoldingState StateOf(LicenseState state) => state switch
    {
        LicenseState.Assigned => HoldingState.Assigned,
        LicenseState.Failed => HoldingState.Failed,
        _ => HoldingState.Underway,
    };

    private sealed class GivenLicense
    {
        public required License License { get; init; }

        public required Person Person { get; init; }
    }
}
