using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Reports;

/// <summary>Copies of a book that have not reached their reader, by what they wait for.</summary>
/// <param name="BookId">Public id.</param>
/// <param name="Title">Null: the store does not tell.</param>
/// <param name="AdamId">Store id.</param>
/// <param name="Quality">Quality.</param>
/// <param name="TokenName">Through which token.</param>
/// <param name="ForStock">On the waiting list: no copy is free.</param>
/// <param name="ForAcceptance">Set aside for people who have no Apple Account connected yet.</param>
/// <param name="ForApproval">Wait for another person's approval, or for the end of the undo window.</param>
/// <param name="Failed">Refused by Apple; nothing was spent.</param>
/// <param name="Stuck">Could go on, and have not moved for <see cref="ServingReports.StuckAfter"/>.</param>
public sealed record UnservedBook(Guid BookId, string? Title, long AdamId, PricingParam Quality, string TokenName, int ForStock, int ForAcceptance, int ForApproval, int Failed, int Stuck)
{
    /// <summary>All of them.</summary>
    public int Total => ForStock + ForAcceptance + ForApproval + Failed + Stuck;
}

/// <summary>Somebody who cannot receive books yet.</summary>
/// <param name="PersonId">Public id.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="UserPrincipalName">Sign-in name.</param>
/// <param name="State">How far the registration is, the best of all tokens; of somebody who is associated at one and not at another, the best of those in <paramref name="Tokens"/>.</param>
/// <param name="ErrorNumber">Apple's number, when it refused.</param>
/// <param name="BooksExpected">Books that wait for this person, of all <paramref name="Tokens"/>.</param>
/// <param name="Tokens">The tokens that have a book for this person and at which no Apple Account is connected, by name; empty: none has a book yet.</param>
public sealed record UnreadyPerson(Guid PersonId, string DisplayName, string UserPrincipalName, RegistrationState State, int? ErrorNumber, int BooksExpected, IReadOnlyList<UnreadyToken> Tokens);

/// <summary>A token through which somebody is to receive a book and cannot yet.</summary>
/// <param name="TokenId">Public id.</param>
/// <param name="TokenName">Name.</param>
/// <param name="State">How far the registration is at this token.</param>
/// <param name="ErrorNumber">Apple's number, when it refused.</param>
/// <param name="BooksExpected">Books of this token that wait for the person; 0: required, and nothing could be set aside.</param>
public sealed record UnreadyToken(Guid TokenId, string TokenName, RegistrationState State, int? ErrorNumber, int BooksExpected);

/// <summary>People who cannot receive books yet, a page of them. Each person is in one of the numbers.</summary>
/// <param name="Ready">People who can: associated at one token at least, and at every token that has a book for them.</param>
/// <param name="Partly">Associated at one token at least, but not at every one that has a book for them.</param>
/// <param name="NotRegistered">People whom Apple does not know.</param>
/// <param name="Invited">Invited, not accepted.</param>
/// <param name="UnderWay">Being registered.</param>
/// <param name="Refused">Refused by Apple.</param>
/// <param name="Retired">Records that were retired, and no other.</param>
/// <param name="People">The page.</param>
public sealed record Unready(int Ready, int Partly, int NotRegistered, int Invited, int UnderWay, int Refused, int Retired, PageOf<UnreadyPerson> People);

