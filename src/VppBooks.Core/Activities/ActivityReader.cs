using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Activities;

/// <summary>What happened, newest first or oldest first, by the keys of the last row seen: a page far back costs no more than the first.</summary>
public sealed class ActivityReader(IDbContextFactory<VppBooksDbContext> contexts)
{
    private const string Escape = "\\";

    /// <summary>A page.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async Task<ActivityRows> ListAsync(ActivityQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        var take = Math.Clamp(query.Take, 1, ActivityQuery.MaxTake);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var events = query.Kinds == ActivityKinds.Licenses ? [] : await Events(db, query).Take(take + 1).ToListAsync(cancellationToken);
        var changes = query.Kinds == ActivityKinds.Events || query.Actions is not null || query.Categories is not null
            ? []
            : await Changes(db, query).Take(take + 1).ToListAsync(cancellationToken);
        var found = query.Kinds == ActivityKinds.Events || query.Actions is not null || query.Categories is not null || (query.Person is null && query.Book is null)
            ? []
            : await ListFound(db, query).Take(take + 1).ToListAsync(cancellationToken);
        var all = events.Select(e => new Raw(e, null, null)).Concat(changes.Select(c => new Raw(null, c, null))).Concat(found.Select(f => new Raw(null, null, f)));
        var ordered = query.OldestFirst
            ? all.OrderBy(r => r.At).ThenBy(r => r.Chain).ThenBy(r => r.Id)
            : all.OrderByDescending(r => r.At).ThenByDescending(r => r.Chain).ThenByDescending(r => r.Id);
        var raw = ordered.Take(take + 1).ToList();
        var rows = await DescribeAsync(db, raw.Take(take).ToList(), cancellationToken);
        return new ActivityRows(rows, raw.Count > take ? rows[^1].Cursor : null);
    }

    /// <summary>Everything that matches, page after page; memory does not grow.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async IAsyncEnumerable<ActivityEntry> StreamAsync(ActivityQuery query, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        for (var next = query with { Take = ActivityQuery.MaxTake }; ;)
        {
            var page = await ListAsync(next, actor, cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            if (page.Next is null)
            {
                yield break;
            }

            next = next with { After = page.Next };
        }
    }

    /// <summary>How many audit rows match, whatever the place in the list; changes of licenses are not counted.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async Task<int> CountEventsAsync(ActivityQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Events(db, query with { After = null }).CountAsync(cancellationToken);
    }

    /// <summary>The place behind the first so many audit rows, to continue after; null when there are not that many.</summary>
    /// <param name="query">Which rows, and in which order; where it continues does not count.</param>
    /// <param name="rows">How many, 1 or more. The database reads them all, so whoever asks bounds it.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async Task<ActivityCursor?> FindPlaceAsync(ActivityQuery query, int rows, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Events(db, query with { After = null }).Skip(rows - 1).Select(a => new { a.At, a.Id }).FirstOrDefaultAsync(cancellationToken) is { } last
            ? new ActivityCursor(last.At, AuditChain.Events, last.Id)
            : null;
    }

    /// <summary>One audit row; null when there is none with the number.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async Task<ActivityEntry?> FindEventAsync(long id, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.AuditEvents.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is { } found
            ? (await DescribeAsync(db, [new Raw(found, null, null)], cancellationToken))[0]
            : null;
    }

    /// <summary>Names of all actions that ever happened, to choose from.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async Task<IReadOnlyList<string>> ListActionsAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // From one name to the next in the index: there are few, and each has many rows.
        var actions = new List<string>();
        while (true)
        {
            var last = actions.Count == 0 ? "" : actions[^1];
            // The database compares: it knows no argument for how.
#pragma warning disable CA1309
            if (await db.AuditEvents.Where(a => string.Compare(a.Action, last) > 0).OrderBy(a => a.Action).Select(a => a.Action).FirstOrDefaultAsync(cancellationToken) is not { } next)
#pragma warning restore CA1309
            {
                return actions;
            }

            actions.Add(next);
        }
    }

    /// <summary>Name of what a filter names; null when it is not here.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the activity.</exception>
    public async Task<string?> FindSubjectAsync(ActivityQuery query, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadActivity);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return query switch
        {
            { Person: { } person } => await db.People.Where(p => p.PublicId == person).Select(p => p.DisplayName).SingleOrDefaultAsync(cancellationToken),
            { Book: { } book } => await db.Books.Where(b => b.PublicId == book).Select(b => new { b.AdamId, Title = db.Titles.Where(t => t.Id == b.TitleId).Select(t => t.Name).FirstOrDefault() })
                .SingleOrDefaultAsync(cancellationToken) is { } named ? named.Title ?? named.AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
            { Group: { } group } => await db.Groups.Where(g => g.DirectoryId == group).Select(g => g.DisplayName).SingleOrDefaultAsync(cancellationToken),
            _ => null,
        };
    }

    private static IQueryable<AuditEvent> Events(VppBooksDbContext db, ActivityQuery query)
    {
        var events = db.AuditEvents.AsNoTracking();
        if (query.Person is { } person)
        {
            events = events.Where(a => a.PersonId != null && a.PersonId == db.People.Where(p => p.PublicId == person).Select(p => (int?)p.Id).FirstOrDefault());
        }

        if (query.Book is { } book)
        {
            events = events.Where(a => a.BookId != null && a.BookId == db.Books.Where(b => b.PublicId == book).Select(b => (int?)b.Id).FirstOrDefault());
        }

        if (query.Group is { } group)
        {
            events = events.Where(a => a.GroupId != null && a.GroupId == db.Groups.Where(g => g.DirectoryId == group).Select(g => (int?)g.Id).FirstOrDefault());
        }

        if (query.Token is { } token)
        {
            events = events.Where(a => a.LocationId != null && a.LocationId == db.Locations.Where(l => l.PublicId == token).Select(l => (int?)l.Id).FirstOrDefault());
        }

        if (Text(query.About) is { } about)
        {
            var pattern = Like(about);
            var (people, books, groups) = (PersonSearch.Apply(db, db.People, about), Books(db, pattern), db.Groups.Where(g => EF.Functions.Like(g.DisplayName, pattern, Escape)));
            events = events.Where(a => people.Any(p => p.Id == a.PersonId) || books.Any(b => b.Id == a.BookId) || groups.Any(g => g.Id == a.GroupId));
        }

        if (Text(query.Actor) is { } actor)
        {
            var pattern = Like(actor);
            events = events.Where(a => EF.Functions.Like(a.ActorName, pattern, Escape));
        }

        if (query.Actions is { } actions)
        {
            events = events.Where(a => actions.Contains(a.Action));
        }

        if (query.Categories is { } categories)
        {
            events = events.Where(BookConditions.Join([.. categories.Select(OfCategory)], Expression.OrElse, a => false));
        }

        if (query.From is { } from)
        {
            events = events.Where(a => a.At >= from);
        }

        if (query.Until is { } until)
        {
            events = events.Where(a => a.At < until);
        }

        if (query.After is { At: var at, Chain: var chain, Id: var id })
        {
            events = (query.OldestFirst, chain) switch
            {
                (false, AuditChain.Events) => events.Where(a => a.At < at || (a.At == at && a.Id < id)),
                (false, _) => events.Where(a => a.At <= at),
                (true, AuditChain.Events) => events.Where(a => a.At > at || (a.At == at && a.Id > id)),
                (true, _) => events.Where(a => a.At > at),
            };
        }

        return query.OldestFirst ? events.OrderBy(a => a.At).ThenBy(a => a.Id) : events.OrderByDescending(a => a.At).ThenByDescending(a => a.Id);
    }

    private static Expression<Func<AuditEvent, bool>> OfCategory(string category)
    {
        // The range lets the index be used; names are words of small letters.
        var (prefix, end) = (category + ".", category + ".zzzz");
#pragma warning disable CA1309
        return a => string.Compare(a.Action, prefix) > 0 && string.Compare(a.Action, end) < 0 && a.Action.StartsWith(prefix);
#pragma warning restore CA1309
    }

    private static IQueryable<Changed> Changes(VppBooksDbContext db, ActivityQuery query)
    {
        var changes = from change in db.LicenseChanges.AsNoTracking()
                      join license in db.Licenses on change.LicenseId equals license.Id
                      // The row may be of another book of the title today.
                      select new Changed { Change = change, BookId = change.BookId ?? license.BookId, PersonId = license.PersonId, LicenseBookId = license.BookId };
        if (query.Person is { } person)
        {
            changes = changes.Where(c => db.People.Any(p => p.Id == c.PersonId && p.PublicId == person));
        }

        if (query.Book is { } book)
        {
            // Its licenses are among those of the title, which an index finds.
            var title = OfSameTitle(db, book);
            changes = changes.Where(c => title.Contains(c.LicenseBookId) && db.Books.Any(b => b.Id == c.BookId && b.PublicId == book));
        }

        if (query.Group is { } group)
        {
            var plans = PlansOf(db, group).Select(p => (int?)p.Id);
            changes = changes.Where(c => plans.Contains(c.Change.PlanId));
        }

        if (query.Token is { } token)
        {
            changes = changes.Where(c => db.Books.Any(b => b.Id == c.BookId && db.Locations.Any(l => l.Id == b.LocationId && l.PublicId == token)));
        }

        if (Text(query.About) is { } about)
        {
            var (people, books) = (PersonSearch.Apply(db, db.People, about), Books(db, Like(about)));
            changes = changes.Where(c => people.Any(p => p.Id == c.PersonId) || books.Any(b => b.Id == c.BookId));
        }

        if (Text(query.Actor) is { } actor)
        {
            var pattern = Like(actor);
            changes = changes.Where(c => db.Plans.Any(p => p.Id == c.Change.PlanId && EF.Functions.Like(p.CommittedByName!, pattern, Escape)));
        }

        if (query.From is { } from)
        {
            changes = changes.Where(c => c.Change.At >= from);
        }

        if (query.Until is { } until)
        {
            changes = changes.Where(c => c.Change.At < until);
        }

        if (query.After is { At: var at, Chain: var chain, Id: var id })
        {
            changes = (query.OldestFirst, chain) switch
            {
                (false, AuditChain.Licenses) => changes.Where(c => c.Change.At < at || (c.Change.At == at && c.Change.Id < id)),
                (false, _) => changes.Where(c => c.Change.At < at),
                (true, AuditChain.Licenses) => changes.Where(c => c.Change.At > at || (c.Change.At == at && c.Change.Id > id)),
                (true, _) => changes.Where(c => c.Change.At >= at),
            };
        }

        return query.OldestFirst ? changes.OrderBy(c => c.Change.At).ThenBy(c => c.Change.Id) : changes.OrderByDescending(c => c.Change.At).ThenByDescending(c => c.Change.Id);
    }

    // What a sync found as assigned has no record of its beginning: its own row says when. All of them only of one person or one book, because a first sync finds everything
    // that was ever given, and no index leads to the newest.
    private static IQueryable<Found> ListFound(VppBooksDbContext db, ActivityQuery query)
    {
        var found = from license in db.Licenses.AsNoTracking()
                    where !db.LicenseChanges.Any(c => c.LicenseId == license.Id && c.From == null)
                        && (license.State == LicenseState.Assigned || db.LicenseChanges.Any(c => c.LicenseId == license.Id && c.From == LicenseState.Assigned))
                    select new Found
                    {
                        LicenseId = license.Id,
                        At = license.CreatedAt,
                        // As long as it was assigned, its book was the same.
                        BookId = db.LicenseChanges.Where(c => c.LicenseId == license.Id).OrderBy(c => c.Id).Select(c => c.BookId).FirstOrDefault() ?? license.BookId,
                        PersonId = license.PersonId,
                        LicenseBookId = license.BookId,
                    };
        if (query.Person is { } person)
        {
            found = found.Where(f => f.PersonId == db.People.Where(p => p.PublicId == person).Select(p => (int?)p.Id).FirstOrDefault());
        }

        if (query.Book is { } book)
        {
            var title = OfSameTitle(db, book);
            found = found.Where(f => title.Contains(f.LicenseBookId) && db.Books.Any(b => b.Id == f.BookId && b.PublicId == book));
        }

        if (query.Token is { } token)
        {
            found = found.Where(f => db.Books.Any(b => b.Id == f.BookId && db.Locations.Any(l => l.Id == b.LocationId && l.PublicId == token)));
        }

        if (Text(query.About) is { } about)
        {
            var (people, books) = (PersonSearch.Apply(db, db.People, about), Books(db, Like(about)));
            found = found.Where(f => people.Any(p => p.Id == f.PersonId) || books.Any(b => b.Id == f.BookId));
        }

        if (query.Group is not null || Text(query.Actor) is not null)
        {
            // No plan led to it, and nobody of ours.
            found = found.Where(f => false);
        }

        if (query.From is { } from)
        {
            found = found.Where(f => f.At >= from);
        }

        if (query.Until is { } until)
        {
            found = found.Where(f => f.At < until);
        }

        // Among the changes of licenses, with numbers below theirs.
        if (query.After is { At: var at, Chain: var chain, Id: var id })
        {
            found = (query.OldestFirst, chain) switch
            {
                (false, AuditChain.Licenses) => found.Where(f => f.At < at || (f.At == at && -f.LicenseId < id)),
                (false, _) => found.Where(f => f.At < at),
                (true, AuditChain.Licenses) => found.Where(f => f.At > at || (f.At == at && -f.LicenseId > id)),
                (true, _) => found.Where(f => f.At >= at),
            };
        }

        return query.OldestFirst ? found.OrderBy(f => f.At).ThenByDescending(f => f.LicenseId) : found.OrderByDescending(f => f.At).ThenBy(f => f.LicenseId);
    }

    private static IQueryable<int> OfSameTitle(VppBooksDbContext db, Guid book) => db.Books.Where(b => db.Books.Any(o => o.PublicId == book && o.AdamId == b.AdamId)).Select(b => b.Id);

    // A change of a license knows no group, but the plan that led to it. The group's rows in the trail lead to its books by an index, and those to their plans: few, of which the wish is read.
    private static IQueryable<Plan> PlansOf(VppBooksDbContext db, Guid group)
    {
        var ids = db.Groups.Where(g => g.DirectoryId == group).Select(g => g.Id);
        var books = db.AuditEvents.Where(a => a.GroupId != null && a.BookId != null && ids.Contains(a.GroupId.Value)).Select(a => a.BookId!.Value);
        // The database writes the number: it knows no argument for how.
#pragma warning disable CA1305
        return db.Plans.Where(p => p.CommittedAt != null && books.Contains(p.BookId)
            && db.Groups.Any(g => g.DirectoryId == group && p.Wish.Contains("\"" + nameof(StoredWish.GroupId) + "\":" + g.Id.ToString() + ",")));
#pragma warning restore CA1305
    }

    private static IQueryable<Book> Books(VppBooksDbContext db, string pattern) => db.Books.Where(b => db.Titles.Any(t => t.Id == b.TitleId && EF.Functions.Like(t.Name, pattern, Escape)));

    private static async Task<List<ActivityEntry>> DescribeAsync(VppBooksDbContext db, List<Raw> raw, CancellationToken cancellationToken)
    {
        var bookIds = raw.Select(r => r.BookId).OfType<int>().Distinct().ToList();
        var personIds = raw.Select(r => r.PersonId).OfType<int>().Distinct().ToList();
        var groupIds = raw.Select(r => r.Event?.GroupId).OfType<int>().Distinct().ToList();
        var operationIds = raw.Select(r => r.OperationId).OfType<long>().Distinct().ToList();
        var books = await db.Books.AsNoTracking().Where(b => bookIds.Contains(b.Id))
            .Select(b => new { b.Id, b.PublicId, b.AdamId, b.LocationId, Title = db.Titles.Where(t => t.Id == b.TitleId).Select(t => t.Name).FirstOrDefault() })
            .ToDictionaryAsync(b => b.Id, cancellationToken);
        var tokenIds = raw.Select(r => r.Event?.LocationId).OfType<int>().Concat(books.Values.Select(b => b.LocationId)).Distinct().ToList();
        var tokens = await db.Locations.AsNoTracking().Where(l => tokenIds.Contains(l.Id)).Select(l => new { l.Id, Subject = new ActivitySubject(l.PublicId, l.Name) })
            .ToDictionaryAsync(l => l.Id, l => l.Subject, cancellationToken);
        var people = await db.People.AsNoTracking().Where(p => personIds.Contains(p.Id)).Select(p => new { p.Id, Subject = new ActivitySubject(p.PublicId, p.DisplayName) })
            .ToDictionaryAsync(p => p.Id, p => p.Subject, cancellationToken);
        var groups = await db.Groups.AsNoTracking().Where(g => groupIds.Contains(g.Id)).Select(g => new { g.Id, Subject = new ActivitySubject(g.DirectoryId, g.DisplayName) })
            .ToDictionaryAsync(g => g.Id, g => g.Subject, cancellationToken);
        var actorIds = raw.Select(r => PersonWhoActed(r.Event)).OfType<Guid>().Distinct().ToList();
        var signInNames = await db.People.AsNoTracking().Where(p => actorIds.Contains(p.DirectoryId)).ToDictionaryAsync(p => p.DirectoryId, p => p.UserPrincipalName, cancellationToken);
        var operations = await db.Operations.AsNoTracking().Where(o => operationIds.Contains(o.Id)).Select(o => new { o.Id, o.PublicId })
            .ToDictionaryAsync(o => o.Id, o => (Guid?)o.PublicId, cancellationToken);
        var planIds = raw.Select(r => r.Changed?.Change.PlanId).OfType<int>().Distinct().ToList();
        var plans = await db.Plans.AsNoTracking().Where(p => planIds.Contains(p.Id))
            .Select(p => new { p.Id, Plan = new ActivityPlan(p.PublicId, p.CommittedById, p.CommittedByName) })
            .ToDictionaryAsync(p => p.Id, p => p.Plan, cancellationToken);
        return raw.ConvertAll(r =>
        {
            var book = r.BookId is { } b ? books.GetValueOrDefault(b) : null;
            var (happened, change) = (r.Event, r.Changed?.Change);
            return new ActivityEntry
            {
                Chain = r.Chain,
                Id = r.Id,
                At = r.At,
                ActorKind = happened?.ActorKind,
                ActorId = happened?.ActorId,
                ActorName = happened?.ActorName,
                ActorUserPrincipalName = PersonWhoActed(happened) is { } acting ? signInNames.GetValueOrDefault(acting) : null,
                Action = happened?.Action ?? "license.changed",
                Token = (happened?.LocationId ?? book?.LocationId) is { } token ? tokens.GetValueOrDefault(token) : null,
                Book = book is null ? null : new ActivitySubject(book.PublicId, book.Title),
                AdamId = book?.AdamId,
                Group = happened?.GroupId is { } group ? groups.GetValueOrDefault(group) : null,
                Person = r.PersonId is { } person ? people.GetValueOrDefault(person) : null,
                Operation = r.OperationId is { } operation ? operations.GetValueOrDefault(operation) : null,
                Details = happened?.Details,
                From = change?.From,
                To = r.Found is null ? change?.To : LicenseState.Assigned,
                Cause = r.Found is null ? change?.Cause : LicenseCause.SeenAtApple,
                ErrorNumber = change?.ErrorNumber,
                Plan = change?.PlanId is { } plan ? plans.GetValueOrDefault(plan) : null,
                Correlation = happened?.Correlation,
                Sequence = r.Row?.Sequence,
                Hash = r.Row?.Hash is { } hash ? Convert.ToHexStringLower(hash) : null,
            };
        });
    }

    // Somebody who signed in is known by the object id; readers act under a number of ours, which is nobody's object id.
    private static Guid? PersonWhoActed(AuditEvent? happened) =>
        happened?.ActorKind is ActorKind.Person or ActorKind.Api && Guid.TryParse(happened.ActorId, out var id) ? id : null;

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string Like(string text) => "%" + (text.Length > 200 ? text[..200] : text)
        .Replace(Escape, Escape + Escape, StringComparison.Ordinal)
        .Replace("%", Escape + "%", StringComparison.Ordinal)
        .Replace("_", Escape + "_", StringComparison.Ordinal)
        .Replace("[", Escape + "[", StringComparison.Ordinal) + "%";

    private sealed class Changed
    {
        public required LicenseChange Change { get; init; }

        public required int BookId { get; init; }

        public required int PersonId { get; init; }

        /// <summary>The book of today.</summary>
        public required int LicenseBookId { get; init; }
    }

    /// <summary>A copy that came into the ledger as assigned.</summary>
    private sealed class Found
    {
        public required long LicenseId { get; init; }

        public required DateTimeOffset At { get; init; }

        public required int BookId { get; init; }

        public required int PersonId { get; init; }

        /// <summary>The book of today.</summary>
        public required int LicenseBookId { get; init; }
    }

    private sealed record Raw(AuditEvent? Event, Changed? Changed, Found? Found)
    {
        public IChained? Row => Event is not null ? Event : Changed?.Change;

        public long Id => Row?.Id ?? -Found!.LicenseId;

        public AuditChain Chain => Event is not null ? AuditChain.Events : AuditChain.Licenses;

        public DateTimeOffset At => Event?.At ?? Changed?.Change.At ?? Found!.At;

        public int? BookId => Event is not null ? Event.BookId : Changed?.BookId ?? Found!.BookId;

        public int? PersonId => Event is not null ? Event.PersonId : Changed?.PersonId ?? Found!.PersonId;

        public long? OperationId => Event is not null ? Event.OperationId : Changed?.Change.OperationId;
    }
}
