using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.People;
using VppBooks.Core.Security;

namespace VppBooks.Core.Exports;

/// <summary>The lists of one plan, book, group or person as tables: what its page shows, all of it. Of something that is not there, no rows.</summary>
public sealed class DetailExports(PlanViews plans, TimeMachine machine, GroupCatalog groups, PeopleCatalog people, Invitations mails, DeviceReader devices)
{
    private const int Take = 500;

    /// <summary>People of a plan by name, with one outcome or, for null, all.</summary>
    /// <exception cref="NotAllowedException">The actor may not take lists out; thrown by all others too.</exception>
    public ExportTable PlanPeople(Guid plan, PlanOutcome? outcome, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "plan-people",
        ["Person id", "Name", "User principal name", "Outcome", "Reason"],
        ListExports.FollowingAsync<PlanLineRow>(
            after => plans.ListLinesBehindAsync(plan, outcome, after is null ? null : new PersonPlace(after.DisplayName, after.PersonId), Take, actor, cancellationToken),
            l => [l.PersonId, l.DisplayName, l.UserPrincipalName, l.Outcome, l.Reason]));

    /// <summary>Our people who held a book at the end of a past day.</summary>
    public ExportTable PastHolders(Guid book, DateOnly day, TimeZoneInfo zone, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "past-holders",
        ["Day", "Person id", "Name", "User principal name", "Since", "Still held"],
        ListExports.EachAsync(
            () => machine.StreamHoldersAsync(book, day, zone, actor, cancellationToken),
            h => [day, h.PersonId, h.DisplayName, h.UserPrincipalName, h.Since, h.StillHeld]));

    /// <summary>Groups that a book is assigned to.</summary>
    public ExportTable BookGroups(Guid book, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "book-groups",
        ["Assignment id", "Group id", "Group", "Description", "Dynamic", "Group state", "Given as", "Members", "Members holding it", "Members read", "Assigned by", "Assigned at"],
        ListExports.OnceAsync(
            () => plans.ListAssignmentsAsync(book, actor, cancellationToken),
            a => [a.Id, a.GroupId, a.GroupId is null ? "All users" : a.GroupName, a.GroupDescription, a.Dynamic, a.GroupState, a.Intent, a.Members, a.MembersHolding, a.MembersReadAt, a.AssignedByName, a.AssignedAt]));

    /// <summary>Books that a group is given or excluded from.</summary>
    public ExportTable GroupBooks(Guid group, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "group-books",
        ["Assignment id", "Book id", "Title", "Store id", "Token", "Given as", "Entitled", "Held", "Expected", "Assigned by", "Assigned at"],
        ListExports.OnceAsync(
            async () => (await groups.FindAsync(group, actor, cancellationToken))?.Books ?? [],
            b => [b.AssignmentPublicId, b.BookPublicId, b.Title, b.AdamId, b.LocationName, b.Intent, b.Entitled, b.Held, b.Expected, b.AssignedByName, b.AssignedAt]));

    /// <summary>A person's books: held, set aside, waited for or refused.</summary>
    public ExportTable PersonBooks(Guid person, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "person-books",
        ["Book id", "Title", "Author", "Store id", "Token", "State", "Since", "Brought by", "Apple's error number"],
        ListExports.OnceAsync(
            async () => (await people.FindAsync(person, actor, cancellationToken))?.Books ?? [],
            b => [b.BookPublicId, b.Title, b.Author, b.AdamId, b.LocationName, b.State, b.Since, b.Source, b.ErrorNumber]));

    /// <summary>What assignments entitle a person to.</summary>
    public ExportTable PersonEntitlements(Guid person, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "person-entitlements",
        ["Book id", "Title", "Store id", "Token", "Given as", "Through", "License"],
        ListExports.OnceAsync(
            async () => (await people.FindAsync(person, actor, cancellationToken))?.Entitled ?? [],
            e => [e.BookPublicId, e.Title, e.AdamId, e.LocationName, e.Intent, string.Join("; ", e.ThroughAllUsers ? e.Through.Append("All users") : e.Through), e.License]));

    /// <summary>A person's registrations with Apple, by token.</summary>
    public ExportTable PersonRegistrations(Guid person, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "person-registrations",
        ["Token id", "Token", "Registration", "Since", "Apple's error number", "Invitation pending", "Refused account"],
        ListExports.OnceAsync(
            async () => (await people.FindAsync(person, actor, cancellationToken))?.Registrations ?? [],
            r => [r.LocationPublicId, r.LocationName, r.State, r.Since, r.ErrorNumber, r.InvitationPending, r.RefusedAccount]));

    /// <summary>Mails to a person, newest first.</summary>
    public ExportTable PersonMails(Guid person, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "person-mails",
        ["Mail", "State", "Failure", "Token id", "Token", "Asked for", "Sent", "Tried next"],
        ListExports.OnceAsync(
            () => mails.ListAsync(person, actor, cancellationToken),
            m => [m.Kind, m.State, m.Failure, m.LocationPublicId, m.LocationName, m.QueuedAt, m.SentAt, m.NextAt]));

    /// <summary>A person's managed devices as they were read last, by name; the directory is not asked.</summary>
    public ExportTable PersonDevices(Guid person, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "person-devices",
        ["Device", "Platform", "Version", "Enrolled for the person", "Books app", "Last seen", "Read"],
        ListExports.OnceAsync<(PersonDevice Device, DateTimeOffset? ReadAt)>(
            async () => await devices.FindAsync(person, actor, cancellationToken) is { } known ? [.. known.Devices.Select(d => (d, known.ReadAt))] : [],
            d => [d.Device.Name, d.Device.Platform, d.Device.OsVersion, d.Device.UserAffinity, d.Device.BooksApp, d.Device.LastSeenAt, d.ReadAt]));
}
