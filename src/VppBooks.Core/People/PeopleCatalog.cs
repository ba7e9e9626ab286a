using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>Reads people for lists and pages.</summary>
public sealed class PeopleCatalog(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Matches are counted up to here: a list of more is narrowed by searching, not by paging.</summary>
    public const int CountLimit = 10_000;

    /// <summary>Reserved, on its way or on a waiting list.</summary>
    internal static readonly LicenseState[] Expected =
        [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Waiting, LicenseState.Unknown, LicenseState.Held];

    private static readonly RegistrationState[] BestFirst =
        [RegistrationState.Associated, RegistrationState.Invited, RegistrationState.UnderWay, RegistrationState.Refused, RegistrationState.Retired];

    /// <summary>People by name.</summary>
    public async Task<PeoplePage> ListAsync(PeopleQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var take = Math.Clamp(query.Take, 1, 999);
        var matches = PersonSearch.Apply(db, Matching(db, query), query.Search);
        var people = await Behind(db, matches, query.After)
            .AsNoTracking()
            .OrderBy(p => p.DisplayName)
            .ThenBy(p => p.Id)
            .Skip(Math.Max(query.Skip, 0))
            .Take(take)
            .ToListAsync(cancellationToken);
        // A page that is not full is the last one: no need to search everybody a second time.
        var counted = query.After is null && ((people.Count > 0 && people.Count < take) || (people.Count == 0 && query.Skip <= 0))
            ? Math.Max(query.Skip, 0) + people.Count
            : await matches.Select(p => p.Id).Take(CountLimit + 1).CountAsync(cancellationToken);
        return new PeoplePage(await SummarizeAsync(db, people, cancellationToken), Math.Min(counted, CountLimit), counted > CountLimit);
    }

    /// <summary>One person; null when unknown.</summary>
    public async Task<PersonDetail?> FindAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var person = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == publicId, cancellationToken);
        if (person is null)
        {
            return null;
        }

        var summaries = await SummarizeAsync(db, [person], cancellationToken);
        var books = await PersonBooks.ListAsync(db, person.Id, cancellationToken);
        return new PersonDetail
        {
            Summary = summaries[0],
            DirectoryId = person.DirectoryId,
            ManagedAppleAccount = person.ManagedAppleAccount,
            Language = person.Language,
            ErasedAt = person.ErasedAt,
            CanBeErased = person is { ErasedAt: null } and ({ GoneSince: not null } or { UnneededSince: not null }),
            Groups = await (
                    from member in db.GroupMemberships
                    where member.PersonId == person.Id
                    join @group in db.Groups on member.GroupId equals @group.Id
                    orderby @group.DisplayName
                    select new PersonGroup(@group.DirectoryId, @group.DisplayName, @group.MembersReadAt))
                .ToListAsync(cancellationToken),
            Registrations = await RegistrationsAsync(db, person, cancellationToken),
            Books = books,
            Entitled = await PersonBooks.ListEntitledAsync(db, person, cancellationToken),
        };
    }

    /// <summary>The standing of one record.</summary>
    internal static RegistrationState StateOf(VppUserStatus status, bool retired, int? errorNumber) => (retired, status) switch
    {
        (true, _) => RegistrationState.Retired,
        (_, VppUserStatus.Associated) => RegistrationState.Associated,
        (_, VppUserStatus.Registered) => RegistrationState.Invited,
        _ => errorNumber is null ? RegistrationState.UnderWay : RegistrationState.Refused,
    };

    /// <summary>The best standing of several; none of none.</summary>
    internal static RegistrationState Best(IEnumerable<RegistrationState> states)
    {
        var present = states.ToHashSet();
        return BestFirst.FirstOrDefault(present.Contains, RegistrationState.None);
    }

    /// <summary>Everybody whom the conditions of a query leave; the search is <see cref="PersonSearch"/>'s.</summary>
    internal static IQueryable<Person> Matching(VppBooksDbContext db, PeopleQuery query)
    {
        var people = Having(db, query.Registration);
        people = query.Presence switch
        {
            Presence.Here => people.Where(p => p.GoneSince == null),
            Presence.Gone => people.Where(p => p.GoneSince != null),
            _ => people,
        };
        if (query.Copies is not { } trouble)
        {
            return people;
        }

        var holders = TroubledCopies.In(db, db.People, trouble).Select(c => c.Person.Id);
        return people.Where(p => holders.Contains(p.Id));
    }

    /// <summary>Those who come behind a place by name. Where whoever stood there was forgotten, people of the same name come once more rather than not at all.</summary>
    internal static IQueryable<Person> Behind(VppBooksDbContext db, IQueryable<Person> people, PersonPlace? after)
    {
        if (after is not var (name, publicId))
        {
            return people;
        }

        var id = db.People.Where(p => p.PublicId == publicId).Select(p => p.Id);
        // The bound stands by itself, so that the database begins at it in its index, and it is the database that compares.
#pragma warning disable CA1309
        return people.Where(p => string.Compare(p.DisplayName, name) >= 0 && (string.Compare(p.DisplayName, name) > 0 || !id.Any() || p.Id > id.First()));
#pragma warning restore CA1309
    }

    private static IQueryable<Person> Having(VppBooksDbContext db, RegistrationState? registration)
    {
        var connected = Connected(db);
        var users = registration switch
        {
            RegistrationState.Associated => connected.Where(u => !u.Retired && u.Status == VppUserStatus.Associated),
            RegistrationState.Invited => connected.Where(u => !u.Retired && u.Status == VppUserStatus.Registered),
            RegistrationState.Refused => connected.Where(u => !u.Retired && u.Status == VppUserStatus.Unknown && u.ErrorNumber != null),
            RegistrationState.UnderWay => connected.Where(u => !u.Retired && u.Status == VppUserStatus.Unknown && u.ErrorNumber == null),
            RegistrationState.Retired => connected.Where(u => u.Retired),
            _ => connected.Where(u => !u.Retired),
        };
        return registration switch
        {
            null => db.People,
            RegistrationState.None => db.People.Where(p => !users.Any(u => u.PersonId == p.Id)),
            _ => db.People.Where(p => users.Select(u => u.PersonId).Contains(p.Id)),
        };
    }

    // Of a token that was deleted nobody is told anywhere: its records are kept for when it comes back.
    private static IQueryable<VppUser> Connected(VppBooksDbContext db) => db.VppUsers.Where(u => db.Locations.Any(l => l.Id == u.LocationId && l.DeletedAt == null));

    /// <summary>The people in the same order.</summary>
    internal static async Task<IReadOnlyList<PersonSummary>> SummarizeAsync(VppBooksDbContext db, IReadOnlyList<Person> people, CancellationToken cancellationToken)
    {
        var ids = people.Select(p => p.Id).ToList();
        var records = (await Connected(db)
                .Where(u => u.PersonId != null && ids.Contains(u.PersonId.Value))
                .Select(u => new { PersonId = u.PersonId!.Value, u.Status, u.Retired, u.ErrorNumber, u.ManagedAccountRefused })
                .ToListAsync(cancellationToken))
            .ToLookup(
                u => u.PersonId,
                u => (State: StateOf(u.Status, u.Retired, u.ErrorNumber), AccountRefused: AccountRefusals.NumberOf(u.Status, u.Retired, u.ErrorNumber, u.ManagedAccountRefused) is not null));
        var licenses = (await db.Licenses
                .Where(l => ids.Contains(l.PersonId) && (l.State == LicenseState.Assigned || Expected.Contains(l.State)))
                .GroupBy(l => new { l.PersonId, Held = l.State == LicenseState.Assigned })
                .Select(g => new { g.Key.PersonId, g.Key.Held, Count = g.Count() })
                .ToListAsync(cancellationToken))
            .ToDictionary(g => (g.PersonId, g.Held), g => g.Count);
        return [.. people.Select(p => new PersonSummary
        {
            PublicId = p.PublicId,
            DisplayName = p.DisplayName,
            UserPrincipalName = p.UserPrincipalName,
            Mail = p.Mail,
            AccountEnabled = p.AccountEnabled,
            Guest = p.Guest,
            GoneSince = p.GoneSince,
            Registration = Best(records[p.Id].Select(r => r.State)),
            AccountRefused = records[p.Id].Any(r => r.AccountRefused),
            BooksHeld = licenses.GetValueOrDefault((p.Id, true)),
            BooksExpected = licenses.GetValueOrDefault((p.Id, false)),
        })];
    }

    private static async Task<IReadOnlyList<PersonRegistration>> RegistrationsAsync(VppBooksDbContext db, Person person, CancellationToken cancellationToken)
    {
        var records = await (
                from user in db.VppUsers
                where user.PersonId == person.Id
                join location in db.Locations on user.LocationId equals location.Id
                where location.DeletedAt == null
                orderby location.Name, user.Retired
                select new { user.LocationId, location.PublicId, location.Name, user.Status, user.Retired, user.ErrorNumber, user.ManagedAccountRefused, user.ChangedAt, HasCode = user.InviteSecret != null })
            .ToListAsync(cancellationToken);
        var asked = await (
                from license in db.Licenses
                where license.PersonId == person.Id && Expected.Contains(license.State)
                join book in db.Books on license.BookId equals book.Id
                join location in db.Locations on book.LocationId equals location.Id
                where location.DeletedAt == null
                orderby location.Name
                select new { location.Id, location.PublicId, location.Name })
            .Distinct()
            .ToListAsync(cancellationToken);
        return
        [
            // A retired record beside an active one is history, not a standing.
            .. records.DistinctBy(r => r.LocationId)
                .Select(r => (Row: r, Account: AccountRefusals.NumberOf(r.Status, r.Retired, r.ErrorNumber, r.ManagedAccountRefused)))
                .Select(r => new PersonRegistration(
                    r.Row.PublicId, r.Row.Name, StateOf(r.Row.Status, r.Row.Retired, r.Row.ErrorNumber), r.Row.ChangedAt, r.Row.ErrorNumber ?? r.Account,
                    !r.Row.Retired && r.Row.Status == VppUserStatus.Registered && r.Row.HasCode)
                { RefusedAccount = r.Account is null ? null : person.ManagedAppleAccount }),
            .. asked.Where(a => records.All(r => r.LocationId != a.Id)).Select(a => new PersonRegistration(a.PublicId, a.Name, RegistrationState.None, null, null, false)),
        ];
    }
}
