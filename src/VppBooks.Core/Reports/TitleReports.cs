using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Reports;

/// <summary>A title bought through several tokens.</summary>
/// <param name="AdamId">Store id.</param>
/// <param name="Title">Null: the store does not tell.</param>
/// <param name="Author">Author.</param>
/// <param name="Tokens">Names of the tokens that have it.</param>
/// <param name="Bought">Copies owned together; null when free without a stock everywhere.</param>
/// <param name="Assigned">Copies assigned together.</param>
/// <param name="Available">Copies free together; null where <paramref name="Bought"/> is.</param>
/// <param name="Holders">Our people who hold it, each once.</param>
/// <param name="HeldTwice">Of these, people who hold it more than once.</param>
public sealed record SharedTitle(long AdamId, string? Title, string? Author, IReadOnlyList<string> Tokens, long? Bought, long Assigned, long? Available, int Holders, int HeldTwice);

/// <summary>Titles bought through several tokens, and what is held twice.</summary>
/// <param name="Titles">By title.</param>
/// <param name="PeopleTwice">People who hold one of any title more than once, in any quality and through any token.</param>
/// <param name="CopiesTwice">Copies that are not the first of their holder: bought without need.</param>
public sealed record SharedTitles(IReadOnlyList<SharedTitle> Titles, int PeopleTwice, int CopiesTwice);

/// <summary>A copy of a title and who holds it.</summary>
/// <param name="PersonId">Public id.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="UserPrincipalName">Sign-in name.</param>
/// <param name="BookId">Public id of the book that the copy is of.</param>
/// <param name="Title">Null: the store does not tell.</param>
/// <param name="AdamId">Store id.</param>
/// <param name="TokenName">Through which token.</param>
/// <param name="Quality">Quality.</param>
/// <param name="Since">Since when.</param>
/// <param name="Copies">Copies of the title that the person holds.</param>
public sealed record TitleCopy(
    Guid PersonId, string DisplayName, string UserPrincipalName, Guid BookId, string? Title, long AdamId, string TokenName, PricingParam Quality, DateTimeOffset Since, int Copies);

