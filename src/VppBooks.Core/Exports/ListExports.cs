using System.Runtime.CompilerServices;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;

namespace VppBooks.Core.Exports;

/// <summary>The lists of the console's own pages as tables: the same services in the same order under the same filters as its page, page after page.</summary>
public sealed class ListExports(
    LocationDirectory tokens, BookCatalog books, BookPeople holders, WaitingLists waiting, GroupCatalog groups, PeopleCatalog people, TroubledCopies copies, SyncHistory runs, ActivityReader activity, BookCategories categories)
{
    private const int Take = 500;

    /// <summary>Tokens.</summary>
    /// <exception cref="NotAllowedException">The actor may not take lists out; thrown by all others too.</exception>
    public ExportTable Tokens(Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "tokens",
        ["Id", "Name", "Organization", "Location", "Apple account", "Account type", "Country or region", "State", "Expires", "Books", "Licenses total", "Licenses used", "Licenses free", "Unlimited used", "Last synced"],
        OnceAsync(
            () => tokens.ListAsync(actor, cancellationToken),
            t => [t.PublicId, t.Name, t.OrganizationName, t.LocationName, t.AppleAccount, t.AccountType, t.CountryOrRegion, t.State, t.TokenExpires, t.Books, t.LicensesTotal, t.LicensesUsed, t.LicensesFree, t.UnlimitedUsed, t.LastSyncedAt]));

    /// <summary>Books; <see cref="BookQuery.Skip"/> and <see cref="BookQuery.Take"/> do not count.</summary>
    public ExportTable Books(BookQuery query, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "books",
        ["Id", "Title", "Author", "Store id", "Quality", "Token", "Total", "Used", "Free", "Unlimited", "Set aside", "Waiting", "Groups", "Of these required", "Listed by Apple", "Counts from"],
        EachAsync(
            () => books.StreamAsync(query, actor, cancellationToken),
            b => [b.PublicId, b.Title, b.Author, b.AdamId, b.PricingParam, b.TokenName, b.Unlimited ? null : b.Total, b.Used, b.Unlimited ? null : b.Free, b.Unlimited, b.Reserved, b.Waiting, b.Assignments, b.RequiredAssignments, !b.NoLongerReported, b.LastSyncedAt]));

    /// <summary>Categories of books, by name.</summary>
    public ExportTable Categories(Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "categories",
        ["Id", "Name", "Changed"],
        OnceAsync(
            () => categories.ListAsync(actor, cancellationToken),
            c => [c.PublicId, c.Name, c.ModifiedAt]));

    /// <summary>A book's people.</summary>
    public ExportTable BookPeople(Guid book, BookPeopleQuery query, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "book-people",
        ["Person id", "Name", "User principal name", "In the directory", "State", "Brought by", "Copy", "Since", "Apple's error number", "Registration", "Groups"],
        EachAsync(
            () => holders.StreamAsync(book, query, actor, cancellationToken),
            p => [p.PersonId, p.DisplayName, p.UserPrincipalName, !p.Gone, p.State, p.Source, p.Ordinal + 1, p.Since, p.ErrorNumber, p.Registration, string.Join("; ", p.Groups.Select(g => g.Name ?? "All users"))]));

    /// <summary>A book's waiting list, who is served next first.</summary>
    public ExportTable Waiting(Guid book, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "waiting-list",
        ["Place", "Person id", "Name", "User principal name", "Waiting since", "Brought by", "Held"],
        WaitingAsync(book, actor, cancellationToken));

    /// <summary>Groups whose name holds a text; all for null.</summary>
    public ExportTable Groups(string? search, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "groups",
        ["Object id", "Name", "Description", "Type", "State", "Members", "Members read", "Assignments", "Copies entitled", "Copies held", "Copies expected"],
        EachAsync(
            () => groups.StreamAsync(search, actor, cancellationToken),
            g => [g.DirectoryId, g.DisplayName, g.Description, g.Kind, g.State, g.Members, g.MembersReadAt, g.Assignments, g.CopiesEntitled, g.CopiesHeld, g.CopiesExpected]));

    /// <summary>A group's members.</summary>
    public ExportTable Members(Guid group, string? search, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "group-members",
        ["Person id", "Name", "User principal name", "Account enabled", "Guest", "Registration", "Books held", "Expected"],
        FollowingAsync<PersonSummary>(
            after => groups.ListMembersBehindAsync(group, search, Place(after), Take, actor, cancellationToken),
            m => [m.PublicId, m.DisplayName, m.UserPrincipalName, m.AccountEnabled, m.Guest, m.Registration, m.BooksHeld, m.BooksExpected]));

    /// <summary>People.</summary>
    public ExportTable People(PeopleQuery query, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "people",
        ["Person id", "Name", "User principal name", "Mail address", "Account enabled", "Guest", "Gone since", "Registration", "Books held", "Expected", "Account refused"],
        FollowingAsync<PersonSummary>(
            async after => (await people.ListAsync(query with { After = Place(after), Skip = 0, Take = Take }, actor, cancellationToken)).Rows,
            p => [p.PublicId, p.DisplayName, p.UserPrincipalName, p.Mail, p.AccountEnabled, p.Guest, p.GoneSince, p.Registration, p.BooksHeld, p.BooksExpected, p.AccountRefused]));

    /// <summary>Copies that nobody can read, of people whose words begin with a text; all for null.</summary>
    public ExportTable Copies(CopyTrouble trouble, string? search, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        trouble == CopyTrouble.Stuck ? "stuck-copies" : "copies-with-leavers",
        ["Person id", "Name", "User principal name", "Mail address", "Gone since", "Book id", "Title", "Store id", "Token", "Registration", "Assigned since"],
        FollowingAsync<TroubledCopy>(
            after => copies.ListBehindAsync(trouble, search, after, Take, actor, cancellationToken),
            c => [c.PersonId, c.DisplayName, c.UserPrincipalName, c.Mail, c.GoneSince, c.BookId, c.Title, c.AdamId, c.LocationName, c.Registration, c.Since]));

    /// <summary>Sync runs of a token, newest first; of all for null.</summary>
    public ExportTable SyncRuns(Guid? token, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "sync-runs",
        ["Run id", "Token", "Started", "Ended", "Reason", "Requested by", "Full", "Result", "Requests", "Pages", "Books", "People", "Assignments", "Changed rows", "Apple's error number", "Error code", "Error"],
        EachAsync(
            () => runs.StreamAsync(token, actor, cancellationToken),
            r => [r.PublicId, r.TokenName, r.StartedAt, r.EndedAt, r.Reason, r.RequestedByName, r.Full, r.Result, r.Requests, r.Pages, r.BooksRead, r.PeopleRead, r.AssignmentsRead, r.RowsChanged, r.ErrorNumber, r.ErrorCode, r.ErrorDetail]));

    /// <summary>Activity, newest first.</summary>
    /// <exception cref="NotAllowedException">The actor may not take lists out, or not read the activity.</exception>
    public ExportTable Activity(ActivityQuery query, Actor actor, CancellationToken cancellationToken) => Table(
        actor,
        "activity",
        ["Time", "Through", "Actor", "Actor id", "Action", "Token", "Book", "Store id", "Group", "Person", "Person id", "Request", "State before", "State after", "Cause", "Apple's error number", "Details", "Correlation", "Chain", "Number", "Hash", "Plan", "Plan committed by", "Plan committed by id"],
        ActivityAsync(query, actor, cancellationToken),
        Permissions.ReadActivity);

    /// <summary>A table for an actor.</summary>
    /// <exception cref="NotAllowedException">The actor may not take lists out, or lacks what this one needs besides.</exception>
    internal static ExportTable Table(Actor actor, string name, IReadOnlyList<string> columns, IAsyncEnumerable<object?[]> rows, Permissions also = Permissions.None)
    {
        // The rows are read only when they are written: whoever may not have them hears it before the first.
        actor.Demand(Permissions.Read | Permissions.Export | also);
        return new ExportTable(name, columns, rows);
    }

    // From place to place: whoever is served meanwhile must not make the list pass over somebody who still waits.
    private async IAsyncEnumerable<object?[]> WaitingAsync(Guid book, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (IReadOnlyList<string>? after = null; ;)
        {
            var page = await waiting.PageAsync(book, new WaitingPart { After = after, Take = Take }, actor, cancellationToken);
            foreach (var w in page?.Rows ?? [])
            {
                yield return [w.Place, w.PersonId, w.DisplayName, w.UserPrincipalName, w.WantedAt, w.Source, w.Held];
            }

            if (page?.Next is not { } next)
            {
                yield break;
            }

            after = next;
        }
    }

    private async IAsyncEnumerable<object?[]> ActivityAsync(ActivityQuery query, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var e in activity.StreamAsync(query, actor, cancellationToken))
        {
            yield return
            [
                e.At, e.ActorKind, e.ActorName, e.ActorId, e.Action, e.Token?.Name, e.Book?.Name, e.AdamId, e.Group?.Name, e.Person?.Name, e.Person?.Id, e.Operation, e.From, e.To, e.Cause, e.ErrorNumber,
                e.Details, e.Correlation, e.Chain, e.Sequence, e.Hash, e.Plan?.Id, e.Plan?.CommittedByName, e.Plan?.CommittedById,
            ];
        }
    }

    internal static async IAsyncEnumerable<object?[]> OnceAsync<T>(Func<Task<IReadOnlyList<T>>> read, Func<T, object?[]> values)
    {
        foreach (var row in await read())
        {
            yield return values(row);
        }
    }

    // From the last row of the page before: skipping would read all pages before again, and miss somebody when one of them is gone meanwhile.
    internal static async IAsyncEnumerable<object?[]> FollowingAsync<T>(Func<T?, Task<IReadOnlyList<T>>> read, Func<T, object?[]> values)
        where T : class
    {
        for (T? last = null; ;)
        {
            var page = await read(last);
            foreach (var row in page)
            {
                yield return values(row);
            }

            if (page.Count < Take)
            {
                yield break;
            }

            last = page[^1];
        }
    }

    private static PersonPlace? Place(PersonSummary? last) => last is null ? null : new PersonPlace(last.DisplayName, last.PublicId);

    internal static async IAsyncEnumerable<object?[]> EachAsync<T>(Func<IAsyncEnumerable<T>> rows, Func<T, object?[]> values)
    {
        await foreach (var row in rows())
        {
            yield return values(row);
        }
    }
}
