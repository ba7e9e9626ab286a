using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace VppBooks.Core.Persistence.Sqlite;

/// <summary>Chunks through <c>json_each</c>; "WHERE true" keeps the parser from taking ON CONFLICT for a join's condition.</summary>
internal sealed class SqliteBulkStore : BulkStore
{
    protected internal override IReadOnlyList<string> StageBooks { get; } =
    [
        """
        INSERT INTO "StagedBooks" ("RunId", "Key", "BookId", "PublicId", "AdamId", "PricingParam", "TotalCount", "AssignedCount", "AvailableCount", "RetiredCount", "Unlimited", "Complete", "Excess")
        SELECT {0}, j."value" ->> 0, j."value" ->> 1, j."value" ->> 2, j."value" ->> 3, j."value" ->> 4, j."value" ->> 5, j."value" ->> 6, j."value" ->> 7, j."value" ->> 8, j."value" ->> 9, j."value" ->> 10, 0
        FROM json_each({1}) AS j WHERE true
        ON CONFLICT ("RunId", "Key") DO UPDATE SET
            "TotalCount" = excluded."TotalCount", "AssignedCount" = excluded."AssignedCount", "AvailableCount" = excluded."AvailableCount",
            "RetiredCount" = excluded."RetiredCount", "Unlimited" = excluded."Unlimited", "Complete" = excluded."Complete"
        """,
    ];

    protected internal override IReadOnlyList<string> StageUsers { get; } =
    [
        """
        INSERT INTO "StagedUsers" ("RunId", "ClientUserId", "Retired", "Status", "IdHash", "InviteSecret", "InviteHash")
        SELECT {0}, j."value" ->> 0, j."value" ->> 1, j."value" ->> 2, j."value" ->> 3, unhex(j."value" ->> 4), unhex(j."value" ->> 5)
        FROM json_each({1}) AS j WHERE true
        ON CONFLICT ("RunId", "ClientUserId", "Retired") DO UPDATE SET
            "Status" = excluded."Status", "IdHash" = excluded."IdHash", "InviteSecret" = excluded."InviteSecret", "InviteHash" = excluded."InviteHash"
        """,
    ];

    protected internal override IReadOnlyList<string> StageAssignments { get; } =
    [
        """
        INSERT INTO "StagedAssignments" ("RunId", "BookKey", "ClientUserId", "Retired", "Status")
        SELECT {0}, j."value" ->> 0, j."value" ->> 1, j."value" ->> 2, j."value" ->> 3
        FROM json_each({1}) AS j WHERE true
        ON CONFLICT ("RunId", "BookKey", "ClientUserId", "Retired") DO UPDATE SET "Status" = excluded."Status"
        """,
    ];

    protected internal override IReadOnlyList<string> InsertPeople { get; } =
    [
        """
        INSERT INTO "People" ("PublicId", "DirectoryId", "DisplayName", "UserPrincipalName", "Mail", "ManagedAppleAccount", "AccountEnabled", "Guest", "Language", "GoneSince")
        SELECT j."value" ->> 0, j."value" ->> 1, j."value" ->> 2, j."value" ->> 3, j."value" ->> 4, j."value" ->> 5, j."value" ->> 6, j."value" ->> 7, j."value" ->> 8, NULL
        FROM json_each({1}) AS j WHERE true
        ON CONFLICT ("DirectoryId") DO NOTHING
        """,
    ];

    protected internal override IReadOnlyList<string> InsertNewWords { get; } =
    [
        """
        INSERT INTO "PersonWords" ("Word", "PersonId")
        SELECT j."value" ->> 1, p."Id" FROM json_each({1}) AS j JOIN "People" AS p ON p."PublicId" = j."value" ->> 0 WHERE true
        ON CONFLICT ("Word", "PersonId") DO NOTHING
        """,
    ];

    protected internal override IReadOnlyList<string> InsertWords { get; } =
    [
        """
        INSERT INTO "PersonWords" ("Word", "PersonId")
        SELECT j."value" ->> 1, j."value" ->> 0 FROM json_each({1}) AS j WHERE true
        ON CONFLICT ("Word", "PersonId") DO NOTHING
        """,
    ];

    protected internal override IReadOnlyList<string> InsertMemberships { get; } =
    [
        """
        INSERT INTO "GroupMemberships" ("GroupId", "PersonId") SELECT {0}, j."value" ->> 0 FROM json_each({1}) AS j
        """,
    ];

    protected internal override IReadOnlyList<string> InsertInbox { get; } =
    [
        """
        INSERT INTO "InboxNotifications" ("LocationId", "NotificationId", "Type", "EventId", "Assets", "ErrorNumber", "ReceivedAt", "FoldedAt")
        SELECT j."value" ->> 0, j."value" ->> 1, j."value" ->> 2, j."value" ->> 3, j."value" ->> 4, j."value" ->> 5, j."value" ->> 6, NULL
        FROM json_each({1}) AS j WHERE true
        ON CONFLICT ("LocationId", "NotificationId") DO NOTHING
        """,
    ];

    protected internal override string SealEvents => Seal("AuditEvents");

    protected internal override string SealChanges => Seal("LicenseChanges");

    // Publishing seeks a million times in the index over people; with the usual 2 MB of cache nearly every seek would read the file.
    public override Task BeginLargeAsync(VppBooksDbContext db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlRawAsync("PRAGMA cache_size = -49152", cancellationToken);

    public override Task EndLargeAsync(VppBooksDbContext db) =>
        db.Database.ExecuteSqlRawAsync("PRAGMA cache_size = -2000; PRAGMA shrink_memory", CancellationToken.None);

    protected override object Moment(DateTimeOffset moment) => moment.UtcTicks;

    protected override void WriteMoment(Utf8JsonWriter writer, DateTimeOffset moment) => writer.WriteNumberValue(moment.UtcTicks);

    private static string Seal(string table) => $$"""
        UPDATE "{{table}}" SET "Sequence" = j."value" ->> 1, "Hash" = unhex(j."value" ->> 2), "SealedAt" = j."value" ->> 3
        FROM json_each({1}) AS j WHERE "{{table}}"."Id" = j."value" ->> 0 AND "{{table}}"."Sequence" IS NULL
        """;
}
