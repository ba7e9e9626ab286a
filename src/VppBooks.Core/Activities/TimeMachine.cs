using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Activities;

/// <summary>Apple's counts of a book at a moment of the past.</summary>
/// <param name="Since">Since when they were so.</param>
/// <param name="Total">Licenses owned; meaningless when <paramref name="Unlimited"/>.</param>
/// <param name="Assigned">Licenses assigned, ours and not ours.</param>
/// <param name="Available">Licenses free; meaningless when <paramref name="Unlimited"/>.</param>
/// <param name="Retired">Licenses of retired people.</param>
/// <param name="Unlimited">A free title without a stock.</param>
public sealed record CountsThen(DateTimeOffset Since, long Total, long Assigned, long Available, long Retired, bool Unlimited);

/// <summary>Somebody who held a book at a moment of the past.</summary>
/// <param name="PersonId">Public id.</param>
/// <param name="DisplayName">Name of today.</param>
/// <param name="UserPrincipalName">User principal name of today.</param>
/// <param name="Since">Since when.</param>
/// <param name="StillHeld">Holds it today.</param>
public sealed record HolderThen(Guid PersonId, string DisplayName, string UserPrincipalName, DateTimeOffset Since, bool StillHeld);

/// <summary>A page of them.</summary>
/// <param name="Rows">By name.</param>
/// <param name="Total">Of all pages together.</param>
/// <param name="Next">Where the next page begins; null for the last one.</param>
public sealed record HoldersThen(IReadOnlyList<HolderThen> Rows, int Total, HolderPlace? Next);

/// <summary>Where in a list of holders one page ended.</summary>
/// <param name="DisplayName">The last one's name.</param>
/// <param name="LicenseId">Id of the last one's ledger row.</param>
public sealed record HolderPlace(string DisplayName, long LicenseId)
{
    /// <summary>As words that travel.</summary>
    public IReadOnlyList<string> Words => [DisplayName, LicenseId.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Reads such words.</summary>
    /// <exception cref="FormatException">They are of another list.</exception>
    public static HolderPlace Of(IReadOnlyList<string> words) => words is [var name, var id] && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var license)
        ? new HolderPlace(name, license)
        : throw new FormatException("A place in another list.");
}

