using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Gathers what the planner needs from one context, so that inside a transaction all facts are of one moment.</summary>
internal static class PlanFacts
{
    /// <summary>States that hold a copy of the stock although Apple does not count it yet.</summary>
    public static readonly LicenseState[] SetAside =
        [LicenseState.Reserved, LicenseState.Held, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    private static readonly LicenseState[] Unsent = [LicenseState.Reserved, LicenseState.Waiting, LicenseState.Held];

    public static async Task<PlanStock> StockAsync(VppBooksDbContext db, Book book, CancellationToken cancellationToken)
    {
        if (book is { Unlimited: true, NoLongerReported: false })
        {
            return new PlanStock(Unlimited: true, Free: 0);
        }

        var aside = await db.Licenses.CountAsync(l => l.BookId == book.Id && SetAside.Contains(l.State), cancellationToken);
        // Who waits already comes first, in the order that was chosen for the list.
        var waiting = await WaitingOrders.Entitled(db).CountAsync(l => l.BookId == book.Id, cancellationToken);
        return new PlanStock(Unlimited: false, Math.Max(0, book.AvailableCount - aside - waiting));
    }

    public static async Task<IReadOnlyList<PlannedWish>> MembersAsync(
        VppBooksDbContext db, IReadOnlyList<(int? GroupId, Intent Intent)> wishes, CancellationToken cancellationToken)
    {
        var result = new List<PlannedWish>(wishes.Count);
        foreach (var (groupId, intent) in wishes)
        {
            var members = groupId is { } id
                ? db.GroupMemberships.Where(m => m.GroupId == id).Select(m => m.PersonId)
                : db.People.Where(p => !p.Guest && p.GoneSince == null).Select(p => p.Id);
            result.Add(new PlannedWish(groupId, intent, await members.ToListAsync(cancellationToken)));
        }

        return result;
    }

    /// <summary>
    /// Takes everybody out of some Required wishes who has nothing of the book yet: out of those whose group the directory does not have any more, because a paused
    /// wish gives nothing to anybody new; and out of all of them when assignments are only removed, because that must not spend anything.
    /// </summary>
    public static async Task<IReadOnlyList<PlannedWish>> WithoutNewcomersAsync(
        VppBooksDbContext db, Book book, Wish wish, IReadOnlyList<PlannedWish> members, CancellationToken cancellationToken)
    {
        var change = WishChange.Of(await PlanLedger.StandingAsync(db, book.Id, cancellationToken), wish);
        var gone = await GoneAsync(db, wish.Assignments, cancellationToken);
        if (!members.Any(IsPaused))
        {
            return members;
        }

        var holders = await db.Licenses
            .Where(l => l.BookId == book.Id && (l.State == LicenseState.Assigned || l.State == LicenseState.Waiting || SetAside.Contains(l.State)))
            .Select(l => l.PersonId)
            .ToHashSetAsync(cancellationToken);
        return [.. members.Select(w => IsPaused(w) ? w with { Members = [.. w.Members.Where(holders.Contains)] } : w)];

        bool IsPaused(PlannedWish planned) => planned.Intent == Intent.Required && (change.OnlyRemoves || (planned.GroupId is { } id && gone.Contains(id)));
    }

    /// <summary>Those of some groups that the directory does not have any more.</summary>
    public static async Task<HashSet<int>> GoneAsync(VppBooksDbContext db, IReadOnlyList<(int? GroupId, Intent Intent)> wishes, CancellationToken cancellationToken)
    {
        var groups = wishes.Select(w => w.GroupId).OfType<int>().ToArray();
        return await db.Groups.Where(g => EF.Parameter(groups).Contains(g.Id) && g.State != GroupState.Active).Select(g => g.Id).ToHashSetAsync(cancellationToken);
    }

    /// <summary>Ids of everybody whom the planner has to judge: reached by a Required wish, or with an unsent license of the book.</summary>
    public static async Task<int[]> ReachedAsync(VppBooksDbContext db, Book book, IReadOnlyList<PlannedWish> wishes, CancellationToken cancellationToken)
    {
        var reached = wishes.Where(w => w.Intent == Intent.Required).SelectMany(w => w.Members).ToHashSet();
        reached.UnionWith(await db.Licenses.Where(l => l.BookId == book.Id && Unsent.Contains(l.State)).Select(l => l.PersonId).ToListAsync(cancellationToken));
        return [.. reached];
    }

    /// <summary>What is known of some people as far as a book is concerned.</summary>
    /// <param name="db">The context.</param>
    /// <param name="book">The book.</param>
    /// <param name="ids">The people.</param>
    /// <param name="following">Nobody looks at the effect before it is carried out: what was refused once is not tried again.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<IReadOnlyDictionary<int, PersonFacts>> PeopleAsync(
        VppBooksDbContext db, Book book, int[] ids, bool following, CancellationToken cancellationToken)
    {
        var titleBooks = await db.Books.Where(b => b.AdamId == book.AdamId).Select(b => b.Id).ToListAsync(cancellationToken);
        var holdings = await HoldingsAsync(db, book, titleBooks, ids, following, cancellationToken);
        var registrations = await RegistrationsAsync(db, book.LocationId, ids, cancellationToken);
        var foreignAccounts = await ForeignAccountsAsync(db, titleBooks, book.LocationId, cancellationToken);

        var facts = new Dictionary<int, PersonFacts>(ids.Length);
        var people = db.People.Where(p => EF.Parameter(ids).Contains(p.Id)).Select(p => new
        {
            p.Id,
            p.AccountEnabled,
            p.Guest,
            Gone = p.GoneSince != null,
            Managed = p.ManagedAppleAccount != null,
            Mail = p.Mail != null,
        });
        await foreach (var person in people.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var registration = registrations.GetValueOrDefault(person.Id);
            var managed = person.Managed && !registration.ManagedRefused;
            var holding = holdings.GetValueOrDefault(person.Id);
            if (holding == HoldingFact.None && registration.IdHash is { } account && foreignAccounts.Contains(account))
            {
                holding = HoldingFact.Foreign;
            }

            facts.Add(person.Id, new PersonFacts(
                person.Id, person.AccountEnabled, person.Guest, person.Gone, managed, person.Mail, registration.Fact(managed || person.Mail), holding));
        }

        return facts;
    }

