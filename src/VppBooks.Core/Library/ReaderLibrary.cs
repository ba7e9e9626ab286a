using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Library;

/// <summary>What a reader sees: own books, own invitations, what is offered. Takes no id of a person: the signed-in one is the only one.</summary>
public sealed class ReaderLibrary(IDbContextFactory<VppBooksDbContext> contexts, InvitationLinks links)
{
    /// <summary>The reader's page; an empty one for somebody whom no assignment has reached yet.</summary>
    /// <param name="reader">The signed-in reader; the directory's object id says which person that is.</param>
    /// <param name="search">Part of a title or author; null or blank for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<LibraryView> FindAsync(Actor reader, string? search, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await PersonAsync(db, reader, cancellationToken) is not { } person)
        {
            return new LibraryView([], [], []);
        }

        var users = await (
                from user in db.VppUsers
                where user.PersonId == person.Id && !user.Retired
                join location in db.Locations on user.LocationId equals location.Id
                where location.DeletedAt == null
                orderby user.Id
                select new { user.LocationId, location.PublicId, location.OrganizationName, user.Status, Ready = user.InviteSecret != null, user.ErrorNumber })
            .ToListAsync(cancellationToken);
        var invited = users.Where(u => u.Status == VppUserStatus.Registered).Select(u => u.LocationId).ToHashSet();

        // At these nothing comes by itself before somebody has put the account in order.
        var refused = users.Where(u => u.Status == VppUserStatus.Unknown && u.ErrorNumber != null).Select(u => u.LocationId).ToHashSet();
        // Nor where Apple knows no record and there is no address to make one with.
        var known = users.Select(u => u.LocationId).ToHashSet();
        var addressed = person.ManagedAppleAccount is not null || person.Mail is not null;
        bool Blocked(int locationId) => refused.Contains(locationId) || !(addressed || known.Contains(locationId));

        var offers = await BookOffers.FindAsync(db, person, bookId: null, cancellationToken);
        var licenses = await db.Licenses.AsNoTracking().Where(l => l.PersonId == person.Id && l.State != LicenseState.Canceled).ToListAsync(cancellationToken);
        int[] ids = [.. licenses.Select(l => l.BookId).Union(offers.Keys)];
        var books = await db.ListedBooks().Where(b => EF.Parameter(ids).Contains(b.Book.Id)).ToDictionaryAsync(b => b.Book.Id, cancellationToken);

        List<LibraryBook> own = [];
        List<LibraryBook> offered = [];
        var seen = new HashSet<long>();
        foreach (var license in licenses.OrderBy(l => l.Ordinal))
        {
            if (!books.TryGetValue(license.BookId, out var book) || StateOf(license, invited.Contains(book.Book.LocationId), Blocked(book.Book.LocationId), offers.ContainsKey(license.BookId)) is not { } state)
            {
                continue;
            }

            if (seen.Add(license.AdamId))
            {
                var place = state == LibraryBookState.Waiting ? await PlaceAsync(db, license, book.Book.WaitingOrder, cancellationToken) : (int?)null;
                own.Add(Show(book, state, place));
            }
        }

        foreach (var (bookId, intent) in offers)
        {
            if (books.TryGetValue(bookId, out var book) && !book.Book.NoLongerReported && seen.Add(book.Book.AdamId))
            {
                var required = intent == Intent.Required;
                (required ? own : offered).Add(Show(book, Blocked(book.Book.LocationId) ? LibraryBookState.Refused : required ? LibraryBookState.Expected : LibraryBookState.CanGet, null));
            }
        }

        return new LibraryView(
            [.. users.Where(u => u.Status == VppUserStatus.Registered).Select(u => new LibraryInvitation(u.PublicId, u.OrganizationName, u.Ready))],
            Sorted(own, search),
            Sorted(offered, search));
    }

    /// <summary>The link with which the reader accepts an invitation; the same refusal for a foreign and for an unknown location.</summary>
    public async Task<InvitationLinkResult> InvitationAsync(Guid locationId, Actor reader, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await PersonAsync(db, reader, cancellationToken) is { } person
            ? await links.CreateOwnAsync(person, locationId, cancellationToken)
            : new InvitationLinkResult.NotAvailable(InvitationObstacle.NotFound);
    }

    private static async Task<Person?> PersonAsync(VppBooksDbContext db, Actor reader, CancellationToken cancellationToken) =>
        reader.Kind == ActorKind.Person && Guid.TryParse(reader.Id, out var directoryId)
            ? await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.DirectoryId == directoryId, cancellationToken)
            : null;

    private static LibraryBookState? StateOf(License license, bool invited, bool blocked, bool reached) => license.State switch
    {
        LicenseState.Assigned => LibraryBookState.Have,
        LicenseState.Reserved or LicenseState.Waiting when blocked => LibraryBookState.Refused,
        LicenseState.Reserved when invited => LibraryBookState.AfterInvitation,
        LicenseState.Reserved or LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown => LibraryBookState.OnItsWay,
        LicenseState.Held => LibraryBookState.AwaitsDecision,
        LicenseState.Waiting => LibraryBookState.Waiting,
        LicenseState.Failed or LicenseState.Vanished or LicenseState.Declined when reached => LibraryBookState.Refused,
        _ => null,
    };

    // The usual order is counted on the index; the others have to be sorted.
    private static async Task<int?> PlaceAsync(VppBooksDbContext db, License license, WaitingOrder order, CancellationToken cancellationToken)
    {
        var waiting = db.Licenses.Where(l => l.BookId == license.BookId && l.State == LicenseState.Waiting);
        if (order == WaitingOrder.FirstCome)
        {
            return 1 + await waiting.CountAsync(l => l.WantedAt < license.WantedAt || (l.WantedAt == license.WantedAt && l.Id < license.Id), cancellationToken);
        }

        var index = (await WaitingOrders.Sort(db, waiting, order).Select(l => l.Id).ToListAsync(cancellationToken)).IndexOf(license.Id);
        return index < 0 ? null : index + 1;
    }

    private static LibraryBook Show(ListedBook listed, LibraryBookState state, int? place)
    {
        var (book, title) = (listed.Book, listed.Title);
        var store = title?.StoreUrl is { } url && url.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            ? url
            : string.Create(CultureInfo.InvariantCulture, $"https://books.apple.com/{listed.Location.CountryOrRegion.ToLowerInvariant()}/book/id{book.AdamId}");
        return new LibraryBook(book.PublicId, book.AdamId, title?.Name, title?.Author, title is { HasCover: true } ? title.Id : null, store, state, place);
    }

    private static IReadOnlyList<LibraryBook> Sorted(List<LibraryBook> books, string? search)
    {
        var text = search?.Trim() ?? "";
        return
        [
            .. books.Where(b => text.Length == 0 || Holds(b.Title, text) || Holds(b.Author, text))
                .OrderBy(b => b.State).ThenBy(b => b.Title is null).ThenBy(b => b.Title, StringComparer.CurrentCultureIgnoreCase).ThenBy(b => b.AdamId),
        ];
    }

    private static bool Holds(string? words, string text) =>
        words is not null && CultureInfo.CurrentCulture.CompareInfo.IndexOf(words, text, CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace) >= 0;
}
