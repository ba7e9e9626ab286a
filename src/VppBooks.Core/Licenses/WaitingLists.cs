using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Licenses;

/// <summary>A book's waiting list, a page of it.</summary>
/// <param name="Order">How it is served.</param>
/// <param name="Total">People who wait.</param>
/// <param name="Groups">Groups that require the book, in the order of their rank.</param>
/// <param name="Rows">People, who is served next first.</param>
/// <param name="Next">Where the next page begins; null when this is the last one.</param>
public sealed record WaitingListView(WaitingOrder Order, int Total, IReadOnlyList<WaitingGroup> Groups, IReadOnlyList<WaitingRow> Rows, IReadOnlyList<string>? Next);

/// <summary>Which part of a waiting list.</summary>
public sealed record WaitingPart
{
    /// <summary>Continues after this place, as <see cref="WaitingListView.Next"/> named it; null for the beginning.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>Rows to leave out, 0 or more.</summary>
    public int Skip { get; init; }

    /// <summary>Rows to return, 1 to 999.</summary>
    public int Take { get; init; } = 100;
}

/// <summary>A group in the order of a waiting list.</summary>
/// <param name="AssignmentId">The assignment that gives it the book.</param>
/// <param name="GroupName">Its name; null for all users.</param>
public sealed record WaitingGroup(Guid AssignmentId, string? GroupName);

/// <summary>Somebody who waits.</summary>
/// <param name="Place">1 for who is served next.</param>
/// <param name="PersonId">The person's public id.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="UserPrincipalName">Sign-in name.</param>
/// <param name="WantedAt">Since when.</param>
/// <param name="Source">Through an assignment, or taken by the reader.</param>
/// <param name="Listed">In the list that an administrator made.</param>
/// <param name="Held">The plan behind it, or one that would end it, can still be undone or is not approved: not served yet.</param>
public sealed record WaitingRow(int Place, Guid PersonId, string DisplayName, string UserPrincipalName, DateTimeOffset WantedAt, LicenseSource Source, bool Listed, bool Held);

/// <summary>Answer of a change of a waiting list.</summary>
public enum WaitingChange
{
    /// <summary>Done.</summary>
    Changed,

    /// <summary>There is no such book.</summary>
    BookNotFound,

    /// <summary>Somebody or a group named in it does not wait for the book, or is named twice; nothing was changed.</summary>
    DoesNotWait,
}

/// <summary>Shows waiting lists and changes their order. Serving them is the worker's business: whoever comes first then gets the next license that is free.</summary>
public sealed class WaitingLists(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock, ChangeFeed feed)
{
    /// <summary>A page of a book's waiting list; null when there is no such book.</summary>
    /// <param name="bookId">The book's public id.</param>
    /// <param name="skip">Rows to leave out, 0 or more.</param>
    /// <param name="take">Rows to return, 1 to 999.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public Task<WaitingListView?> FindAsync(Guid bookId, int skip, int take, Actor actor, CancellationToken cancellationToken) =>
        PageAsync(bookId, new WaitingPart { Skip = skip, Take = take }, actor, cancellationToken);

    /// <summary>A part of a book's waiting list, from its beginning or behind the page before; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    /// <exception cref="FormatException">The place is none of this list, or the list is served in another order by now.</exception>
    public async Task<WaitingListView?> PageAsync(Guid bookId, WaitingPart part, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Books.AsNoTracking().SingleOrDefaultAsync(b => b.PublicId == bookId, cancellationToken) is not { } book)
        {
            return null;
        }

