using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Catalog;

/// <summary>How a book stands with a person it was given to.</summary>
public enum HoldingState
{
    /// <summary>Decided, not yet Apple's word: planned, sent, waiting, or outcome unknown.</summary>
    Underway = 0,

    /// <summary>Apple assigned the license: the book is among the person's purchases.</summary>
    Assigned,

    /// <summary>Apple refused.</summary>
    Failed,
}

/// <summary>A managed device of somebody the book was given to. Nobody reports what books are on it.</summary>
public sealed record BookDevice(Guid PersonId, int DeviceId, string UserPrincipalName, string Name, string Platform, string? OsVersion, DateTimeOffset? LastSeenAt, HoldingState State, int? ErrorNumber);

/// <summary>Somebody the book was given to, with the devices known.</summary>
public sealed record BookUser(Guid PersonId, string UserPrincipalName, HoldingState State, int? ErrorNumber, IReadOnlyList<BookDevice> Devices);

/// <summary>People and devices of a book, as device managements report them.</summary>
public sealed class BookStates(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Everybody the book was given to, by name, each once; null when there is no such book.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<BookUser>?> ListAsync(Guid bookId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = db.ListedBooks().Where(b => b.Book.PublicId == bookId).Select(b => b.Book.Id);
        if (!await one.AnyAsync(cancellationToken))
        {
            return null;
        }

        var given = db.Licenses.AsNoTracking().Where(l => one.Contains(l.BookId) && l.State != LicenseState.Canceled && l.State != LicenseState.Declined && l.State != LicenseState.Vanished);
        var people = await (
            from license in given
            join person in db.People on license.PersonId equals person.Id
            orderby person.UserPrincipalName, license.Ordinal
            select new { person.Id, person.PublicId, person.UserPrincipalName, license.State, license.ErrorNumber }).ToListAsync(cancellationToken);
        var devices = (await db.ManagedDevices.AsNoTracking().Where(d => given.Any(l => l.PersonId == d.PersonId)).OrderBy(d => d.Name).ThenBy(d => d.Id).ToListAsync(cancellationToken))
            .ToLookup(d => d.PersonId);
        return
        [
            // A further copy that others bought does not make a second person of its owner.
            .. people.DistinctBy(p => p.Id).Select(p =>
            {
                var state = p.State switch
                {
                    LicenseState.Assigned => HoldingState.Assigned,
                    LicenseState.Failed => HoldingState.Failed,
                    _ => HoldingState.Underway,
                };
                return new BookUser(p.PublicId, p.UserPrincipalName, state, p.ErrorNumber,
                    [.. devices[p.Id].Select(d => new BookDevice(p.PublicId, d.Id, p.UserPrincipalName, d.Name, d.Platform, d.OsVersion, d.LastSeenAt, state, p.ErrorNumber))]);
            }),
        ];
    }
}
