using System.Globalization;
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

/// <summary>Which part of a list.</summary>
public sealed record BookStatePage
{
    /// <summary>Rows to pass over; 0 or more.</summary>
    public int Skip { get; init; }

    /// <summary>Rows to return; 0 or more.</summary>
    public required int Take { get; init; }

    /// <summary>Continues after this place, as <see cref="BookPart{T}.Next"/> named it; null for the beginning.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>Counts the rows of the whole list too.</summary>
    public bool Count { get; init; }
}

/// <summary>A part of a list.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Total">Rows of the whole list; null when they were not to be counted.</param>
/// <param name="Next">Where the next part begins; null when this is the last one.</param>
public sealed record BookPart<T>(IReadOnlyList<T> Rows, int? Total, IReadOnlyList<string>? Next);

/// <summary>People and devices of a book by state; every state has its entry.</summary>
public sealed record BookStateCounts(IReadOnlyDictionary<HoldingState, int> People, IReadOnlyDictionary<HoldingState, int> Devices);

/// <summary>People and devices of a book, as device managements report them.</summary>
public sealed class BookStates(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Everybody the book was given to, each once; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<BookUser>?> ListAsync(Guid bookId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await One(db, bookId).SingleOrDefaultAsync(cancellationToken) is not (> 0 and var book))
        {
            return null;
        }

        return [.. (await UsersAsync(db, Given(db, db.Licenses.Where(l => l.BookId == book)).OrderBy(g => g.License.PersonId), cancellationToken)).Select(u => u.User)];
    }

    /// <summary>Some of the same people, in an order of their own that a page far back costs no more in than the first; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    /// <exception cref="FormatException">The place is none of this list.</exception>
    public async Task<BookPart<BookUser>?> PageUsersAsync(Guid bookId, BookStatePage page, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await One(db, bookId).SingleOrDefaultAsync(cancellationToken) is not (> 0 and var book))
        {
            return null;
        }

        var given = Given(db, db.Licenses.Where(l => l.BookId == book));
        var rest = PlaceOf(page.After, 1) is [var person] ? given.Where(g => g.License.PersonId > person) : given;
        var users = await UsersAsync(db, rest.OrderBy(g => g.License.PersonId).Skip(page.Skip).Take(page.Take + 1), cancellationToken);
        return new BookPart<BookUser>(
            [.. users.Take(page.Take).Select(u => u.User)],
            page.Count ? await given.CountAsync(cancellationToken) : null,
            users.Count > page.Take && page.Take > 0 ? [Word(users[page.Take - 1].PersonId)] : null);
    }

    /// <summary>Some of the devices of the same people, in an order of their own; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    /// <exception cref="FormatException">The place is none of this list.</exception>
    public async Task<BookPart<BookDevice>?> PageDevicesAsync(Guid bookId, BookStatePage page, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await One(db, bookId).SingleOrDefaultAsync(cancellationToken) is not (> 0 and var book))
        {
            return null;
        }

        var all = Given(db, db.Licenses.Where(l => l.BookId == book))
            .Join(db.ManagedDevices, g => g.License.PersonId, d => d.PersonId, (g, d) => new { g.Person, g.License, Device = d });
        var rest = PlaceOf(page.After, 2) is [var person, var device]
            ? all.Where(x => x.License.PersonId > person || (x.License.PersonId == person && x.Device.Id > device))
            : all;
        var rows = await rest.AsNoTracking()
            .OrderBy(x => x.License.PersonId).ThenBy(x => x.Device.Id)
            .Skip(page.Skip).Take(page.Take + 1)
            .Select(x => new { x.License.PersonId, x.Person.PublicId, x.Person.UserPrincipalName, x.License.State, x.License.ErrorNumber, x.Device })
            .ToListAsync(cancellationToken);
        return new BookPart<BookDevice>(
            [.. rows.Take(page.Take).Select(r => DeviceOf(r.Device, r.PublicId, r.UserPrincipalName, StateOf(r.State), r.ErrorNumber))],
            page.Count ? await all.CountAsync(cancellationToken) : null,
            rows.Count > page.Take && page.Take > 0 ? [Word(rows[page.Take - 1].PersonId), Word(rows[page.Take - 1].Device.Id)] : null);
    }

    /// <summary>One of <see cref="ListAsync"/>; null when the person was not given the book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<BookUser?> FindUserAsync(Guid bookId, Guid personId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = One(db, bookId);
        return (await UsersAsync(db, Given(db, db.Licenses.Where(l => one.Contains(l.BookId))).Where(g => g.Person.PublicId == personId), cancellationToken)).SingleOrDefault()?.User;
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
        var given = Given(db, db.Licenses.Where(l => some.Any(b => b.Id == l.BookId)));
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
    private static IQueryable<GivenLicense> Given(VppBooksDbContext db, IQueryable<License> ofBooks)
    {
        var given = ofBooks.Where(l => l.State != LicenseState.Canceled && l.State != LicenseState.Declined && l.State != LicenseState.Vanished);
        return given
            .Where(l => !given.Any(other => other.PersonId == l.PersonId && other.BookId == l.BookId && other.Ordinal < l.Ordinal))
            .Join(db.People, l => l.PersonId, p => p.Id, (l, p) => new GivenLicense { License = l, Person = p });
    }

    private static async Task<List<PlacedUser>> UsersAsync(VppBooksDbContext db, IQueryable<GivenLicense> given, CancellationToken cancellationToken)
    {
        var people = await given
            .Select(g => new { g.Person.Id, g.Person.PublicId, g.Person.UserPrincipalName, g.License.State, g.License.ErrorNumber })
            .ToListAsync(cancellationToken);
        var ids = people.Select(p => p.Id).ToArray();
        var devices = (await db.ManagedDevices.AsNoTracking().Where(d => EF.Parameter(ids).Contains(d.PersonId)).OrderBy(d => d.Id).ToListAsync(cancellationToken))
            .ToLookup(d => d.PersonId);
        return
        [
            .. people.Select(p => new PlacedUser(p.Id, new BookUser(p.PublicId, p.UserPrincipalName, StateOf(p.State), p.ErrorNumber,
                [.. devices[p.Id].Select(d => DeviceOf(d, p.PublicId, p.UserPrincipalName, StateOf(p.State), p.ErrorNumber))]))),
        ];
    }

    private static int[]? PlaceOf(IReadOnlyList<string>? words, int length)
    {
        var place = words?.Select(w => int.Parse(w, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
        return place is null || place.Length == length ? place : throw new FormatException("A place in another list.");
    }

    private static string Word(int id) => id.ToString(CultureInfo.InvariantCulture);

    private static BookDevice DeviceOf(ManagedDevice device, Guid personId, string userPrincipalName, HoldingState state, int? errorNumber) =>
        new(personId, device.Id, userPrincipalName, device.Name, device.Platform, device.OsVersion, device.LastSeenAt, state, errorNumber);

    private static HoldingState StateOf(LicenseState state) => state switch
    {
        LicenseState.Assigned => HoldingState.Assigned,
        LicenseState.Failed => HoldingState.Failed,
        _ => HoldingState.Underway,
    };

    private sealed record PlacedUser(int PersonId, BookUser User);

    private sealed class GivenLicense
    {
        public required License License { get; init; }

        public required Person Person { get; init; }
    }
}
