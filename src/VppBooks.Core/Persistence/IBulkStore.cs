using VppBooks.Core.Audit;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;

namespace VppBooks.Core.Persistence;

/// <summary>
/// Statements over many rows at once, one implementation per database. Rows travel as one JSON parameter per chunk (<c>json_each</c> on SQLite,
/// <c>OPENJSON</c> on SQL Server). Every method takes part in the context's current transaction. Rows are touched only where values differ.
/// </summary>
public interface IBulkStore
{
    /// <summary>Keeps books of a reading; a key staged before is replaced.</summary>
    Task StageBooksAsync(VppBooksDbContext db, int runId, IReadOnlyCollection<StagedBook> books, CancellationToken cancellationToken);

    /// <summary>Keeps people's records of a reading; a record staged before is replaced.</summary>
    Task StageUsersAsync(VppBooksDbContext db, int runId, IReadOnlyCollection<StagedUser> users, CancellationToken cancellationToken);

    /// <summary>Keeps assignments of a reading; one staged before is replaced.</summary>
    Task StageAssignmentsAsync(VppBooksDbContext db, int runId, IReadOnlyCollection<StagedAssignment> assignments, CancellationToken cancellationToken);

    /// <summary>Stores people whom we do not know yet, with the words by which they are found; those we know stay as they are.</summary>
    Task InsertPeopleAsync(VppBooksDbContext db, IReadOnlyCollection<Person> people, CancellationToken cancellationToken);

    /// <summary>Stores words of people; those that are there already stay.</summary>
    Task InsertWordsAsync(VppBooksDbContext db, IReadOnlyCollection<PersonWord> words, CancellationToken cancellationToken);

    /// <summary>Makes people members of a group; none of them is one yet.</summary>
    Task InsertMembershipsAsync(VppBooksDbContext db, int groupId, IReadOnlyCollection<int> personIds, CancellationToken cancellationToken);

    /// <summary>Stores notifications; one that is stored already under its id stays as it is. Waits for the database no longer than any other statement.</summary>
    Task InsertInboxAsync(VppBooksDbContext db, IReadOnlyCollection<InboxNotification> notifications, CancellationToken cancellationToken);

    /// <summary>Gives rows of a chain their place in it; a row that has one already stays as it is.</summary>
    /// <returns>Rows that were sealed.</returns>
    Task<int> SealAsync(VppBooksDbContext db, AuditChain chain, IReadOnlyCollection<AuditSeal> seals, CancellationToken cancellationToken);

    /// <summary>Runs one of <see cref="BulkStatements"/>.</summary>
    /// <param name="db">The context of the transaction.</param>
    /// <param name="statement">The statement; takes the scope's values as numbered parameters.</param>
    /// <param name="scope">Whose rows.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Rows inserted, changed or removed.</returns>
    Task<int> RunAsync(VppBooksDbContext db, string statement, BulkScope scope, CancellationToken cancellationToken);

    /// <summary>Readies the context's open connection for statements over millions of rows; the connection has to be given up by <see cref="EndLargeAsync"/>.</summary>
    Task BeginLargeAsync(VppBooksDbContext db, CancellationToken cancellationToken);

    /// <summary>Undoes <see cref="BeginLargeAsync"/>.</summary>
    Task EndLargeAsync(VppBooksDbContext db);

    /// <summary>Staged assignments per book that publishing would add.</summary>
    Task<IReadOnlyList<BookRows>> CountNewsAsync(VppBooksDbContext db, BulkScope scope, CancellationToken cancellationToken);
}

/// <summary>Rows of a staged book.</summary>
public sealed record BookRows(int BookKey, long Rows);

/// <summary>What a bulk statement works on.</summary>
/// <param name="RunId">The reading whose staged rows are used: parameter 0.</param>
/// <param name="LocationId">The location: parameter 1.</param>
/// <param name="Now">Moment written into changed rows: parameter 2.</param>
/// <param name="Storefront">Store whose titles are shown, two upper-case letters: parameter 3.</param>
public sealed record BulkScope(int RunId, int LocationId, DateTimeOffset Now, string Storefront = "");