        var groups = await (
            from assignment in db.GroupAssignments.Where(a => a.BookId == book.Id && a.Intent == Intent.Required)
            join candidate in db.Groups on assignment.GroupId equals (int?)candidate.Id into found
            from @group in found.DefaultIfEmpty()
            orderby assignment.Rank, assignment.Id
            select new WaitingGroup(assignment.PublicId, @group == null ? null : @group.DisplayName)).ToListAsync(cancellationToken);
        var (order, skip, take) = (book.WaitingOrder, Math.Max(0, part.Skip), Math.Clamp(part.Take, 1, 999));
        var waiting = WaitingOrders.Ranked(db, db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Waiting), order);
        var total = await waiting.CountAsync(cancellationToken);
        var (behind, ahead) = (waiting, 0);
        if (part.After is { } words)
        {
            behind = WaitingOrders.Behind(waiting, WaitingPlace.Of(words, order));
            ahead = Math.Max(0, total - await behind.CountAsync(cancellationToken));
        }

        // What costs more is asked about the rows of the page alone.
        var rows = await WaitingOrders.Sort(behind, order)
            .Skip(skip).Take(take + 1)
            .Join(db.People, w => w.License.PersonId, p => p.Id, (w, p) => new
            {
                w.License.Id,
                w.Rank,
                w.License.WantedAt,
                w.License.Source,
                Listed = w.License.WaitingRank != null,
                Held = UndecidedPlans.In(db).Any(plan => plan.Id == w.License.PlanId) || PendingReleases.In(db).Any(pending => pending.Id == w.License.Id),
                p.PublicId,
                p.DisplayName,
                p.UserPrincipalName,
            })
            .ToListAsync(cancellationToken);
        var last = rows.Count > take ? rows[take - 1] : null;
        return new WaitingListView(
            order,
            total,
            groups,
            [.. rows.Take(take).Select((r, i) => new WaitingRow(ahead + skip + i + 1, r.PublicId, r.DisplayName, r.UserPrincipalName, r.WantedAt, r.Source, r.Listed, r.Held))],
            last is null ? null : new WaitingPlace(order, last.Rank, last.WantedAt, last.Id).Words);
    }

    /// <summary>A person's place in a book's waiting list, 1 for who is served next; null when the person does not wait for it.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<int?> FindPlaceAsync(Guid bookId, Guid personId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await db.Books.AsNoTracking().SingleOrDefaultAsync(b => b.PublicId == bookId, cancellationToken);
        var person = await db.People.Where(p => p.PublicId == personId).Select(p => (int?)p.Id).SingleOrDefaultAsync(cancellationToken);
        if (book is null || person is null)
        {
            return null;
        }

        var waiting = db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Waiting);
        var index = (await WaitingOrders.Sort(db, waiting, book.WaitingOrder).Select(l => l.PersonId).ToListAsync(cancellationToken)).IndexOf(person.Value);
        return index < 0 ? null : index + 1;
    }

    /// <summary>Chooses how a book's waiting list is served.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<WaitingChange> ChooseOrderAsync(Guid bookId, WaitingOrder order, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        bookId,
        actor,
        (_, book) =>
        {
            var before = book.WaitingOrder;
            book.WaitingOrder = order;
            return Task.FromResult<object?>(new { before = before.ToString(), after = order.ToString() });
        },
        cancellationToken);

    /// <summary>Puts the groups of a book in order, and serves its waiting list by them.</summary>
    /// <param name="bookId">The book's public id.</param>
    /// <param name="assignments">Ids of all its Required assignments, the first served first.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<WaitingChange> RankGroupsAsync(Guid bookId, IReadOnlyList<Guid> assignments, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        bookId,
        actor,
        async (db, book) =>
        {
            var rows = await db.GroupAssignments.Where(a => a.BookId == book.Id && a.Intent == Intent.Required).ToDictionaryAsync(a => a.PublicId, cancellationToken);
            if (rows.Count != assignments.Count || !rows.Keys.ToHashSet().SetEquals(assignments))
            {
                return null;
            }

            for (var rank = 0; rank < assignments.Count; rank++)
            {
                rows[assignments[rank]].Rank = rank;
            }

            book.WaitingOrder = WaitingOrder.GroupRank;
            return new { after = nameof(WaitingOrder.GroupRank), groups = assignments };
        },
        cancellationToken);

    /// <summary>Makes the list of people who are served first, in this order, and serves the waiting list by it; everybody else follows, who asked first.</summary>
    /// <param name="bookId">The book's public id.</param>
    /// <param name="people">Public ids of people who wait for the book. Empty clears the list.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<WaitingChange> ListPeopleAsync(Guid bookId, IReadOnlyList<Guid> people, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        bookId,
        actor,
        async (db, book) =>
        {
            var wanted = people.ToArray();
            var rows = await db.Licenses
                .Where(l => l.BookId == book.Id && l.State == LicenseState.Waiting)
                .Join(db.People.Where(p => EF.Parameter(wanted).Contains(p.PublicId)), l => l.PersonId, p => p.Id, (l, p) => new { l.Id, p.PublicId })
                .ToDictionaryAsync(x => x.PublicId, x => x.Id, cancellationToken);
            if (rows.Count != people.Count)
            {
                return null;
            }

            await db.Licenses.Where(l => l.BookId == book.Id && l.WaitingRank != null).ExecuteUpdateAsync(set => set.SetProperty(l => l.WaitingRank, (int?)null), cancellationToken);
            for (var rank = 0; rank < people.Count; rank++)
            {
                var (id, place) = (rows[people[rank]], rank + 1);
                await db.Licenses.Where(l => l.Id == id).ExecuteUpdateAsync(set => set.SetProperty(l => l.WaitingRank, place), cancellationToken);
            }

            book.WaitingOrder = WaitingOrder.NameList;
            return new { after = nameof(WaitingOrder.NameList), people };
        },
        cancellationToken);

    /// <summary>Puts one person at the head of the list that an administrator makes, and serves the waiting list by it.</summary>
    /// <exception cref="NotAllowedException">The actor may not assign.</exception>
    public Task<WaitingChange> PutFirstAsync(Guid bookId, Guid personId, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        bookId,
        actor,
        async (db, book) =>
        {
            var waiting = db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Waiting);
            var first = (await waiting.MinAsync(l => l.WaitingRank, cancellationToken) ?? 1) - 1;
            var rows = await waiting
                .Where(l => db.People.Any(p => p.Id == l.PersonId && p.PublicId == personId))
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.WaitingRank, first), cancellationToken);
            book.WaitingOrder = WaitingOrder.NameList;
            return rows == 1 ? new { after = nameof(WaitingOrder.NameList), first = personId } : null;
        },
        cancellationToken);

    private async Task<WaitingChange> ChangeAsync(Guid bookId, Actor actor, Func<VppBooksDbContext, Book, Task<object?>> change, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Assign);
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            try
            {
                if (await db.Books.SingleOrDefaultAsync(b => b.PublicId == bookId, cancellationToken) is not { } book)
                {
                    return WaitingChange.BookNotFound;
                }

                if (await change(db, book) is not { } details)
                {
                    return WaitingChange.DoesNotWait;
                }

                db.Touch(book, clock.GetUtcNow());
                db.Audit(actor, book.ModifiedAt, "waiting-list.ordered", new AuditSubject(book.LocationId, book.Id), details);
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                feed.Publish(new Change.OfBook(book.LocationId, book.Id));
                return WaitingChange.Changed;
            }
            catch (Exception e) when (attempt < 5 && (e is DbUpdateConcurrencyException || Contention.IsDeadlock(e)))
            {
                // A sync changed the book's counts meanwhile.
            }
        }
    }
}
