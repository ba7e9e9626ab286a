#pragma warning disable CS9113 // Not yet read.
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Catalog;

/// <summary>Which part of a book's people to list.</summary>
public sealed record BookPeopleQuery
{
    /// <summary>Part of a name or user principal name; null or blank for all.</summary>
    public string? Search { get; init; }

    /// <summary>One state only; null for all but canceled ones.</summary>
    public LicenseState? State { get; init; }

    /// <summary>Rows to pass over, from 0.</summary>
    public int Skip { get; init; }

    /// <summary>Rows to return, 1 to <see cref="BookQuery.MaxTake"/>.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>A page of people.</summary>
/// <param name="Rows">The rows of the page, by name.</param>
/// <param name="Total">Rows of all pages together.</param>
/// <param name="Foreign">Copies held by records that others made; never listed.</param>
public sealed record BookPeoplePage(IReadOnlyList<BookPerson> Rows, int Total, int Foreign);

/// <summary>A person's license of a book.</summary>
/// <param name="PersonId">Public id.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="UserPrincipalName">User principal name.</param>
/// <param name="Gone">Gone from the directory.</param>
/// <param name="LicenseId">Id of the ledger row.</param>
/// <param name="State">Where the license stands.</param>
/// <param name="Source">What brought it.</param>
/// <param name="Ordinal">Above 0: a further copy that others bought for the person.</param>
/// <param name="Since">Last change of state: for an assigned license, since when.</param>
/// <param name="ErrorNumber">Apple's number behind a failure.</param>
/// <param name="Registration">The person's standing at the location; null when not registered there.</param>
/// <param name="Groups">Groups through which the person is given the book now; empty when it came otherwise.</param>
public sealed record BookPerson(
    Guid PersonId,
    string DisplayName,
    string UserPrincipalName,
    bool Gone,
    long LicenseId,
    LicenseState State,
    LicenseSource Source,
    byte Ordinal,
    DateTimeOffset Since,
    int? ErrorNumber,
    VppUserStatus? Registration,
    IReadOnlyList<AssignedGroup> Groups);

/// <summary>Who holds a book, or is about to.</summary>
public sealed class BookPeople(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>A page of the people of a book; null when there is no book with the id.</summary>
    public Task<BookPeoplePage?> ListAsync(Guid bookPublicId, BookPeopleQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();
}