    private static async Task<Dictionary<int, HoldingFact>> HoldingsAsync(
        VppBooksDbContext db, Book book, List<int> titleBooks, int[] people, bool following, CancellationToken cancellationToken)
    {
        var result = new Dictionary<int, HoldingFact>();
        var rows = db.Licenses
            .Where(l => titleBooks.Contains(l.BookId) && EF.Parameter(people).Contains(l.PersonId))
            .Select(l => new { l.PersonId, l.BookId, l.State, l.Source });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var here = row.BookId == book.Id;
            var fact = row.State switch
            {
                LicenseState.Assigned => here ? HoldingFact.Here : HoldingFact.Elsewhere,
                LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown => HoldingFact.UnderWay,
                LicenseState.Reserved or LicenseState.Held or LicenseState.Waiting when !here => HoldingFact.WantedOtherwise,
                LicenseState.Reserved or LicenseState.Held or LicenseState.Waiting when row.Source == LicenseSource.Taken => HoldingFact.Taken,
                LicenseState.Reserved or LicenseState.Held => HoldingFact.Reserved,
                LicenseState.Waiting => HoldingFact.Waiting,
                LicenseState.Failed or LicenseState.Declined or LicenseState.Vanished when following => HoldingFact.Refused,
                _ => HoldingFact.None,
            };
            // A person with several rows: having it at Apple outweighs everything else (the enum is ordered that way).
            if (fact != HoldingFact.None && (!result.TryGetValue(row.PersonId, out var known) || fact < known))
            {
                result[row.PersonId] = fact;
            }
        }

        return result;
    }

    private static async Task<Dictionary<int, Registration>> RegistrationsAsync(VppBooksDbContext db, int locationId, int[] people, CancellationToken cancellationToken)
    {
        var result = new Dictionary<int, Registration>();
        var rows = db.VppUsers
            .Where(u => u.LocationId == locationId && !u.Retired && u.PersonId != null && EF.Parameter(people).Contains(u.PersonId.Value))
            .Select(u => new { PersonId = u.PersonId!.Value, u.Status, u.ErrorNumber, u.ManagedAccountRefused, u.IdHash });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            result[row.PersonId] = new Registration(Exists: true, row.Status, row.ErrorNumber, row.ManagedAccountRefused, row.IdHash);
        }

        return result;
    }

    /// <summary>Apple Accounts that hold a title at a location through records that are not ours.</summary>
    internal static async Task<HashSet<string>> ForeignAccountsAsync(VppBooksDbContext db, List<int> titleBooks, int locationId, CancellationToken cancellationToken) =>
        (await db.ForeignHoldings
            .Where(h => titleBooks.Contains(h.BookId))
            .Join(db.VppUsers, h => h.VppUserId, u => u.Id, (h, u) => new { u.LocationId, u.IdHash })
            .Where(u => u.LocationId == locationId && u.IdHash != null)
            .Select(u => u.IdHash!)
            .Distinct()
            .ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);

    private readonly record struct Registration(bool Exists, VppUserStatus Status, int? ErrorNumber, bool ManagedRefused, string? IdHash)
    {
        public RegistrationFact Fact(bool canBeReached) => this switch
        {
            { Exists: false } => RegistrationFact.None,
            { Status: VppUserStatus.Associated } => RegistrationFact.Associated,
            { Status: VppUserStatus.Registered } => RegistrationFact.Registered,
            { ErrorNumber: 9641 } => RegistrationFact.AccountInUse,
            { ErrorNumber: 9635 } when !canBeReached => RegistrationFact.AccountRefused,
            { ErrorNumber: null or 9635 } => RegistrationFact.Pending,
            _ => RegistrationFact.Refused,
        };
    }
}
