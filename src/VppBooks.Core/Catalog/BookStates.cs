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
/// <param name="PersonId">Whose it is.</param>
/// <param name="DeviceId">The directory's id of it; null when it is not known.</param>
/// <param name="Number">Tells devices without an id apart, until they are read again.</param>
/// <param name="UserPrincipalName">Name of its owner.</param>
/// <param name="Name">Its name in the device management.</param>
/// <param name="Platform">Operating system.</param>
/// <param name="OsVersion">Version; null when not reported.</param>
/// <param name="LastSeenAt">Last contact with the device management; null when never.</param>
/// <param name="State">How the book stands with its owner.</param>
/// <param name="ErrorNumber">What Apple said, where it refused.</param>
public sealed record BookDevice(
    Guid PersonId, Guid? DeviceId, int Number, string UserPrincipalName, string Name, string Platform, string? OsVersion, DateTimeOffset? LastSeenAt, HoldingState State, int? ErrorNumber);

/// <summary>Somebody the book was given to, with the devices known.</summary>
public sealed record BookUser(Guid PersonId, string UserPrincipalName, HoldingState State, int? ErrorNumber, IReadOnlyList<BookDevice> Devices);

/// <summary>What people and devices of a book can be ordered by.</summary>
public enum BookStateField
{
    /// <summary>User principal name.</summary>
    UserName = 0,

    /// <summary>Name of the device; of devices alone.</summary>
    DeviceName,

    /// <summary>Last contact with the device management, never before ever; of devices alone.</summary>
    LastSeen,

    /// <summary>Whose device it is and the directory's id of it; of devices alone.</summary>
    Device,
}

/// <summary>One field, up or down; whom it does not tell apart are in an order of their own.</summary>
public sealed record BookStateOrder(BookStateField Field, bool Descending);

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

    /// <summary>Which rows are in the list; null: all.</summary>
    public BookStateCondition? Where { get; init; }

    /// <summary>What the list is ordered by; null: in an order of its own.</summary>
    public BookStateOrder? OrderBy { get; init; }
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
    /// <summary>Everybody the book was given to, each once, page by page: one far back costs no more than the first. Null when there is no such book.</summary>
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

        var given = Selected(Given(db, db.Licenses.Where(l => l.BookId == book)), page);
        var users = await UsersAsync(db, From(given, page, devices: false).Skip(page.Skip).Take(page.Take + 1), cancellationToken);
        return new BookPart<BookUser>(
            [.. users.Take(page.Take).Select(u => u.User)],
            page.Count ? await given.CountAsync(cancellationToken) : null,
            users.Count > page.Take && page.Take > 0 ? [.. PlaceOf(page, users[page.Take - 1].User.UserPrincipalName), Word(users[page.Take - 1].PersonId)] : null);
    }

    /// <summary>The devices of the same people; null when there is no such book.</summary>
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

        var given = Selected(
            Given(db, db.Licenses.Where(l => l.BookId == book))
                .Join(db.ManagedDevices, g => g.License.PersonId, d => d.PersonId, (g, d) => new GivenLicense { License = g.License, Person = g.Person, Device = d }),
            page);
        var rows = await From(given, page, devices: true).AsNoTracking()
            .Skip(page.Skip).Take(page.Take + 1)
            .Select(x => new { x.License.PersonId, x.Person.PublicId, x.Person.UserPrincipalName, x.License.State, x.License.ErrorNumber, Device = x.Device! })
            .ToListAsync(cancellationToken);
        var last = rows.Count > page.Take && page.Take > 0 ? rows[page.Take - 1] : null;
        return new BookPart<BookDevice>(
            [.. rows.Take(page.Take).Select(r => DeviceOf(r.Device, r.PublicId, r.UserPrincipalName, StateOf(r.State), r.ErrorNumber))],
            page.Count ? await given.CountAsync(cancellationToken) : null,
            last is null ? null : [.. PlaceOf(page, last.UserPrincipalName, last.PublicId, last.Device), Word(last.PersonId), Word(last.Device.Id)]);
    }

    /// <summary>One of the people; null when the person was not given the book.</summary>
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

    private static IQueryable<GivenLicense> Selected(IQueryable<GivenLicense> given, BookStatePage page) => page.Where is { } where ? given.Where(BookStateConditions.Of(where)) : given;

    /// <summary>The rows after the place of the page, in its order.</summary>
    private static IQueryable<GivenLicense> From(IQueryable<GivenLicense> given, BookStatePage page, bool devices)
    {
        var rest = page.After is { } place ? given.Where(BookStateConditions.After(page, place, devices)) : given;
        var ordered = BookStateKey.Of(page.OrderBy).Aggregate((IOrderedQueryable<GivenLicense>?)null, (sorted, key) => key.Order(rest, sorted));
        ordered = ordered is null ? rest.OrderBy(g => g.License.PersonId) : ordered.ThenBy(g => g.License.PersonId);
        return devices ? ordered.ThenBy(g => g.Device!.Id) : ordered;
    }

    private static IEnumerable<string> PlaceOf(BookStatePage page, string name, Guid person = default, ManagedDevice? device = null) =>
        BookStateKey.Of(page.OrderBy).Select(k => k.Write(new BookStateKeyed(name, person, device)));

    private static string Word(int id) => id.ToString(CultureInfo.InvariantCulture);

    private static BookDevice DeviceOf(ManagedDevice device, Guid personId, string userPrincipalName, HoldingState state, int? errorNumber) =>
        new(personId, device.DeviceId, device.Id, userPrincipalName, device.Name, device.Platform, device.OsVersion, device.LastSeenAt, state, errorNumber);

    private static HoldingState StateOf(LicenseState state) => state switch
    {
        LicenseState.Assigned => HoldingState.Assigned,
        LicenseState.Failed => HoldingState.Failed,
        _ => HoldingState.Underway,
    };

    private sealed record PlacedUser(int PersonId, BookUser User);
}