/// <summary>Titles across tokens: what was bought at several, who holds a title, and who holds it twice.</summary>
public sealed class TitleReports(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Titles that more than one connected token has.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<SharedTitles> SharedAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var shared = db.ListedBooks().GroupBy(b => b.Book.AdamId).Where(g => g.Select(b => b.Location.Id).Distinct().Count() > 1).Select(g => g.Key);
        var books = await db.ListedBooks().Where(b => shared.Contains(b.Book.AdamId))
            .Select(b => new { b.Book.AdamId, b.Book.Unlimited, b.Book.TotalCount, b.Book.AssignedCount, b.Book.AvailableCount, Title = (string?)b.Title!.Name, b.Title.Author, Token = b.Location.Name })
            .ToListAsync(cancellationToken);
        var holders = await Held(db).Where(h => shared.Contains(h.License.AdamId))
            .GroupBy(h => h.License.AdamId).Select(g => new { g.Key, Count = g.Select(h => h.License.PersonId).Distinct().Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        // Few: a further copy is never asked for by us.
        var further = await Twice(db, Held(db)).Select(h => new { h.License.AdamId, h.License.PersonId }).ToListAsync(cancellationToken);
        var twice = further.GroupBy(f => (f.AdamId, f.PersonId)).ToList();
        var twiceByTitle = twice.CountBy(g => g.Key.AdamId).ToDictionary();
        return new SharedTitles(
            [
                .. books.GroupBy(b => b.AdamId).Select(g =>
                {
                    var limited = g.Where(b => !b.Unlimited).ToList();
                    var named = g.FirstOrDefault(b => b.Title is not null) ?? g.First();
                    return new SharedTitle(
                        g.Key,
                        named.Title,
                        named.Author,
                        [.. g.Select(b => b.Token).Distinct().Order(StringComparer.CurrentCultureIgnoreCase)],
                        limited.Count > 0 ? limited.Sum(b => b.TotalCount) : null,
                        g.Sum(b => b.AssignedCount),
                        limited.Count > 0 ? limited.Sum(b => b.AvailableCount) : null,
                        holders.GetValueOrDefault(g.Key),
                        twiceByTitle.GetValueOrDefault(g.Key));
                }).OrderBy(t => t.Title is null).ThenBy(t => t.Title, StringComparer.CurrentCultureIgnoreCase).ThenBy(t => t.AdamId),
            ],
            twice.Select(g => g.Key.PersonId).Distinct().Count(),
            further.Count - twice.Count);
    }

    /// <summary>Copies of a title through all connected tokens, by holder; of every title when <paramref name="adamId"/> is null.</summary>
    /// <param name="adamId">Store id.</param>
    /// <param name="twice">Only of people who hold the title more than once.</param>
    /// <param name="skip">Rows to leave out, 0 or more.</param>
    /// <param name="take">Rows to return, 1 to 999.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<PageOf<TitleCopy>> CopiesAsync(long? adamId, bool twice, int skip, int take, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var copies = Copies(db, adamId, twice);
        var rows = await InOrder(db, copies).Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, 999)).ToListAsync(cancellationToken);
        return new PageOf<TitleCopy>(rows.ConvertAll(r => r.Copy), await copies.CountAsync(cancellationToken));
    }

    /// <summary>All of that list.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async IAsyncEnumerable<TitleCopy> StreamCopiesAsync(long? adamId, bool twice, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var copies = Copies(db, adamId, twice);
        var all = WholeList.ReadAsync(
            InOrder(db, copies).Select(r => r.LicenseId),
            keys => InOrder(db, copies.Where(c => keys.Contains(c.License.Id))).ToDictionaryAsync(r => r.LicenseId, r => r.Copy, cancellationToken),
            cancellationToken);
        await foreach (var copy in all)
        {
            yield return copy;
        }
    }

    private static IQueryable<HeldCopy> Copies(VppBooksDbContext db, long? adamId, bool twice)
    {
        var copies = Held(db).Where(h => adamId == null || h.License.AdamId == adamId);
        return twice ? Twice(db, copies) : copies;
    }

    private static IQueryable<Row> InOrder(VppBooksDbContext db, IQueryable<HeldCopy> copies) =>
        from copy in copies
        join person in db.People on copy.License.PersonId equals person.Id
        join location in db.Locations on copy.Book.LocationId equals location.Id
        orderby person.DisplayName, person.Id, copy.License.AdamId, copy.License.Id
        select new Row
        {
            LicenseId = copy.License.Id,
            Copy = new TitleCopy(
                person.PublicId,
                person.DisplayName,
                person.UserPrincipalName,
                copy.Book.PublicId,
                db.Titles.Where(t => t.Id == copy.Book.TitleId).Select(t => t.Name).FirstOrDefault(),
                copy.License.AdamId,
                location.Name,
                copy.Book.PricingParam,
                copy.License.ChangedAt,
                db.Licenses.Count(l => l.PersonId == copy.License.PersonId && l.AdamId == copy.License.AdamId && l.State == LicenseState.Assigned)),
        };

    private static IQueryable<HeldCopy> Held(VppBooksDbContext db) =>
        UsageReader.Held(db).Where(h => db.Locations.Any(l => l.Id == h.Book.LocationId && l.DeletedAt == null));

    // The second copy of somebody has an ordinal above 0: only they are looked at.
    private static IQueryable<HeldCopy> Twice(VppBooksDbContext db, IQueryable<HeldCopy> copies) => copies.Where(h =>
        db.Licenses.Any(o => o.PersonId == h.License.PersonId && o.AdamId == h.License.AdamId && o.Ordinal > 0 && o.State == LicenseState.Assigned)
        && db.Licenses.Count(o => o.PersonId == h.License.PersonId && o.AdamId == h.License.AdamId && o.State == LicenseState.Assigned) > 1);

    private sealed class Row
    {
        public required long LicenseId { get; init; }

        public required TitleCopy Copy { get; init; }
    }
}
