using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;

namespace VppBooks.Core.Persistence;

/// <summary>What both databases share: chunks as JSON arrays of arrays, and statements that both understand.</summary>
internal abstract class BulkStore : IBulkStore
{
    /// <summary>A statement over a million rows takes its time on a busy server.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public Task StageBooksAsync(VppBooksDbContext db, int runId, IReadOnlyCollection<StagedBook> books, CancellationToken cancellationToken) =>
        StageAsync(db, StageBooks, runId, books, static (writer, b) =>
        {
            writer.WriteNumberValue(b.Key);
            WriteNumber(writer, b.BookId);
            // SQLite keeps GUIDs as upper-case text.
            writer.WriteStringValue(b.PublicId.ToString("D").ToUpperInvariant());
            writer.WriteNumberValue(b.AdamId);
            writer.WriteNumberValue((int)b.PricingParam);
            writer.WriteNumberValue(b.TotalCount);
            writer.WriteNumberValue(b.AssignedCount);
            writer.WriteNumberValue(b.AvailableCount);
            writer.WriteNumberValue(b.RetiredCount);
            writer.WriteNumberValue(b.Unlimited ? 1 : 0);
            writer.WriteNumberValue(b.Complete ? 1 : 0);
        }, cancellationToken);

    public Task StageUsersAsync(VppBooksDbContext db, int runId, IReadOnlyCollection<StagedUser> users, CancellationToken cancellationToken) =>
        StageAsync(db, StageUsers, runId, users, static (writer, u) =>
        {
            writer.WriteStringValue(u.ClientUserId);
            writer.WriteNumberValue(u.Retired ? 1 : 0);
            writer.WriteNumberValue((int)u.Status);
            writer.WriteStringValue(u.IdHash);
            writer.WriteStringValue(u.InviteSecret is null ? null : Convert.ToHexString(u.InviteSecret));
            writer.WriteStringValue(u.InviteHash is null ? null : Convert.ToHexString(u.InviteHash));
        }, cancellationToken);

    public Task StageAssignmentsAsync(VppBooksDbContext db, int runId, IReadOnlyCollection<StagedAssignment> assignments, CancellationToken cancellationToken) =>
        StageAsync(db, StageAssignments, runId, assignments, static (writer, a) =>
        {
            writer.WriteNumberValue(a.BookKey);
            writer.WriteStringValue(a.ClientUserId);
            writer.WriteNumberValue(a.Retired ? 1 : 0);
            writer.WriteNumberValue((int)a.Status);
        }, cancellationToken);

    public async Task InsertPeopleAsync(VppBooksDbContext db, IReadOnlyCollection<Person> people, CancellationToken cancellationToken)
    {
        await StageAsync(db, InsertPeople, 0, people, static (writer, p) =>
        {
            writer.WriteStringValue(p.PublicId.ToString("D").ToUpperInvariant());
            writer.WriteStringValue(p.DirectoryId.ToString("D").ToUpperInvariant());
            writer.WriteStringValue(p.DisplayName);
            writer.WriteStringValue(p.UserPrincipalName);
            writer.WriteStringValue(p.Mail);
            writer.WriteStringValue(p.ManagedAppleAccount);
            writer.WriteNumberValue(p.AccountEnabled ? 1 : 0);
            writer.WriteNumberValue(p.Guest ? 1 : 0);
            writer.WriteStringValue(p.Language);
        }, cancellationToken);
        // By the id that only the row just inserted has: somebody who was known already keeps the words of the stored name.
        await StageAsync(db, InsertNewWords, 0, [.. people.SelectMany(p => PersonWords.Of(p), (p, word) => (p.PublicId, Word: word))], static (writer, w) =>
        {
            writer.WriteStringValue(w.PublicId.ToString("D").ToUpperInvariant());
            writer.WriteStringValue(w.Word);
        }, cancellationToken);
    }

    public Task InsertWordsAsync(VppBooksDbContext db, IReadOnlyCollection<PersonWord> words, CancellationToken cancellationToken) =>
        StageAsync(db, InsertWords, 0, words, static (writer, w) =>
        {
            writer.WriteNumberValue(w.PersonId);
            writer.WriteStringValue(w.Word);
        }, cancellationToken);

    public Task InsertMembershipsAsync(VppBooksDbContext db, int groupId, IReadOnlyCollection<int> personIds, CancellationToken cancellationToken) =>
        StageAsync(db, InsertMemberships, groupId, personIds, static (writer, id) => writer.WriteNumberValue(id), cancellationToken);