/// <summary>Who and what has not been served: people without a registration, copies that wait, failed or stuck.</summary>
public sealed class ServingReports(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    /// <summary>A copy that could go on and has not moved for so long is stuck.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromHours(24);

    private static readonly LicenseState[] NotServed =
        [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown, LicenseState.Waiting, LicenseState.Held, LicenseState.Failed];

    private const int Ready = 5;

    private static readonly RegistrationState[] ByRank =
        [RegistrationState.None, RegistrationState.Retired, RegistrationState.Refused, RegistrationState.UnderWay, RegistrationState.Invited, RegistrationState.Associated];

    private static readonly LicenseState[] Expected = [.. NotServed.Where(s => s != LicenseState.Failed)];

    /// <summary>Copies in these states were given to Apple, or are being.</summary>
    internal static readonly LicenseState[] Sent = [LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    /// <summary>Books with copies that have not reached their reader; the most first.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<UnservedBook>> UnservedAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var old = clock.GetUtcNow() - StuckAfter;
        var counts = await (
                from copy in Open(db, old)
                group copy by new { copy.BookId, copy.State, copy.Ready, copy.Old } into copies
                select new { copies.Key.BookId, copies.Key.State, copies.Key.Ready, copies.Key.Old, Count = copies.Count() })
            .ToListAsync(cancellationToken);
        var ids = counts.Select(c => c.BookId).Distinct().ToList();
        var books = await db.ListedBooks().Where(b => ids.Contains(b.Book.Id))
            .Select(b => new { b.Book.Id, b.Book.PublicId, b.Book.AdamId, b.Book.PricingParam, Title = (string?)b.Title!.Name, b.Location.Name })
            .ToDictionaryAsync(b => b.Id, cancellationToken);
        return
        [
            .. counts.GroupBy(c => c.BookId).Select(g =>
            {
                var book = books[g.Key];
                int Count(Func<LicenseState, bool, bool, bool> which) => g.Where(c => which(c.State, c.Ready, c.Old)).Sum(c => c.Count);
                return new UnservedBook(
                    book.PublicId,
                    book.Title,
                    book.AdamId,
                    book.PricingParam,
                    book.Name,
                    Count((s, _, _) => s == LicenseState.Waiting),
                    Count((s, ready, _) => s == LicenseState.Reserved && !ready),
                    Count((s, _, _) => s == LicenseState.Held),
                    Count((s, _, _) => s == LicenseState.Failed),
                    Count((s, ready, isOld) => isOld && ((s == LicenseState.Reserved && ready) || Sent.Contains(s))));
            }).Where(b => b.Total > 0).OrderByDescending(b => b.Total).ThenBy(b => b.Title, StringComparer.CurrentCultureIgnoreCase).ThenBy(b => b.AdamId),
        ];
    }

    /// <summary>
    /// People of the directory who have no Apple Account connected at any token, or not at one that has a book for them: one that is set aside or waits for them, or a
    /// required one of which they have nothing. By name. A book that is only offered asks for nothing: whoever takes it is registered then. Guests and disabled accounts get
    /// no books and are left out.
    /// </summary>
    /// <param name="skip">Rows to leave out, 0 or more.</param>
    /// <param name="take">Rows to return, 1 to 1,000.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <param name="after">Continues behind this place, instead of leaving rows out; null for the beginning.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<Unready> UnreadyAsync(int skip, int take, Actor actor, CancellationToken cancellationToken, PersonPlace? after = null)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var records = Records(db);
        // The best of all records of a person; in the order of the states below.
        var ranks = records.Where(u => u.PersonId != null).GroupBy(u => u.PersonId)
            .Select(g => new { PersonId = g.Key, Rank = g.Max(u => u.Retired ? 1 : u.Status == VppUserStatus.Associated ? Ready : u.Status == VppUserStatus.Registered ? 4 : u.ErrorNumber == null ? 3 : 2) });
        var eligible = Receiving(db);
        var standing = Standing(eligible);
        var totals = (await standing.GroupBy(s => s.Rank).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(cancellationToken)).ToDictionary(g => ByRank[g.Key], g => g.Count);
        var lacking = Lacking(db, eligible).Select(l => l.PersonId);
        var partly = await standing.CountAsync(s => s.Rank == Ready && lacking.Contains(s.Person.Id), cancellationToken);
        var rows = await Standing(PeopleCatalog.Behind(db, eligible, after)).Where(s => s.Rank != Ready || lacking.Contains(s.Person.Id))
            .OrderBy(s => s.Person.DisplayName).ThenBy(s => s.Person.Id)
            .Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, 1000))
            .Select(s => new
            {
                s.Person.Id,
                s.Person.PublicId,
                s.Person.DisplayName,
                s.Person.UserPrincipalName,
                s.Rank,
                Error = records.Where(u => u.PersonId == s.Person.Id && !u.Retired && u.ErrorNumber != null).Select(u => u.ErrorNumber).FirstOrDefault(),
            })
            .ToListAsync(cancellationToken);
        var tokens = await TokensAsync(db, rows.ConvertAll(r => r.Id), cancellationToken);
        int Count(RegistrationState state) => totals.GetValueOrDefault(state);
        return new Unready(
            Count(RegistrationState.Associated) - partly,
            partly,
            Count(RegistrationState.None),
            Count(RegistrationState.Invited),
            Count(RegistrationState.UnderWay),
            Count(RegistrationState.Refused),
            Count(RegistrationState.Retired),
            new PageOf<UnreadyPerson>(
                rows.ConvertAll(r => Describe(r.PublicId, r.DisplayName, r.UserPrincipalName, r.Rank, r.Error, [.. tokens[r.Id]])),
                partly + totals.Where(t => t.Key != RegistrationState.Associated).Sum(t => t.Value)));

        IQueryable<Ranked> Standing(IQueryable<Person> people) =>
            from person in people
            join rank in ranks on person.Id equals rank.PersonId into found
            from rank in found.DefaultIfEmpty()
            select new Ranked { Person = person, Rank = (int?)rank!.Rank ?? 0 };
    }

    /// <summary>Copies that have not reached their reader, of all books that are listed.</summary>
    /// <param name="db">The context of all of it.</param>
    /// <param name="old">What has not changed since then is old.</param>
    internal static IQueryable<OpenCopy> Open(VppBooksDbContext db, DateTimeOffset old) =>
        from license in db.Licenses
        where NotServed.Contains(license.State)
        join book in db.ListedBooks() on license.BookId equals book.Book.Id
        select new OpenCopy
        {
            BookId = license.BookId,
            LocationId = book.Book.LocationId,
            State = license.State,
            Ready = db.VppUsers.Any(u => u.PersonId == license.PersonId && u.LocationId == book.Book.LocationId && !u.Retired && u.Status == VppUserStatus.Associated),
            Old = license.ChangedAt < old,
        };

    /// <summary>Everybody for whom books are.</summary>
    internal static IQueryable<Person> Receiving(VppBooksDbContext db) => db.People.Where(p => p.GoneSince == null && !p.Guest && p.AccountEnabled);

    /// <summary>A copy that has not reached its reader.</summary>
    internal sealed class OpenCopy
    {
        public required int BookId { get; init; }

        public required int LocationId { get; init; }

        public required LicenseState State { get; init; }

        /// <summary>Its reader has an Apple Account connected at the token.</summary>
        public required bool Ready { get; init; }

        /// <summary>It has stood like this for long.</summary>
        public required bool Old { get; init; }
    }

    private sealed class Ranked
    {
        public required Person Person { get; init; }

        /// <summary>The best of all records of the person; in the order of <see cref="ByRank"/>.</summary>
        public required int Rank { get; init; }
    }

    private static UnreadyPerson Describe(Guid id, string displayName, string userPrincipalName, int rank, int? error, IReadOnlyList<UnreadyToken> tokens)
    {
        // Whoever was associated between two readings is listed once more, without a token.
        var state = rank == Ready ? tokens.Select(t => t.State).DefaultIfEmpty(RegistrationState.Associated).MaxBy(s => Array.IndexOf(ByRank, s)) : ByRank[rank];
        return new UnreadyPerson(id, displayName, userPrincipalName, state, error, tokens.Sum(t => t.BooksExpected), tokens);
    }

    private static IQueryable<VppUser> Records(VppBooksDbContext db) => db.VppUsers.Where(u => db.Locations.Any(l => l.Id == u.LocationId && l.DeletedAt == null));

    /// <summary>Books that are for some people at tokens where they have no Apple Account connected; the same person and token can come several times.</summary>
    private static IQueryable<Want> Lacking(VppBooksDbContext db, IQueryable<Person> people)
    {
        var expected =
            from license in db.Licenses
            where Expected.Contains(license.State)
            join person in people on license.PersonId equals person.Id
            join book in db.Books on license.BookId equals book.Id
            select new Want { PersonId = person.Id, LocationId = book.LocationId, Expected = 1 };
        var required =
            from pair in AssignedPeople.In(db, db.GroupAssignments.Where(a => a.Intent == Intent.Required))
            join person in people on pair.PersonId equals person.Id
            join book in db.Books on pair.BookId equals book.Id
            where !book.NoLongerReported
                && !db.Licenses.Any(l => l.PersonId == pair.PersonId && l.AdamId == book.AdamId && l.State != LicenseState.Canceled)
            select new Want { PersonId = person.Id, LocationId = book.LocationId, Expected = 0 };
        return expected.Concat(required).Where(w => db.Locations.Any(l => l.Id == w.LocationId && l.DeletedAt == null)
            && !db.VppUsers.Any(u => u.PersonId == w.PersonId && u.LocationId == w.LocationId && !u.Retired && u.Status == VppUserStatus.Associated));
    }

    private static async Task<ILookup<int, UnreadyToken>> TokensAsync(VppBooksDbContext db, List<int> people, CancellationToken cancellationToken)
    {
        var lacking = await Lacking(db, db.People.Where(p => people.Contains(p.Id)))
            .GroupBy(w => new { w.PersonId, w.LocationId }).Select(g => new { g.Key.PersonId, g.Key.LocationId, Expected = g.Sum(w => w.Expected) }).ToListAsync(cancellationToken);
        var names = await db.Locations.Where(l => l.DeletedAt == null).Select(l => new { l.Id, l.PublicId, l.Name }).ToDictionaryAsync(l => l.Id, cancellationToken);
        var records = (await db.VppUsers.Where(u => u.PersonId != null && people.Contains(u.PersonId.Value))
                .Select(u => new { PersonId = u.PersonId!.Value, u.LocationId, u.Status, u.Retired, u.ErrorNumber }).ToListAsync(cancellationToken))
            .ToLookup(u => (u.PersonId, u.LocationId));
        return lacking.Where(l => names.ContainsKey(l.LocationId)).OrderBy(l => names[l.LocationId].Name, StringComparer.CurrentCultureIgnoreCase).ThenBy(l => l.LocationId)
            .ToLookup(l => l.PersonId, l =>
            {
                var (token, here) = (names[l.LocationId], records[(l.PersonId, l.LocationId)].ToList());
                return new UnreadyToken(
                    token.PublicId,
                    token.Name,
                    PeopleCatalog.Best(here.Select(u => PeopleCatalog.StateOf(u.Status, u.Retired, u.ErrorNumber))),
                    here.Find(u => !u.Retired && u.ErrorNumber != null)?.ErrorNumber,
                    l.Expected);
            });
    }

    private sealed class Want
    {
        public int PersonId { get; init; }

        public int LocationId { get; init; }

        /// <summary>1 for a copy that waits for the person, 0 for a wish without one.</summary>
        public int Expected { get; init; }
    }
}
