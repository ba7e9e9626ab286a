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
    public async Task<PageOf<HolderThen>> HoldersAsync(Guid bookId, DateOnly day, TimeZoneInfo zone, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var end = EndOf(day, zone);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var held = Held(db, bookId, end);
        var rows = await (
                from license in held
                join person in db.People on license.PersonId equals person.Id
                orderby person.DisplayName, license.Id
                select new HolderThen(
                    person.PublicId,
                    person.DisplayName,
                    person.UserPrincipalName,
                    db.LicenseChanges.Where(c => c.LicenseId == license.Id && c.At < end && c.To == LicenseState.Assigned).OrderByDescending(c => c.Id).Select(c => (DateTimeOffset?)c.At).FirstOrDefault()
                        ?? license.CreatedAt,
                    license.State == LicenseState.Assigned && db.Books.Any(b => b.Id == license.BookId && b.PublicId == bookId)))
            .Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, 999))
            .ToListAsync(cancellationToken);
        return new PageOf<HolderThen>(rows, await held.CountAsync(cancellationToken));
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
}