/// <summary>
/// Counts and holders of any past day. Counts come from the snapshots that every change of them leaves, holders from the record of every license: a license found
/// as assigned has no record of its beginning, its own row tells since when.
/// </summary>
public sealed class TimeMachine(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>The first moment after a day.</summary>
    public static DateTimeOffset EndOf(DateOnly day, TimeZoneInfo zone)
    {
        // A midnight that daylight saving time skips is an hour later.
        var midnight = day.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(30);
        }

        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }

    /// <summary>Apple's counts at the end of a day; null when nothing was known of the book by then.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<CountsThen?> CountsAsync(Guid bookId, DateOnly day, TimeZoneInfo zone, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var end = EndOf(day, zone);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.BookCountSnapshots.AsNoTracking()
            .Where(s => db.Books.Any(b => b.Id == s.BookId && b.PublicId == bookId) && s.At < end)
            .OrderByDescending(s => s.Id)
            .Select(s => new CountsThen(s.At, s.TotalCount, s.AssignedCount, s.AvailableCount, s.RetiredCount, s.Unlimited))
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>Our people who held a book at the end of a day, by name. What others gave to records of their own is counted by Apple only.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    /// <param name="bookId">The book.</param>
    /// <param name="day">The day.</param>
    /// <param name="zone">Where it ends.</param>
    /// <param name="skip">Rows to leave out, 0 or more.</param>
    /// <param name="take">Rows to return, 1 to 999.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <param name="after">Only those behind this place, where a page ended.</param>
    public async Task<HoldersThen> HoldersAsync(
        Guid bookId, DateOnly day, TimeZoneInfo zone, int skip, int take, Actor actor, CancellationToken cancellationToken, HolderPlace? after = null)
    {
        actor.Demand(Permissions.Read);
        var end = EndOf(day, zone);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var held = Held(db, bookId, end);
        var part = Math.Clamp(take, 1, 999);
        var rows = await InOrder(db, held, bookId, end, after).Skip(Math.Max(0, skip)).Take(part + 1).ToListAsync(cancellationToken);
        var next = rows.Count > part ? new HolderPlace(rows[part - 1].Holder.DisplayName, rows[part - 1].LicenseId) : null;
        return new HoldersThen([.. rows.Take(part).Select(r => r.Holder)], await held.CountAsync(cancellationToken), next);
    }

    /// <summary>All of them.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async IAsyncEnumerable<HolderThen> StreamHoldersAsync(Guid bookId, DateOnly day, TimeZoneInfo zone, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var end = EndOf(day, zone);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var held = Held(db, bookId, end);
        var all = WholeList.ReadAsync(
            InOrder(db, held, bookId, end).Select(r => r.LicenseId),
            keys => InOrder(db, held.Where(l => keys.Contains(l.Id)), bookId, end).ToDictionaryAsync(r => r.LicenseId, r => r.Holder, cancellationToken),
            cancellationToken);
        await foreach (var holder in all)
        {
            yield return holder;
        }
    }

    private static IQueryable<Row> InOrder(VppBooksDbContext db, IQueryable<License> held, Guid bookId, DateTimeOffset end, HolderPlace? after = null)
    {
        var holders = held.Join(db.People, l => l.PersonId, p => p.Id, (license, person) => new { License = license, Person = person });
        if (after is var (name, last))
        {
            // It is the database that compares.
#pragma warning disable CA1309
            holders = holders.Where(h => string.Compare(h.Person.DisplayName, name) > 0 || (h.Person.DisplayName == name && h.License.Id > last));
#pragma warning restore CA1309
        }

        return holders.OrderBy(h => h.Person.DisplayName).ThenBy(h => h.License.Id).Select(h => new Row
        {
            LicenseId = h.License.Id,
            Holder = new HolderThen(
                h.Person.PublicId,
                h.Person.DisplayName,
                h.Person.UserPrincipalName,
                db.LicenseChanges.Where(c => c.LicenseId == h.License.Id && c.At < end && c.To == LicenseState.Assigned).OrderByDescending(c => c.Id).Select(c => (DateTimeOffset?)c.At).FirstOrDefault()
                    ?? h.License.CreatedAt,
                h.License.State == LicenseState.Assigned && db.Books.Any(b => b.Id == h.License.BookId && b.PublicId == bookId)),
        });
    }

    // A row may have been of another book of the title then: it is looked for among all of them.
    private static IQueryable<License> Held(VppBooksDbContext db, Guid bookId, DateTimeOffset end) =>
        from book in db.Books
        where book.PublicId == bookId
        from license in db.Licenses.AsNoTracking()
        where db.Books.Any(b => b.Id == license.BookId && b.AdamId == book.AdamId) && license.CreatedAt < end
            && (db.LicenseChanges.Any(c => c.LicenseId == license.Id && c.At < end)
                ? db.LicenseChanges.Where(c => c.LicenseId == license.Id && c.At < end).OrderByDescending(c => c.Id)
                    .Select(c => c.To == LicenseState.Assigned && (c.BookId ?? license.BookId) == book.Id).First()
                // Nothing is recorded until then: what the next record says it was before, or what it still is.
                : db.LicenseChanges.Any(c => c.LicenseId == license.Id)
                    ? db.LicenseChanges.Where(c => c.LicenseId == license.Id).OrderBy(c => c.Id).Select(c => c.From == LicenseState.Assigned && (c.BookId ?? license.BookId) == book.Id).First()
                    : license.State == LicenseState.Assigned && license.BookId == book.Id)
        select license;

    private sealed class Row
    {
        public required long LicenseId { get; init; }

        public required HolderThen Holder { get; init; }
    }
}