    public async Task InsertInboxAsync(VppBooksDbContext db, IReadOnlyCollection<InboxNotification> notifications, CancellationToken cancellationToken)
    {
        var json = Json(notifications, (writer, n) =>
        {
            writer.WriteNumberValue(n.LocationId);
            writer.WriteStringValue(n.NotificationId);
            writer.WriteStringValue(n.Type);
            writer.WriteStringValue(n.EventId);
            writer.WriteStringValue(n.Assets);
            WriteNumber(writer, n.ErrorNumber);
            WriteMoment(writer, n.ReceivedAt);
        });
        foreach (var statement in InsertInbox)
        {
            await db.Database.ExecuteSqlRawAsync(statement, [0, json], cancellationToken);
        }
    }

    public Task<int> SealAsync(VppBooksDbContext db, AuditChain chain, IReadOnlyCollection<AuditSeal> seals, CancellationToken cancellationToken) => ExecuteAsync(
        db,
        chain == AuditChain.Events ? SealEvents : SealChanges,
        [0, Json(seals, (writer, s) =>
        {
            writer.WriteNumberValue(s.RowId);
            writer.WriteNumberValue(s.Sequence);
            writer.WriteStringValue(Convert.ToHexString(s.Hash));
            WriteMoment(writer, s.SealedAt);
        })],
        cancellationToken);

    public Task<int> RunAsync(VppBooksDbContext db, string statement, BulkScope scope, CancellationToken cancellationToken) =>
        ExecuteAsync(db, statement, [scope.RunId, scope.LocationId, Moment(scope.Now), scope.Storefront], cancellationToken);

    public virtual Task BeginLargeAsync(VppBooksDbContext db, CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task EndLargeAsync(VppBooksDbContext db) => Task.CompletedTask;

    public async Task<IReadOnlyList<BookRows>> CountNewsAsync(VppBooksDbContext db, BulkScope scope, CancellationToken cancellationToken)
    {
        db.Database.SetCommandTimeout(Patience);
        return await db.Database.SqlQueryRaw<BookRows>(BulkStatements.CountNews, scope.RunId, scope.LocationId).ToListAsync(cancellationToken);
    }

    /// <summary>Statements that stage a chunk, in order; parameter 0 is the run, parameter 1 the JSON.</summary>
    protected internal abstract IReadOnlyList<string> StageBooks { get; }

    /// <inheritdoc cref="StageBooks"/>
    protected internal abstract IReadOnlyList<string> StageUsers { get; }

    /// <inheritdoc cref="StageBooks"/>
    protected internal abstract IReadOnlyList<string> StageAssignments { get; }

    /// <summary>Statements that insert a chunk of people; parameter 1 the JSON.</summary>
    protected internal abstract IReadOnlyList<string> InsertPeople { get; }

    /// <summary>Statements that insert the words of people just inserted, who are named by their public ids; parameter 1 the JSON.</summary>
    protected internal abstract IReadOnlyList<string> InsertNewWords { get; }

    /// <summary>Statements that insert words of people, who are named by their numbers; parameter 1 the JSON.</summary>
    protected internal abstract IReadOnlyList<string> InsertWords { get; }

    /// <summary>Statements that insert a chunk of memberships; parameter 0 is the group, parameter 1 the JSON.</summary>
    protected internal abstract IReadOnlyList<string> InsertMemberships { get; }

    /// <summary>Statements that insert a chunk of notifications; parameter 1 the JSON.</summary>
    protected internal abstract IReadOnlyList<string> InsertInbox { get; }

    /// <summary>Seals a chunk of audit rows; parameter 1 the JSON.</summary>
    protected internal abstract string SealEvents { get; }

    /// <summary>Seals a chunk of changes of licenses; parameter 1 the JSON.</summary>
    protected internal abstract string SealChanges { get; }

    /// <summary>A moment as the database keeps it.</summary>
    protected abstract object Moment(DateTimeOffset moment);

    /// <summary>A moment inside a chunk.</summary>
    protected abstract void WriteMoment(Utf8JsonWriter writer, DateTimeOffset moment);

    private static async Task StageAsync<T>(
        VppBooksDbContext db, IReadOnlyList<string> statements, int runId, IReadOnlyCollection<T> rows, Action<Utf8JsonWriter, T> write, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var json = Json(rows, write);
        foreach (var statement in statements)
        {
            await ExecuteAsync(db, statement, [runId, json], cancellationToken);
        }
    }

    private static string Json<T>(IReadOnlyCollection<T> rows, Action<Utf8JsonWriter, T> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (var row in rows)
            {
                writer.WriteStartArray();
                write(writer, row);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static async Task<int> ExecuteAsync(VppBooksDbContext db, string statement, object[] parameters, CancellationToken cancellationToken)
    {
        var before = db.Database.GetCommandTimeout();
        db.Database.SetCommandTimeout(Patience);
        try
        {
            return await db.Database.ExecuteSqlRawAsync(statement, parameters, cancellationToken);
        }
        finally
        {
            db.Database.SetCommandTimeout(before);
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, int? number)
    {
        if (number is { } value)
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
