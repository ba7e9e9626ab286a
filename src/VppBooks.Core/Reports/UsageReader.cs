using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Reports;

/// <summary>
/// Use of licenses of all connected tokens. Totals come from Apple's counts; licenses are counted by the database, a line per book, and never read one by one.
/// </summary>
public sealed class UsageReader(IDbContextFactory<VppBooksDbContext> contexts)
{
    private static readonly LicenseState[] OnTheirWay = [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    /// <summary>All rows, by name; those without a name come last.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<UsageRow>> ListAsync(UsageBy by, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (by == UsageBy.Group)
        {
            return Ordered(await GroupUsage.ListAsync(db, cancellationToken));
        }

        var books = await BooksAsync(db, cancellationToken);
        return Ordered(by switch
        {
            UsageBy.Location => books.GroupBy(b => (b.LocationId, b.Row.TokenName)).Select(g => Sum([.. g.Select(b => b.Row)]) with { Id = g.Key.LocationId, Name = g.Key.TokenName }),
            // A book counts once: by its main genre.
            UsageBy.Genre => books.GroupBy(b => b.Genre, StringComparer.OrdinalIgnoreCase).Select(g => Sum([.. g.Select(b => b.Row)]) with { Name = g.Key.Length > 0 ? g.Key : null }),
            _ => books.Select(b => b.Row),
        });
    }

    /// <summary>All rows together.</summary>
    public static UsageRow Sum(IReadOnlyCollection<UsageRow> rows) => new()
    {
        Books = rows.Sum(r => r.Books),
        Bought = rows.Any(r => r.Bought is not null) ? rows.Sum(r => r.Bought ?? 0) : null,
        Assigned = rows.Sum(r => r.Assigned),
        AssignedUnlimited = rows.Sum(r => r.AssignedUnlimited),
        Available = rows.Any(r => r.Available is not null) ? rows.Sum(r => r.Available ?? 0) : null,
        OnTheirWay = rows.Sum(r => r.OnTheirWay),
        Waiting = rows.Sum(r => r.Waiting),
        Leavers = rows.Sum(r => r.Leavers),
        Used = rows.Sum(r => r.Used),
        WithDevice = rows.Sum(r => r.WithDevice),
    };

    /// <summary>Assigned licenses with their book, the way every report looks at a holder.</summary>
    internal static IQueryable<HeldCopy> Held(VppBooksDbContext db) =>
        from license in db.Licenses
        where license.State == LicenseState.Assigned
        join book in db.Books on license.BookId equals book.Id
        select new HeldCopy { License = license, Book = book };

    /// <summary>Copies whose holder has accepted.</summary>
    internal static IQueryable<HeldCopy> Used(VppBooksDbContext db, IQueryable<HeldCopy> held) => held.Where(h =>
        db.VppUsers.Any(u => u.PersonId == h.License.PersonId && u.LocationId == h.Book.LocationId && !u.Retired && u.Status == VppUserStatus.Associated));

    /// <summary>Copies that nobody can take back from people who are no longer there.</summary>
    internal static IQueryable<HeldCopy> Left(VppBooksDbContext db, IQueryable<HeldCopy> held) => held.Where(h =>
        db.People.Any(p => p.Id == h.License.PersonId && p.GoneSince != null)
        || (db.VppUsers.Any(u => u.PersonId == h.License.PersonId && u.LocationId == h.Book.LocationId && u.Retired)
            && !db.VppUsers.Any(u => u.PersonId == h.License.PersonId && u.LocationId == h.Book.LocationId && !u.Retired)));

    /// <summary>Copies whose holder has a managed device of their own.</summary>
    internal static IQueryable<HeldCopy> WithDevice(VppBooksDbContext db, IQueryable<HeldCopy> held) => held.Where(h => db.ManagedDevices.Any(d => d.PersonId == h.License.PersonId && d.UserAffinity));

    private static async Task<List<BookUsage>> BooksAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        var books = await db.ListedBooks()
            .Select(b => new
            {
                b.Book.Id,
                b.Book.PublicId,
                b.Book.AdamId,
                b.Book.PricingParam,
                b.Book.Unlimited,
                b.Book.TotalCount,
                b.Book.AssignedCount,
                b.Book.AvailableCount,
                Title = (string?)b.Title!.Name,
                Genres = (string?)b.Title.Genres,
                Location = b.Location.PublicId,
                b.Location.Name,
            })
            .ToListAsync(cancellationToken);
        var open = (await db.Licenses.Where(l => l.State != LicenseState.Assigned)
                .GroupBy(l => new { l.BookId, l.State }).Select(g => new { g.Key.BookId, g.Key.State, Count = g.Count() }).ToListAsync(cancellationToken))
            .ToLookup(g => g.BookId);
        var held = Held(db);
        var used = await CountAsync(Used(db, held), cancellationToken);
        var left = await CountAsync(Left(db, held), cancellationToken);
        var withDevice = await CountAsync(WithDevice(db, held), cancellationToken);
        var foreign = await (
                from holding in db.ForeignHoldings
                join user in db.VppUsers on holding.VppUserId equals user.Id
                group user by holding.BookId into users
                select new { users.Key, Used = users.Sum(u => !u.Retired && u.Status == VppUserStatus.Associated ? 1 : 0), Left = users.Sum(u => u.Retired ? 1 : 0) })
            .ToDictionaryAsync(g => g.Key, cancellationToken);

        return books.ConvertAll(b => new BookUsage(b.Location, b.Genres?.Split('|')[0] ?? "", new UsageRow
        {
            Id = b.PublicId,
            Name = b.Title,
            AdamId = b.AdamId,
            Quality = b.PricingParam,
            TokenName = b.Name,
            Books = 1,
            Bought = b.Unlimited ? null : b.TotalCount,
            Assigned = b.AssignedCount,
            AssignedUnlimited = b.Unlimited ? b.AssignedCount : 0,
            Available = b.Unlimited ? null : b.AvailableCount,
            OnTheirWay = open[b.Id].Where(o => OnTheirWay.Contains(o.State)).Sum(o => o.Count),
            Waiting = open[b.Id].Where(o => o.State == LicenseState.Waiting).Sum(o => o.Count),
            Leavers = left.GetValueOrDefault(b.Id) + (foreign.GetValueOrDefault(b.Id)?.Left ?? 0),
            Used = used.GetValueOrDefault(b.Id) + (foreign.GetValueOrDefault(b.Id)?.Used ?? 0),
            WithDevice = withDevice.GetValueOrDefault(b.Id),
        }));
    }

    private static Task<Dictionary<int, int>> CountAsync(IQueryable<HeldCopy> copies, CancellationToken cancellationToken) =>
        copies.GroupBy(h => h.License.BookId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);

    private static IReadOnlyList<UsageRow> Ordered(IEnumerable<UsageRow> rows) =>
        [.. rows.OrderBy(r => r.Name is null).ThenBy(r => r.Name, StringComparer.CurrentCultureIgnoreCase).ThenBy(r => r.TokenName, StringComparer.CurrentCultureIgnoreCase).ThenBy(r => r.AdamId).ThenBy(r => r.Quality)];

    private sealed record BookUsage(Guid LocationId, string Genre, UsageRow Row);
}

/// <summary>An assigned license with its book.</summary>
internal sealed class HeldCopy
{
    public required License License { get; init; }

    public required Book Book { get; init; }
}
